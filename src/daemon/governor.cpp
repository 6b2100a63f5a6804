#include "daemon/governor.h"

#include <set>
#include <utility>

#include "pass/users.h"
#include "scan/assemble.h"

namespace reaper::daemon {

const Look& Governor::take(scan::Sample sample, const Unresponsives& unresponsive,
                           policy::Circumstances circumstances) {
    const policy::Policy& rules = policy_->loaded.policy;
    Look look;
    look.snapshot = scan::assemble(sample, policy_->loaded.classifier, sample_ ? &*sample_ : nullptr,
                                   pass::assemble_options(rules), &memory_);
    for (scan::Server& server : look.snapshot.servers) {
        const auto found = unresponsive.find(server.id);
        if (found != unresponsive.end()) server.unresponsive = found->second;
    }
    memory_ = scan::remember(std::move(memory_), look.snapshot, sample);
    tracks_ = policy::advance(tracks_, look.snapshot, rules, circumstances);
    before_ = std::exchange(now_, std::move(look));
    name_owners();
    now_.users = users_;
    now_.plan = policy::evaluate(now_.snapshot, tracks_, rules, users_, circumstances);
    sample_ = std::move(sample);
    return now_;
}

void Governor::name_owners() {
    std::set<uid_t> unknown;
    for (const scan::Server& server : now_.snapshot.servers) {
        if (!users_.contains(server.uid)) unknown.insert(server.uid);
    }
    if (unknown.empty()) return;
    users_.merge(pass::user_names(unknown));
    // One without a name is not looked up at every tick.
    for (const uid_t uid : unknown) users_.try_emplace(uid, std::to_string(uid));
}

}  // namespace reaper::daemon
