// From the first line of a request to what is asked for. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "base/units.h"
#include "daemon/control_json.h"
#include "daemon/peer.h"
#include "report/history_reader.h"

namespace reaper::daemon {

enum class Endpoint {
    live,
    ready,
    health,
    metrics,
    status,
    servers,
    plan,
    history,
    events,
    actions,
    reload,
    pause,
    resume,
};

struct Call {
    Endpoint endpoint = Endpoint::live;
    std::vector<std::pair<std::string, std::string>> parameters;  ///< Decoded; only known ones.

    /// The last one of that name; empty where it was not given.
    [[nodiscard]] std::string parameter(std::string_view name) const;
};

/// A Refusal (400, 403, 404, 405) where there is no such thing, or not for this peer. HEAD goes where
/// GET does.
tl::expected<Call, Refusal> route(std::string_view method, std::string_view target, const Peer& peer);

struct EventsQuery {
    bool follow = false;
    std::string after;
};

tl::expected<EventsQuery, Refusal> events_query(const Call& call);
tl::expected<report::HistoryQuery, Refusal> history_query(const Call& call, WallTime now);

}  // namespace reaper::daemon
