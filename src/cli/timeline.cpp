#include "cli/timeline.h"

#include <algorithm>
#include <utility>

#include "cli/policy_option.h"
#include "pass/users.h"
#include "policy/evaluate.h"

namespace reaper::cli {
TimelineMaker::TimelineMaker(const policy::Policy& policy, const classify::Classifier& classifier)
    : policy_(policy), classifier_(classifier), options_(assemble_options(policy)) {}

void TimelineMaker::add(scan::Sample sample) {
    const scan::Snapshot snapshot =
        scan::assemble(sample, classifier_, previous_ ? &*previous_ : nullptr, options_, &memory_);
    memory_ = scan::remember(std::move(memory_), snapshot, sample);
    tracks_ = policy::advance(tracks_, snapshot, policy_);
    const policy::Plan plan = policy::evaluate(snapshot, tracks_, policy_, pass::owners(snapshot));
    note_time(sample);
    note_plan(snapshot, plan);
    previous_ = std::move(sample);
}

void TimelineMaker::note_time(const scan::Sample& sample) {
    if (timeline_.samples++ == 0) timeline_.from = sample.taken_at;
    if (previous_) timeline_.span += sample.monotonic - previous_->monotonic;
    timeline_.to = sample.taken_at;
}

void TimelineMaker::note_plan(const scan::Snapshot& snapshot, const policy::Plan& plan) {
    for (const scan::Server& server : snapshot.servers) {
        timeline_.servers.insert_or_assign(server.id, server.type);
    }
    for (const policy::PlannedAction& planned : plan.due) {
        const auto told = told_.find(planned.server);
        if (told != told_.end() && told->second >= planned.action) continue;
        told_[planned.server] = planned.action;
        timeline_.events.push_back(event(snapshot, planned));
    }
    timeline_.pending.clear();
    for (const policy::PlannedAction& planned : plan.pending) {
        const auto told = told_.find(planned.server);
        if (told != told_.end() && told->second >= planned.action) continue;
        timeline_.pending.push_back(event(snapshot, planned));
    }
}

TimelineEvent TimelineMaker::event(const scan::Snapshot& snapshot,
                                   const policy::PlannedAction& planned) const {
    TimelineEvent event;
    event.at = timeline_.to;
    event.offset = timeline_.span;
    event.planned = planned;
    const auto server = std::find_if(snapshot.servers.begin(), snapshot.servers.end(),
                                     [&](const scan::Server& s) { return s.id == planned.server; });
    if (server == snapshot.servers.end()) return event;
    event.type = server->type;
    event.client = server->client;
    event.memory = server->usage.memory;
    return event;
}

}  // namespace reaper::cli
