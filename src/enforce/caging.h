// Throttling and freezing, and undoing that: each noted in the undo journal before it is done.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>

#include "base/process_id.h"
#include "base/result.h"
#include "enforce/means.h"
#include "enforce/outcome.h"
#include "enforce/termination.h"

namespace reaper::enforce {

/// Refers to what it is given.
class Caging {
  public:
    Caging(const Means& means, Remarks& remarks) : means_(means), remarks_(remarks) {}

    /// Deed::throttle or Deed::freeze, whole or undone again. `others`: processes of other servers,
    /// which stay where they are. `objection` is asked when all that takes time is done: what it says is
    /// the outcome then.
    Outcome carry_out(const Order& order, const std::set<ProcessId>& others,
                      const std::function<std::optional<Outcome>()>& objection);

    /// Thaws, lifts, continues: what the entry says was done. It is begun anew for that time, so that
    /// whoever comes after us goes on with it.
    Outcome release(UndoEntry entry);

    /// An entry that is held: what a run that was ended in the middle of ending this server has made of
    /// it (thawed, or frozen to be killed) is undone.
    void restore(const UndoEntry& entry);

    /// Cages that were made to end a server, by a run that was ended itself before it was through. Only
    /// those whose server has ended, and that are not `noted`: others may be somebody's who is at it
    /// now, with a journal of their own.
    void tidy(const std::set<std::string>& noted);

    /// A server that was throttled or frozen and has ended needs no undoing any more.
    void forget(const scan::Server& server, const Outcome& outcome);

    /// What the journal says is held of this server.
    [[nodiscard]] std::optional<UndoEntry> entry_of(const scan::Server& server) const;

    /// Notes whom the end of this server stops for a moment. Nothing where there is no journal.
    Termination::NoteStopped noting_stops(const Order& order);

  private:
    Result<void> put_in_cage(const scan::Server& server, const std::string& cage,
                             const std::set<ProcessId>& others);
    Result<void> hold(const Order& order, const std::string& cage);
    Outcome undone_after(Outcome made, const UndoEntry& undo);
    [[nodiscard]] std::optional<Outcome> impossible(const Order& order) const;
    [[nodiscard]] UndoEntry entry_for(const Order& order) const;
    Outcome undo(const UndoEntry& entry);
    Result<void> lift(const std::string& cage);
    Result<void> thaw(const std::string& cage);
    bool continue_stopped(const UndoEntry& entry);
    [[nodiscard]] std::optional<UndoEntry> find_entry(const std::string& cage) const;

    const Means& means_;
    Remarks& remarks_;
};

}  // namespace reaper::enforce
