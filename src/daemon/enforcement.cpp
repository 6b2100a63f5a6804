#include "daemon/enforcement.h"

#include <set>
#include <utility>

#include "enforce/orders.h"
#include "pass/holdings.h"
#include "pass/interrupts.h"

namespace reaper::daemon {
namespace {

std::set<ProcessId> servers_in(const scan::Snapshot& snapshot) {
    std::set<ProcessId> servers;
    for (const scan::Server& server : snapshot.servers) servers.insert(server.id);
    return servers;
}

/// A cage that has lost its server, or an undoing that has failed.
bool is_to_be_tidied(const std::vector<enforce::UndoEntry>& held, const std::set<ProcessId>& servers) {
    for (const enforce::UndoEntry& entry : held) {
        if (entry.state == enforce::UndoState::begun || !servers.contains(entry.server)) return true;
    }
    return false;
}

}  // namespace

void Enforcement::pass(const Look& look, const scan::Memory& memory, const policy::Policy& policy) {
    const std::set<ProcessId> servers = servers_in(look.snapshot);
    retries_.keep_only(servers);
    if (under_way_) return;
    Job job;
    // A pause holds nobody: what no rule asks for any more is released all the same.
    if (!pause_.in_force(look.snapshot.since_boot)) {
        job.orders = enforce::orders_of(look.snapshot, look.plan, policy);
    }
    retries_.hold_back(job.orders, look.snapshot.monotonic);
    pass::drop_held(job.orders, held_);
    job.tidy = is_to_be_tidied(held_, servers);
    const bool cleared = !pass::cleared(held_, look.plan, pass::Extent::host).empty();
    if (job.orders.empty() && !cleared && !job.tidy) return;
    job.plan = std::make_shared<const policy::Plan>(look.plan);
    job.memory = std::make_shared<const scan::Memory>(memory);
    job.users = look.users;
    under_way_ = true;
    busy_since_ = look.snapshot.monotonic;
    actor_.start(std::move(job), [this](Came came) {
        under_way_ = false;
        busy_since_ = {};
        take_back(std::move(came), true, pass::now());
    });
}

void Enforcement::take_back(Came came, bool by_rule, MonotonicTime now) {
    held_ = std::move(came.held);
    budget_ = std::move(came.budget);
    for (const report::Done& one : came.done) {
        const bool news = !by_rule || retries_.note(one, now);
        if (news) tell_(one);
    }
}

bool Enforcement::give(Job job, Outcomes outcomes) {
    if (actor_.busy() >= kMostWaiting) return false;
    actor_.start(std::move(job), [this, outcomes = std::move(outcomes)](Came came) {
        std::vector<report::Done> done = came.done;
        take_back(std::move(came), false, pass::now());
        outcomes(std::move(done));
    });
    return true;
}

bool Enforcement::by_hand(std::vector<enforce::Order> orders, const Look& look,
                          const scan::Memory& memory, Outcomes outcomes) {
    Job job;
    job.orders = std::move(orders);
    job.memory = std::make_shared<const scan::Memory>(memory);
    job.users = look.users;
    return give(std::move(job), std::move(outcomes));
}

bool Enforcement::release(std::vector<enforce::UndoEntry> entries, Outcomes outcomes) {
    Job job;
    job.release = std::move(entries);
    return give(std::move(job), std::move(outcomes));
}

}  // namespace reaper::daemon
