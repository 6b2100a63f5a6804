// Snapshots built in code, for tests of what judges and shows them.
//
//     const scan::Snapshot snapshot = support::snapshot()
//                                         .at(30s)
//                                         .with(server(100).type("playwright").client("claude", 11))
//                                         .with(server(200).orphaned().npx())
//                                         .build();
//
// A server that nothing is said about is healthy and in use: a "filesystem" server of user 1000, ten
// minutes old, one process, its channel open to the client claude (pid 11).
#pragma once

#include <sys/types.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/process_id.h"
#include "base/units.h"
#include "scan/server.h"
#include "scan/snapshot.h"

namespace reaper::support {

inline constexpr uid_t kUser = 1000;
inline constexpr MonotonicTime kStart{std::chrono::hours(24)};       ///< Moment zero of every test.
inline constexpr BootTime kStartSinceBoot = std::chrono::hours(48);  ///< The host slept for a day.
inline constexpr WallTime kStartWall{std::chrono::seconds(1'790'000'000)};  // 2026-09-21 14:13:20 UTC

/// The identity of a process that is `age` old at moment zero.
inline ProcessId id_of(pid_t pid, std::chrono::seconds age = std::chrono::minutes(10)) {
    return {pid, std::chrono::duration_cast<Ticks>(kStartSinceBoot - age)};
}

inline scan::ChannelEnd end_of(scan::EndKind kind, scan::EndState state, std::string events = "") {
    scan::ChannelEnd end;
    end.kind = kind;
    end.state = state;
    end.method = "pidfd_getfd+poll";
    end.events = std::move(events);
    return end;
}

class ServerBuilder {
  public:
    explicit ServerBuilder(pid_t pid) {
        server_.type = "filesystem";
        server_.type_source = classify::TypeSource::pattern;
        server_.rule = "pattern mcp-server-filesystem";
        server_.program = "mcp-server-filesystem";
        server_.arguments_digest = 1;
        server_.uid = kUser;
        server_.cgroup = "/user.slice/user-1000.slice/session-1.scope";
        server_.usage.memory = Bytes::from_mib(60);
        server_.usage.resident = Bytes::from_mib(90);
        server_.usage.cpu_time = Ticks(100);
        server_.members.push_back({{pid, Ticks(0)},
                                   11,
                                   scan::Member::Part::server,
                                   classify::LauncherKind::none,
                                   false,
                                   kUser,
                                   "node"});
        standalone(false);
        open();
        client("claude", 11);
    }

    // What it is.
    ServerBuilder& type(std::string name) {
        server_.type = std::move(name);
        return *this;
    }
    ServerBuilder& program(std::string slot) {
        server_.program = std::move(slot);
        return *this;
    }
    ServerBuilder& arguments(std::uint64_t digest) {
        server_.arguments_digest = digest;
        return *this;
    }
    ServerBuilder& suspected() {
        server_.type_source = classify::TypeSource::structure;
        server_.rule = "structure";
        return *this;
    }
    ServerBuilder& cgroup(std::string path) {
        server_.cgroup = std::move(path);
        return *this;
    }
    ServerBuilder& user(uid_t uid) {
        server_.uid = uid;
        for (scan::Member& member : server_.members) member.uid = uid;
        return *this;
    }

    // Who uses it.
    ServerBuilder& client(std::string name, pid_t pid) {
        scan::Client made;
        made.pid = pid;
        made.id = id_of(pid, std::chrono::hours(6));
        made.name = std::move(name);
        made.alive = true;
        made.known = true;
        made.source = scan::Client::Source::socket;
        server_.client = made;
        return *this;
    }
    /// Just any ancestor that can be one.
    ServerBuilder& ancestor(std::string name, pid_t pid) {
        client(std::move(name), pid);
        server_.client->known = false;
        server_.client->source = scan::Client::Source::ancestry;
        return *this;
    }
    ServerBuilder& dead_client(pid_t pid) {
        scan::Client made;
        made.pid = pid;
        made.source = scan::Client::Source::socket;
        server_.client = made;
        return *this;
    }
    ServerBuilder& no_client() {
        server_.client.reset();
        return *this;
    }

    // What it talks over.
    ServerBuilder& open() {
        server_.channel = scan::Channel::open;
        server_.in = end_of(scan::EndKind::unix_socket, scan::EndState::open);
        server_.out = end_of(scan::EndKind::unix_socket, scan::EndState::open);
        return *this;
    }
    ServerBuilder& closed() {
        server_.channel = scan::Channel::closed;
        server_.in = end_of(scan::EndKind::pipe, scan::EndState::closed, "HUP");
        server_.out = end_of(scan::EndKind::pipe, scan::EndState::closed, "ERR");
        return *this;
    }
    ServerBuilder& channel_none() {
        server_.channel = scan::Channel::none;
        server_.in = end_of(scan::EndKind::null_device, scan::EndState::none);
        server_.out = end_of(scan::EndKind::file, scan::EndState::none);
        return *this;
    }
    ServerBuilder& channel_unknown() {
        server_.channel = scan::Channel::unknown;
        server_.in = end_of(scan::EndKind::unknown, scan::EndState::unknown);
        server_.in.method = "no permission";
        server_.out = server_.in;
        return *this;
    }
    /// Started by hand: a person may be typing to it.
    ServerBuilder& at_terminal(bool hung_up = false) {
        server_.channel = scan::Channel::none;
        server_.in = end_of(scan::EndKind::terminal, scan::EndState::none, hung_up ? "IN|HUP|ERR" : "");
        server_.out = server_.in;
        return *this;
    }
    ServerBuilder& standalone(bool value) {
        server_.standalone = value;
        server_.standalone_why = value ? "listens on tcp 127.0.0.1:8931" : "";
        return *this;
    }
    /// Standalone, and has failed so many health requests.
    ServerBuilder& unresponsive(unsigned failures = 3) {
        standalone(true);
        server_.unresponsive = scan::Unresponsive{failures, "no answer within 5 s from port 8931"};
        return *this;
    }
    ServerBuilder& standalone_unknown() {
        server_.standalone.reset();
        server_.standalone_why = "its sockets may not be looked at";
        return *this;
    }
    ServerBuilder& unit_main(std::string unit = "mcp.service") {
        standalone(true);
        server_.unit_main = true;
        server_.standalone_why = "main process of " + unit;
        return *this;
    }
    /// Its client was killed: a closed channel, no client, certainly not standalone.
    ServerBuilder& orphaned() {
        closed();
        standalone(false);
        return no_client();
    }

    /// Its server has ended: one helper is there, a browser whose debugging pipe is hung up.
    ServerBuilder& left_over(bool proven, std::optional<ProcessId> of = {}) {
        closed();
        standalone(false);
        no_client();
        server_.left_over = {of, "its debugging pipe is hung up", proven};
        if (!proven) suspected();
        server_.members.front().part = scan::Member::Part::helper;
        server_.members.front().parent = 1;
        return *this;
    }

    // What it uses. Age is at moment zero; a test that moves on says so with every snapshot's at().
    ServerBuilder& age(std::chrono::seconds seconds) {
        age_ = seconds;
        return *this;
    }
    ServerBuilder& cpu(double percent) {
        server_.usage.cpu = CpuPercent{percent};
        return *this;
    }
    ServerBuilder& cpu_time(Ticks ticks) {
        server_.usage.cpu_time = ticks;
        return *this;
    }
    ServerBuilder& memory_mib(std::uint64_t mib) {
        server_.usage.memory = Bytes::from_mib(mib);
        server_.usage.resident = Bytes::from_mib(mib + mib / 2);
        return *this;
    }
    ServerBuilder& memory_incomplete() {
        server_.usage.memory_is_complete = false;
        return *this;
    }

    // What it is made of.
    /// `npm exec` → `sh -c` → the server process, with the two pids below the server's.
    ServerBuilder& npx() {
        const pid_t pid = server_pid();
        const uid_t uid = server_.uid;
        const pid_t parent = server_.members.front().parent;
        server_.launcher = "npm exec";
        server_.launcher_kind = classify::LauncherKind::wrapper;
        server_.members.front().parent = pid - 1;
        server_.members.insert(server_.members.begin(), {{{pid - 2, Ticks(0)},
                                                          parent,
                                                          scan::Member::Part::launcher,
                                                          classify::LauncherKind::wrapper,
                                                          false,
                                                          uid,
                                                          "npm exec @model"},
                                                         {{pid - 1, Ticks(0)},
                                                          pid - 2,
                                                          scan::Member::Part::launcher,
                                                          classify::LauncherKind::wrapper,
                                                          false,
                                                          uid,
                                                          "sh"}});
        return *this;
    }
    ServerBuilder& helper(pid_t pid, std::string comm = "chromium", pid_t parent = 0) {
        if (parent == 0) parent = server_pid();
        server_.members.push_back({{pid, Ticks(0)},
                                   parent,
                                   scan::Member::Part::helper,
                                   classify::LauncherKind::none,
                                   false,
                                   server_.uid,
                                   std::move(comm)});
        return *this;
    }
    /// A process of its own that runs as somebody else.
    ServerBuilder& helper_of_another(pid_t pid, uid_t uid) {
        helper(pid);
        server_.members.back().uid = uid;
        return *this;
    }
    /// Makes a zombie of the member with this pid.
    ServerBuilder& zombie(pid_t pid) {
        for (scan::Member& member : server_.members) {
            if (member.id.pid == pid) member.zombie = true;
        }
        return *this;
    }
    ServerBuilder& all_zombies() {
        for (scan::Member& member : server_.members) member.zombie = true;
        return *this;
    }
    ServerBuilder& in_container() {
        server_.launcher = "docker run";
        server_.launcher_kind = classify::LauncherKind::container;
        return *this;
    }
    ServerBuilder& contains(std::string protected_process) {
        server_.contains_protected = std::move(protected_process);
        return *this;
    }

    /// As it is `elapsed` after moment zero.
    [[nodiscard]] scan::Server build(std::chrono::milliseconds elapsed = {}) const {
        scan::Server built = server_;
        const Ticks start = id_of(0, age_).start;
        for (scan::Member& member : built.members) {
            member.id.start = start;
            if (member.part == scan::Member::Part::server) built.server_process = member.id;
        }
        built.id = built.server_process.value_or(built.members.front().id);
        built.usage.age = age_ + std::chrono::duration_cast<std::chrono::seconds>(elapsed);
        built.usage.processes = static_cast<unsigned>(built.members.size());
        built.usage.threads = 7 * built.usage.processes;
        return built;
    }

  private:
    [[nodiscard]] pid_t server_pid() const {
        for (const scan::Member& member : server_.members) {
            if (member.part == scan::Member::Part::server) return member.id.pid;
        }
        return server_.members.front().id.pid;
    }

    scan::Server server_;
    std::chrono::seconds age_ = std::chrono::minutes(10);
};

inline ServerBuilder server(pid_t pid) {
    return ServerBuilder(pid);
}

class SnapshotBuilder {
  public:
    /// How long after moment zero.
    SnapshotBuilder& at(std::chrono::milliseconds elapsed) {
        elapsed_ = elapsed;
        return *this;
    }
    SnapshotBuilder& with(ServerBuilder server) {
        servers_.push_back(std::move(server));
        return *this;
    }
    SnapshotBuilder& seen_by(uid_t uid) {
        viewer_ = {uid, uid == 0};
        return *this;
    }

    [[nodiscard]] scan::Snapshot build() const {
        scan::Snapshot built;
        built.monotonic = kStart + elapsed_;
        built.since_boot = kStartSinceBoot + elapsed_;
        built.taken_at = kStartWall + elapsed_;
        built.viewer = viewer_;
        built.processes = 100;
        built.servers.reserve(servers_.size());
        for (const ServerBuilder& server : servers_) {
            built.servers.push_back(server.build(elapsed_));
            built.processes += built.servers.back().members.size();
        }
        std::sort(built.servers.begin(), built.servers.end(),
                  [](const scan::Server& a, const scan::Server& b) { return a.id < b.id; });
        return built;
    }

  private:
    std::chrono::milliseconds elapsed_{0};
    scan::Viewer viewer_;
    std::vector<ServerBuilder> servers_;
};

inline SnapshotBuilder snapshot() {
    return {};
}

}  // namespace reaper::support
