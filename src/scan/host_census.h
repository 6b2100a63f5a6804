// Every process of the host, kept up to date from what a collector is told of it: who there is, and
// which of them may have to do with a server.
//
// Whatever is told (an event, a list of pids) only says where to look: what counts is what is then read
// of the process. So events that are late, out of order or told twice do no harm.
//
// Internal to scan/.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/result.h"
#include "classify/classifier.h"
#include "scan/descriptor_peek.h"
#include "scan/known_processes.h"
#include "scan/lone_processes.h"
#include "scan/proc_connector.h"
#include "scan/proc_files.h"

namespace reaper::scan {

class HostCensus {
  public:
    /// `classifier` must outlive it. `recheck`: within so long every process is asked whether it has
    /// done anything, and read again if it has.
    HostCensus(const classify::Classifier& classifier, std::chrono::seconds recheck)
        : classifier_(&classifier), recheck_(recheck) {}

    void tell(const ProcessEvent& event);
    /// Compares with the list of all pids: who is new, and who is gone or replaced.
    Result<void> list();
    /// Everything must be read again: events were lost, or there is another classifier.
    void doubt_all();
    void use(const classify::Classifier& classifier);
    void doubt(KnownProcess& process) { must_read(process); }

    /// Reads what must be read. The queue is empty then. Fails where files can no longer be opened.
    Result<void> settle(MonotonicTime now);
    /// Puts those on the queue that may have changed without a word (a title).
    void look_around(MonotonicTime now);
    /// Drops from the queue what has ended meanwhile: it is then as long as the host has processes.
    void relieve();
    [[nodiscard]] std::size_t waiting() const { return queue_.size(); }

    [[nodiscard]] const classify::Classifier& classifier() const { return *classifier_; }
    [[nodiscard]] KnownProcesses& known() { return known_; }
    [[nodiscard]] const KnownProcesses& known() const { return known_; }
    [[nodiscard]] const LoneProcesses& lone() const { return lone_; }
    /// What by its command line or its place may be (part of) a server.
    [[nodiscard]] const std::unordered_set<pid_t>& seeds() const { return seeds_; }
    [[nodiscard]] ProcFiles& files() { return files_; }

    /// What a process that was read has on 0 and 1 speaks for this Look.
    [[nodiscard]] Look grant(KnownProcess& process, Look wish);
    /// Its line is read for its kept form.
    void read_line_of(KnownProcess& process, MonotonicTime now);

    /// Whose end since the last call may have closed channels; empties it.
    [[nodiscard]] std::vector<pid_t> take_ended() { return std::exchange(ended_, {}); }

    static constexpr std::chrono::seconds kYouth{60};

  private:
    void must_read(KnownProcess& process);
    void forget(KnownProcess& process);
    void give_away_children(KnownProcess& process);
    Result<void> read(KnownProcess& process, MonotonicTime now);
    void begin(KnownProcess& process, const StatText& stat, MonotonicTime now);
    void read_line(KnownProcess& process, const std::string& comm, std::int64_t cpu, MonotonicTime now);
    void glance(KnownProcess& process, std::string_view line);
    void count_owner(KnownProcess& process, bool owns);
    void note_if_lone(KnownProcess& process);
    void sweep_new_owners();
    void note_if_seed(KnownProcess& process);
    [[nodiscard]] static bool below_connected_launcher(const KnownProcess& process);
    void has_ended(KnownProcess& process);
    [[nodiscard]] bool has_run(const KnownProcess& process) const;

    const classify::Classifier* classifier_;
    std::chrono::seconds recheck_;
    ProcFiles files_;
    DescriptorPeek peek_;
    KnownProcesses known_;
    LoneProcesses lone_;
    std::unordered_set<pid_t> seeds_;
    std::unordered_map<uid_t, std::size_t> owners_;  ///< Users with servers, and with how many.
    std::vector<uid_t> new_owners_;
    std::uint64_t listings_ = 0;

    std::vector<pid_t> queue_;
    std::vector<pid_t> settled_;  ///< Read in this settle().
    std::vector<pid_t> young_;
    std::vector<pid_t> zombies_;
    std::vector<pid_t> ended_;

    std::vector<pid_t> round_;  ///< All pids, to be asked one after the other.
    std::size_t round_at_ = 0;
    MonotonicTime looked_around_{};
};

}  // namespace reaper::scan
