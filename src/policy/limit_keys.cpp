// The keys of `limits:`, of the policy and of a server type.
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>

#include "policy/field_access.h"
#include "policy/keys.h"

namespace reaper::policy {
namespace {

// The greatest value of each limit stands for `none`, see kNoLimits.

template <typename T, typename ToFigure>
Value limit(const std::optional<T>& value, const std::optional<T>& none, ToFigure to_figure) {
    if (!value) return std::monostate{};
    if (value == none) return NoLimit{};
    return to_figure(*value);
}

template <typename T, typename FromFigure>
std::optional<T> limit_from(const Value& value, const std::optional<T>& none, FromFigure from_figure) {
    if (std::holds_alternative<NoLimit>(value)) return none;
    return from_figure(std::get<double>(value));
}

template <auto Member>
Value get_cpu(const Limits& limits) {
    return limit(limits.*Member, kNoLimits.*Member, [](CpuPercent cpu) { return cpu.value; });
}

template <auto Member>
void set_cpu(Limits& limits, const Value& value) {
    limits.*Member =
        limit_from(value, kNoLimits.*Member, [](double figure) { return CpuPercent{figure}; });
}

template <auto Member>
Value get_memory(const Limits& limits) {
    return limit(limits.*Member, kNoLimits.*Member,
                 [](Bytes size) { return static_cast<double>(size.value); });
}

template <auto Member>
void set_memory(Limits& limits, const Value& value) {
    limits.*Member = limit_from(value, kNoLimits.*Member, [](double figure) {
        return Bytes{static_cast<std::uint64_t>(std::llround(figure))};
    });
}

constexpr std::array kLimitFields = {
    Field<Limits>{
        .key = {.name = "max_instances_per_type",
                .shape = Shape::count,
                .help = "Servers of one type that may run at the same time (see rules.duplicate.per).",
                .min = 1,
                .max = 10'000,
                .may_be_none = true},
        .get =
            [](const Limits& l) {
                return limit(l.max_instances_per_type, kNoLimits.max_instances_per_type,
                             [](unsigned count) { return static_cast<double>(count); });
            },
        .set =
            [](Limits& l, const Value& v) {
                l.max_instances_per_type =
                    limit_from(v, kNoLimits.max_instances_per_type,
                               [](double figure) { return static_cast<unsigned>(figure); });
            }},
    Field<Limits>{.key = {.name = "max_cpu_percent",
                          .shape = Shape::percent,
                          .help = "CPU use of a server, in percent of one core (rules.over_cpu).",
                          .min = 1,
                          .max = kMostCpu,
                          .may_be_none = true},
                  .get = get_cpu<&Limits::max_cpu>,
                  .set = set_cpu<&Limits::max_cpu>},
    Field<Limits>{.key = {.name = "max_memory_mb",
                          .shape = Shape::memory,
                          .help = "Memory of a server, all its processes together (rules.over_memory).",
                          .min = 1,
                          .max = kMostMemory,
                          .may_be_none = true},
                  .get = get_memory<&Limits::max_memory>,
                  .set = set_memory<&Limits::max_memory>},
    Field<Limits>{.key = {.name = "max_age_seconds",
                          .shape = Shape::duration,
                          .help = "Age of a server (rules.over_age).",
                          .min = 1,
                          .max = kTenYears,
                          .may_be_none = true},
                  .get =
                      [](const Limits& l) {
                          return limit(l.max_age, kNoLimits.max_age,
                                       [](auto age) { return static_cast<double>(age.count()); });
                      },
                  .set =
                      [](Limits& l, const Value& v) {
                          l.max_age = limit_from(v, kNoLimits.max_age, [](double figure) {
                              return std::chrono::seconds(std::llround(figure));
                          });
                      }},
    Field<Limits>{
        .key = {.name = "warning_cpu_percent",
                .shape = Shape::percent,
                .help = "CPU use from which a server is shown as degraded; below max_cpu_percent.",
                .min = 1,
                .max = kMostCpu,
                .may_be_none = true},
        .get = get_cpu<&Limits::warning_cpu>,
        .set = set_cpu<&Limits::warning_cpu>},
    Field<Limits>{
        .key = {.name = "warning_memory_mb",
                .shape = Shape::memory,
                .help = "Memory from which a server is shown as degraded; below max_memory_mb.",
                .min = 1,
                .max = kMostMemory,
                .may_be_none = true},
        .get = get_memory<&Limits::warning_memory>,
        .set = set_memory<&Limits::warning_memory>},
};

}  // namespace

std::span<const Field<Limits>> limit_fields() {
    return kLimitFields;
}

}  // namespace reaper::policy
