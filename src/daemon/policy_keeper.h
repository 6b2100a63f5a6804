// The policy in force, and how another one comes into force: parsed and validated whole, then swapped;
// or refused, and the last good one stays, over restarts too.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "base/units.h"
#include "daemon/status.h"
#include "pass/policy_source.h"

namespace reaper::daemon {

class PolicyKeeper {
  public:
    struct Sources {
        std::optional<std::string> given;  ///< `--policy`
        std::string last_good;             ///< Where the last good one is kept; empty: nowhere.
    };

    /// What is in force at the start: the file or, where it has mistakes, the last good one of that very
    /// file. The mistakes where there is none.
    static tl::expected<PolicyKeeper, policy::PolicyErrors> start(Sources sources, WallTime now);

    [[nodiscard]] const std::shared_ptr<const pass::ChosenPolicy>& policy() const { return policy_; }
    [[nodiscard]] const PolicyStatus& status() const { return status_; }

    /// Files whose change is a change of the policy: the one in force, and those that would come before
    /// it if they were there.
    [[nodiscard]] std::vector<std::string> files() const;

    /// Loads it anew. True where another text is in force now; false where it is the same one; the
    /// mistakes where it was refused. A file that is gone is refused too: what it protected stays
    /// protected until the daemon is started anew.
    tl::expected<bool, policy::PolicyErrors> reload(WallTime now);

    /// What could not be kept, in a sentence; empty where all is well.
    [[nodiscard]] const std::string& trouble() const { return trouble_; }

  private:
    explicit PolicyKeeper(Sources sources) : sources_(std::move(sources)) {}
    [[nodiscard]] std::string file_now() const;
    void take(pass::ChosenPolicy policy, const std::string& file, const std::string& text, WallTime now);
    void adopt(pass::ChosenPolicy policy, const std::string& file, const std::string& text,
               WallTime now);
    void refuse(const policy::PolicyErrors& errors, WallTime now);

    Sources sources_;
    std::shared_ptr<const pass::ChosenPolicy> policy_;
    PolicyStatus status_;
    std::string trouble_;
};

}  // namespace reaper::daemon
