#include "enforce/termination.h"

#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace reaper::enforce {
namespace {

using scan::Member;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// A supervisor that is told to end ends what it supervises: that takes it some milliseconds, and one
/// that heeds no SIGTERM must not eat up the time of the others.
constexpr milliseconds kForSupervisors = seconds(1);
/// SIGKILL takes effect within milliseconds; large memory takes longer to give back.
constexpr milliseconds kForDying = seconds(3);
/// A process this large is helped to give its memory back.
constexpr Bytes kLarge = Bytes::from_mib(64);
/// From the first SIGKILL on: what still finds somebody to fork then is not to be had this way.
constexpr milliseconds kForKilling = seconds(10);
/// Rounds of "whom have they forked meanwhile?": each begins with everything stopped that is known, so
/// a second one finds something only where forks raced the first.
constexpr unsigned kMostRounds = 100;

std::string counted(std::size_t count) {
    return std::to_string(count) + (count == 1 ? " process" : " processes");
}

}  // namespace

Termination::Termination(scan::Server server, std::set<ProcessId> others, Host& host, milliseconds grace,
                         std::chrono::steady_clock::time_point decided, NoteStopped note_stopped)
    : server_(std::move(server)),
      others_(std::move(others)),
      host_(host),
      grace_(grace),
      decided_(decided),
      note_stopped_(std::move(note_stopped)) {
    for (const Member& member : server_.members) others_.erase(member.id);
}

template <typename Which>
bool Termination::any_left(const Which& which) const {
    return std::any_of(victims_.begin(), victims_.end(), which);
}

bool Termination::hold() {
    begun_since_boot_ = host_.since_boot();
    if (!hold_members()) return false;
    if (victims_.empty()) {
        finish(Effect::gone);
        return false;
    }
    return hold_descendants();
}

bool Termination::hold_members() {
    std::set<pid_t> helpers;
    for (const Member& member : server_.members) {
        if (member.part == Member::Part::helper) helpers.insert(member.id.pid);
    }
    for (const Member& member : server_.members) {
        auto held = host_.hold(member.id);
        known_.insert(member.id);
        if (!held && (member.zombie || held.error().errno_code == ESRCH)) continue;
        if (!held) {
            refuse(member.id, held.error());
            return false;
        }
        if ((*held)->ended()) continue;
        Victim victim;
        victim.held = std::move(*held);
        victim.part = member.part;
        victim.supervisor = member.launcher == classify::LauncherKind::supervisor;
        victim.below_helper = member.part == Member::Part::helper && helpers.contains(member.parent);
        victims_.push_back(std::move(victim));
    }
    return true;
}

/// Before anything is done every process of it is held, and none of them is one that is never ended.
bool Termination::hold_descendants() {
    for (unsigned round = 0; round < kMostRounds; ++round) {
        const Growth growth = take_in_new();
        if (growth == Growth::forbidden) {
            give_up_on_forbidden();
            return false;
        }
        if (!beyond_.empty()) {
            refuse(beyond_.front().id, beyond_.front().why);
            return false;
        }
        if (growth == Growth::none) break;
    }
    return true;
}

bool Termination::begin() {
    contain();
    if (!hold_descendants()) return false;
    begun_ = host_.now();
    return true;
}

bool Termination::leave_alone(const std::set<ProcessId>& others) {
    if (any_left([&](const Victim& victim) { return others.contains(victim.held->id()); })) return false;
    others_.insert(others.begin(), others.end());
    return true;
}

void Termination::call_off(Outcome why) {
    finish(why.effect, std::move(why.why));
    outcome_.remedy = std::move(why.remedy);
    outcome_.left.clear();  // All of it is, as it was.
}

/// From here on whatever a victim forks is in the cage too. Without a cage it is found by parentage,
/// which a double fork escapes.
void Termination::contain() {
    for (const ProcessId& id : living()) programs_.insert(host_.program_of(id));
    programs_.erase("");
    const CageAbilities abilities = host_.cages().abilities();
    if (abilities.backend.empty() || !abilities.freeze) {
        note_no_cage(abilities.why_none);
        return;
    }
    const std::string cage = cage_name(server_);
    if (const auto put = host_.cages().put(cage, server_.uid, living()); !put) {
        note_no_cage(put.error().message());
        return;
    }
    cage_ = cage;
    contained_ = true;
    for (Victim& victim : victims_) victim.caged = true;
    // It may be a cage that has been frozen before: what is frozen heeds nothing.
    thaw_cage();
}

/// From here on a double fork gets away.
void Termination::note_no_cage(std::string why) {
    contained_ = false;
    if (uncaged_why_.empty()) uncaged_why_ = std::move(why);
}

std::vector<ProcessId> Termination::living() const {
    std::vector<ProcessId> ids;
    for (const Victim& victim : victims_) {
        if (!victim.held->ended()) ids.push_back(victim.held->id());
    }
    return ids;
}

/// The victims that live, what descends from them, and what is in the cage.
std::vector<Found> Termination::relatives() {
    std::vector<Found> found = host_.with_descendants(living(), others_);
    if (!cage_.empty()) add_caged(found);
    return found;
}

void Termination::add_caged(std::vector<Found>& found) {
    const auto caged = host_.cages().processes(cage_);
    if (!caged) {
        note_no_cage(caged.error().message());
        return;
    }
    std::set<ProcessId> seen;
    for (const Found& one : found) seen.insert(one.id);
    // Another server may have been started in a cage that is older than this order.
    std::vector<ProcessId> strangers;
    for (const ProcessId& id : *caged) {
        if (others_.contains(id)) strangers.push_back(id);
    }
    if (!strangers.empty()) {
        for (const Found& one : host_.with_descendants(strangers, {})) seen.insert(one.id);
    }
    for (const ProcessId& id : *caged) {
        if (!seen.insert(id).second) continue;
        if (auto one = host_.find(id)) found.push_back(std::move(*one));
    }
}

Termination::Growth Termination::take_in(const Found& found) {
    if (!found.protected_as.empty()) {
        forbidden_ = found.protected_as;
        return Growth::forbidden;
    }
    if (known_.contains(found.id)) {
        for (Victim& victim : victims_) {
            if (victim.held->id() == found.id) victim.stopped = found.state == 'T';
        }
        return Growth::none;
    }
    auto held = host_.hold(found.id);
    known_.insert(found.id);
    if (!held) {
        const bool dead = held.error().errno_code == ESRCH || found.state == 'Z' || found.state == 'X';
        if (!dead) beyond_.push_back({found.id, held.error()});
        return Growth::none;
    }
    if ((*held)->ended()) return Growth::none;
    Victim victim;
    victim.held = std::move(*held);
    victim.stopped = found.state == 'T';
    victims_.push_back(std::move(victim));
    return Growth::some;
}

/// A protected process is looked for among all of them before any new one is taken in.
Termination::Growth Termination::take_in_new() {
    const std::vector<Found> found = relatives();
    Growth growth = Growth::none;
    for (const Found& one : found) {
        if (!one.protected_as.empty()) return take_in(one);
    }
    for (const Found& one : found) {
        if (take_in(one) == Growth::some) growth = Growth::some;
    }
    if (growth == Growth::some && !cage_.empty()) cage_newcomers();
    return growth;
}

/// Those that were forked before their parents were in the cage.
void Termination::cage_newcomers() {
    std::vector<ProcessId> newcomers;
    for (const Victim& victim : victims_) {
        if (!victim.caged && !victim.held->ended()) newcomers.push_back(victim.held->id());
    }
    const auto put = host_.cages().put(cage_, server_.uid, newcomers);
    if (!put) note_no_cage(put.error().message());
    for (Victim& victim : victims_) victim.caged = victim.caged || put.has_value();
}

/// Their descriptors are given back: a server that forks as fast as it can has no end of them.
void Termination::let_go_of_ended() {
    std::erase_if(victims_, [&](const Victim& victim) {
        if (!victim.held->ended()) return false;
        outcome_.ended.push_back(victim.held->id());
        return true;
    });
}

void Termination::terminate(Victim& victim) {
    if (victim.held->ended()) return;
    victim.told = true;
    (void)victim.held->signal(SIGTERM);  // ESRCH: it has just ended, which is what we want.
    if (victim.stopped) (void)victim.held->signal(SIGCONT);
}

template <typename Which>
void Termination::terminate_those(const Which& which) {
    for (Victim& victim : victims_) {
        if (!which(victim)) continue;
        terminate(victim);
        told_any_ = told_any_ || victim.told;
    }
}

MonotonicTime Termination::moment(double share_of_grace) const {
    return begun_ + std::chrono::duration_cast<milliseconds>(grace_ * share_of_grace);
}

std::optional<MonotonicTime> Termination::advance() {
    const auto is_supervisor = [](const Victim& victim) { return victim.supervisor; };
    const auto is_server = [](const Victim& victim) { return victim.part == Member::Part::server; };
    // The wrappers follow a server that has ended within milliseconds, but need not. A browser's main
    // process ends its own. Nobody is told twice before the middle: some take their time.
    const auto is_next = [](const Victim& victim) { return !victim.below_helper && !victim.told; };
    for (;;) {
        let_go_of_ended();
        if (stage_ != Stage::ready && stage_ != Stage::dying && finished_early()) return std::nullopt;
        const MonotonicTime now = host_.now();
        switch (stage_) {
            case Stage::ready:
                // begin() has taken in all of it: nothing that takes time lies before the first signal.
                begun_ = now;
                if (any_left(is_supervisor)) {
                    terminate_those(is_supervisor);
                    stage_ = Stage::supervisors;
                } else if (any_left(is_server)) {
                    terminate_those(is_server);
                    stage_ = Stage::server;
                } else {
                    // Where only what is below helpers is left, nobody else ends that.
                    const bool only_below = !any_left(is_next);
                    terminate_those([&](const Victim& v) { return only_below || is_next(v); });
                    stage_ = Stage::everything;
                }
                break;
            case Stage::supervisors: {
                const MonotonicTime until = std::min(begun_ + kForSupervisors, moment(0.1));
                if (any_left(is_supervisor) && now < until) return until;
                if (!terminate_all(is_server)) break;
                stage_ = Stage::server;
                break;
            }
            case Stage::server:
                if (any_left(is_server) && now < moment(0.25)) return moment(0.25);
                if (!terminate_all(is_next)) break;
                stage_ = Stage::everything;
                break;
            case Stage::everything:
                if (now < moment(0.5)) return moment(0.5);
                if (!terminate_all([](const Victim&) { return true; })) break;
                stage_ = Stage::insisting;
                break;
            case Stage::insisting:
                if (now < moment(1.0)) return moment(1.0);
                kill();
                break;
            case Stage::dying:
                look_at_dying();
                if (stage_ == Stage::dying) return dying_until_;
                break;
            case Stage::over:
                return std::nullopt;
        }
    }
}

/// With those that were forked meanwhile; false where a protected one is among them.
template <typename Which>
bool Termination::terminate_all(const Which& which) {
    if (take_in_new() == Growth::forbidden) {
        give_up_on_forbidden();
        return false;
    }
    terminate_those(which);
    return true;
}

/// With all that is in the cage standing still. A line of processes that each fork the next and end is
/// in the cage, and yet none of it is there any more when /proc is read: only what cannot move is the
/// proof that nothing is left.
Termination::Growth Termination::take_in_new_at_rest() {
    freeze_cage();
    const Growth growth = take_in_new();
    thaw_cage();
    return growth == Growth::none && restless_ ? Growth::moving : growth;
}

/// Whether nothing of it remains. What was forked by those who have ended is in the cage.
bool Termination::finished_early() {
    if (stage_ == Stage::over) return true;
    if (!victims_.empty()) return false;
    const Growth growth = take_in_new_at_rest();
    if (growth == Growth::forbidden) {
        give_up_on_forbidden();
        return true;
    }
    if (growth == Growth::moving) return false;
    if (growth == Growth::some) {
        // Born of a SIGTERM: it gets one of its own, and the rest of the grace time.
        terminate_those([](const Victim& victim) { return !victim.told; });
        return false;
    }
    finish(told_any_ ? Effect::ended : Effect::gone);
    return true;
}

void Termination::kill() {
    if (!stop_everything()) return;
    for (const bool supervisors : {true, false}) {
        for (const Victim& victim : victims_) {
            if (victim.supervisor == supervisors && !victim.held->ended()) {
                (void)victim.held->signal(SIGKILL);
            }
        }
    }
    // A task that a v1 freezer holds dies only when it is let go.
    thaw_cage();
    note_stopped({});
    if (server_.usage.memory >= kLarge) {
        for (const Victim& victim : victims_) {
            if (!victim.held->ended()) victim.held->release_memory();
        }
    }
    const MonotonicTime now = host_.now();
    if (stage_ != Stage::dying) kill_until_ = now + kForKilling;
    stage_ = Stage::dying;
    dying_until_ = now + kForDying;
}

/// Until nobody is left who could fork: what is stopped cannot, and is asked for its children then.
/// False where a protected process was found among them.
bool Termination::stop_everything() {
    note_stopped(living());
    freeze_cage();
    for (unsigned round = 0; round < kMostRounds; ++round) {
        note_stopped(living());
        for (const Victim& victim : victims_) {
            const bool stopped = (cage_frozen_ && victim.caged) || victim.held->ended();
            if (!stopped) (void)victim.held->signal(SIGSTOP);
        }
        const Growth growth = take_in_new();
        if (growth == Growth::forbidden) {
            continue_everything();
            give_up_on_forbidden();
            return false;
        }
        if (growth == Growth::none) break;
    }
    return true;
}

void Termination::note_stopped(const std::vector<ProcessId>& ids) {
    if (ids == stopped_) return;
    stopped_ = ids;
    if (note_stopped_) note_stopped_(stopped_);
}

void Termination::freeze_cage() {
    if (cage_.empty()) return;
    const auto frozen = host_.cages().freeze(cage_, true);
    cage_frozen_ = frozen.has_value();
    restless_ = !frozen && frozen.error().errno_code == ETIMEDOUT;
    // One that could not be frozen in time (a task in state D) may have been half way there.
    if (!cage_frozen_) thaw_cage();
}

void Termination::thaw_cage() {
    if (cage_.empty()) return;
    const auto thawed = host_.cages().freeze(cage_, false);
    cage_frozen_ = false;
    freeze_failed_ = thawed ? "" : thawed.error().message();
}

/// Of a process that was stopped before we came nobody knows any more that it was.
void Termination::continue_everything() {
    thaw_cage();
    for (const Victim& victim : victims_) {
        if (!victim.held->ended()) (void)victim.held->signal(SIGCONT);
    }
    note_stopped({});
}

void Termination::look_at_dying() {
    if (!victims_.empty()) {
        if (host_.now() >= dying_until_) give_up_on_dying();
        return;
    }
    const Growth growth = take_in_new_at_rest();
    if (growth == Growth::forbidden) {
        give_up_on_forbidden();
    } else if (growth == Growth::none) {
        finish(Effect::killed);
    } else if (host_.now() < kill_until_) {
        kill();
    } else {
        finish(Effect::failed, "it forks faster than it can be ended");
    }
}

void Termination::give_up_on_dying() {
    bool asleep = true;
    for (const ProcessId& id : living()) {
        const auto found = host_.find(id);
        asleep = asleep && found && found->state == 'D';
    }
    const std::string some = counted(victims_.size()) + " of it ";
    if (!freeze_failed_.empty()) {
        finish(Effect::unkillable, some + "may be frozen still: " + freeze_failed_);
    } else if (asleep) {
        finish(Effect::unkillable,
               "the kernel holds " + some +
                   "in an uninterruptible wait (state D), or somebody has frozen it: SIGKILL takes "
                   "effect when that ends");
    } else {
        finish(Effect::unkillable, some + "did not heed SIGKILL");
    }
}

void Termination::give_up_on_forbidden() {
    finish(Effect::cancelled, "a process that is never ended is part of it now: " + forbidden_);
    if (!freeze_failed_.empty()) outcome_.why += "; it may be frozen still: " + freeze_failed_;
}

void Termination::refuse(const ProcessId& id, const Error& why) {
    finish(Effect::refused, "its process " + std::to_string(id.pid) +
                                " may not be signalled, and a server is ended whole or not at all (" +
                                why.reason + ")");
    outcome_.remedy = why.errno_code == EPERM ? "run as root" : "";
}

void Termination::waiting_for(std::vector<const Held*>& processes) const {
    if (stage_ == Stage::over) return;
    for (const Victim& victim : victims_) {
        if (!victim.held->ended()) processes.push_back(victim.held.get());
    }
}

void Termination::finish(Effect effect, std::string why) {
    let_go_of_ended();
    stage_ = Stage::over;
    outcome_.effect = effect;
    outcome_.why = std::move(why);
    for (const Victim& victim : victims_) outcome_.left.push_back(victim.held->id());
    if (effect == Effect::ended || effect == Effect::killed) {
        outcome_.freed = server_.usage.memory;
        count_beyond();
        if (outcome_.left.empty()) report_strays();
    }
    outcome_.took = std::chrono::duration_cast<std::chrono::microseconds>(host_.instant() - decided_);
    if (!cage_.empty()) (void)host_.cages().remove(cage_);
}

/// What it has forked meanwhile that we could not hold: most of a server is no success.
void Termination::count_beyond() {
    std::erase_if(beyond_, [&](const Beyond& one) {
        const auto found = host_.find(one.id);
        return !found || found->state == 'Z' || found->state == 'X';
    });
    if (beyond_.empty()) return;
    for (const Beyond& one : beyond_) outcome_.left.push_back(one.id);
    const Error& first = beyond_.front().why;
    outcome_.effect = Effect::failed;
    outcome_.why = counted(beyond_.size()) + " that it forked meanwhile may not be signalled (" +
                   first.reason + ")";
    outcome_.remedy = first.errno_code == EPERM ? "run as root" : "";
}

/// Without a cage a double fork gets away from us, and nothing would prove what it belonged to.
void Termination::report_strays() {
    if (contained_ || programs_.empty()) return;
    const std::vector<std::string> programs(programs_.begin(), programs_.end());
    const auto strays = host_.strays(server_.uid, begun_since_boot_, programs);
    if (strays.empty()) return;
    outcome_.why = "may have left behind:";
    for (const ProcessId& id : strays) outcome_.why += " " + std::to_string(id.pid);
    outcome_.why += " (begun meanwhile, of the same program, without a parent";
    outcome_.why +=
        uncaged_why_.empty() ? ")" : "; it could not be held together: " + uncaged_why_ + ")";
}

}  // namespace reaper::enforce
