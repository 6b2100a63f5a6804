// The keys of `guard:`, of the policy and of a server type: how `mcp-reaper run` looks after a server.
#include <array>
#include <chrono>
#include <string>

#include "policy/field_access.h"
#include "policy/keys.h"

namespace reaper::policy {
namespace {

constexpr double kLargestMessage = 1024;       // 1 GiB, in MB
constexpr double kMostPids = 4 * 1024 * 1024;  // PID_MAX_LIMIT

constexpr std::array<std::string_view, 3> kAtLimitNames = {"refuse", "evict_idle", "allow"};

/// The guard's times are finer than a policy's.
template <auto Member>
Value get_time(const GuardSettings& settings) {
    return static_cast<double>(
        std::chrono::duration_cast<std::chrono::seconds>(settings.*Member).count());
}

template <auto Member>
void set_time(GuardSettings& settings, const Value& value) {
    settings.*Member = std::chrono::seconds(std::llround(std::get<double>(value)));
}

template <auto Member>
Value get_optional_time(const GuardSettings& settings) {
    if (!(settings.*Member)) return NoLimit{};
    return static_cast<double>(
        std::chrono::duration_cast<std::chrono::seconds>(*(settings.*Member)).count());
}

template <auto Member>
void set_optional_time(GuardSettings& settings, const Value& value) {
    (settings.*Member).reset();
    if (const double* figure = std::get_if<double>(&value)) {
        settings.*Member = std::chrono::seconds(std::llround(*figure));
    }
}

constexpr std::array kGuardFields = {
    Field<GuardSettings>{
        .key = {.name = "at_limit",
                .shape = Shape::choice,
                .help = "Where a type has limits.max_instances_per_type servers under a guard: refuse "
                        "the next, evict_idle (an idle one is ended until it is asked something; refuse "
                        "if none is idle), or allow it.",
                .choices = kAtLimitNames},
        .get = [](const GuardSettings& g) -> Value {
            return std::string(kAtLimitNames[static_cast<std::size_t>(g.at_limit)]);
        },
        .set =
            [](GuardSettings& g, const Value& v) {
                const auto& word = std::get<std::string>(v);
                g.at_limit = word == "refuse"  ? guard::AtLimit::refuse
                             : word == "allow" ? guard::AtLimit::allow
                                               : guard::AtLimit::evict_idle;
            }},
    Field<GuardSettings>{
        .key = {.name = "idle_seconds",
                .shape = Shape::duration,
                .help = "A server is idle when nothing was said to it or by it for so long.",
                .min = 1,
                .max = kDay},
        .get = get_time<&GuardSettings::idle>,
        .set = set_time<&GuardSettings::idle>},
    Field<GuardSettings>{
        .key = {.name = "max_request_mb",
                .shape = Shape::memory,
                .help = "Size of a message of the client; a larger one is answered with an error.",
                .min = 1,
                .max = kLargestMessage},
        .get = get_bytes<GuardSettings, &GuardSettings::max_request>,
        .set = set_bytes<GuardSettings, &GuardSettings::max_request>},
    Field<GuardSettings>{
        .key = {.name = "max_response_mb",
                .shape = Shape::memory,
                .help = "Size of a message of the server; for a larger one the client gets an error.",
                .min = 1,
                .max = kLargestMessage},
        .get = get_bytes<GuardSettings, &GuardSettings::max_response>,
        .set = set_bytes<GuardSettings, &GuardSettings::max_response>},
    Field<GuardSettings>{.key = {.name = "requests_per_second",
                                 .shape = Shape::count,
                                 .help = "Requests of the client a second; more wait for their turn.",
                                 .min = 1,
                                 .max = 100'000,
                                 .may_be_none = true},
                         .get = get_optional_count<GuardSettings, &GuardSettings::requests_per_second>,
                         .set = set_optional_count<GuardSettings, &GuardSettings::requests_per_second>},
    Field<GuardSettings>{
        .key = {.name = "call_timeout_seconds",
                .shape = Shape::duration,
                .help =
                    "How long a tools/call may take; then it is cancelled and the client gets an error.",
                .min = 1,
                .max = kDay,
                .may_be_none = true},
        .get = get_optional_time<&GuardSettings::call_timeout>,
        .set = set_optional_time<&GuardSettings::call_timeout>},
    Field<GuardSettings>{.key = {.name = "close_seconds",
                                 .shape = Shape::duration,
                                 .help = "From the server's closed stdin to SIGTERM.",
                                 .min = 0,
                                 .max = 600},
                         .get = get_time<&GuardSettings::close_wait>,
                         .set = set_time<&GuardSettings::close_wait>},
    Field<GuardSettings>{
        .key = {.name = "grace_seconds",
                .shape = Shape::duration,
                .help = "From SIGTERM to SIGKILL; a second SIGTERM comes in the middle.",
                .min = 0,
                .max = 600},
        .get = get_time<&GuardSettings::grace>,
        .set = set_time<&GuardSettings::grace>},
    Field<GuardSettings>{
        .key =
            {.name = "restarts",
             .shape = Shape::count,
             .help =
                 "How often a server that crashes is started again without a healthy period in between.",
             .min = 0,
             .max = 1000},
        .get = get_count<GuardSettings, &GuardSettings::restarts>,
        .set = set_count<GuardSettings, &GuardSettings::restarts>},
    Field<GuardSettings>{.key = {.name = "backoff_seconds",
                                 .shape = Shape::duration,
                                 .help = "How long the first restart waits.",
                                 .min = 0,
                                 .max = kDay},
                         .get = get_time<&GuardSettings::backoff>,
                         .set = set_time<&GuardSettings::backoff>},
    Field<GuardSettings>{.key = {.name = "backoff_factor",
                                 .shape = Shape::count,
                                 .help = "How many times longer each further restart waits.",
                                 .min = 1,
                                 .max = 100},
                         .get = get_count<GuardSettings, &GuardSettings::backoff_factor>,
                         .set = set_count<GuardSettings, &GuardSettings::backoff_factor>},
    Field<GuardSettings>{.key = {.name = "max_backoff_seconds",
                                 .shape = Shape::duration,
                                 .help = "The longest that a restart waits.",
                                 .min = 0,
                                 .max = kDay},
                         .get = get_time<&GuardSettings::max_backoff>,
                         .set = set_time<&GuardSettings::max_backoff>},
    Field<GuardSettings>{.key = {.name = "healthy_seconds",
                                 .shape = Shape::duration,
                                 .help = "After so long a run the restarts before are forgotten.",
                                 .min = 1,
                                 .max = kDay},
                         .get = get_time<&GuardSettings::healthy>,
                         .set = set_time<&GuardSettings::healthy>},
    Field<GuardSettings>{
        .key = {.name = "breaker_failures",
                .shape = Shape::count,
                .help = "So many failures within breaker_window_seconds end the restarts for a while.",
                .min = 1,
                .max = 1000},
        .get = get_count<GuardSettings, &GuardSettings::breaker_failures>,
        .set = set_count<GuardSettings, &GuardSettings::breaker_failures>},
    Field<GuardSettings>{.key = {.name = "breaker_window_seconds",
                                 .shape = Shape::duration,
                                 .help = "The span in which failures are counted.",
                                 .min = 1,
                                 .max = kDay},
                         .get = get_time<&GuardSettings::breaker_window>,
                         .set = set_time<&GuardSettings::breaker_window>},
    Field<GuardSettings>{
        .key = {.name = "breaker_pause_seconds",
                .shape = Shape::duration,
                .help = "How long nothing is started then; after it one start is tried.",
                .min = 1,
                .max = kDay},
        .get = get_time<&GuardSettings::breaker_pause>,
        .set = set_time<&GuardSettings::breaker_pause>},
    Field<GuardSettings>{.key = {.name = "ping_seconds",
                                 .shape = Shape::duration,
                                 .help = "How long a server may be silent before it is pinged, where "
                                         "its protocol revision has pings.",
                                 .min = 1,
                                 .max = kDay,
                                 .may_be_none = true},
                         .get = get_optional_time<&GuardSettings::ping_interval>,
                         .set = set_optional_time<&GuardSettings::ping_interval>},
    Field<GuardSettings>{
        .key =
            {.name = "ping_timeout_seconds",
             .shape = Shape::duration,
             .help =
                 "How long the answer to a ping may take; three in a row that do not come are a hang.",
             .min = 1,
             .max = 3600},
        .get = get_time<&GuardSettings::ping_timeout>,
        .set = set_time<&GuardSettings::ping_timeout>},
    Field<GuardSettings>{.key = {.name = "request_timeout_seconds",
                                 .shape = Shape::duration,
                                 .help = "How long a request may stay unanswered while nothing else is "
                                         "heard of the server, before that counts as a hang.",
                                 .min = 1,
                                 .max = kDay,
                                 .may_be_none = true},
                         .get = get_optional_time<&GuardSettings::request_timeout>,
                         .set = set_optional_time<&GuardSettings::request_timeout>},
    Field<GuardSettings>{.key = {.name = "memory_max_mb",
                                 .shape = Shape::memory,
                                 .help = "Memory that the server may have, all its processes together; "
                                         "the kernel ends what asks for more.",
                                 .min = 16,
                                 .max = kMostMemory,
                                 .may_be_none = true},
                         .get = [](const GuardSettings& g) -> Value {
                             if (!g.memory) return NoLimit{};
                             return static_cast<double>(g.memory->value);
                         },
                         .set =
                             [](GuardSettings& g, const Value& v) {
                                 g.memory.reset();
                                 if (!std::holds_alternative<NoLimit>(v)) g.memory = bytes_from(v);
                             }},
    Field<GuardSettings>{.key = {.name = "cpu_percent",
                                 .shape = Shape::percent,
                                 .help = "CPU that the server may use, in percent of one core.",
                                 .min = 1,
                                 .max = kMostCpu,
                                 .may_be_none = true},
                         .get = [](const GuardSettings& g) -> Value {
                             if (!g.cpu) return NoLimit{};
                             return g.cpu->value;
                         },
                         .set =
                             [](GuardSettings& g, const Value& v) {
                                 g.cpu.reset();
                                 if (const double* figure = std::get_if<double>(&v))
                                     g.cpu = CpuPercent{*figure};
                             }},
    Field<GuardSettings>{
        .key = {.name = "pids_max",
                .shape = Shape::count,
                .help = "Processes and threads that the server may have; a node process has about ten.",
                .min = 16,
                .max = kMostPids,
                .may_be_none = true},
        .get = get_optional_count<GuardSettings, &GuardSettings::pids>,
        .set = set_optional_count<GuardSettings, &GuardSettings::pids>},
    Field<GuardSettings>{
        .key = {.name = "open_files",
                .shape = Shape::count,
                .help = "Files that each of its processes may have open (RLIMIT_NOFILE).",
                .min = 16,
                .max = 1'000'000,
                .may_be_none = true},
        .get = get_optional_count<GuardSettings, &GuardSettings::open_files>,
        .set = set_optional_count<GuardSettings, &GuardSettings::open_files>},
    Field<GuardSettings>{
        .key =
            {.name = "log_size_mb",
             .shape = Shape::memory,
             .help = "Size at which the file with the server's stderr is set aside and a new one begun.",
             .min = 1,
             .max = 1024},
        .get = get_bytes<GuardSettings, &GuardSettings::log_size>,
        .set = set_bytes<GuardSettings, &GuardSettings::log_size>},
    Field<GuardSettings>{.key = {.name = "log_files",
                                 .shape = Shape::count,
                                 .help = "How many such files are kept, with the one that is written.",
                                 .min = 1,
                                 .max = 100},
                         .get = get_count<GuardSettings, &GuardSettings::log_files>,
                         .set = set_count<GuardSettings, &GuardSettings::log_files>},
};

}  // namespace

std::span<const Field<GuardSettings>> guard_fields() {
    return kGuardFields;
}

}  // namespace reaper::policy
