// Samples of what has to do with servers, one after the other, from a census of the host: the part of
// collecting that does not depend on how one hears of processes.
//
// A sample of it holds fewer processes than one of read_host(), but all that assemble() needs to make
// the same servers of it: what is or may be (part of) a server with all that descends from it; the
// makers of their channels; all that stands above these, and leads their sessions; whom else a launcher
// above has started; what shares a pipe with a helper; what `memory` knows.
//
// Internal to scan/.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/result.h"
#include "classify/classifier.h"
#include "scan/collector.h"
#include "scan/host_census.h"
#include "scan/memory.h"
#include "scan/open_ends.h"
#include "scan/sample.h"

namespace reaper::scan {

class Follower {
  public:
    /// `classifier` must outlive it.
    Follower(const classify::Classifier& classifier, std::chrono::seconds recheck,
             std::size_t most_descriptors)
        : descriptors_(most_descriptors), census_(classifier, recheck) {}

    [[nodiscard]] HostCensus& census() { return census_; }

    /// Where there is no descriptor left, those that are only kept are closed, and it is tried once
    /// more.
    Result<Sample> collect(const Memory* memory);

    /// How many processes are known and tracked, and descriptors open.
    void count(CollectorStats& stats) const {
        stats.known = census_.known().size();
        stats.tracked = in_samples_.size();
        stats.descriptors = descriptors_.used();
    }

  private:
    Result<Sample> look(const Memory* memory);
    void close_descriptors();

    // One pass: who is in the sample, what they are now, what their details are.
    void choose(const Memory* memory);
    void add(KnownProcess* process);
    void add_with_descendants(KnownProcess* process);
    void add_sharers();
    void add_makers();
    void add_surroundings();
    void keep(KnownProcess& process, MonotonicTime now);
    bool read_rows(MonotonicTime now);
    bool look_closely(Sample& sample, const Memory* memory, DetailReader& reader, Probing& probing);
    [[nodiscard]] bool complete();
    void doubt_what_lost_its_maker();
    void let_go_of_others();

    DescriptorBudget descriptors_;
    std::chrono::steady_clock::time_point kept_again_{};  ///< After descriptors had run out.
    HostCensus census_;
    std::uint64_t pass_ = 0;
    std::vector<KnownProcess*> chosen_;  ///< For the sample, ordered by pid.
    std::vector<bool> gone_;             ///< Which of them are gone by now.
    bool details_changed_ = false;
    OpenEnds open_ends_;
    std::vector<pid_t> in_samples_;

    // systemd is asked once a minute about each process; the loop that waits for us must not hang. Where
    // it is slower than that (a host that thrashes, an emulated one) it is waited for longer the next
    // time: without an answer no server in a service could ever be called an orphan.
    static constexpr std::chrono::milliseconds kPatienceWithSystemd{50}, kMostPatienceWithSystemd{500};
    std::chrono::milliseconds patience_ = kPatienceWithSystemd;
};

}  // namespace reaper::scan
