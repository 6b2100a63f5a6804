// Both collectors on real processes: what they show is what read_host() shows, one event at a time.
#include "scan/collector.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <optional>

#include "scan/assemble.h"
#include "scan/scanner.h"
#include "support/child.h"

namespace reaper::scan {
namespace {

using test::Child;

const classify::Classifier& classifier() {
    static const auto kCompiled = classify::Classifier::compile({});
    return *kCompiled;
}

class Collecting : public ::testing::TestWithParam<bool> {
  protected:
    void SetUp() override {
        chosen_ = choose_collector(classifier(), {.connector = GetParam()});
        if (GetParam() && !chosen_.why.empty()) GTEST_SKIP() << "no process connector: " << chosen_.why;
        ASSERT_TRUE(chosen_.collector->collect(nullptr));
    }

    Snapshot look(const Memory* memory = nullptr) {
        sample_ = *chosen_.collector->collect(memory);
        return assemble(sample_, classifier(), nullptr, {}, memory);
    }
    std::optional<Server> find(const ProcessId& id) {
        for (const Server& server : look().servers) {
            if (server.id == id) return server;
        }
        return std::nullopt;
    }
    [[nodiscard]] CollectorStats stats() const { return chosen_.collector->stats(); }

    ChosenCollector chosen_;
    Sample sample_;
};

std::string name_of(const ::testing::TestParamInfo<bool>& info) {
    return info.param ? "Connector" : "Readdir";
}
INSTANTIATE_TEST_SUITE_P(By, Collecting, ::testing::Values(true, false), name_of);

/// A shell under a server's name: reads what it is to do from its channel.
class ServerShell {
  public:
    explicit ServerShell(const std::string& name = "mcp-server-filesystem",
                         const std::string& shell = "/bin/sh")
        : child_(Child::exec(shell, {name}, {.in = in_.first.get(), .out = out_.second.get()})) {
        in_.first.close();
        out_.second.close();
    }
    [[nodiscard]] ProcessId id() const { return child_.id(); }
    /// Returns when it has answered.
    void say(const std::string& script) {
        const std::string line = script + "\n";
        char answer = 0;
        if (::write(in_.second.get(), line.data(), line.size()) < 0 ||
            ::read(out_.first.get(), &answer, 1) != 1)
            ADD_FAILURE() << "the server does not answer";
    }
    void hang_up() {
        in_.second.close();
        out_.first.close();
    }
    Child& child() { return child_; }

  private:
    test::Pair in_ = test::make_socketpair();
    test::Pair out_ = test::make_socketpair();
    Child child_;
};

TEST_P(Collecting, AServerAppearsAndDisappears) {
    ServerShell server;
    const auto found = find(server.id());
    ASSERT_TRUE(found);
    EXPECT_EQ(found->type, "filesystem");
    EXPECT_EQ(found->channel, Channel::open);
    ASSERT_TRUE(found->client && found->client->id);
    EXPECT_EQ(found->client->pid, ::getpid());
    server.child().end();
    EXPECT_FALSE(find(server.id()));
}

TEST_P(Collecting, ADeadServerIsAZombieUntilItIsCollected) {
    ServerShell server;
    ASSERT_TRUE(find(server.id()));
    server.child().kill_to_zombie();
    look();
    const auto dead = std::ranges::find(sample_.processes, server.id(), &Process::id);
    // Its name was "sh": nothing of it says that it was a server.
    EXPECT_TRUE(dead == sample_.processes.end() || dead->zombie());
    EXPECT_FALSE(find(server.id()));
}

TEST_P(Collecting, AProcessExecutesIntoAServer) {
    ServerShell shell("not-of-interest", "/bin/bash");
    EXPECT_FALSE(find(shell.id()));
    shell.say("printf x; exec -a mcp-server-git /bin/cat");
    shell.say("");  // Answered by cat: it has executed.
    const auto found = find(shell.id());
    ASSERT_TRUE(found);
    EXPECT_EQ(found->type, "git");
    EXPECT_EQ(found->channel, Channel::open);
}

TEST_P(Collecting, AServerExecutesIntoSomethingElse) {
    ServerShell server("mcp-server-git", "/bin/bash");
    ASSERT_TRUE(find(server.id()));
    server.say("printf x; exec -a not-of-interest /bin/cat");
    server.say("");
    EXPECT_FALSE(find(server.id()));
}

TEST_P(Collecting, AHelperBelongsToIt) {
    ServerShell server;
    ASSERT_TRUE(find(server.id()));
    server.say("sleep 1000 >/dev/null & printf x");
    const auto with = find(server.id());
    ASSERT_TRUE(with);
    EXPECT_EQ(with->members.size(), 2U);
    server.say("kill $!; wait $!; printf x");
    const auto without = find(server.id());
    ASSERT_TRUE(without);
    EXPECT_EQ(without->members.size(), 1U);
}

/// Its client is killed while the server waits for something else: it has done nothing itself.
TEST_P(Collecting, TheDeathOfItsClientIsNoticedAtOnce) {
    const test::Pair tell = test::make_pipe();
    Child client = Child::fork({},
                               [&] {
                                   int in[2];
                                   int out[2];
                                   if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0)
                                       ::_exit(1);
                                   const pid_t server = ::fork();
                                   if (server == 0) {
                                       ::dup2(in[0], 0);
                                       ::dup2(out[1], 1);
                                       ::execl("/bin/sleep", "mcp-server-sleeper", "60",
                                               static_cast<char*>(nullptr));
                                       ::_exit(127);
                                   }
                                   ::close(in[0]);
                                   ::close(out[1]);
                                   if (::write(tell.second.get(), &server, sizeof server) < 0)
                                       ::_exit(1);
                               },
                               {tell.second.get()});
    pid_t pid = 0;
    ASSERT_EQ(::read(tell.first.get(), &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
    const ProcessId server = test::identify(pid);
    std::optional<Server> found;
    while (!found) found = find(server);  // It may be about to execute.
    EXPECT_EQ(found->channel, Channel::open);
    client.end();
    found = find(server);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->channel, Channel::closed);
    EXPECT_FALSE(found->client && found->client->alive);
    if (test::identify(pid) == server) ::kill(pid, SIGKILL);
}

TEST_P(Collecting, APidThatIsGivenAwayIsAnotherProcess) {
    if (!test::is_root()) GTEST_SKIP() << "only root may choose the next pid";
    std::optional<ServerShell> server(std::in_place);
    const ProcessId was = server->id();
    ASSERT_TRUE(find(was));
    server.reset();
    for (int attempt = 0; attempt < 200; ++attempt) {
        std::ofstream("/proc/sys/kernel/ns_last_pid") << was.pid - 1;
        const Child next = Child::exec("/bin/sleep", {"sleep", "1000"});
        if (next.pid() != was.pid) continue;
        const Snapshot snapshot = look();
        EXPECT_TRUE(std::ranges::none_of(snapshot.servers, [&](const Server& one) {
            return std::ranges::any_of(one.members,
                                       [&](const Member& member) { return member.id == was; });
        }));
        EXPECT_FALSE(find(next.id()));
        return;
    }
    GTEST_SKIP() << "somebody else took the pid each time";
}

TEST_P(Collecting, WhatIsLeftOfAServerIsSeenWithMemory) {
    Memory memory;
    std::optional<ServerShell> server(std::in_place);
    // It answers itself: whoever executes another program after it was seen is nobody's left-over.
    server->say("perl -e 'syswrite STDOUT, \"x\"; close STDOUT; sleep 60' </dev/null 2>/dev/null &");
    const Snapshot before = look();
    memory = remember(std::move(memory), before, sample_);
    const ProcessId helper = [&] {
        for (const Server& one : before.servers) {
            if (one.id == server->id() && one.members.size() == 2) return one.members.back().id;
        }
        return ProcessId{};
    }();
    ASSERT_NE(helper, ProcessId{});
    server.reset();
    const Snapshot after = look(&memory);
    const auto left = std::ranges::find(after.servers, helper, &Server::id);
    ASSERT_NE(left, after.servers.end());
    EXPECT_TRUE(left->left_over);
    ::kill(helper.pid, SIGKILL);  // Its identity was just read.
}

TEST_P(Collecting, CountsTheHost) {
    const Snapshot snapshot = look();
    EXPECT_GE(snapshot.processes, sample_.processes.size());
    EXPECT_GT(stats().known, 0U);
    EXPECT_EQ(stats().tracked, sample_.processes.size());
}

TEST_P(Collecting, AnotherClassifierIsForAllFromTheNextSample) {
    ServerShell server;
    ASSERT_EQ(find(server.id()).value_or(Server{}).type, "filesystem");
    const auto other = classify::Classifier::compile({{.type = "mine", .pattern = "filesystem"}});
    chosen_.collector->use(*other);
    const Sample sample = *chosen_.collector->collect(nullptr);
    const Snapshot snapshot = assemble(sample, *other);
    const auto found = std::ranges::find(snapshot.servers, server.id(), &Server::id);
    ASSERT_NE(found, snapshot.servers.end());
    EXPECT_EQ(found->type, "mine");
    chosen_.collector->use(classifier());
}

}  // namespace
}  // namespace reaper::scan
