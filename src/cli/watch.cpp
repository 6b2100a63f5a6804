#include "cli/watch.h"

#include <algorithm>
#include <utility>

#include "pass/users.h"
#include "policy/evaluate.h"
#include "scan/assemble.h"

namespace reaper::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// A rule's span is looked at this often: something that comes and goes in it is seen.
constexpr int kLooksASpan = 6;
constexpr milliseconds kShortestPause{250};

/// When the last of what is pending will be due, if that is within the time; zero where nothing is.
seconds still_to_be_seen(const Examination& seen, const pass::Selection& selection,
                         milliseconds at_most) {
    seconds longest{0};
    for (const policy::PlannedAction& planned : seen.plan.pending) {
        const auto server = std::find_if(seen.snapshot.servers.begin(), seen.snapshot.servers.end(),
                                         [&](const scan::Server& s) { return s.id == planned.server; });
        if (server == seen.snapshot.servers.end() || !pass::selected(*server, selection)) continue;
        if (planned.pending <= at_most) longest = std::max(longest, planned.pending);
    }
    return longest;
}

milliseconds pause(seconds needed, milliseconds usual) {
    return std::clamp(milliseconds(needed) / kLooksASpan, kShortestPause,
                      std::max(usual, kShortestPause));
}

}  // namespace

Result<void> Watch::begin() {
    Result<scan::Sample> first = scan::read_host(policy_.loaded.classifier, scan::Depth::usage);
    if (!first) return tl::unexpected(std::move(first.error()));
    last_look_ = first->monotonic;
    before_ = std::move(*first);
    return {};
}

Result<Examination> Watch::look() {
    const classify::Classifier& classifier = policy_.loaded.classifier;
    Result<scan::Sample> sample = scan::read_host(classifier, scan::Depth::servers, &memory_);
    if (!sample) return tl::unexpected(std::move(sample.error()));
    Examination seen;
    seen.snapshot = scan::assemble(*sample, classifier, before_ ? &*before_ : nullptr,
                                   assemble_options(policy_.loaded.policy), &memory_);
    memory_ = scan::remember(std::move(memory_), seen.snapshot, *sample);
    seen.memory = memory_;
    seen.users = pass::owners(seen.snapshot);
    tracks_ = policy::advance(tracks_, seen.snapshot, policy_.loaded.policy);
    seen.plan = policy::evaluate(seen.snapshot, tracks_, policy_.loaded.policy, seen.users);
    last_look_ = sample->monotonic;
    before_ = *sample;
    seen.sample = std::move(*sample);
    return seen;
}

Result<std::optional<Examination>> watch_host(Watch& watch, const pass::Selection& selection,
                                              const WatchOptions& options,
                                              const pass::Interrupts& interrupts) {
    if (options.window.count() > 0) {
        if (const auto begun = watch.begin(); !begun) return tl::unexpected(begun.error());
        if (interrupts.wait_until(watch.last_look() + options.window)) return std::nullopt;
    }
    const MonotonicTime end = pass::now() + options.at_most;
    for (;;) {
        Result<Examination> seen = watch.look();
        if (!seen) return tl::unexpected(std::move(seen.error()));
        const auto rest = std::max(end - pass::now(), milliseconds(0));
        const seconds needed = still_to_be_seen(*seen, selection, rest);
        if (needed.count() == 0) return std::optional(std::move(*seen));
        if (options.progress) options.progress(*seen, needed);
        const milliseconds next =
            std::min(pause(needed, watch.policy().loaded.policy.daemon.health_check_interval),
                     milliseconds(needed));
        if (interrupts.wait_until(watch.last_look() + next)) return std::nullopt;
    }
}

}  // namespace reaper::cli
