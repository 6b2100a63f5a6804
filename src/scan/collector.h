// Where the daemon's samples come from, tick after tick, without reading the whole host each time.
//
// Two ways to hear of processes, one result: the kernel's process connector tells of every fork, exec,
// change of name and end; where it is refused (no CAP_NET_ADMIN, a container), the list of pids is
// compared with the one before, which cannot show an exec. Of what may have to do with a server the
// descriptors stay open and only what can have changed is read again; of all other processes a few bytes
// are remembered, and nothing is read.
//
// How old evidence may be in a sample (the enforcer reads all of it again before it acts):
//
// - Who there is, and which processes are a server: as of the sample. By the readdir diff an exec of a
//   process older than a minute is seen within a minute.
// - Titles: as of the sample for a minute after a fork or an exec, and after a change of name; later
//   within 10 s of what is tracked, of others within 5 minutes.
// - CPU time, threads, RSS, anonymous memory: as of the sample; RSS and memory of what does nothing
//   (others may take it) within 30 s. Swapped memory: within 10 s.
// - An open channel: as of the sample where its maker or anybody above has ended, or (64 a sample) where
//   the process itself has done anything; else within 4 s and a tick. That bounds the cost to a quarter
//   of the channels a second, at 3 µs each.
// - A channel that is closed, or none: within 30 s. Only another file on the descriptor could change it.
// - Listening sockets: within 2 s and a tick where the process has done anything; nothing else can
//   change them, and so within 15 minutes otherwise.
// - exe and cwd: within 10 s where it has done anything, else with the cgroup within 2 minutes.
// - Whether it is a unit's main process: within a minute. Where systemd has not told, it is asked again
//   after a second, then ever more seldom.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/units.h"
#include "classify/classifier.h"
#include "scan/memory.h"
#include "scan/sample.h"

namespace reaper::scan {

struct CollectorStats {
    std::uint64_t events = 0;  ///< That the kernel has told; 0 without the connector.
    std::uint64_t losses =
        0;  ///< How often its buffer has overflowed (ENOBUFS): then all is read again.
    std::uint64_t listings = 0;   ///< How often all pids were listed.
    std::uint64_t rescans = 0;    ///< How often every process was read again.
    std::size_t known = 0;        ///< Processes on the host.
    std::size_t tracked = 0;      ///< In the last sample.
    std::size_t descriptors = 0;  ///< Kept open.
};

class Collector {
  public:
    virtual ~Collector() = default;

    /// "process connector", "readdir diff".
    [[nodiscard]] virtual std::string_view name() const = 0;

    /// Takes in what the kernel has told; never blocks, and takes at most so much that it is soon back.
    /// To be called again after the time that it gives, so that the kernel's buffer does not overflow:
    /// not whenever there is something, since in batches an event costs 0.7 to 1.0 µs, one by one 5
    /// to 9. Nothing: it is told of nothing, and need not be called.
    virtual std::optional<std::chrono::milliseconds> drain() = 0;

    /// What read_host(Depth::servers) would show of servers now; drains first. Of the other processes
    /// there are only those that assemble() needs to make the same servers. Fails where /proc cannot be
    /// read (no descriptor left); the next call then makes up for it.
    virtual Result<Sample> collect(const Memory* memory) = 0;

    /// There is another classifier (a policy was reloaded), also where it is at the same address: every
    /// command line is read and classified again by the next collect(). It must outlive the collector.
    virtual void use(const classify::Classifier& classifier) = 0;

    [[nodiscard]] virtual CollectorStats stats() const = 0;
};

struct CollectorSettings {
    bool connector = true;                      ///< false: do not try.
    Bytes receive_buffer = Bytes::from_mib(8);  ///< Of the connector; 9,100 events and more.
    /// Descriptors to keep open at most; absent: half of what RLIMIT_NOFILE allows. Two for each process
    /// in the samples, two more for those of a server. Beyond that, files are opened for each reading.
    std::optional<std::size_t> descriptors = {};
};

struct ChosenCollector {
    std::unique_ptr<Collector> collector;
    std::string why;  ///< Why not the connector; empty where it is the one.
};

/// The connector if it works here. `classifier` must outlive the collector, or be replaced with use().
ChosenCollector choose_collector(const classify::Classifier& classifier,
                                 const CollectorSettings& settings = {});

}  // namespace reaper::scan
