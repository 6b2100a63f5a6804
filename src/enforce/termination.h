// One server's end: the ladder of docs/architecture.md, safety rules 4 and 5, as a state machine.
//
// All processes are held, and where the host allows it put into a cage of their own so that nothing they
// fork gets away, before the first signal. Then SIGTERM: supervisors, the server process, wrappers and
// children; to all that is left once more in the middle of the grace time; at its end SIGKILL, with
// everything stopped first so that a forking server cannot outrun it. Over when nothing of it remains.
//
// It never waits by itself: whoever drives it (a command, the daemon) waits for what it names.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/units.h"
#include "enforce/host.h"
#include "enforce/outcome.h"
#include "scan/server.h"

namespace reaper::enforce {

class Termination {
  public:
    /// Told who is about to be stopped (frozen in the cage, or by SIGSTOP), so that they can be
    /// continued should we be ended before they are killed; and with nobody, when nobody is stopped any
    /// more.
    using NoteStopped = std::function<void(const std::vector<ProcessId>&)>;

    /// `server` as it was read a moment ago, and judged again by whoever calls. `others`: processes of
    /// other servers, which are left alone with all that descends from them, also below this one.
    /// `decided` is when that was.
    Termination(scan::Server server, std::set<ProcessId> others, Host& host,
                std::chrono::milliseconds grace, std::chrono::steady_clock::time_point decided,
                NoteStopped note_stopped = {});

    /// Holds all of it and touches nobody. False where it is over already: outcome() says why. A whole
    /// server or nothing: one process that may not be signalled, and none is.
    bool hold();

    /// After hold(): contains it, and holds what it has forked meanwhile; signals nobody. False where it
    /// is over: outcome() says why.
    bool begin();

    /// Before the first advance(): these belong to other servers too. False where one of them is held
    /// already.
    [[nodiscard]] bool leave_alone(const std::set<ProcessId>& others);

    /// Instead of the first advance(): it is over, for this reason.
    void call_off(Outcome why);

    /// Goes as far as it can without waiting. When to come back at the latest, or as soon as one of
    /// waiting_for() has ended; nothing when it is over.
    std::optional<MonotonicTime> advance();

    void waiting_for(std::vector<const Held*>& processes) const;

    /// Final once advance() has returned nothing, or begin() false.
    [[nodiscard]] const Outcome& outcome() const { return outcome_; }
    [[nodiscard]] const scan::Server& server() const { return server_; }

  private:
    enum class Stage { ready, supervisors, server, everything, insisting, dying, over };

    /// A process of the server.
    struct Victim {
        std::unique_ptr<Held> held;
        scan::Member::Part part = scan::Member::Part::helper;
        bool supervisor = false;
        bool below_helper = false;  ///< Its parent is a helper, which may end it by itself.
        bool stopped = false;       ///< State T: SIGTERM waits until it is continued.
        bool caged = false;
        bool told = false;  ///< Has had its first SIGTERM.
    };

    /// Forked by it, and may not be held by us.
    struct Beyond {
        ProcessId id;
        Error why;
    };

    /// moving: none that could be held, and yet somebody is in the cage who does not stand still.
    enum class Growth { none, some, forbidden, moving };

    bool hold_members();
    bool hold_descendants();
    void contain();
    Growth take_in_new();
    Growth take_in_new_at_rest();
    Growth take_in(const Found& found);
    void cage_newcomers();
    [[nodiscard]] std::vector<Found> relatives();
    void add_caged(std::vector<Found>& found);
    void note_no_cage(std::string why);
    [[nodiscard]] std::vector<ProcessId> living() const;
    void let_go_of_ended();
    template <typename Which>
    [[nodiscard]] bool any_left(const Which& which) const;
    static void terminate(Victim& victim);
    template <typename Which>
    void terminate_those(const Which& which);
    template <typename Which>
    bool terminate_all(const Which& which);
    [[nodiscard]] MonotonicTime moment(double share_of_grace) const;
    bool finished_early();
    void kill();
    bool stop_everything();
    void note_stopped(const std::vector<ProcessId>& ids);
    void freeze_cage();
    void thaw_cage();
    void continue_everything();
    void look_at_dying();
    void give_up_on_dying();
    void give_up_on_forbidden();
    void refuse(const ProcessId& id, const Error& why);
    void finish(Effect effect, std::string why = "");
    void count_beyond();
    void report_strays();

    scan::Server server_;
    std::set<ProcessId> others_;
    Host& host_;
    std::chrono::milliseconds grace_;
    std::chrono::steady_clock::time_point decided_;
    NoteStopped note_stopped_;
    BootTime begun_since_boot_{};
    MonotonicTime begun_{};
    MonotonicTime dying_until_{};
    MonotonicTime kill_until_{};
    Stage stage_ = Stage::ready;
    std::vector<Victim> victims_;  ///< Those that have not ended.
    bool told_any_ = false;        ///< One has had its first SIGTERM.
    std::vector<Beyond> beyond_;
    std::set<ProcessId> known_;
    std::set<std::string> programs_;  ///< Of the victims: exe.
    std::string cage_;                ///< Empty: not contained.
    std::string forbidden_;           ///< The protected process that was found inside.
    std::vector<ProcessId> stopped_;  ///< By us, a moment before SIGKILL; as noted.
    bool cage_frozen_ = false;        ///< By us, a moment before SIGKILL.
    bool restless_ = false;           ///< It was to be frozen, and somebody in it went on.
    std::string freeze_failed_;       ///< Why what was frozen could not be thawed.
    bool contained_ = false;          ///< Nothing it forks has been able to get away so far.
    std::string uncaged_why_;         ///< Why not, where the host says so.
    Outcome outcome_;
};

}  // namespace reaper::enforce
