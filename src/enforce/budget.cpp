#include "enforce/budget.h"

#include <algorithm>

#include "policy/wording.h"

namespace reaper::enforce {
namespace {

constexpr BootTime kMinute = std::chrono::minutes(1);

std::string in_words(BootTime span) {
    return policy::in_words(
        std::max(std::chrono::ceil<std::chrono::seconds>(span), std::chrono::seconds(1)));
}

/// The kernel counts start times in ticks, our own moments in milliseconds: a server that was started in
/// the tick of the kill may be the next one.
bool started_after(const scan::Server& server, BootTime moment) {
    return BootTime(server.id.start) + BootTime(Ticks(1)) > moment;
}

}  // namespace

std::optional<Budget::Objection> Budget::objection(const scan::Server& server, BootTime now) {
    forget_old(now);
    std::vector<BootTime> recent;
    for (const BudgetState::Kill& kill : state_.kills) {
        if (kill.at > now - kMinute) recent.push_back(kill.at);
    }
    if (settings_.kills_per_minute == 0) {
        return Objection{"the policy's budget allows none to be ended",
                         "raise budget.kills_per_minute in the policy"};
    }
    if (recent.size() >= settings_.kills_per_minute) {
        const BootTime free = recent[recent.size() - settings_.kills_per_minute] + kMinute;
        return Objection{
            std::to_string(recent.size()) +
                " servers have been ended within a minute, no more "
                "than the policy allows",
            "again in " + in_words(free - now) + ", or raise budget.kills_per_minute in the policy"};
    }
    return breaker_objection(server, now);
}

std::optional<Budget::Objection> Budget::breaker_objection(const scan::Server& server, BootTime now) {
    const auto stopped = [&](BootTime until) {
        return Objection{"servers of type " + server.type + " come back as soon as they are ended",
                         "find out who starts them; one is tried again in " + in_words(until - now)};
    };
    auto found = state_.breakers.find(server.type);
    if (found == state_.breakers.end()) {
        // What is to be ended now would be one more.
        if (!is_respawn(server, now) || respawns(server.type, now) + 1 <= settings_.respawns)
            return std::nullopt;
        found =
            state_.breakers.emplace(server.type, BudgetState::Breaker{now + settings_.pause, {}}).first;
        return stopped(found->second.open_until);
    }
    BudgetState::Breaker& breaker = found->second;
    if (now < breaker.open_until) return stopped(breaker.open_until);
    if (!breaker.tried) return std::nullopt;
    if (started_after(server, *breaker.tried)) {
        breaker = {now + settings_.pause, {}};
        return stopped(breaker.open_until);
    }
    const BootTime settled = *breaker.tried + settings_.respawn_window;
    if (now < settled) {
        return Objection{"one server of type " + server.type +
                             " was ended to see whether they still come back at once",
                         "the others in " + in_words(settled - now)};
    }
    state_.breakers.erase(found);
    return std::nullopt;
}

void Budget::note(const scan::Server& server, BootTime now) {
    const auto breaker = state_.breakers.find(server.type);
    if (breaker != state_.breakers.end() && now >= breaker->second.open_until)
        breaker->second.tried = now;
    state_.kills.push_back({now, server.type, is_respawn(server, now)});
}

void Budget::forget_old(BootTime now) {
    const BootTime span = std::max<BootTime>(kMinute, settings_.respawn_window);
    std::erase_if(state_.kills, [&](const BudgetState::Kill& kill) {
        return kill.at <= now - span || kill.at > now;  // Later than now: of another boot.
    });
    std::erase_if(state_.breakers, [&](const auto& entry) {
        const BudgetState::Breaker& breaker = entry.second;
        // Half an hour without anybody who wanted one of them ended: whatever it was is over.
        return breaker.open_until + std::chrono::minutes(30) < now ||
               breaker.open_until > now + settings_.pause + kMinute;
    });
}

bool Budget::is_respawn(const scan::Server& server, BootTime now) const {
    return std::any_of(state_.kills.begin(), state_.kills.end(), [&](const BudgetState::Kill& kill) {
        return kill.type == server.type && kill.at > now - settings_.respawn_window &&
               started_after(server, kill.at);
    });
}

unsigned Budget::respawns(const std::string& type, BootTime now) const {
    return static_cast<unsigned>(
        std::count_if(state_.kills.begin(), state_.kills.end(), [&](const BudgetState::Kill& kill) {
            return kill.respawn && kill.type == type && kill.at > now - settings_.respawn_window;
        }));
}

}  // namespace reaper::enforce
