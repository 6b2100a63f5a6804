#include "daemon/peer_limits.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace reaper::daemon {
namespace {

/// Connections end when somebody is through: nobody can say when.
constexpr std::chrono::seconds kTryAgain{5};
constexpr unsigned kTooMany = 429;
constexpr std::size_t kMostIdleUsers = 1000;

Refusal too_many_requests(std::size_t a_minute, std::chrono::seconds wait) {
    return {kTooMany, "more than " + std::to_string(a_minute) + " requests a minute",
            "ask less often; events come by themselves with /events?follow=1", wait, ""};
}

}  // namespace

PeerLimits::User& PeerLimits::user(uid_t uid, Moment now) {
    if (users_.size() > kMostIdleUsers) forget_idle(now);
    const auto full = static_cast<double>(bounds_.requests_per_minute);
    const auto [found, is_new] = users_.try_emplace(uid, User{0, full, now});
    User& user = found->second;
    if (!is_new) {
        const std::chrono::duration<double, std::ratio<60>> minutes = now - user.counted;
        user.left = std::min(full, user.left + minutes.count() * full);
        user.counted = now;
    }
    return user;
}

void PeerLimits::forget_idle(Moment now) {
    std::erase_if(users_, [&](const auto& entry) {
        return entry.second.connections == 0 && now - entry.second.counted > std::chrono::minutes(1);
    });
}

std::chrono::seconds PeerLimits::wait_of(const User& user) const {
    const double a_second = static_cast<double>(bounds_.requests_per_minute) / 60;
    return std::chrono::seconds(std::max(1L, std::lround(std::ceil((1 - user.left) / a_second))));
}

std::optional<Refusal> PeerLimits::connect(uid_t uid, Moment now) {
    User& who = user(uid, now);
    if (who.left < 1) return too_many_requests(bounds_.requests_per_minute, wait_of(who));
    if (uid != 0 && who.connections >= bounds_.connections_per_user) {
        return Refusal{kTooMany, "you have " + std::to_string(who.connections) + " connections already",
                       "close some of them", kTryAgain, ""};
    }
    if (connections_ >= bounds_.connections) {
        return Refusal{kTooMany, "there are " + std::to_string(connections_) + " connections already",
                       "try again later", kTryAgain, ""};
    }
    ++who.connections;
    ++connections_;
    return std::nullopt;
}

void PeerLimits::disconnect(uid_t uid) {
    const auto found = users_.find(uid);
    if (found == users_.end() || found->second.connections == 0) return;
    --found->second.connections;
    --connections_;
}

std::optional<Refusal> PeerLimits::request(uid_t uid, Moment now) {
    User& who = user(uid, now);
    if (who.left < 1) return too_many_requests(bounds_.requests_per_minute, wait_of(who));
    who.left -= 1;
    return std::nullopt;
}

}  // namespace reaper::daemon
