// Every process of the host in a few bytes: who it is, whose child, and whether it may have to do with
// a server. What the collectors (collector.h) keep between two samples.
//
// Internal to scan/.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/process_id.h"
#include "base/units.h"
#include "scan/kept_process.h"

namespace reaper::scan {

/// Some 150 bytes, whatever its command line.
struct KnownProcess {
    ProcessId id;  ///< The start only after it was read.
    pid_t parent = 0;
    pid_t session = 0;
    uid_t uid = 0;
    std::uint64_t inode = 0;      ///< Of its directory, when /proc was listed last; 0: not listed yet.
    std::uint64_t listed_in = 0;  ///< Number of the last list that it was in.

    // ---- what its command line and descriptors say
    bool zombie : 1 = false;
    bool kernel_thread : 1 = false;
    bool names_server : 1 = false;  ///< By its command line; a zombie by its name.
    bool wraps : 1 = false;
    bool undecided : 1 = false;
    bool adopts_orphans : 1 = false;
    bool browser : 1 = false;       ///< A browser that a program controls, with a profile that one made.
    bool connected_in : 1 = false;  ///< Of what wraps or is undecided: a pipe or socket on 0 …
    bool connected_out : 1 = false;       ///< … and on 1.
    bool peeked : 1 = false;              ///< The two are known.
    bool stands_like_server : 1 = false;  ///< Its working directory makes it one.
    bool runs_server : 1 = false;         ///< Together with its program file.
    bool owner_counted : 1 = false;
    uid_t owner = 0;  ///< For whom it was counted as having a server.

    // ---- what is to be done with it at the next sample
    bool was_read : 1 = false;
    bool must_read : 1 = false;     ///< Who and what it is, once more: it is in the queue for that.
    bool has_executed : 1 = false;  ///< Another program: nothing of before counts.
    bool is_young : 1 = false;      ///< It is on the list of those that may yet change their title.

    MonotonicTime young_since{};  ///< Began, or executed a program.
    std::int64_t cpu = -1;        ///< Nanoseconds it had spent when its line was read.
    std::uint64_t used_in = 0;    ///< Number of the last sample that it was looked at for.

    // ---- its place among the processes; maintained by KnownProcesses
    KnownProcess* above = nullptr;  ///< Its parent, if that is known and not younger.
    KnownProcess* first_child = nullptr;
    KnownProcess* next_sibling = nullptr;
    KnownProcess* previous_sibling = nullptr;

    std::unique_ptr<KeptProcess> kept;  ///< What is in the samples, for as long as it is.
};

/// By pid, and as a tree. Records stay where they are until they are forgotten.
class KnownProcesses {
  public:
    using ByPid = std::unordered_map<pid_t, KnownProcess>;

    [[nodiscard]] KnownProcess* find(pid_t pid);
    /// The record of this pid: a new one where there was none.
    KnownProcess& add(pid_t pid);
    /// To be called when it has no children any more.
    void forget(KnownProcess& process);
    /// Puts it below the record of its parent's pid.
    void place(KnownProcess& process);
    /// Its children lose their parent: they are added to `orphans`.
    static void orphan_children(KnownProcess& process, std::vector<pid_t>& orphans);

    [[nodiscard]] std::size_t size() const { return all_.size(); }
    [[nodiscard]] ByPid& all() { return all_; }

  private:
    static void detach(KnownProcess& process);
    ByPid all_;
};

/// As ProcessTree::reparented(), from what is known.
bool reparented(KnownProcesses& known, const KnownProcess& process);

}  // namespace reaper::scan
