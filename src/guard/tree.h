// All that a server has started and that still runs: the descendants of one process that nothing can
// escape from, because it is their subreaper (PR_SET_CHILD_SUBREAPER): whoever loses its parent, by a
// double fork too, becomes its child.
//
// This is the one place in the guard that ends anything (admission asks a guard to park, keeper wakes
// the keeper). What could end the wrong process, and why it does not:
//  - A pid that another process has got meanwhile: signals go through a ProcessHandle, a pidfd whose
//    (pid, start time) was verified after it was opened, never to a pid.
//  - A process that is not the server's: only descendants of `root` are looked at, each asked who its
//    parent is while that one was held; who was once a descendant stays one for its life. Never a
//    process group: the server shares its client's.
//  - A person's session within the tree: an agent that the server has started, a tmux or a browser that
//    somebody opened through it. Spared names them; they, and what lives below them, are
//    spared, and are somebody else's children when the guard has gone. The server's own process is never
//    spared: its client would end it too.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/process_id.h"
#include "base/result.h"
#include "enforce/process_handle.h"
#include "guard/spared.h"

namespace reaper::guard {

/// What of a tree is left, and a way to signal it: an interface, so that an ending can be tried in time.
class Tree {
  public:
    virtual ~Tree() = default;
    /// Takes hold of all that is in it now. How many there are that were not there before.
    virtual std::size_t look() = 0;
    /// Nothing was left that may be ended when the last look began. Never on the word of a look during
    /// which something ended or that could not see: what that one had started may have gone unseen.
    [[nodiscard]] virtual bool over() const = 0;
    /// All that may be ended, parents before their children.
    virtual void signal(int number) = 0;
};

class ProcessTree final : public Tree {
  public:
    /// `root` is the subreaper; it is not in the tree. `server`: the process that it was started for.
    /// `clients`: as for Spared.
    ProcessTree(pid_t root, std::optional<ProcessId> server, std::vector<std::string> clients = {})
        : root_(root), server_(server), never_ended_(std::move(clients)) {}

    std::size_t look() override;
    [[nodiscard]] bool over() const override { return over_; }
    void signal(int number) override;

    /// Those that may be ended.
    [[nodiscard]] std::vector<ProcessId> members() const;
    [[nodiscard]] std::vector<ProcessId> spared() const { return spared_; }

  private:
    void let_go_of_ended();
    bool pass_over(ProcessId foreign);
    /// Fails where it could not see what `parent` has started.
    Result<void> collect(ProcessId parent, std::vector<ProcessId>& found, int depth);

    pid_t root_;
    std::optional<ProcessId> server_;
    Spared never_ended_;
    std::vector<enforce::ProcessHandle> held_;
    std::vector<ProcessId> spared_;
    std::vector<ProcessId> ended_;  ///< Known to have, before the last look; not collected yet.
    bool blind_ = false;            ///< Somebody could not be looked at.
    bool over_ = false;
};

}  // namespace reaper::guard
