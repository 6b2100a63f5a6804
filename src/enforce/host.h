// What the carrying out of orders needs of the host: nothing here decides anything. SystemHost is the
// real one; the tests' model host makes happen what no real one does on demand.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/process_id.h"
#include "base/result.h"
#include "base/units.h"
#include "enforce/cages.h"
#include "scan/server.h"
#include "scan/snapshot.h"

namespace reaper::enforce {

/// A process that is held: whatever becomes of its pid, this stays the same process.
class Held {
  public:
    virtual ~Held() = default;
    [[nodiscard]] virtual ProcessId id() const = 0;
    /// Fails with ESRCH as errno_code where it has ended.
    [[nodiscard]] virtual Result<void> signal(int number) = 0;
    [[nodiscard]] virtual bool ended() const = 0;
    virtual void release_memory() = 0;
    /// Readable once it has ended; -1 where there is nothing to wait for.
    [[nodiscard]] virtual int fd() const = 0;
};

/// A process that was found while a server was being ended.
struct Found {
    ProcessId id;
    char state = '?';          ///< proc(5)
    std::string protected_as;  ///< "claude (pid 4711)": may never be signalled; empty where it may.
};

/// Gone, or a zombie: it runs no more.
inline bool has_ended(const std::optional<Found>& process) {
    return !process || process->state == 'Z' || process->state == 'X';
}

class Host {
  public:
    virtual ~Host() = default;

    [[nodiscard]] virtual MonotonicTime now() const = 0;
    /// The same clock as exactly as it goes: how long something took.
    [[nodiscard]] virtual std::chrono::steady_clock::time_point instant() const { return now(); }
    [[nodiscard]] virtual BootTime since_boot() const = 0;

    /// All evidence about these servers, read again now.
    virtual Result<scan::Snapshot> look_again(std::span<const scan::Server> servers) = 0;

    /// Fails with ESRCH as errno_code where it is gone, with EPERM where we may not signal it.
    virtual Result<std::unique_ptr<Held>> hold(ProcessId id) = 0;

    /// Those of `ids` that live, and everything that descends from them now; each once. Without `others`
    /// and what descends from those: a server below a server is none of its processes.
    virtual std::vector<Found> with_descendants(std::span<const ProcessId> ids,
                                                const std::set<ProcessId>& others) = 0;

    /// What is known of one process; nothing where it is gone.
    virtual std::optional<Found> find(ProcessId id) = 0;

    /// Processes that may have got away from a server of this user since then: without their parent, and
    /// of a program that the server was running (`programs`: exe targets). No proof: for the report
    /// only.
    virtual std::vector<ProcessId> strays(uid_t uid, BootTime since,
                                          std::span<const std::string> programs) = 0;

    /// The target of /proc/PID/exe; empty where it may not be read.
    virtual std::string program_of(ProcessId id) = 0;

    virtual Cages& cages() = 0;

    /// Returns when one of these has ended, or at that moment; perhaps earlier.
    virtual void wait(std::span<const Held* const> processes, MonotonicTime until) = 0;

    /// Whether a person wants us to stop: what has been begun is finished, nothing new is begun.
    [[nodiscard]] virtual bool told_to_stop() const = 0;
};

}  // namespace reaper::enforce
