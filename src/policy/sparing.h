// Whether a server that breaks a rule is acted upon: the safety rules, the exemptions and `spare:`.
#pragma once

#include <string>

#include "policy/exemptions.h"
#include "policy/policy.h"
#include "policy/rule.h"
#include "scan/sample.h"
#include "scan/server.h"

namespace reaper::policy {

/// What becomes of a rule's action.
struct Decision {
    Action action = Action::report;
    std::string spared;  ///< Why it is milder than the rule's action; empty where it is not.
};

class Sparing {
  public:
    Sparing(const Policy& policy, const UserNames& users, const scan::Viewer& viewer)
        : policy_(policy), viewer_(viewer), exemptions_(policy, users) {}

    /// What is done about `server` breaking `rule`.
    [[nodiscard]] Decision decide(Rule rule, const scan::Server& server) const;

  private:
    /// Why nothing at all may be done to it; empty where nothing stands against it.
    [[nodiscard]] std::string keep_reason(Rule rule, const scan::Server& server) const;

    const Policy& policy_;
    const scan::Viewer& viewer_;
    Exemptions exemptions_;
};

}  // namespace reaper::policy
