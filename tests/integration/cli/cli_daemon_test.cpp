// The commands that ask a daemon: the real program, before a control server in this process.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <future>

#include "cli/program.h"
#include "cli/subject.h"
#include "support/control_host.h"

namespace reaper::cli_test {
namespace {

using test::ControlHost;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

/// The program with its runtime directory there, and no other: no daemon of this host is meant.
Outcome run_at(const std::string& directory, std::vector<std::string> arguments) {
    Call call;
    call.arguments = std::move(arguments);
    call.environment = {{"RUNTIME_DIRECTORY", directory}, {"STATE_DIRECTORY", directory}};
    return run(call);
}

std::vector<daemon::ActionRequest> actions(ControlHost& host) {
    return host.get<std::vector<daemon::ActionRequest>>([](auto& daemon) { return daemon.actions; });
}

report::Done done_to(const ProcessId& server, enforce::Deed deed, enforce::Effect effect) {
    report::Done done;
    done.order.server.id = server;
    done.order.server.type = "git";
    done.order.deed = deed;
    done.outcome.effect = effect;
    return done;
}

bool is_alive(const Subject& subject) {
    return ::kill(subject.pid(), 0) == 0;
}

TEST(CliDaemon, NoneIsSaidSo) {
    const TemporaryDirectory directory;
    for (const char* const command : {"status", "events", "reload", "pause", "resume"}) {
        const Outcome outcome = run_at(directory.file(""), {command});
        EXPECT_EQ(outcome.code, 1) << command;
        EXPECT_EQ(outcome.out, "") << command;
        EXPECT_THAT(outcome.err, StartsWith("mcp-reaper: no daemon is running\n")) << command;
    }
}

TEST(CliDaemon, ADeadOnesSocketIsNone) {
    const test::TemporaryDirectory directory;
    {
        const auto child = test::Child::fork({}, [&] {
            auto* const left = new Result<daemon::ControlSocket>(
                daemon::ControlSocket::bind(directory.path("control.sock"), daemon::Reach::owner));
            static_cast<void>(left);
        });
    }
    EXPECT_THAT(run_at(directory.path(), {"status"}).err, HasSubstr("no daemon is running"));
}

TEST(CliDaemon, AnotherUsersIsNotTrusted) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can be somebody else";
    constexpr uid_t kSomebody = 12'345;
    const test::TemporaryDirectory directory;
    ASSERT_EQ(::chown(directory.path().c_str(), kSomebody, kSomebody), 0);
    const auto child = test::Child::fork({}, [&] {
        if (::setresuid(kSomebody, kSomebody, kSomebody) != 0) ::_exit(1);
        auto* const held = new Result<daemon::ControlSocket>(
            daemon::ControlSocket::bind(directory.path("control.sock"), daemon::Reach::owner));
        static_cast<void>(held);
    });
    const Outcome outcome = run_at(directory.path(), {"status"});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.err, HasSubstr("it is run by uid 12345"));
}

TEST(CliDaemon, StatusIsATableOrJson) {
    ControlHost host;
    host.on_loop([&] {
        host.backend().status_value.version = "0.1.0";
        host.backend().status_value.servers = {{"git", policy::Status::orphan, 2}};
        host.backend().status_value.health = {false, {"2 servers are orphans"}};
    });
    const Outcome table = run_at(host.directory(), {"status"});
    EXPECT_EQ(table.code, 0);
    EXPECT_THAT(table.out, HasSubstr("unhealthy\n  2 servers are orphans\n"));
    EXPECT_THAT(table.out, HasSubstr("2 orphan"));
    for (const auto& arguments :
         {std::vector<std::string>{"status", "--json"}, {"status", "--format", "json"}}) {
        const auto status = daemon::status_from_json(run_at(host.directory(), arguments).out);
        ASSERT_TRUE(status);
        EXPECT_EQ(status->health.reasons, std::vector<std::string>{"2 servers are orphans"});
    }
    EXPECT_EQ(run_at(host.directory(), {"status", "--exit-code"}).code, 3);
    host.on_loop([&] { host.backend().status_value.health = {}; });
    EXPECT_EQ(run_at(host.directory(), {"status", "--exit-code"}).code, 0);
}

TEST(CliDaemon, ReloadTellsWhatIsWrong) {
    ControlHost host;
    host.on_loop([&] { host.backend().status_value.policy.name = "/etc/x.yaml"; });
    EXPECT_EQ(run_at(host.directory(), {"reload"}).out, "In force: /etc/x.yaml\n");
    host.on_loop([&] { host.backend().reload_problem = "/etc/x.yaml:7:3: unknown key"; });
    const Outcome outcome = run_at(host.directory(), {"reload"});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(outcome.err, "mcp-reaper: /etc/x.yaml:7:3: unknown key\n");
}

TEST(CliDaemon, PauseAndResume) {
    ControlHost host;
    EXPECT_EQ(run_at(host.directory(), {"pause", "--for", "90m"}).out, "Paused for 90m.\n");
    EXPECT_EQ(run_at(host.directory(), {"pause", "--for", "1500ms"}).code, 0);
    EXPECT_EQ(run_at(host.directory(), {"pause"}).out, "Paused until: mcp-reaper resume\n");
    EXPECT_EQ(run_at(host.directory(), {"resume"}).out, "Resumed.\n");
    host.on_loop([&] {
        using std::chrono::seconds;
        EXPECT_THAT(host.backend().pauses, ElementsAre(seconds(5400), seconds(2), std::nullopt));
        EXPECT_EQ(host.backend().resumes, 1U);
    });
}

TEST(CliDaemon, EventsAsTheyAreKept) {
    ControlHost host;
    host.on_loop([&] {
        host.backend().publish("a-1", "one\\u001b[2J");
        host.backend().publish("a-2", "two");
    });
    const Outcome table = run_at(host.directory(), {"events"});
    EXPECT_EQ(table.code, 0);
    ASSERT_EQ(lines(table.out).size(), 2U);
    EXPECT_THAT(lines(table.out)[0], HasSubstr(" action "));
    EXPECT_THAT(lines(table.out)[0], testing::EndsWith("  one\\x1b[2J"));
    const Outcome json = run_at(host.directory(), {"events", "--format", "json", "--after", "a-1"});
    EXPECT_THAT(json.out, StartsWith("{\"id\":\"a-2\""));
    EXPECT_EQ(lines(json.out).size(), 1U);
}

/// Over the end of a stream's lifetime too, with nothing twice and nothing left out; till the daemon
/// ends.
TEST(CliDaemon, EventsAreFollowed) {
    daemon::ControlBounds bounds;
    bounds.lifetime = std::chrono::milliseconds(1000);
    bounds.heartbeat = std::chrono::milliseconds(50);
    ControlHost host(bounds);
    host.on_loop([&] { host.backend().publish("a-0", "m"); });
    auto following = std::async(std::launch::async, [&] {
        return run_at(host.directory(), {"events", "-f", "--format", "json"});
    });
    const auto await_reader = [&] {
        while (host.get<std::size_t>([](auto& daemon) { return daemon.subscribers(); }) == 0)
            ::usleep(1000);
    };
    for (int i = 1; i <= 10; ++i) {
        await_reader();
        host.on_loop([&] { host.backend().publish("a-" + std::to_string(i), "m"); });
        ::usleep(250'000);  // The stream ends in between, and begins again.
    }
    await_reader();
    host.stop();
    const Outcome outcome = following.get();
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.err, HasSubstr("the daemon"));
    const std::vector<std::string> all = lines(outcome.out);
    ASSERT_EQ(all.size(), 11U);
    for (std::size_t i = 0; i < all.size(); ++i)
        EXPECT_THAT(all[i], StartsWith("{\"id\":\"a-" + std::to_string(i) + "\""));
}

TEST(CliDaemon, KillGoesThroughIt) {
    ControlHost host;
    const Subject server(server_command_line());
    const ProcessId id = test::identify(server.pid());
    host.on_loop([&] {
        host.backend().outcomes = {done_to(id, enforce::Deed::terminate, enforce::Effect::ended)};
    });
    const Outcome outcome =
        run_at(host.directory(), {"kill", "--yes", "--even-in-use", std::to_string(server.pid())});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, StartsWith("  ended      git " + std::to_string(server.pid())));
    daemon::ActionRequest wanted{enforce::Deed::terminate, {{id.pid, id}}, false, {}, true, {}};
    EXPECT_THAT(actions(host), ElementsAre(wanted));
    EXPECT_TRUE(is_alive(server));  // The one who acts is the daemon.

    host.on_loop([&] {
        host.backend().outcomes = {done_to(id, enforce::Deed::terminate, enforce::Effect::refused)};
    });
    EXPECT_EQ(run_at(host.directory(), {"kill", "--yes", std::to_string(server.pid())}).code, 1);
}

TEST(CliDaemon, ThrottleCarriesItsLimits) {
    ControlHost host;
    const Subject server(server_command_line());
    const ProcessId id = test::identify(server.pid());
    const Outcome outcome = run_at(
        host.directory(), {"throttle", "--yes", "--cpu", "30%", "--weight", "10", "--policy",
                           REAPER_SOURCE_DIR "/policies/default.yaml", std::to_string(server.pid())});
    EXPECT_THAT(outcome.err, HasSubstr("goes by its own policy"));
    daemon::ActionRequest wanted{enforce::Deed::throttle, {{id.pid, id}}, false, {}, false, {}};
    wanted.limits.cpu = CpuPercent{30};
    wanted.limits.cpu_weight = 10;
    EXPECT_THAT(actions(host), ElementsAre(wanted));
}

TEST(CliDaemon, ReleaseAsksForWhatIsNamedOrAll) {
    ControlHost host;
    EXPECT_EQ(run_at(host.directory(), {"release", "4711@79231", "4899"}).out,
              "Nothing is frozen or throttled by mcp-reaper.\n");
    EXPECT_EQ(run_at(host.directory(), {"release", "--all"}).code, 0);
    const ProcessId id{4711, Ticks(79231)};
    EXPECT_THAT(actions(host),
                ElementsAre(
                    daemon::ActionRequest{
                        enforce::Deed::release, {{4711, id}, {4899, {}}}, false, {}, false, {}},
                    daemon::ActionRequest{enforce::Deed::release, {}, true, {}, false, {}}));
    host.on_loop([&] {
        host.backend().outcomes = tl::unexpected(daemon::Refusal{404, "4711 is not frozen", "", {}, {}});
    });
    const Outcome outcome = run_at(host.directory(), {"release", "4711"});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_EQ(outcome.err, "mcp-reaper: 4711 is not frozen\n");
}

/// What a scan finds is due is the daemon's to do, and the daemon's to judge.
TEST(CliDaemon, AScanThatActsSendsWhatIsDue) {
    ControlHost host;
    Subject server(server_command_line());
    server.hang_up();
    const TemporaryDirectory directory;
    const std::string policy = directory.with(
        "p.yaml", "version: 1\nrules:\n  orphan: { after_seconds: 0, action: terminate }\n");
    const ProcessId id = test::identify(server.pid());
    host.on_loop([&] {
        host.backend().outcomes = {done_to(id, enforce::Deed::terminate, enforce::Effect::cancelled)};
    });
    const std::vector<std::string> scan = {"scan", "--yes",  "--window",     "0s",       "--policy",
                                           policy, "--type", subject_type(), "--format", "json"};
    const Outcome outcome = run_at(host.directory(), scan);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("\"effect\": \"cancelled\""));
    const daemon::ActionRequest wanted{enforce::Deed::terminate, {{id.pid, id}}, false, {}, false,
                                       {policy::Rule::orphan}};
    EXPECT_THAT(actions(host), ElementsAre(wanted));
    EXPECT_TRUE(is_alive(server));
}

TEST(CliDaemon, WhatIsNoDaemonIsAnError) {
    const test::TemporaryDirectory directory;
    auto socket = daemon::ControlSocket::bind(directory.path("control.sock"), daemon::Reach::owner);
    ASSERT_TRUE(socket);
    for (const std::string_view garbage :
         {std::string_view("SSH-2.0-x\r\n\r\n"),
          std::string_view("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"), std::string_view("")}) {
        auto asking =
            std::async(std::launch::async, [&] { return run_at(directory.path(), {"status"}); });
        pollfd waiting{socket->fd(), POLLIN, 0};
        ASSERT_EQ(::poll(&waiting, 1, 20'000), 1);
        {
            const UniqueFd client(::accept(socket->fd(), nullptr, nullptr));
            ::send(client.get(), garbage.data(), garbage.size(), MSG_NOSIGNAL);
            ::shutdown(client.get(), SHUT_WR);
            std::array<char, 4096> asked{};
            while (::recv(client.get(), asked.data(), asked.size(), 0) > 0) {
            }
        }
        const Outcome outcome = asking.get();
        EXPECT_EQ(outcome.code, 1);
        EXPECT_THAT(outcome.err, HasSubstr("cannot speak with the daemon"));
    }
}

}  // namespace
}  // namespace reaper::cli_test
