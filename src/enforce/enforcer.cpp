#include "enforce/enforcer.h"

#include <algorithm>
#include <set>
#include <span>
#include <utility>

namespace reaper::enforce {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using Instant = std::chrono::steady_clock::time_point;

/// Servers that are ended side by side. Each holds a descriptor a process: 32 servers with a browser
/// each stay below the usual limit of 1,024.
constexpr std::size_t kSideBySide = 32;
/// Servers whose evidence is read again together: what has been read is acted upon before it is stale.
constexpr std::size_t kLookedAtTogether = 8;
/// A look that is older is no "moment ago" any more: putting servers into their cages, or writing down
/// what is about to be done, has taken its time.
constexpr milliseconds kFresh = milliseconds(250);

/// All that belongs to other servers: left alone, also where it descends from this one.
std::set<ProcessId> members_of_others(const scan::Snapshot& snapshot, const ProcessId& server) {
    std::set<ProcessId> others;
    for (const scan::Server& other : snapshot.servers) {
        if (other.id == server) continue;
        for (const scan::Member& member : other.members) others.insert(member.id);
    }
    return others;
}

}  // namespace

std::vector<Outcome> Enforcer::carry_out(const std::vector<Order>& orders, const Progress& progress) {
    progress_ = progress;
    outcomes_.assign(orders.size(), Outcome{});
    running_.clear();
    running_.reserve(kSideBySide + kLookedAtTogether);
    std::size_t next = 0;
    while (next < orders.size() || !running_.empty()) {
        if (means_.host.told_to_stop()) {
            for (; next < orders.size(); ++next) {
                conclude(orders, next, 0,
                         outcome_of(Effect::cancelled, "interrupted before it was begun"));
            }
        }
        while (next < orders.size() && running_.size() < kSideBySide) {
            const std::size_t count = std::min(kLookedAtTogether, orders.size() - next);
            begin_some(orders, next, count);
            next += count;
        }
        drive(orders);
    }
    return std::move(outcomes_);
}

void Enforcer::begin_some(const std::vector<Order>& orders, std::size_t first, std::size_t count) {
    std::span<const Order> batch(orders.data() + first, count);
    while (!batch.empty()) {
        std::vector<scan::Server> servers;
        for (const Order& order : batch) servers.push_back(order.server);
        const Instant decided = means_.host.instant();
        const auto snapshot = means_.host.look_again(servers);
        do {
            const auto index = static_cast<std::size_t>(batch.data() - orders.data());
            if (snapshot) {
                begin(orders, index, *snapshot, decided);
            } else {
                conclude(orders, index, 0, outcome_of(Effect::failed, snapshot.error().message()));
            }
            batch = batch.subspan(1);
        } while (!batch.empty() && means_.host.now() - decided <= kFresh);
    }
}

std::optional<Outcome> Enforcer::over_budget(const scan::Server& server) {
    auto objection = means_.budget.objection(server, means_.host.since_boot());
    if (!objection) return std::nullopt;
    return outcome_of(Effect::deferred, std::move(objection->why), std::move(objection->remedy));
}

void Enforcer::begin(const std::vector<Order>& orders, std::size_t index, const scan::Snapshot& snapshot,
                     Instant decided) {
    Order order = orders[index];
    if (auto no = withdrawn(order)) {
        conclude(orders, index, 0, std::move(*no));
        return;
    }
    auto now = judge_.judge(order, snapshot);
    if (!now) {
        conclude(orders, index, 0, std::move(now.error()));
        return;
    }
    order.server = std::move(*now);
    std::set<ProcessId> others = members_of_others(snapshot, order.server.id);
    if (order.deed == Deed::terminate) {
        begin_ending(orders, index, order, std::move(others), decided);
        return;
    }
    const Recorder::Entry entry = means_.recorder.intend(order);
    Instant looked = decided;
    Outcome made =
        caging_.carry_out(order, others, [&] { return objection_by_now(order, looked, nullptr); });
    made.took = std::chrono::duration_cast<microseconds>(means_.host.instant() - decided);
    conclude(orders, index, entry, std::move(made));
}

std::optional<Outcome> Enforcer::withdrawn(const Order& order) const {
    if (means_.host.told_to_stop()) {
        return outcome_of(Effect::cancelled, "interrupted before it was begun");
    }
    if (order.origin == Origin::rule && means_.revoked && means_.revoked()) {
        return outcome_of(Effect::cancelled,
                          "the rules may have changed since it was ordered: look again");
    }
    return std::nullopt;
}

std::optional<Outcome> Enforcer::objection_by_now(const Order& order, Instant& looked,
                                                  Termination* ending) {
    if (means_.host.now() - looked <= kFresh) return std::nullopt;
    if (auto no = withdrawn(order)) return no;
    looked = means_.host.instant();
    const auto snapshot = means_.host.look_again({&order.server, 1});
    if (!snapshot) return outcome_of(Effect::failed, snapshot.error().message());
    auto now = judge_.judge(order, *snapshot);
    if (!now) {
        // What has ended by itself leaves what it has forked: the ladder sees to that.
        if (ending != nullptr && now.error().effect == Effect::gone) return std::nullopt;
        return std::move(now.error());
    }
    if (ending != nullptr && !ending->leave_alone(members_of_others(*snapshot, order.server.id))) {
        return outcome_of(Effect::cancelled, "another server runs below it now: look again");
    }
    return std::nullopt;
}

void Enforcer::begin_ending(const std::vector<Order>& orders, std::size_t index, const Order& order,
                            std::set<ProcessId> others, Instant decided) {
    if (auto no = over_budget(order.server)) {
        conclude(orders, index, 0, std::move(*no));
        return;
    }
    auto termination =
        std::make_unique<Termination>(order.server, std::move(others), means_.host,
                                      policy_.terminate.grace, decided, caging_.noting_stops(order));
    if (!termination->hold()) {
        conclude(orders, index, 0, termination->outcome());
        return;
    }
    const Recorder::Entry entry = means_.recorder.intend(order);
    Instant looked = decided;
    if (auto no = objection_by_now(order, looked, termination.get())) {
        termination->call_off(std::move(*no));
        conclude(orders, index, entry, termination->outcome());
        return;
    }
    means_.budget.note(order.server, means_.host.since_boot());
    if (means_.store_budget) {
        if (const auto stored = means_.store_budget(means_.budget.state()); !stored) {
            remarks_.add(stored.error().message());
        }
    }
    if (!termination->begin()) {
        conclude(orders, index, entry, termination->outcome());
        return;
    }
    if (auto no = objection_by_now(order, looked, termination.get())) {
        termination->call_off(std::move(*no));
        conclude(orders, index, entry, termination->outcome());
        // It was thawed to be ended. A rule that still wants it held holds it anew.
        if (const auto held = caging_.entry_of(order.server)) (void)release(*held, held->origin);
        return;
    }
    (void)termination->advance();  // The first signal follows the look; the rest is drive()'s.
    running_.push_back({index, entry, std::move(termination)});
}

/// Lets every ladder go as far as it can, then waits for what comes first.
void Enforcer::drive(const std::vector<Order>& orders) {
    std::optional<MonotonicTime> next;
    for (std::size_t i = 0; i < running_.size();) {
        const auto wake = running_[i].termination->advance();
        if (wake) {
            next = std::min(next.value_or(*wake), *wake);
            ++i;
            continue;
        }
        Running over = std::move(running_[i]);
        running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(i));
        caging_.forget(over.termination->server(), over.termination->outcome());
        conclude(orders, over.index, over.entry, over.termination->outcome());
    }
    if (!next) return;
    std::vector<const Held*> waiting;
    for (const Running& running : running_) running.termination->waiting_for(waiting);
    means_.host.wait(waiting, *next);
}

void Enforcer::conclude(const std::vector<Order>& orders, std::size_t index, Recorder::Entry entry,
                        Outcome made) {
    if (entry != 0) means_.recorder.conclude(entry, orders[index], made);
    note_trouble();
    outcomes_[index] = std::move(made);
    if (progress_) progress_(orders[index], outcomes_[index]);
}

void Enforcer::note_trouble() {
    if (auto trouble = means_.recorder.trouble()) remarks_.add(std::move(*trouble));
}

Outcome Enforcer::release(const UndoEntry& entry, Origin origin) {
    Order order;
    order.server.id = entry.server;
    order.server.type = entry.type;
    order.server.uid = entry.uid;
    order.deed = Deed::release;
    order.origin = origin;
    order.rules = entry.rules;
    const Instant decided = means_.host.instant();
    const Recorder::Entry record = means_.recorder.intend(order);
    Outcome made = caging_.release(entry);
    made.took = std::chrono::duration_cast<microseconds>(means_.host.instant() - decided);
    if (record != 0) means_.recorder.conclude(record, order, made);
    note_trouble();
    return made;
}

std::vector<std::pair<UndoEntry, Outcome>> Enforcer::recover() {
    std::vector<std::pair<UndoEntry, Outcome>> released;
    if (means_.journal == nullptr) return released;
    const auto contents = means_.journal->read();
    if (!contents) {
        remarks_.add(contents.error().message());
        return released;
    }
    for (const std::string& unreadable : contents->unreadable) {
        remarks_.add("cannot tell what this was to undo: " + unreadable);
    }
    std::set<std::string> noted;
    for (const UndoEntry& entry : contents->entries) {
        noted.insert(entry.cage);
        const bool server_lives = !has_ended(means_.host.find(entry.server));
        const bool begun = entry.state == UndoState::begun;
        // Ours: an undoing that failed. We are not at it now, we are here.
        const bool half_done =
            begun && (entry.holder == means_.self || has_ended(means_.host.find(entry.holder)));
        if (begun && !half_done) continue;  // Somebody is at it.
        if (server_lives && !half_done) {
            caging_.restore(entry);
            continue;
        }
        Outcome made = release(entry, entry.origin);
        if (server_lives || made.effect != Effect::gone) released.emplace_back(entry, std::move(made));
    }
    // An unreadable entry may say that a cage is meant to be as it is.
    if (contents->unreadable.empty()) caging_.tidy(noted);
    return released;
}

}  // namespace reaper::enforce
