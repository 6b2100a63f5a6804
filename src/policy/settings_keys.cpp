// The keys of `terminate:`, `throttle:`, `budget:` and `history:`: how a plan is carried out.
#include <array>

#include "policy/field_access.h"
#include "policy/keys.h"

namespace reaper::policy {
namespace {

constexpr double kMostCpu = 1024 * 100.0;           // 1,024 cores
constexpr double kMostMemory = 16.0 * 1024 * 1024;  // 16 TiB, in MB
constexpr double kMostPids = 4 * 1024 * 1024;       // PID_MAX_LIMIT
constexpr double kLargestHistory = 1024.0 * 1024;   // 1 TiB, in MB

constexpr std::array kTerminateFields = {
    Field<TerminateSettings>{
        .key = {.name = "grace_seconds",
                .shape = Shape::duration,
                .help = "From the first SIGTERM to SIGKILL; a second SIGTERM comes in the middle.",
                .min = 0,
                .max = 600},
        .get = get_seconds<TerminateSettings, &TerminateSettings::grace>,
        .set = set_seconds<TerminateSettings, &TerminateSettings::grace>},
};

constexpr std::array kThrottleFields = {
    Field<ThrottleSettings>{
        .key = {.name = "cpu_percent",
                .shape = Shape::percent,
                .help = "CPU that a throttled server may use, in percent of one core.",
                .min = 1,
                .max = kMostCpu},
        .get = [](const ThrottleSettings& t) -> Value { return t.cpu.value; },
        .set = [](ThrottleSettings& t, const Value& v) { t.cpu = CpuPercent{std::get<double>(v)}; }},
    Field<ThrottleSettings>{
        .key = {.name = "cpu_weight",
                .shape = Shape::count,
                .help = "Share of the CPU of a throttled server that is in use, beside 100 of all "
                        "others; it gets more where nobody else wants it.",
                .min = 1,
                .max = 10'000},
        .get = get_count<ThrottleSettings, &ThrottleSettings::cpu_weight>,
        .set = set_count<ThrottleSettings, &ThrottleSettings::cpu_weight>},
    Field<ThrottleSettings>{
        .key = {.name = "memory_max_mb",
                .shape = Shape::memory,
                .help = "Memory that a throttled server may allocate from then on; more ends it.",
                .min = 16,
                .max = kMostMemory,
                .may_be_none = true},
        .get = [](const ThrottleSettings& t) -> Value {
            if (!t.memory_max) return NoLimit{};
            return static_cast<double>(t.memory_max->value);
        },
        .set =
            [](ThrottleSettings& t, const Value& v) {
                t.memory_max.reset();
                if (!std::holds_alternative<NoLimit>(v)) t.memory_max = bytes_from(v);
            }},
    Field<ThrottleSettings>{
        .key = {.name = "pids_max",
                .shape = Shape::count,
                .help = "Processes and threads that a throttled server may have; a node process has "
                        "about ten.",
                .min = 16,
                .max = kMostPids,
                .may_be_none = true},
        .get = get_optional_count<ThrottleSettings, &ThrottleSettings::pids_max>,
        .set = set_optional_count<ThrottleSettings, &ThrottleSettings::pids_max>},
};

constexpr std::array kBudgetFields = {
    Field<BudgetSettings>{.key = {.name = "kills_per_minute",
                                  .shape = Shape::count,
                                  .help = "Servers that may be ended a minute on this host.",
                                  .min = 1,
                                  .max = 10'000},
                          .get = get_count<BudgetSettings, &BudgetSettings::kills_per_minute>,
                          .set = set_count<BudgetSettings, &BudgetSettings::kills_per_minute>},
    Field<BudgetSettings>{
        .key = {.name = "respawns",
                .shape = Shape::count,
                .help = "So many servers of a type that were ended and came back within "
                        "respawn_window_seconds end the killing of that type.",
                .min = 1,
                .max = 1000},
        .get = get_count<BudgetSettings, &BudgetSettings::respawns>,
        .set = set_count<BudgetSettings, &BudgetSettings::respawns>},
    Field<BudgetSettings>{.key = {.name = "respawn_window_seconds",
                                  .shape = Shape::duration,
                                  .help = "The span in which respawns are counted.",
                                  .min = 1,
                                  .max = kDay},
                          .get = get_seconds<BudgetSettings, &BudgetSettings::respawn_window>,
                          .set = set_seconds<BudgetSettings, &BudgetSettings::respawn_window>},
    Field<BudgetSettings>{
        .key = {.name = "pause_seconds",
                .shape = Shape::duration,
                .help = "How long no server of such a type is ended; then one is, as a trial.",
                .min = 1,
                .max = kDay},
        .get = get_seconds<BudgetSettings, &BudgetSettings::pause>,
        .set = set_seconds<BudgetSettings, &BudgetSettings::pause>},
};

constexpr std::array kHistoryFields = {
    Field<HistorySettings>{.key = {.name = "keep_seconds",
                                   .shape = Shape::duration,
                                   .help = "How long the record of an action is kept.",
                                   .min = 3600,
                                   .max = kTenYears},
                           .get = get_seconds<HistorySettings, &HistorySettings::keep>,
                           .set = set_seconds<HistorySettings, &HistorySettings::keep>},
    Field<HistorySettings>{.key = {.name = "max_size_mb",
                                   .shape = Shape::memory,
                                   .help = "Size of the record on disk; the oldest goes first.",
                                   .min = 1,
                                   .max = kLargestHistory},
                           .get = get_bytes<HistorySettings, &HistorySettings::max_size>,
                           .set = set_bytes<HistorySettings, &HistorySettings::max_size>},
};

}  // namespace

std::span<const Field<TerminateSettings>> terminate_fields() {
    return kTerminateFields;
}
std::span<const Field<ThrottleSettings>> throttle_fields() {
    return kThrottleFields;
}
std::span<const Field<BudgetSettings>> budget_fields() {
    return kBudgetFields;
}
std::span<const Field<HistorySettings>> history_fields() {
    return kHistoryFields;
}

}  // namespace reaper::policy
