// Bodies of the control API: requests read strictly, refusals written.
//
// A request is from whoever may connect: bounded before it is parsed, and every mistake is an error that
// says what is wrong, an unknown key too.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "base/process_id.h"
#include "enforce/outcome.h"
#include "policy/rule.h"
#include "report/outcome_report.h"

namespace reaper::daemon {

/// Why a request is not answered, and what would help.
struct Refusal {
    unsigned status = 400;  ///< Of HTTP.
    std::string error;      ///< A sentence, small first letter, no full stop.
    std::string remedy;     ///< May be empty.
    std::optional<std::chrono::seconds> retry_after{};
    std::string allow{};  ///< 405: the methods that there are.

    bool operator==(const Refusal&) const = default;
};

/// {"error": "…", "remedy": "…"}
std::string to_json(const Refusal& refusal);
/// The reverse, for clients; the text itself where it is no such JSON.
Refusal refusal_from_json(unsigned status, std::string_view text);

/// A process as it is named in a request: "4711", or "4711@79231" and then no other one is meant.
struct NamedServer {
    pid_t pid = 0;
    std::optional<ProcessId> id;

    bool operator==(const NamedServer&) const = default;
    [[nodiscard]] std::string text() const { return id ? id->text() : std::to_string(pid); }
};

inline constexpr std::size_t kMostServersInARequest = 10'000;

/// POST /actions
struct ActionRequest {
    enforce::Deed deed = enforce::Deed::terminate;
    std::vector<NamedServer> servers;
    bool all = false;  ///< release: whatever is frozen or throttled. Then no servers are named.
    enforce::CageLimits limits;  ///< throttle
    bool even_in_use = false;
    /// Not empty: not by hand, but because of these findings (a scan found them). The daemon's own
    /// policy must agree, with evidence of its own.
    std::vector<policy::Rule> rules;

    bool operator==(const ActionRequest&) const = default;
};

tl::expected<ActionRequest, Refusal> action_from_json(std::string_view body);
std::string to_json(const ActionRequest& request);

/// POST /pause: {"seconds": 3600}; an empty body or object: until it is resumed.
tl::expected<std::optional<std::chrono::seconds>, Refusal> pause_from_json(std::string_view body);

/// Where a request takes no body: an empty one or {}.
tl::expected<void, Refusal> nothing_from_json(std::string_view body);

}  // namespace reaper::daemon
