#include "pass/selection.h"

#include <algorithm>
#include <set>

#include "base/process_id.h"

namespace reaper::pass {

namespace {

template <typename Values, typename Value>
bool empty_or_has(const Values& values, const Value& value) {
    return values.empty() || std::find(values.begin(), values.end(), value) != values.end();
}

}  // namespace

bool selected(const scan::Server& server, const Selection& selection) {
    if (!empty_or_has(selection.types, server.type)) return false;
    if (selection.user && server.uid != *selection.user) return false;
    return selection.pids.empty() ||
           std::any_of(server.members.begin(), server.members.end(), [&](const scan::Member& member) {
               return empty_or_has(selection.pids, member.id.pid);
           });
}

void narrow(scan::Snapshot& snapshot, policy::Plan& plan, const Selection& selection) {
    std::erase_if(snapshot.servers,
                  [&](const scan::Server& server) { return !selected(server, selection); });

    std::set<ProcessId> kept;
    for (const scan::Server& server : snapshot.servers) kept.insert(server.id);
    const auto left_out = [&](const auto& of_server) { return !kept.contains(of_server.server); };
    std::erase_if(plan.verdicts, left_out);
    const auto not_asked_for = [&](const policy::PlannedAction& planned) {
        return left_out(planned) ||
               std::none_of(planned.rules.begin(), planned.rules.end(),
                            [&](policy::Rule rule) { return empty_or_has(selection.rules, rule); });
    };
    std::erase_if(plan.due, not_asked_for);
    std::erase_if(plan.pending, not_asked_for);
}

}  // namespace reaper::pass
