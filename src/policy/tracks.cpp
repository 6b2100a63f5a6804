#include "policy/tracks.h"

#include <vector>

#include "policy/conditions.h"
#include "policy/policy.h"

namespace reaper::policy {
namespace {

Track begin_track(const scan::Server& server, MonotonicTime now) {
    Track track;
    track.first_seen = track.last_seen = track.last_active = now;
    track.cpu_time = server.usage.cpu_time;
    return track;
}

Track go_on(const Track& before, const scan::Server& server, MonotonicTime now) {
    Track track = before;
    const Ticks used = server.usage.cpu_time - before.cpu_time;
    // The sum over its processes falls when one of them ends, and may hide what the others did.
    if (used > kIdleTicks || used < Ticks(0)) track.last_active = now;
    track.cpu_time = server.usage.cpu_time;
    track.last_seen = now;
    return track;
}

void keep_span(std::optional<MonotonicTime>& since, bool holds, MonotonicTime now) {
    if (!holds) {
        since.reset();
    } else if (!since) {
        since = now;
    }
}

}  // namespace

Tracks advance(const Tracks& tracks, const scan::Snapshot& snapshot, const Policy& policy,
               const Circumstances& circumstances) {
    const MonotonicTime now = snapshot.monotonic;
    Tracks next;
    for (const scan::Server& server : snapshot.servers) {
        const auto before = tracks.find(server.id);
        const bool known = before != tracks.end() && before->second.last_seen <= now;
        Track track = known ? go_on(before->second, server, now) : begin_track(server, now);
        keep_span(track.unused_since, !server.in_use(), now);
        next.emplace_hint(next.end(), server.id, track);
    }
    // Which instance is one too many depends on who is idle, so activity comes first.
    const std::vector<Conditions> conditions = conditions_of(snapshot, next, policy, circumstances);
    for (std::size_t i = 0; i < conditions.size(); ++i) {
        Track& track = next.at(snapshot.servers[i].id);
        for (std::size_t rule = 0; rule < kRules.size(); ++rule) {
            keep_span(track.holds_since[rule], conditions[i].holds[rule], now);
            keep_span(track.pressed_since[rule], conditions[i].pressed[rule], now);
        }
    }
    return next;
}

std::chrono::milliseconds idle_time(const Tracks& tracks, const ProcessId& server, MonotonicTime now) {
    const auto track = tracks.find(server);
    if (track == tracks.end() || track->second.last_active > now) return std::chrono::milliseconds(0);
    return now - track->second.last_active;
}

}  // namespace reaper::policy
