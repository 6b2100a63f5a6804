#include "everything_server.h"

#include <gtest/gtest.h>
#include <signal.h>

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
    bool has_written = false;  ///< A message, between two looks.

    void look() {
        constexpr std::uint64_t kMessage = 50;  // Less is a thread that wakes another.
        const std::uint64_t now = bytes_written(pid);
        has_written = has_written || now >= written + kMessage;
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

std::vector<pid_t> silence(const std::vector<std::set<pid_t>>& chains) {
    const ProcessTable table = read_processes();
    std::vector<pid_t> servers;
    for (const std::set<pid_t>& chain : chains) servers.push_back(last_of(grow(chain, table), table));
    for (const pid_t server : servers) signal_process(server, SIGSTOP);
    return servers;
}

void await_silence(const std::vector<std::set<pid_t>>& chains) {
    // Each has its own beat, from when it was started. Whoever stands still for a beat has missed one,
    // makes up for it at once, and counts the next from there: all are in step then.
    const std::vector<pid_t> servers = silence(chains);
    std::this_thread::sleep_for(kPeriod + 1s);  // Time is what they are to miss: nothing is awaited.
    std::vector<Writer> writers;
    for (const pid_t server : servers) {
        writers.push_back({server, bytes_written(server)});
        signal_process(server, SIGCONT);
    }
    const auto give_up = Clock::now() + 10s;
    while (!std::ranges::all_of(writers, &Writer::has_written) && Clock::now() < give_up) {
        std::this_thread::sleep_for(10ms);  // There is no event for what another process writes.
        for (Writer& writer : writers) writer.look();
    }
    for (const Writer& writer : writers) {
        EXPECT_TRUE(writer.has_written) << "process " << writer.pid << " wrote nothing when it went on";
    }
}

}  // namespace reaper::integration
