// What the control API is about: the daemon, as its control server sees it.
//
// Everything is called, and everything answered, on the thread of the loop; nothing here may block. What
// takes time is answered later through its callback, exactly once, also where the peer has gone.
//
// `Peer` comes from the kernel. The server has already refused who may do none of it; what of the daemon
// a peer sees (`is_theirs`) is for the backend to narrow, since only it knows whose a server is.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/control_json.h"
#include "daemon/metrics.h"
#include "daemon/peer.h"
#include "daemon/status.h"
#include "report/history_reader.h"
#include "report/outcome_report.h"

namespace reaper::daemon {

/// Either a body of JSON, or why there is none.
using Body = tl::expected<std::string, Refusal>;
using Outcomes = tl::expected<std::vector<report::Done>, Refusal>;
using Agreed = tl::expected<void, Refusal>;

class ControlBackend {
  public:
    virtual ~ControlBackend() = default;

    /// The loop runs and does what it should: false ends with a restart by whoever watches.
    virtual bool live() = 0;
    /// The first look has been taken: answers about servers are complete.
    virtual bool ready() = 0;

    virtual Status status(const Peer& peer) = 0;
    virtual Figures figures() = 0;

    /// The last look: servers with their verdicts, as `scan --format json` writes it, without the plan.
    virtual Body servers(const Peer& peer) = 0;
    /// The same, and what is due and pending.
    virtual Body plan(const Peer& peer) = 0;

    /// Read on another thread: SQLite may wait for the disk.
    virtual void history(const Peer& peer, const report::HistoryQuery& query,
                         std::function<void(Body)> answer) = 0;

    /// Finds the servers that are named (by any process of theirs), and carries out. A server that is
    /// not the peer's is not there. A Refusal where one is not found, and nothing was done.
    virtual void act(const Peer& peer, const ActionRequest& request,
                     std::function<void(Outcomes)> answer) = 0;

    /// Loads the policy anew. The Refusal says what is wrong with it; then the last good one stays.
    virtual void reload(std::function<void(Agreed)> answer) = 0;
    /// Nothing is done by itself for so long; absent: until resume().
    virtual Agreed pause(std::optional<std::chrono::seconds> time) = 0;
    virtual Agreed resume() = 0;

    /// `deliver` gets each event that the peer may see as a line of JSON, without an end of line: before
    /// this returns, those that are kept and newer than the one whose id is `after` (all that are kept
    /// where it is empty or no longer known); from then on each new one. Never called after
    /// unsubscribe(), which `deliver` itself may not call.
    virtual std::uint64_t subscribe(const Peer& peer, const std::string& after,
                                    std::function<void(std::string_view line)> deliver) = 0;
    virtual void unsubscribe(std::uint64_t subscription) = 0;
};

}  // namespace reaper::daemon
