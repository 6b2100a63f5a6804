#include "pass/holdings.h"

#include <algorithm>

namespace reaper::pass {

std::vector<enforce::UndoEntry> cleared(const std::vector<enforce::UndoEntry>& held,
                                        const policy::Plan& plan, Extent extent) {
    std::vector<enforce::UndoEntry> entries;
    for (const enforce::UndoEntry& entry : held) {
        if (entry.origin != enforce::Origin::rule || entry.state != enforce::UndoState::held) continue;
        const auto verdict =
            std::find_if(plan.verdicts.begin(), plan.verdicts.end(),
                         [&](const policy::Verdict& one) { return one.server == entry.server; });
        if (verdict == plan.verdicts.end()) {
            if (extent == Extent::host) entries.push_back(entry);
            continue;
        }
        const auto least = entry.frozen ? policy::Action::freeze : policy::Action::throttle;
        const bool still = std::any_of(
            verdict->findings.begin(), verdict->findings.end(), [&](const policy::Finding& finding) {
                return finding.action >= least && std::find(entry.rules.begin(), entry.rules.end(),
                                                            finding.rule) != entry.rules.end();
            });
        if (!still) entries.push_back(entry);
    }
    return entries;
}

void drop_held(std::vector<enforce::Order>& orders, const std::vector<enforce::UndoEntry>& held) {
    std::erase_if(orders, [&](const enforce::Order& order) {
        return order.deed != enforce::Deed::terminate &&
               std::any_of(held.begin(), held.end(), [&](const enforce::UndoEntry& entry) {
                   return entry.server == order.server.id && entry.state == enforce::UndoState::held &&
                          entry.frozen == (order.deed == enforce::Deed::freeze) &&
                          (entry.frozen || entry.limits == order.limits);
               });
    });
}

}  // namespace reaper::pass
