// Which lines of `exempt:` and `protect:` fit a server.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "policy/policy.h"
#include "policy/rule.h"
#include "scan/server.h"

namespace reaper::policy {

/// A policy's exemptions, their patterns compiled when the first server needs them. Where it cannot
/// be told whether a line fits (a user's name without `users`, a pattern that RE2 refuses), it does:
/// unknown means keep. Refers to the policy and the names it was made from.
class Exemptions {
  public:
    Exemptions(const Policy& policy, const UserNames& users);
    ~Exemptions();
    Exemptions(const Exemptions&) = delete;
    Exemptions& operator=(const Exemptions&) = delete;

    /// "type playwright, user alice" of the first `protect:` line that fits; empty where none does.
    [[nodiscard]] std::string protects(const scan::Server& server) const;

    /// The same for `exempt:` and one rule.
    [[nodiscard]] std::string exempts(const scan::Server& server, Rule rule) const;

  private:
    struct Entry;
    [[nodiscard]] bool fits(Entry& entry, const scan::Server& server) const;
    [[nodiscard]] bool fits_user(const std::string& user, uid_t uid) const;

    const UserNames& users_;
    std::vector<std::unique_ptr<Entry>> protect_;
    std::vector<std::unique_ptr<Entry>> exempt_;
};

}  // namespace reaper::policy
