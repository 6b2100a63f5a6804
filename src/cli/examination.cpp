#include "cli/examination.h"

#include <optional>
#include <thread>
#include <utility>

#include "pass/users.h"
#include "policy/evaluate.h"
#include "policy/tracks.h"
#include "scan/assemble.h"

namespace reaper::cli {

Option window_option() {
    return {"window", 0, "TIME",
            "How long to watch for CPU rates: two samples are taken this far apart (default 1s, at most "
            "1h; write 500ms, 2s, 1m). With 0s one sample is taken and no CPU rate is known."};
}

Result<Examination> examine_host(const ChosenPolicy& policy, std::chrono::milliseconds window,
                                 scan::Depth depth) {
    const classify::Classifier& classifier = policy.loaded.classifier;
    std::optional<scan::Sample> before;
    if (window.count() > 0) {
        Result<scan::Sample> first = scan::read_host(classifier, scan::Depth::usage);
        if (!first) return tl::unexpected(std::move(first.error()));
        before = std::move(*first);
        // Nothing is held or half done here: a signal ends the program the way it ends any other.
        std::this_thread::sleep_until(before->monotonic + window);
    }
    Result<scan::Sample> sample = scan::read_host(classifier, depth);
    if (!sample) return tl::unexpected(std::move(sample.error()));

    Examination examination;
    examination.sample = std::move(*sample);
    examination.snapshot = scan::assemble(examination.sample, classifier, before ? &*before : nullptr,
                                          assemble_options(policy.loaded.policy));
    examination.users = pass::owners(examination.snapshot);
    // The first sample has no evidence beside CPU times: only the second one counts as seen.
    const policy::Tracks tracks = policy::advance({}, examination.snapshot, policy.loaded.policy);
    examination.plan =
        policy::evaluate(examination.snapshot, tracks, policy.loaded.policy, examination.users);
    return examination;
}

}  // namespace reaper::cli
