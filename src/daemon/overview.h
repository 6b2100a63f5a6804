// How the daemon is, put together from its parts: for `status` and for the metrics.
#pragma once

#include <cstdint>
#include <string>

#include "daemon/cost_meter.h"
#include "daemon/enforcement.h"
#include "daemon/events.h"
#include "daemon/metrics.h"
#include "daemon/policy_keeper.h"
#include "daemon/status.h"
#include "daemon/watcher.h"
#include "report/outcome_report.h"

namespace reaper::daemon {

/// What was done since the start.
struct DoneSoFar {
    std::map<std::pair<enforce::Deed, enforce::Effect>, std::uint64_t> actions;
    CountsByType ended;
    std::uint64_t policy_reloads = 0;
    std::uint64_t policy_refusals = 0;

    void add(const report::Done& done);
};

/// Who has part in it; all of one moment.
struct Overview {
    std::string version;
    WallTime started_at{};
    std::chrono::seconds uptime{0};
    const PolicyKeeper& keeper;
    const Watcher& watcher;
    Enforcement& enforcement;
    const Events& events;
    const CostMeter& cost;
    const Health& health;
    const DoneSoFar& done;
    PressureStatus pressure;
    std::string cages;
    std::size_t connections = 0;
};

Status status_of(const Overview& overview);
Figures figures_of(const Overview& overview);

}  // namespace reaper::daemon
