// The safety rules about whom nothing may ever be done to (docs/architecture.md, rules 2 and 3), in one
// place: planning asks them (sparing), carrying out asks them again with evidence that was just read,
// and so does what is ordered by hand. No policy turns them off. Pure.
#pragma once

#include <optional>
#include <string>

#include "policy/rule.h"
#include "scan/sample.h"
#include "scan/server.h"

namespace reaper::policy {

/// Why something may not be done, and what would have to be different.
struct Refusal {
    std::string rule;  ///< Short name for people and scripts: "protected", "container", "unit",
                       ///< "other user", "suspected", "unknown evidence", "zombies only", "in use" …
    std::string why;   ///< A sentence: "it runs in a container, which outlives what is seen of it here"
    std::string remedy;  ///< "run as root", "systemctl stop x.service"; empty where nothing would help.

    bool operator==(const Refusal&) const = default;
};

/// Why `action` may not be taken on `server` whatever anybody asks for; nothing where it may.
/// Action::report is always allowed, and Action::throttle of a server with unknown evidence (its CPU
/// weight only).
std::optional<Refusal> forbidden(const scan::Server& server, Action action, const scan::Viewer& viewer);

/// What of the evidence that it is out of use cannot be told, in words; empty where all is known.
std::string unknown_evidence(const scan::Server& server);

}  // namespace reaper::policy
