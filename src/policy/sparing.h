// Whether a server that breaks a rule is acted upon: the safety rules (safety.h), the exemptions,
// `spare:` and `mode:`.
#pragma once

#include <string>

#include "policy/exemptions.h"
#include "policy/policy.h"
#include "policy/rule.h"
#include "scan/sample.h"
#include "scan/server.h"

namespace reaper::policy {

/// What becomes of an action that a rule asks for.
struct Decision {
    Action action = Action::report;
    std::string spared;  ///< Why it is milder than what was asked for; empty where it is not.
    /// throttle: only the CPU weight may be lowered, no quota set. `spared` says why.
    bool weight_only = false;
};

class Sparing {
  public:
    Sparing(const Policy& policy, const UserNames& users, const scan::Viewer& viewer)
        : policy_(policy), viewer_(viewer), exemptions_(policy, users) {}

    /// What is done about `server` breaking `rule`, which asks for `action`. `spare` is the rule's, or
    /// pressure's where that is what lets it be broken.
    [[nodiscard]] Decision decide(Rule rule, Action action, const scan::Server& server,
                                  Spare spare) const;

  private:
    /// Why nothing at all may be done to it; empty where nothing stands against it.
    [[nodiscard]] std::string keep_reason(Rule rule, const scan::Server& server) const;
    /// What `spare:` and unknown evidence leave of the action.
    [[nodiscard]] Decision restrained(Rule rule, Action action, const scan::Server& server,
                                      Spare spare) const;

    const Policy& policy_;
    const scan::Viewer& viewer_;
    Exemptions exemptions_;
};

}  // namespace reaper::policy
