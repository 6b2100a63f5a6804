#include "enforce/orders.h"

#include <algorithm>

namespace reaper::enforce {
namespace {

Deed deed_of(policy::Action action) {
    switch (action) {
        case policy::Action::throttle:
            return Deed::throttle;
        case policy::Action::freeze:
            return Deed::freeze;
        case policy::Action::report:  // Is never due: a plan has only what is harsher.
        case policy::Action::terminate:
            break;
    }
    return Deed::terminate;
}

CageLimits limits_of(const policy::PlannedAction& planned, const policy::ThrottleSettings& settings) {
    CageLimits limits;
    if (planned.action != policy::Action::throttle) return limits;
    if (planned.weight_only) {
        limits.cpu_weight = settings.cpu_weight;
        return limits;
    }
    limits.cpu = settings.cpu;
    limits.memory_max = settings.memory_max;
    limits.pids_max = settings.pids_max;
    return limits;
}

}  // namespace

std::vector<Order> orders_of(const scan::Snapshot& snapshot, const policy::Plan& plan,
                             const policy::Policy& policy) {
    std::vector<Order> orders;
    for (const policy::PlannedAction& planned : plan.due) {
        const auto server =
            std::find_if(snapshot.servers.begin(), snapshot.servers.end(),
                         [&](const scan::Server& one) { return one.id == planned.server; });
        if (server == snapshot.servers.end() || planned.action == policy::Action::report) continue;
        Order order;
        order.server = *server;
        order.deed = deed_of(planned.action);
        order.rules = planned.rules;
        order.reasons = planned.reasons;
        order.limits = limits_of(planned, policy.throttle);
        order.under_pressure = planned.under_pressure;
        orders.push_back(std::move(order));
    }
    return orders;
}

}  // namespace reaper::enforce
