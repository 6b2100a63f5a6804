// How many servers may be ended (docs/architecture.md, safety rule 6): so many a minute on the host, and
// an end to ending a type that comes back at once each time. Pure; budget_file.h keeps it across
// restarts.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/process_id.h"
#include "base/units.h"
#include "policy/policy.h"
#include "scan/server.h"

namespace reaper::enforce {

/// What is remembered. Moments are since boot: a restart of the host begins anew.
struct BudgetState {
    struct Kill {
        BootTime at{};
        std::string type;
        bool respawn = false;  ///< What was ended had been started after another of its type was ended.
        bool operator==(const Kill&) const = default;
    };
    struct Breaker {
        BootTime open_until{};          ///< No server of the type is ended before that.
        std::optional<BootTime> tried;  ///< Then one was, at this moment.
        bool operator==(const Breaker&) const = default;
    };
    std::vector<Kill> kills;  ///< Of the last minutes, oldest first.
    std::map<std::string, Breaker> breakers;

    bool operator==(const BudgetState&) const = default;
};

class Budget {
  public:
    explicit Budget(policy::BudgetSettings settings, BudgetState state = {})
        : settings_(settings), state_(std::move(state)) {}

    struct Objection {
        std::string why;     ///< "20 servers have been ended within a minute"
        std::string remedy;  ///< "in 34 s, or with a higher budget: kills_per_minute in the policy"
    };

    /// Why this server may not be ended now; nothing where it may. Opens a breaker where that is due.
    std::optional<Objection> objection(const scan::Server& server, BootTime now);

    /// To be called before the first signal, and the state then stored.
    void note(const scan::Server& server, BootTime now);

    [[nodiscard]] const BudgetState& state() const { return state_; }

  private:
    void forget_old(BootTime now);
    [[nodiscard]] bool is_respawn(const scan::Server& server, BootTime now) const;
    [[nodiscard]] unsigned respawns(const std::string& type, BootTime now) const;
    [[nodiscard]] std::optional<Objection> breaker_objection(const scan::Server& server, BootTime now);

    policy::BudgetSettings settings_;
    BudgetState state_;
};

}  // namespace reaper::enforce
