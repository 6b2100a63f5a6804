// Servers that do not want to end (stubborn.cpp), as a test starts them and lets the program act on
// them.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <list>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "actor.h"
#include "ledger.h"
#include "program.h"

namespace reaper::integration {

extern const std::vector<std::string> kServerLine;      ///< node …/mcp-server-git
extern const std::vector<std::string> kSupervisorLine;  ///< node …/nodemon …

class StubbornServers {
  public:
    /// Theirs and the actor's user; none: ours.
    explicit StubbornServers(std::optional<uid_t> user = {}) : user_(user) {}

    /// A server in use: we are its client.
    Program& start(const std::string& behaviour, const std::vector<std::string>& argv = kServerLine);
    /// A server that its client has left.
    Program& leak(const std::string& behaviour, const std::vector<std::string>& argv = kServerLine);

    /// Leaks one and waits until somebody has ended it: how long that took. Fails the test where nobody
    /// does.
    std::chrono::milliseconds leak_until_ended(const std::string& behaviour = "");

    /// Lets the program act on the servers with these processes. Fails the test where it has touched
    /// anything that never belonged to one of these servers.
    Acted act(const std::string& policy = kQuickPolicy);

    /// All processes that there ever were, and those that there are.
    [[nodiscard]] std::set<pid_t> all() const;
    [[nodiscard]] std::set<pid_t> living() const { return ledger_.living(); }
    [[nodiscard]] bool at_rest() const { return ledger_.at_rest(); }
    [[nodiscard]] std::set<pid_t> forked() const { return ledger_.started(); }

    /// One that has ended.
    void forget(const Program& program);
    void hand_back() { programs_.clear(); }

  private:
    static void leave(Program& server);

    std::optional<uid_t> user_;
    Ledger ledger_;
    std::list<Program> programs_;
};

/// Whether this host has a freezer that we may use: nothing that is forked gets away then.
bool can_be_caged();

}  // namespace reaper::integration
