// The daemon's figures in the text format of Prometheus. Names and units follow its conventions
// (prometheus.io/docs/practices/naming); `promtool check metrics` has nothing to say about them.
//
// The number of time series is bounded: types come from package names, which anybody can make up.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/units.h"
#include "daemon/status.h"
#include "enforce/outcome.h"
#include "policy/rule.h"

namespace reaper::daemon {

/// No more different types than this are told apart in labels; the rest is "other".
inline constexpr std::size_t kMostTypeLabels = 200;

/// How long ticks took. A value: counted into on every tick, read by a scrape.
struct TickDurations {
    static constexpr std::array kBounds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0};
    std::array<std::uint64_t, kBounds.size()> at_most{};  ///< By bound, each with those before it.
    std::uint64_t count = 0;
    std::chrono::microseconds sum{0};

    void add(std::chrono::microseconds took);
};

/// Something counted by type for as long as the daemon lives. The first kMostTypeLabels types have a
/// count of their own, all that come later share "other": a counter must never go down.
class CountsByType {
  public:
    void add(const std::string& type);
    [[nodiscard]] const std::map<std::string, std::uint64_t>& all() const { return counts_; }

  private:
    std::map<std::string, std::uint64_t> counts_;
};

/// What the servers of a type use, from the last look.
struct TypeUsage {
    std::string type;
    std::size_t servers = 0;
    Bytes memory;
    CpuPercent cpu;
};

/// What the system counts of the daemon's own process.
struct OwnProcess {
    std::chrono::milliseconds cpu{0};
    Bytes resident;
    Bytes virtual_memory;
    std::uint64_t descriptors = 0;
    std::uint64_t most_descriptors = 0;  ///< RLIMIT_NOFILE
    WallTime started_at{};
};

struct Figures {
    Status status;  ///< The whole of it.
    std::vector<TypeUsage> usage;
    std::map<policy::Rule, std::size_t> findings;
    std::map<std::pair<enforce::Deed, enforce::Effect>, std::uint64_t> actions;
    CountsByType ended;  ///< Servers that were ended, with or without SIGKILL.
    TickDurations ticks;
    std::uint64_t policy_reloads = 0;
    std::uint64_t policy_refusals = 0;
    OwnProcess process;
};

/// What the control server counts of itself.
struct ControlFigures {
    std::size_t connections = 0;
    std::uint64_t requests = 0;
    std::uint64_t refused = 0;  ///< Over a bound, or not allowed.
    std::uint64_t dropped = 0;  ///< Connections: too slow, too long, not HTTP.
};

/// This process, from /proc/self (proc(5)), getrusage(2) and getrlimit(2). What cannot be read is 0;
/// `started_at` is for the caller to say.
OwnProcess read_own_process();

std::string to_prometheus(const Figures& figures, const ControlFigures& control);

}  // namespace reaper::daemon
