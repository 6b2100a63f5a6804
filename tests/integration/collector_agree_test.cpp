// The collectors against the full scan, on a host at work: what a server is in a full scan before a
// sample and in one after it, it is in the sample too.
//
// REAPER_AGREE_SECONDS: for how long, 10 where it is not set. REAPER_AGREE_FORKS: so many a second,
// 2000.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "scan/assemble.h"
#include "scan/collector.h"
#include "scan/scanner.h"
#include "support/child.h"

namespace reaper::integration {
namespace {

using Clock = std::chrono::steady_clock;
using scan::Server;
using Servers = std::map<ProcessId, Server>;

double number_from(const char* name, double otherwise) {
    const char* const text = std::getenv(name);
    return text == nullptr ? otherwise : std::atof(text);
}

Servers by_id(const scan::Snapshot& snapshot) {
    Servers servers;
    for (const Server& server : snapshot.servers) servers.emplace(server.id, server);
    return servers;
}

/// Nanoseconds that a process has worked. If it has not worked between two looks, it has not changed to
/// something else and back again.
std::int64_t work_of(pid_t pid) {
    clockid_t clock{};
    timespec spent{};
    if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &spent) != 0) return -1;
    return static_cast<std::int64_t>(spent.tv_sec) * 1'000'000'000 + spent.tv_nsec;
}

using Work = std::map<pid_t, std::int64_t>;

Work work_of_all() {
    Work work;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        const int pid = std::atoi(entry.path().filename().c_str());
        if (pid > 0) work.emplace(pid, work_of(pid));
    }
    return work;
}

/// What a look at the host has shown.
struct Seen {
    Work at_start;
    scan::Sample sample;
    Servers servers;
    Work at_end;

    [[nodiscard]] const scan::Process* process(const ProcessId& id) const {
        const auto found = std::ranges::find(sample.processes, id, &scan::Process::id);
        return found == sample.processes.end() ? nullptr : &*found;
    }
};

Seen full_scan(const classify::Classifier& classifier) {
    Work at_start = work_of_all();
    auto sample = scan::read_host(classifier, scan::Depth::servers);
    if (!sample) throw std::runtime_error(sample.error().message());
    Servers servers = by_id(scan::assemble(*sample, classifier));
    return {std::move(at_start), std::move(*sample), std::move(servers), work_of_all()};
}

std::string members_of(const Server& server) {
    std::string text;
    for (const scan::Member& member : server.members) {
        text += member.id.text() + '<' + std::to_string(member.parent) + ' ' + member.comm +
                (member.zombie ? " zombie " : " ") + std::to_string(static_cast<int>(member.part)) +
                ' ' + std::to_string(member.uid) + ", ";
    }
    return text;
}

std::string client_of(const Server& server) {
    if (!server.client) return "none";
    const scan::Client& client = *server.client;
    return std::to_string(client.pid) + ' ' + (client.id ? client.id->text() : "gone") + ' ' +
           client.name + (client.alive ? " alive" : " dead") + (client.known ? " known" : " unknown") +
           std::to_string(static_cast<int>(client.source));
}

std::string end_of(const scan::ChannelEnd& end) {
    return std::string(to_string(end.kind)) + ' ' + std::to_string(end.inode) + ' ' +
           std::to_string(end.maker.value_or(0));
}

/// What a server is, as text, aspect by aspect.
std::map<std::string, std::string> aspects(const Server& server) {
    return {{"type", server.type + ' ' + std::to_string(static_cast<int>(server.type_source)) + ' ' +
                         server.rule + ' ' + server.program + ' ' + server.launcher + ' ' +
                         std::to_string(server.arguments_digest)},
            {"members", members_of(server)},
            {"server process", server.server_process ? server.server_process->text() : "none"},
            {"left over", server.left_over ? server.left_over->proof : "no"},
            {"channel ends", end_of(server.in) + ", " + end_of(server.out)},
            {"client", client_of(server)},
            {"standalone", server.standalone_why},
            {"user", std::to_string(server.uid)},
            {"protected", server.contains_protected},
            {"memory is complete", server.usage.memory_is_complete ? "yes" : "no"},
            {"threads", std::to_string(server.usage.threads)}};
}

class Agreement {
  public:
    /// Of the processes of these sessions: others on the host begin to listen, say, which a collector
    /// sees two seconds later.
    Agreement(const classify::Classifier& classifier, scan::Collector& collector,
              std::set<pid_t> sessions)
        : classifier_(classifier),
          collector_(collector),
          sessions_(std::move(sessions)),
          before_(full_scan(classifier)) {}

    void tick() {
        const auto sample = collector_.collect(nullptr);
        ASSERT_TRUE(sample) << sample.error().message();
        const Servers collected = by_id(scan::assemble(*sample, classifier_));
        collected_ = *sample;
        const Seen after = full_scan(classifier_);
        ++ticks_;
        for (const auto& [id, server] : before_.servers) {
            if (!is_ours(id, before_)) continue;
            const auto still = after.servers.find(id);
            const bool idle = std::ranges::all_of(server.members, [&](const scan::Member& member) {
                return was_idle(member.id.pid, after);
            });
            if (still != after.servers.end() && idle) compare(server, collected, still->second, after);
        }
        for (const auto& [id, server] : collected) {
            if (before_.servers.contains(id) || after.servers.contains(id)) continue;
            const scan::Process* const process = after.process(id);
            if (!is_ours(id, after)) continue;
            if (changed(before_.process(id), process) || !was_idle(id.pid, after)) continue;
            // Part of its parent's server, which may have been another type for a moment.
            if (is_part_of_any(id, before_.servers) && !was_idle(process->parent, after)) continue;
            ADD_FAILURE() << id.text() << " is nobody's server: " << server.rule << ", "
                          << members_of(server) << " its line is " << process->cmdline;
        }
        std::erase_if(closed_since_,
                      [&](const auto& entry) { return !after.servers.contains(entry.first); });
        before_ = after;
    }

    [[nodiscard]] std::size_t ticks() const { return ticks_; }
    [[nodiscard]] std::size_t compared() const { return compared_; }
    [[nodiscard]] std::size_t aspects_compared() const { return aspects_compared_; }
    [[nodiscard]] std::chrono::milliseconds longest_late() const { return longest_late_; }
    [[nodiscard]] const std::set<std::string>& types() const { return types_; }

  private:
    [[nodiscard]] bool is_ours(const ProcessId& id, const Seen& seen) const {
        const scan::Process* const process = seen.process(id);
        return process != nullptr && sessions_.contains(process->session);
    }

    [[nodiscard]] bool was_idle(pid_t pid, const Seen& after) const {
        const auto first = before_.at_start.find(pid);
        const auto last = after.at_end.find(pid);
        return first != before_.at_start.end() && last != after.at_end.end() &&
               first->second == last->second;
    }

    /// What the collector has shown of a process, for people.
    [[nodiscard]] std::string told_of(const ProcessId& id, const Servers& collected) const {
        std::string text = " collected: ";
        pid_t pid = id.pid;
        for (int up = 0; up < 3; ++up) {
            const auto row = std::ranges::find(collected_.processes, pid,
                                               [](const scan::Process& p) { return p.id.pid; });
            if (row == collected_.processes.end()) return text + std::to_string(pid) + " not there";
            text +=
                row->id.text() + ' ' + row->state + " '" + row->cmdline + "' (" + row->comm + ") below ";
            pid = row->parent;
        }
        for (const auto& [server, what] : collected) {
            if (is_part_of_any(id, {{server, what}})) text += " in " + server.text() + members_of(what);
        }
        return text;
    }

    [[nodiscard]] static bool is_part_of_any(const ProcessId& id, const Servers& servers) {
        return std::ranges::any_of(servers, [&](const auto& entry) {
            return std::ranges::find(entry.second.members, id, &scan::Member::id) !=
                   entry.second.members.end();
        });
    }

    /// A server for less than the time between two scans.
    [[nodiscard]] static bool changed(const scan::Process* before, const scan::Process* after) {
        if (before == nullptr || after == nullptr) return true;
        return before->cmdline != after->cmdline || before->comm != after->comm ||
               before->parent != after->parent || before->state != after->state;
    }

    void compare(const Server& before, const Servers& collected, const Server& after,
                 const Seen& at_last) {
        const auto was = aspects(before);
        const auto stays = aspects(after);
        if (was.at("members") != stays.at("members")) return;
        ++compared_;
        types_.insert(before.type);
        const auto found = collected.find(before.id);
        if (found == collected.end()) {
            // A fork of a server that keeps its title belongs to it while it has the same one.
            const pid_t parent = before.members.front().parent;
            if (is_part_of_any(before.id, collected) && !was_idle(parent, at_last)) return;
            ADD_FAILURE() << before.id.text() << " is missing: " << before.rule << ", "
                          << members_of(before) << told_of(before.id, collected);
            return;
        }
        const auto is = aspects(found->second);
        for (const auto& [aspect, value] : stays) {
            if (was.at(aspect) != value) continue;  // It changed while we looked.
            if (aspect == "client" && before.client && !was_idle(before.client->pid, at_last)) continue;
            ++aspects_compared_;
            EXPECT_EQ(is.at(aspect), value) << aspect << " of " << before.id.text();
        }
        compare_channel(before, found->second, after);
        compare_memory(before, found->second, after);
    }

    /// An open channel is looked at every four seconds and a tick at the latest (collector.h).
    void compare_channel(const Server& before, const Server& collected, const Server& after) {
        const auto state = [](const Server& server) {
            return std::string(to_string(server.in.state)) + '+' +
                   std::string(to_string(server.out.state));
        };
        if (state(before) != state(after)) return;
        if (state(collected) == state(after)) {
            closed_since_.erase(before.id);
            return;
        }
        const auto since = closed_since_.emplace(before.id, Clock::now()).first->second;
        const auto late = std::chrono::ceil<std::chrono::milliseconds>(Clock::now() - since);
        longest_late_ = std::max(longest_late_, late);
        EXPECT_LT(late, std::chrono::milliseconds(6000))
            << "its channel is " << state(after) << ", not " << state(collected);
    }

    static void compare_memory(const Server& before, const Server& collected, const Server& after) {
        const auto mib = [](const Server& server) { return server.usage.memory.mib(); };
        const double least = std::min(mib(before), mib(after));
        const double most = std::max(mib(before), mib(after));
        EXPECT_GE(mib(collected), least - 1) << before.id.text();
        EXPECT_LE(mib(collected), most + 1) << before.id.text();
    }

    const classify::Classifier& classifier_;
    scan::Collector& collector_;
    std::set<pid_t> sessions_;
    Seen before_;
    scan::Sample collected_;
    std::map<ProcessId, Clock::time_point> closed_since_;
    std::chrono::milliseconds longest_late_{0};
    std::size_t ticks_ = 0;
    std::size_t compared_ = 0;
    std::size_t aspects_compared_ = 0;
    std::set<std::string> types_;
};

/// So many kinds of processes at work at the same time.
class Churn {
  public:
    Churn() {
        const auto forks = std::to_string(static_cast<int>(number_from("REAPER_AGREE_FORKS", 2000)));
        start("forks", forks);
        for (int i = 0; i < 3; ++i) start("clients", forks);
    }

    [[nodiscard]] std::set<pid_t> sessions() const {
        std::set<pid_t> sessions;
        for (const test::Child& process : processes_) sessions.insert(process.pid());
        return sessions;
    }

  private:
    void start(const char* role, const std::string& forks) {
        processes_.push_back(test::Child::fork({}, [&] {
            ::setsid();
            ::setenv("CHURN", role, 1);
            ::setenv("CHURN_RATE", forks.c_str(), 1);
            ::execl(REAPER_CHURN, "churn", static_cast<char*>(nullptr));
            ::_exit(127);
        }));
    }
    std::vector<test::Child> processes_;
};

/// More events than a buffer of 64 KiB holds, all of them between two looks of the collector.
void flood() {
    for (int i = 0; i < 500; ++i) {
        const pid_t child = ::vfork();
        if (child == 0) ::_exit(0);
        ::waitpid(child, nullptr, 0);
    }
}

void agree(
    const classify::Classifier& classifier, scan::Collector& collector,
    const std::function<void()>& before_tick = [] {}) {
    const Churn churn;
    Agreement agreement(classifier, collector, churn.sessions());
    const auto seconds = std::chrono::duration<double>(number_from("REAPER_AGREE_SECONDS", 10));
    const auto end = Clock::now() + seconds;
    while (Clock::now() < end && !::testing::Test::HasFailure()) {
        before_tick();
        agreement.tick();
    }
    const scan::CollectorStats stats = collector.stats();
    std::printf(
        "%s: %zu samples, %zu servers and %zu aspects compared, %zu types, "
        "channel at most %lld ms late, %llu events, %llu losses, %llu rescans, %zu tracked\n",
        std::string(collector.name()).c_str(), agreement.ticks(), agreement.compared(),
        agreement.aspects_compared(), agreement.types().size(),
        static_cast<long long>(agreement.longest_late().count()),
        static_cast<unsigned long long>(stats.events), static_cast<unsigned long long>(stats.losses),
        static_cast<unsigned long long>(stats.rescans), stats.tracked);
    EXPECT_GT(agreement.compared(), agreement.ticks());
    EXPECT_GE(agreement.types().size(), 3U);
}

class CollectorAgrees : public ::testing::Test {
  protected:
    [[nodiscard]] static const classify::Classifier& classifier() {
        static const auto kCompiled =
            classify::Classifier::compile({{.type = "files", .pattern = "mcp-server-filesystem"},
                                           {.type = "git", .pattern = "mcp-server-git"}});
        return *kCompiled;
    }
};

TEST_F(CollectorAgrees, WithAFullScanByTheConnector) {
    const auto chosen = scan::choose_collector(classifier());
    if (!chosen.why.empty()) GTEST_SKIP() << "no process connector: " << chosen.why;
    agree(classifier(), *chosen.collector);
}

TEST_F(CollectorAgrees, WithAFullScanWhenItsBufferOverflowsAgainAndAgain) {
    const auto chosen = scan::choose_collector(classifier(), {.receive_buffer = Bytes::from_kib(64)});
    if (!chosen.why.empty()) GTEST_SKIP() << "no process connector: " << chosen.why;
    // How often the churn alone overflows it depends on how fast this host is.
    unsigned ticks = 0;
    unsigned floods = 0;
    agree(classifier(), *chosen.collector, [&] {
        if (++ticks % 10 != 0) return;
        flood();
        ++floods;
    });
    EXPECT_GT(floods, 0U);
    EXPECT_GE(chosen.collector->stats().losses, floods);
}

TEST_F(CollectorAgrees, WithAFullScanByReaddir) {
    const auto chosen = scan::choose_collector(classifier(), {.connector = false});
    agree(classifier(), *chosen.collector);
}

TEST_F(CollectorAgrees, WithAFullScanWithoutDescriptorsToKeep) {
    const auto chosen = scan::choose_collector(classifier(), {.descriptors = 20});
    agree(classifier(), *chosen.collector);
    EXPECT_LE(chosen.collector->stats().descriptors, 20U);
}

}  // namespace
}  // namespace reaper::integration
