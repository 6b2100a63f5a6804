#include "enforce/caging.h"

#include <signal.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "enforce/cages.h"

namespace reaper::enforce {
namespace {

/// Rounds of moving into a cage until nothing is forked outside it any more.
constexpr unsigned kMostRounds = 20;

}  // namespace

Outcome Caging::carry_out(const Order& order, const std::set<ProcessId>& others,
                          const std::function<std::optional<Outcome>()>& objection) {
    if (auto no = impossible(order)) return std::move(*no);
    UndoEntry undo = entry_for(order);
    if (const auto noted = means_.journal->put(undo); !noted) {
        return outcome_of(Effect::refused,
                          "what must be undone cannot be noted: " + noted.error().message());
    }
    if (const auto put = put_in_cage(order.server, undo.cage, others); !put) {
        return undone_after(outcome_of(Effect::failed, put.error().message()), undo);
    }
    if (auto no = objection()) return undone_after(std::move(*no), undo);
    if (const auto held = hold(order, undo.cage); !held) {
        return undone_after(outcome_of(Effect::failed, held.error().message()), undo);
    }
    undo.state = UndoState::held;
    if (const auto noted = means_.journal->put(undo); !noted) remarks_.add(noted.error().message());
    return outcome_of(undo.frozen ? Effect::frozen : Effect::throttled, "");
}

Outcome Caging::undone_after(Outcome made, const UndoEntry& undo) {
    const Outcome undone = this->undo(undo);
    if (!succeeded(undone.effect)) made.why += "; and it could not be undone: " + undone.why;
    return made;
}

/// What this host or the lack of a journal stands against.
std::optional<Outcome> Caging::impossible(const Order& order) const {
    const CageAbilities abilities = means_.host.cages().abilities();
    const bool freezes = order.deed == Deed::freeze;
    if (abilities.backend.empty()) {
        return outcome_of(Effect::refused, "this host has no cages for us: " + abilities.why_none);
    }
    const std::array wanted = {
        std::pair{freezes && !abilities.freeze, "freezing"},
        std::pair{!freezes && order.limits.cpu.has_value() && !abilities.cpu_quota, "CPU quotas"},
        std::pair{!freezes && order.limits.cpu_weight.has_value() && !abilities.cpu_weight,
                  "CPU weights"},
        std::pair{!freezes && order.limits.memory_max.has_value() && !abilities.memory, "memory limits"},
        std::pair{!freezes && order.limits.pids_max.has_value() && !abilities.pids, "process limits"},
    };
    for (const auto& [missing, what] : wanted) {
        if (missing)
            return outcome_of(Effect::refused, "this host allows us no " + std::string(what),
                              "mcp-reaper doctor");
    }
    if (means_.journal == nullptr) {
        return outcome_of(Effect::refused, "what must be undone cannot be noted: " + means_.no_journal);
    }
    return std::nullopt;
}

UndoEntry Caging::entry_for(const Order& order) const {
    const scan::Server& server = order.server;
    UndoEntry entry;
    entry.cage = cage_name(server);
    entry.server = server.id;
    entry.type = server.type;
    entry.uid = server.uid;
    entry.frozen = order.deed == Deed::freeze;
    if (!entry.frozen) entry.limits = order.limits;
    entry.origin = order.origin;
    entry.rules = order.rules;
    entry.holder = means_.self;
    entry.since = means_.wall_time != nullptr ? means_.wall_time() : WallTime{};
    return entry;
}

/// All of the server, until nothing it has forked is outside.
Result<void> Caging::put_in_cage(const scan::Server& server, const std::string& cage,
                                 const std::set<ProcessId>& others) {
    Cages& cages = means_.host.cages();
    std::vector<ProcessId> members;
    for (const scan::Member& member : server.members) {
        if (!member.zombie) members.push_back(member.id);
    }
    std::set<ProcessId> moved;
    for (unsigned round = 0; round < kMostRounds; ++round) {
        std::vector<ProcessId> outside;
        for (const Found& found : means_.host.with_descendants(members, others)) {
            if (!found.protected_as.empty()) {
                return fail("cage", server.type,
                            "a process that is never touched is part of it now: " + found.protected_as);
            }
            if (!has_ended(found) && moved.insert(found.id).second) outside.push_back(found.id);
        }
        if (outside.empty()) break;
        if (auto put = cages.put(cage, server.uid, outside); !put) return put;
    }
    return {};
}

/// Limits or freezes what is in it.
Result<void> Caging::hold(const Order& order, const std::string& cage) {
    Cages& cages = means_.host.cages();
    if (order.deed == Deed::freeze) {
        // It may have been throttled before, which the entry of its being frozen says nothing of.
        auto lifted = cages.limit(cage, CageLimits{});
        return lifted ? cages.freeze(cage, true) : lifted;
    }
    if (auto thawed = thaw(cage); !thawed) return thawed;  // It may have been frozen before.
    return cages.limit(cage, order.limits);
}

/// Begun, as far as can be noted, so that whoever comes after us goes on with it.
Outcome Caging::release(UndoEntry entry) {
    entry.state = UndoState::begun;
    entry.holder = means_.self;
    if (means_.journal != nullptr) {
        if (const auto noted = means_.journal->put(entry); !noted) remarks_.add(noted.error().message());
    }
    return undo(entry);
}

Outcome Caging::undo(const UndoEntry& entry) {
    Cages& cages = means_.host.cages();
    const bool continued = continue_stopped(entry);
    if (!entry.stopped.empty() && cages.abilities().backend.empty()) {
        if (const auto removed = means_.journal->remove(entry.cage); !removed) {
            return outcome_of(Effect::failed, removed.error().message());
        }
        return outcome_of(continued ? Effect::released : Effect::gone, "");
    }
    const auto inside = cages.processes(entry.cage);
    if (!inside) return outcome_of(Effect::failed, inside.error().message());
    if (!inside->empty()) {
        if (const auto lifted = lift(entry.cage); !lifted) {
            return outcome_of(Effect::failed, lifted.error().message());
        }
    }
    (void)cages.remove(entry.cage);
    if (means_.journal != nullptr) {
        if (const auto removed = means_.journal->remove(entry.cage); !removed) {
            return outcome_of(Effect::failed, removed.error().message());
        }
    }
    return outcome_of(inside->empty() && !continued ? Effect::gone : Effect::released, "");
}

/// Thawed in any case: a limit that cannot be lifted is no reason to keep it frozen.
Result<void> Caging::lift(const std::string& cage) {
    auto thawed = thaw(cage);
    auto lifted = means_.host.cages().limit(cage, CageLimits{});
    return thawed ? lifted : thawed;
}

/// Where there is no freezer nothing is frozen.
Result<void> Caging::thaw(const std::string& cage) {
    Cages& cages = means_.host.cages();
    return cages.abilities().freeze ? cages.freeze(cage, false) : Result<void>{};
}

/// Whether there was one left to continue.
bool Caging::continue_stopped(const UndoEntry& entry) {
    bool any = false;
    for (const ProcessId& id : entry.stopped) {
        const auto held = means_.host.hold(id);
        any = (held && (*held)->signal(SIGCONT)) || any;
    }
    return any;
}

/// A run that was ended in the middle of ending this server has left a throttled one frozen, or a frozen
/// one thawed.
void Caging::restore(const UndoEntry& entry) {
    Cages& cages = means_.host.cages();
    if (entry.frozen) {
        // It may be leaving just now: then there is nothing to freeze.
        const auto inside = cages.processes(entry.cage);
        if (!inside || inside->empty()) return;
    }
    const auto restored = entry.frozen ? cages.freeze(entry.cage, true) : thaw(entry.cage);
    if (!restored) remarks_.add(restored.error().message());
}

/// Cages that were made to end a server, by a run that was ended itself before it was through. Only
/// those whose server has ended: others may be somebody's who is at it now, with a journal of their own.
void Caging::tidy(const std::set<std::string>& noted) {
    Cages& cages = means_.host.cages();
    if (cages.abilities().backend.empty()) return;
    const auto names = cages.list();
    if (!names) return;
    for (const std::string& name : *names) {
        const auto server = server_of_cage(name);
        if (noted.contains(name) || !server || !has_ended(means_.host.find(*server))) continue;
        // What its server has left in it may have been frozen for the last look.
        if (const auto thawed = thaw(name); !thawed) remarks_.add(thawed.error().message());
        (void)cages.remove(name);
    }
}

/// A server that was throttled or frozen and has ended needs no undoing any more.
void Caging::forget(const scan::Server& server, const Outcome& made) {
    const bool gone =
        made.effect == Effect::ended || made.effect == Effect::killed || made.effect == Effect::gone;
    if (means_.journal == nullptr || !gone || !made.left.empty()) return;
    // What has got away from its end may still be in there, and kept to its limits.
    const auto inside = means_.host.cages().processes(cage_name(server));
    if (!inside || !inside->empty()) return;
    if (const auto removed = means_.journal->remove(cage_name(server)); !removed) {
        remarks_.add(removed.error().message());
    }
}

/// For a server that has to be stopped process by process: the entry it has (it may be throttled) is
/// begun anew for that time, so that our end in the middle of it undoes both.
Termination::NoteStopped Caging::noting_stops(const Order& order) {
    if (means_.journal == nullptr) return {};
    UndoEntry note = entry_for(order);
    note.frozen = false;
    note.limits = {};
    return [this, note,
            before = std::optional<UndoEntry>()](const std::vector<ProcessId>& stopped) mutable {
        Result<void> noted;
        if (stopped.empty()) {
            noted = before ? means_.journal->put(*before) : means_.journal->remove(note.cage);
        } else {
            if (note.stopped.empty()) before = find_entry(note.cage);
            if (before) note = *before;
            note.state = UndoState::begun;
            note.holder = means_.self;
            if (!before) note.since = means_.wall_time != nullptr ? means_.wall_time() : WallTime{};
            note.stopped = stopped;
            noted = means_.journal->put(note);
        }
        // They are stopped all the same: it is for a moment, and a second scan would end them too.
        if (!noted) remarks_.add(noted.error().message());
    };
}

std::optional<UndoEntry> Caging::entry_of(const scan::Server& server) const {
    return means_.journal == nullptr ? std::nullopt : find_entry(cage_name(server));
}

std::optional<UndoEntry> Caging::find_entry(const std::string& cage) const {
    const auto contents = means_.journal->read();
    if (!contents) return std::nullopt;
    const auto found = std::find_if(contents->entries.begin(), contents->entries.end(),
                                    [&](const UndoEntry& entry) { return entry.cage == cage; });
    return found == contents->entries.end() ? std::nullopt : std::optional(*found);
}

}  // namespace reaper::enforce
