// Events: what the daemon has to tell, one value each. One event has one id wherever it goes: to the
// journal (event_journal.h), to a log (event_log.h), to who asks for events, and to hooks.
//
// docs/events.md describes every kind with its fields; a test holds the two together.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/process_id.h"
#include "base/units.h"

namespace reaper::report {

enum class EventKind {
    daemon_started,
    daemon_stopping,
    server_started,
    server_stopped,
    finding,
    finding_cleared,
    action,
    limit_exceeded,
    health_check_failed,
    health_check_recovered,
    policy_reloaded,
    policy_refused,
    breaker_opened,
    breaker_closed,
    pressure,
    collector_changed,
    late,
    paused,
    resumed,
    look_trouble,  ///< The host cannot be looked at.
    history_trouble,
    log_trouble,  ///< Journal or log do not take events. Apart from the history: that is another file.
    hook_failed,
};
inline constexpr std::size_t kEventKinds = 23;

/// "server_started". Policies (`hooks: events:`), the journal and the log use these words.
std::string_view to_string(EventKind kind);
std::optional<EventKind> event_kind_from(std::string_view text);

struct Event {
    std::string id;  ///< Of EventIds; empty until it is published.
    WallTime at{};
    EventKind kind{};
    uid_t uid = 0;        ///< Whose server it is about; root for what is about the daemon.
    std::string message;  ///< One sentence, redacted and printable.
    std::optional<ProcessId> server;
    std::string type;  ///< The server's; empty where it is about none.
    nlohmann::ordered_json detail = nlohmann::ordered_json::object();  ///< Redacted and printable.
};

/// No line is longer than this, its newline not counted. So much fits into any datagram and any pipe.
inline constexpr std::size_t kLongestEventLine = 16 * 1024;

/// One JSON object without a newline in it or after it. Where it would be longer than kLongestEventLine
/// its detail gives way: `{"left_out_bytes": N}`.
std::string to_json_line(const Event& event);

/// What begins the ids of one run of a daemon, so that those of two runs differ: 19 letters of when it
/// was started and who it is.
std::string event_stamp(WallTime started, pid_t self);

/// Makes ids: the stamp and a number that counts up from 1. Those of one run are in order as texts.
class EventIds {
  public:
    explicit EventIds(std::string stamp) : stamp_(std::move(stamp)) {}
    std::string next();

  private:
    std::string stamp_;
    std::uint64_t last_ = 0;
};

}  // namespace reaper::report
