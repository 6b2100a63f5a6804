#include "everything_server.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <string>
#include <thread>

#include "npm_packages.h"
#include "processes.h"

namespace reaper::integration {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kPeriod = 15s;

/// All that it has ever written, from /proc/PID/io; 0 where it is gone.
std::uint64_t bytes_written(pid_t pid) {
    std::ifstream io("/proc/" + std::to_string(pid) + "/io");
    std::string key;
    std::uint64_t value = 0;
    while (io >> key >> value) {
        if (key == "wchar:") return value;
    }
    return 0;
}

struct Writer {
    pid_t pid = 0;
    std::uint64_t written = 0;
    Clock::time_point last{};  ///< When its last message was seen; the epoch: never.

    void look() {
        constexpr std::uint64_t kMessage = 50;  // Less is a thread that wakes another.
        const std::uint64_t now = bytes_written(pid);
        if (now >= written + kMessage) last = Clock::now();
        written = now;
    }
};

/// The end of a chain: the server itself.
pid_t last_of(const std::set<pid_t>& chain, const ProcessTable& table) {
    const auto is_last = [&](pid_t pid) {
        return std::ranges::none_of(chain, [&](pid_t other) { return table.at(other).parent == pid; });
    };
    const auto found = std::ranges::find_if(chain, is_last);
    return found == chain.end() ? 0 : *found;
}

}  // namespace

Launch everything_by_npx() {
    return launch_of(launches_by_npx(), "everything");
}

void await_silence(const std::vector<std::set<pid_t>>& chains, std::chrono::seconds wanted) {
    const ProcessTable table = read_processes();
    std::vector<Writer> writers;
    for (const std::set<pid_t>& chain : chains) {
        const pid_t pid = last_of(grow(chain, table), table);
        writers.push_back({pid, bytes_written(pid), {}});
    }
    if (writers.empty()) return;
    // Long enough a silence of all of them; how long there can be depends on how they were started.
    const auto begin = Clock::now();
    for (auto silence = wanted; silence > 0s;) {
        std::this_thread::sleep_for(10ms);  // There is no event for what another process writes.
        for (Writer& writer : writers) writer.look();
        const auto next = std::ranges::min(writers, {}, &Writer::last).last + kPeriod;
        if (next >= Clock::now() + silence) return;
        silence = wanted - (Clock::now() - begin) / kPeriod * 3s;
    }
}

}  // namespace reaper::integration
