// What a policy would have done over a recording, and when.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/process_id.h"
#include "base/units.h"
#include "classify/classifier.h"
#include "policy/plan.h"
#include "policy/policy.h"
#include "policy/tracks.h"
#include "scan/assemble.h"
#include "scan/sample.h"
#include "scan/snapshot.h"

namespace reaper::cli {

/// An action, where it first became due (or, at the end, what was still pending).
struct TimelineEvent {
    WallTime at{};
    std::chrono::milliseconds offset{0};  ///< Since the first sample.
    std::string type;
    std::optional<scan::Client> client;
    Bytes memory;  ///< What the server used then.
    policy::PlannedAction planned;
};

struct Timeline {
    WallTime from{};
    WallTime to{};
    std::chrono::milliseconds span{0};
    std::size_t samples = 0;
    std::map<ProcessId, std::string> servers;  ///< All that were seen, with their types.
    std::vector<TimelineEvent> events;         ///< In the order of time.
    std::vector<TimelineEvent> pending;        ///< As of the last sample.
};

/// Judges sample after sample as a daemon would have. The recording is what happened without it: an
/// action has no effect on later samples. So an action is told once, when it first becomes due; after
/// that only a harsher one on the same server is, and nothing after its end.
class TimelineMaker {
  public:
    TimelineMaker(const policy::Policy& policy, const classify::Classifier& classifier);

    void add(scan::Sample sample);

    [[nodiscard]] const Timeline& timeline() const { return timeline_; }

  private:
    void note_time(const scan::Sample& sample);
    void note_plan(const scan::Snapshot& snapshot, const policy::Plan& plan);
    [[nodiscard]] TimelineEvent event(const scan::Snapshot& snapshot,
                                      const policy::PlannedAction& planned) const;

    const policy::Policy& policy_;
    const classify::Classifier& classifier_;
    scan::AssembleOptions options_;
    std::optional<scan::Sample> previous_;
    scan::Memory memory_;
    policy::Tracks tracks_;
    std::map<ProcessId, policy::Action> told_;
    Timeline timeline_;
};

}  // namespace reaper::cli
