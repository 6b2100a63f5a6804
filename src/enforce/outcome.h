// What was asked for, and what it came to. Plain values: history stores them, reports tell them.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/process_id.h"
#include "base/units.h"
#include "enforce/cage_limits.h"
#include "policy/rule.h"
#include "scan/server.h"

namespace reaper::enforce {

/// Who asked.
enum class Origin {
    rule,  ///< A plan, by the policy's rules.
    hand,  ///< A person, by `kill`, `throttle`, `freeze` or `release`.
};

/// What is done to a server; policy::Action's, and its undoing.
enum class Deed { throttle, freeze, terminate, release };

/// One action on one server, as it is ordered.
struct Order {
    scan::Server server;  ///< As it was when the order was made.
    Deed deed = Deed::terminate;
    Origin origin = Origin::rule;
    std::vector<policy::Rule> rules;   ///< Which findings ask for it; empty by hand.
    std::vector<std::string> reasons;  ///< Their evidence, or "by hand".
    CageLimits limits;                 ///< throttle: what the cage gets.
    bool even_in_use = false;          ///< By hand: `--even-in-use` was given.
    /// An ordinary user who asked root's daemon: nothing is done to others' processes for them.
    std::optional<uid_t> asked_by = {};
    bool under_pressure = false;  ///< By a rule: planned while memory was short.
};

/// What it came to.
enum class Effect {
    ended,   ///< Left by itself or on SIGTERM; nothing of it remains.
    killed,  ///< SIGKILL was needed; nothing of it remains.
    throttled,
    frozen,
    released,
    gone,        ///< Had ended before anything was done.
    cancelled,   ///< What was read again spoke against it; nothing, or nothing more, was done.
    refused,     ///< A safety rule forbids it, or this host does not allow it.
    deferred,    ///< Over the budget, or the breaker of its type is open.
    unkillable,  ///< SIGKILL was sent and it is still there (state D); not tried again.
    failed,      ///< It could not be done.
};
inline constexpr std::size_t kEffects = 11;

struct Outcome {
    Effect effect = Effect::failed;
    std::string why;                    ///< A sentence; empty where the effect says it all.
    std::string remedy;                 ///< What would make it possible; may be empty.
    std::vector<ProcessId> ended;       ///< Processes that are gone now.
    std::vector<ProcessId> left;        ///< Processes of it that are still there.
    Bytes freed;                        ///< Memory that the ended server had used.
    std::chrono::microseconds took{0};  ///< From the decision to the proof.
};

/// One of which there is no more to say than this.
Outcome outcome_of(Effect effect, std::string why, std::string remedy = "");

std::string_view to_string(Origin origin);
std::string_view to_string(Deed deed);
std::string_view to_string(Effect effect);
std::optional<Origin> origin_from(std::string_view text);
std::optional<Deed> deed_from(std::string_view text);
std::optional<Effect> effect_from(std::string_view text);

/// Whether what was ordered has come about.
bool succeeded(Effect effect);

}  // namespace reaper::enforce
