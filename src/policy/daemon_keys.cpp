// The keys that only the daemon goes by: `daemon:`, `pressure:`, `events:`, `hooks:` and the `health:`
// of a server type.
#include <array>
#include <string>
#include <vector>

#include "policy/event_names.h"
#include "policy/field_access.h"
#include "policy/keys.h"

namespace reaper::policy {
namespace {

constexpr double kLargestLog = 1024.0;  // 1 GiB, in MB
constexpr double kLongestAnswer = 60;

constexpr std::array<std::string_view, 2> kSpareNames = {"in_use", "nothing"};

constexpr std::array kDaemonFields = {
    Field<DaemonSettings>{.key = {.name = "health_check_interval",
                                  .shape = Shape::duration,
                                  .help = "How often the daemon looks at every server.",
                                  .min = 1,
                                  .max = kDay},
                          .get = get_seconds<DaemonSettings, &DaemonSettings::health_check_interval>,
                          .set = set_seconds<DaemonSettings, &DaemonSettings::health_check_interval>},
    Field<DaemonSettings>{.key = {.name = "cleanup_interval",
                                  .shape = Shape::duration,
                                  .help = "How often the daemon acts on what it has found.",
                                  .min = 1,
                                  .max = kDay},
                          .get = get_seconds<DaemonSettings, &DaemonSettings::cleanup_interval>,
                          .set = set_seconds<DaemonSettings, &DaemonSettings::cleanup_interval>},
    Field<DaemonSettings>{
        .key = {.name = "drain_seconds",
                .shape = Shape::duration,
                .help = "How long the daemon may take to end: what it has begun is brought to an end.",
                .min = 1,
                .max = 600},
        .get = get_seconds<DaemonSettings, &DaemonSettings::drain>,
        .set = set_seconds<DaemonSettings, &DaemonSettings::drain>},
    Field<DaemonSettings>{
        .key = {.name = "unhealthy_servers",
                .shape = Shape::count,
                .help = "The daemon calls the host unhealthy from so many unhealthy servers on.",
                .min = 1,
                .max = 10'000,
                .may_be_none = true},
        .get = get_optional_count<DaemonSettings, &DaemonSettings::unhealthy_servers>,
        .set = set_optional_count<DaemonSettings, &DaemonSettings::unhealthy_servers>},
};

constexpr std::array kPressureFields = {
    Field<PressureSettings>{.key = {.name = "enabled",
                                    .shape = Shape::boolean,
                                    .help = "Whether the daemon minds that memory is short."},
                            .get = get_truth<PressureSettings, &PressureSettings::enabled>,
                            .set = set_truth<PressureSettings, &PressureSettings::enabled>},
    Field<PressureSettings>{
        .key = {.name = "stall_percent",
                .shape = Shape::percent,
                .help = "Memory is short where something waited for it for this share of two seconds.",
                .min = 1,
                .max = 100},
        .get = [](const PressureSettings& p) -> Value { return p.stall.value; },
        .set = [](PressureSettings& p, const Value& v) { p.stall.value = std::get<double>(v); }},
    Field<PressureSettings>{
        .key = {.name = "lasts_seconds",
                .shape = Shape::duration,
                .help = "How long pressure.limits stay in force after memory was last short.",
                .min = 1,
                .max = kDay},
        .get = get_seconds<PressureSettings, &PressureSettings::lasts>,
        .set = set_seconds<PressureSettings, &PressureSettings::lasts>},
    Field<PressureSettings>{
        .key = {.name = "spare",
                .shape = Shape::choice,
                .help = "Whom pressure.limits spare: in_use (a server whose client lives), or nothing.",
                .choices = kSpareNames},
        .get = [](const PressureSettings& p) -> Value { return std::string(to_string(p.spare)); },
        .set = [](PressureSettings& p,
                  const Value& v) { p.spare = *spare_from(std::get<std::string>(v)); }},
};

constexpr std::array kEventFields = {
    Field<EventSettings>{.key = {.name = "journal",
                                 .shape = Shape::boolean,
                                 .help = "Whether events go to systemd's journal, where there is one."},
                         .get = get_truth<EventSettings, &EventSettings::journal>,
                         .set = set_truth<EventSettings, &EventSettings::journal>},
    Field<EventSettings>{.key = {.name = "log",
                                 .shape = Shape::path,
                                 .help = "A file to which every event is added as a line of JSON.",
                                 .may_be_none = true},
                         .get = [](const EventSettings& e) -> Value {
                             if (e.log.empty()) return NoLimit{};
                             return e.log;
                         },
                         .set =
                             [](EventSettings& e, const Value& v) {
                                 const auto* path = std::get_if<std::string>(&v);
                                 e.log = path ? *path : std::string{};
                             }},
    Field<EventSettings>{.key = {.name = "log_size_mb",
                                 .shape = Shape::memory,
                                 .help = "Size at which that file is set aside and a new one begun.",
                                 .min = 1,
                                 .max = kLargestLog},
                         .get = get_bytes<EventSettings, &EventSettings::log_size>,
                         .set = set_bytes<EventSettings, &EventSettings::log_size>},
    Field<EventSettings>{.key = {.name = "log_files",
                                 .shape = Shape::count,
                                 .help = "How many such files are kept, with the one that is written.",
                                 .min = 1,
                                 .max = 100},
                         .get = get_count<EventSettings, &EventSettings::log_files>,
                         .set = set_count<EventSettings, &EventSettings::log_files>},
};

constexpr std::array kHookFields = {
    Field<Hook>{
        .key = {.name = "command",
                .shape = Shape::command,
                .help = "Program and arguments; it gets the event as JSON on its stdin.",
                .required = true},
        .get = [](const Hook& h) -> Value { return h.command; },
        .set = [](Hook& h, const Value& v) { h.command = std::get<std::vector<std::string>>(v); }},
    Field<Hook>{
        .key = {.name = "events",
                .shape = Shape::events,
                .help = "For which events it is run; for all if not given.",
                .choices = kEventNames},
        .get = [](const Hook& h) -> Value {
            if (h.events.empty()) return std::monostate{};
            return h.events;
        },
        .set = [](Hook& h, const Value& v) { h.events = std::get<std::vector<std::string>>(v); }},
    Field<Hook>{.key = {.name = "timeout_seconds",
                        .shape = Shape::duration,
                        .help = "How long it may run; then it is ended.",
                        .min = 1,
                        .max = 600},
                .get = get_seconds<Hook, &Hook::timeout>,
                .set = set_seconds<Hook, &Hook::timeout>},
};

constexpr std::array kHealthFields = {
    Field<HealthRequest>{
        .key = {.name = "http",
                .shape = Shape::url,
                .help = "What is asked; {port} stands for the port that the server listens on.",
                .required = true},
        .get = [](const HealthRequest& h) -> Value { return h.http; },
        .set = [](HealthRequest& h, const Value& v) { h.http = std::get<std::string>(v); }},
    Field<HealthRequest>{.key = {.name = "interval_seconds",
                                 .shape = Shape::duration,
                                 .help = "How often it is asked.",
                                 .min = 1,
                                 .max = kDay},
                         .get = get_seconds<HealthRequest, &HealthRequest::interval>,
                         .set = set_seconds<HealthRequest, &HealthRequest::interval>},
    Field<HealthRequest>{.key = {.name = "timeout_seconds",
                                 .shape = Shape::duration,
                                 .help = "How long an answer may take.",
                                 .min = 1,
                                 .max = kLongestAnswer},
                         .get = get_seconds<HealthRequest, &HealthRequest::timeout>,
                         .set = set_seconds<HealthRequest, &HealthRequest::timeout>},
    Field<HealthRequest>{
        .key = {.name = "failures",
                .shape = Shape::count,
                .help = "How many in a row must fail before the server is unresponsive.",
                .min = 1,
                .max = 100},
        .get = get_count<HealthRequest, &HealthRequest::failures>,
        .set = set_count<HealthRequest, &HealthRequest::failures>},
};

}  // namespace

std::span<const Field<DaemonSettings>> daemon_fields() {
    return kDaemonFields;
}
std::span<const Field<PressureSettings>> pressure_fields() {
    return kPressureFields;
}
std::span<const Field<EventSettings>> event_fields() {
    return kEventFields;
}
std::span<const Field<Hook>> hook_fields() {
    return kHookFields;
}
std::span<const Field<HealthRequest>> health_fields() {
    return kHealthFields;
}

}  // namespace reaper::policy
