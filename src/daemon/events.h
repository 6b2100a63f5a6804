// The one front door for events: whatever happens is published here once, gets its id, and goes from
// here to the journal, the log, the stream and the hooks, as the policy says.
//
// On the loop's thread only. Nothing in it waits but for the page cache of the log's file.
#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>  // Boost 1.74 with g++ 12: before anything of Asio.
#include <vector>

#include "base/units.h"
#include "daemon/event_stream.h"
#include "daemon/hooks.h"
#include "daemon/statistics.h"
#include "policy/policy.h"
#include "report/event.h"
#include "report/event_journal.h"
#include "report/event_log.h"

namespace reaper::daemon {

struct EventsSetup {
    std::string stamp;  ///< report::event_stamp
    std::function<WallTime()> wall;
    std::function<MonotonicTime()> steady;
    std::string journal_socket = report::kJournalSocket;
    HookBounds hooks;
    StreamBounds stream;
};

class Events {
  public:
    Events(boost::asio::io_context& loop, EventsSetup setup);

    /// At the start and after a reload; before it only the stream gets anything. Which hooks may not be
    /// run, and why. What has not changed is not begun anew.
    std::vector<std::string> configure(const policy::EventSettings& settings,
                                       const std::vector<policy::Hook>& hooks);

    /// Gives it its id, and its moment where it has none. What is wrong with a sink is published too, as
    /// `log_trouble` or `hook_failed`, once and when it is over. Returns the id.
    std::string publish(report::Event event);

    [[nodiscard]] EventStream& stream() { return stream_; }
    [[nodiscard]] const Statistics& statistics() const { return statistics_; }
    /// Of this user's servers alone.
    [[nodiscard]] Statistics statistics_of(uid_t uid) const;
    [[nodiscard]] HookFigures hooks() const { return hooks_.figures(); }

    /// The last events are out, and `done` is called from the loop when the hooks for them have ended,
    /// at the latest after `patience`. What is published after that reaches no hook.
    void finish(std::chrono::milliseconds patience, std::function<void()> done);

  private:
    void tell_trouble(const char* sink, const std::optional<std::string>& trouble);

    EventsSetup setup_;
    report::EventIds ids_;
    std::optional<report::EventJournal> journal_;
    std::optional<report::EventLog> log_;
    EventStream stream_;
    Hooks hooks_;
    Statistics statistics_;
    std::map<uid_t, Statistics> by_user_;
};

}  // namespace reaper::daemon
