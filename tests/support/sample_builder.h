// Builds samples of hosts that do not exist, for tests of what is concluded from them.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "scan/sample.h"

namespace reaper::test {

/// One process to be: `ProcessBuilder(100, 1, "node").argv({"node", "x.js"}).sockets(7, 8)`.
class ProcessBuilder {
  public:
    ProcessBuilder(pid_t pid, pid_t parent, std::string comm) {
        process_.id = {pid, Ticks(1000 + pid)};  // Later pids are younger.
        process_.parent = parent;
        process_.comm = std::move(comm);
        process_.state = 'S';
        process_.uid = 1000;
        process_.threads = 1;
        process_.resident = Bytes::from_mib(50);
        process_.detail.emplace();
        process_.detail->listening.emplace();
        process_.detail->main_of_unit.emplace();
        process_.detail->anonymous = Bytes::from_mib(10);
        process_.detail->in = end(scan::EndKind::null_device, 0, scan::EndState::none);
        process_.detail->out = process_.detail->in;
    }

    ProcessBuilder& argv(const std::vector<std::string>& arguments) {
        process_.cmdline.clear();
        for (const std::string& argument : arguments) process_.cmdline += argument + '\0';
        return *this;
    }
    ProcessBuilder& title(const std::string& text) {
        process_.cmdline = text + std::string(8, '\0');
        return *this;
    }
    /// stdin and stdout are unix sockets with these inodes.
    ProcessBuilder& sockets(std::uint64_t in, std::uint64_t out,
                            scan::EndState state = scan::EndState::open) {
        process_.detail->in = end(scan::EndKind::unix_socket, in, state);
        process_.detail->out = end(scan::EndKind::unix_socket, out, state);
        return *this;
    }
    ProcessBuilder& pipes(std::uint64_t in, std::uint64_t out,
                          scan::EndState state = scan::EndState::open) {
        process_.detail->in = end(scan::EndKind::pipe, in, state);
        process_.detail->out = end(scan::EndKind::pipe, out, state);
        return *this;
    }
    ProcessBuilder& made_by(pid_t maker) {
        process_.detail->in->maker = maker;
        return *this;
    }
    ProcessBuilder& listens(std::string where) {
        process_.detail->listening->push_back(std::move(where));
        return *this;
    }
    ProcessBuilder& started(std::int64_t ticks) {
        process_.id.start = Ticks(ticks);
        return *this;
    }
    ProcessBuilder& cpu(std::int64_t ticks) {
        process_.cpu_time = Ticks(ticks);
        return *this;
    }
    ProcessBuilder& session(pid_t leader) {
        process_.session = leader;
        return *this;
    }
    ProcessBuilder& owner(uid_t uid) {
        process_.uid = uid;
        return *this;
    }
    ProcessBuilder& cwd(std::string path) {
        process_.detail->cwd = std::move(path);
        return *this;
    }
    ProcessBuilder& exe(std::string path) {
        process_.detail->exe = std::move(path);
        return *this;
    }
    ProcessBuilder& zombie() {
        process_.state = 'Z';
        process_.cmdline.clear();
        process_.detail.reset();
        return *this;
    }
    ProcessBuilder& unreadable() {
        process_.detail.reset();
        return *this;
    }
    /// The detail, for what has no word of its own here.
    scan::ProcessDetail& detail() { return *process_.detail; }

    operator scan::Process() const { return process_; }  // NOLINT: a builder is its process

    static scan::ChannelEnd end(scan::EndKind kind, std::uint64_t inode, scan::EndState state) {
        scan::ChannelEnd end;
        end.kind = kind;
        end.inode = inode;
        end.state = state;
        end.method = "test";
        return end;
    }

  private:
    scan::Process process_;
};

/// A sample with these processes and an init of pid 1, taken 10,000 s after boot.
inline scan::Sample sample_of(std::vector<scan::Process> processes) {
    scan::Sample sample;
    sample.monotonic = MonotonicTime(std::chrono::seconds(10'000));
    sample.since_boot = std::chrono::seconds(10'000);
    sample.processes.push_back(ProcessBuilder(1, 0, "systemd").argv({"/sbin/init"}).started(1).owner(0));
    for (scan::Process& process : processes) sample.processes.push_back(std::move(process));
    return sample;
}

}  // namespace reaper::test
