// What must be undone: which servers are frozen or throttled, and by whom. Written before anything is
// done, taken out when it is undone; in /run/mcp-reaper (a user's: $XDG_RUNTIME_DIR/mcp-reaper), so that
// it survives us and not a reboot (docs/architecture.md, safety rules 7 and 9).
//
// A file an entry, written whole or not at all (a temporary file, fsync, rename). One that cannot be
// read is reported, never guessed at.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/process_id.h"
#include "base/result.h"
#include "base/units.h"
#include "enforce/cage_limits.h"
#include "enforce/outcome.h"

namespace reaper::enforce {

/// How far it had come.
enum class UndoState {
    begun,  ///< Being done by `holder`; where that is gone, half done.
    held,   ///< Done, and meant to last: until its finding clears or somebody releases it.
};

struct UndoEntry {
    std::string cage;  ///< Names the entry.
    ProcessId server;
    std::string type;
    uid_t uid = 0;
    bool frozen = false;
    CageLimits limits;
    std::vector<ProcessId> stopped;  ///< A moment before SIGKILL: in the cage, or by SIGSTOP.
    Origin origin = Origin::rule;
    std::vector<policy::Rule> rules;  ///< Whose findings keep it; empty by hand.
    ProcessId holder;                 ///< The process of ours that did it.
    UndoState state = UndoState::begun;
    WallTime since{};

    bool operator==(const UndoEntry&) const = default;
};

class UndoJournal {
  public:
    /// Makes the directory (0700; its parent must exist) where there is none. Refuses a link, and one
    /// that others own or may write. Only files named after cages are ever opened.
    static Result<UndoJournal> open(const std::string& directory);

    /// Writes the entry, or takes its place; on return it is there for whoever comes after us.
    Result<void> put(const UndoEntry& entry);
    /// No error where there is none.
    Result<void> remove(const std::string& cage);

    struct Contents {
        std::vector<UndoEntry> entries;       ///< By name.
        std::vector<std::string> unreadable;  ///< "…/x.json: reason"
    };
    [[nodiscard]] Result<Contents> read() const;

  private:
    explicit UndoJournal(std::string directory) : directory_(std::move(directory)) {}
    std::string directory_;
};

}  // namespace reaper::enforce
