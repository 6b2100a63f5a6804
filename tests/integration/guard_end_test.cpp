// How a guard and its server end: whoever goes first, nothing is left, and nobody else is ended.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guard_client.h"
#include "held.h"

namespace reaper::integration {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// All that the client's server has started, a daemon that heeds nothing among it.
std::set<pid_t> tree_with_helper(GuardClient& client) {
    const pid_t helper = client.ask("helper").at("result").get<pid_t>();
    const std::set<pid_t> tree = client.tree();
    EXPECT_TRUE(tree.contains(helper)) << "a double fork leads back to the keeper";
    EXPECT_EQ(tree.size(), 4U);
    return tree;
}

TEST(GuardEnd, LeavesNothingWhenTheClientCloses) {
    GuardClient client({.environment = {{"PEER_DEAF", "eof,term"}}});
    Held held(tree_with_helper(client));
    client.guard().close_input();
    EXPECT_THAT(held.left_after(10s), IsEmpty());
    EXPECT_EQ(WEXITSTATUS(client.guard().wait().value()), 128 + SIGKILL);
}

TEST(GuardEnd, EndsAtOnceWithAServerThatDoes) {
    GuardClient client({.settings = {"close_wait=60000"}});
    const auto begun = std::chrono::steady_clock::now();
    client.guard().close_input();
    EXPECT_EQ(client.guard().wait().value(), 0);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 30s) << "before close_wait is over";
}

TEST(GuardEnd, LeavesNothingOfAServerThatEndsAtOnceWithAllItsChildrenAlive) {
    for (int round = 0; round < 10; ++round) {
        GuardClient client;
        EXPECT_EQ(client.ask("forks", 12).at("result"), 12);
        Held held(client.tree());
        client.guard().close_input();
        EXPECT_THAT(held.left_after(20s), IsEmpty());
    }
}

TEST(GuardEnd, LeavesNothingWhenTheKeeperIsStopped) {
    GuardClient client({.environment = {{"PEER_DEAF", "eof"}}});
    Held held(client.tree());
    signal_process(client.keeper(), SIGSTOP);
    client.guard().close_input();
    EXPECT_THAT(held.left_after(20s), IsEmpty());
}

/// What a guard and all that it waited for have used, from its start to its end.
std::chrono::milliseconds cpu_until_the_end_of(GuardClient& client) {
    const auto used = [] {
        rusage all{};
        getrusage(RUSAGE_CHILDREN, &all);
        const auto ms = [](const timeval& time) { return time.tv_sec * 1000 + time.tv_usec / 1000; };
        return std::chrono::milliseconds(ms(all.ru_utime) + ms(all.ru_stime));
    };
    const auto before = used();
    EXPECT_TRUE(client.guard().wait());
    return used() - before;
}

TEST(GuardEnd, WaitsForADeafServerWithoutUsingTheProcessor) {
    // A ping and a call would be due meanwhile.
    GuardClient client(
        {.settings = {"grace=6000", "ping_interval=100", "ping_timeout=60000", "call_timeout=100"},
         .environment = {{"PEER_DEAF", "eof,term"}}});
    const int call = client.send("tools/call");
    client.guard().close_input();
    EXPECT_EQ(client.answer_to(call).at("error").at("data").at("reason"), "timeout");
    EXPECT_LT(cpu_until_the_end_of(client), 3s);
}

TEST(GuardEnd, WaitsForTheRestOfACrashedServerWithoutUsingTheProcessor) {
    GuardClient client({.settings = {"grace=6000", "backoff=9000"}});
    Held held(tree_with_helper(client));
    client.ask("crash", 1);
    client.guard().close_input();
    EXPECT_LT(cpu_until_the_end_of(client), 3s);
    EXPECT_THAT(held.left_after(10s), IsEmpty());
}

TEST(GuardEnd, SaysAllThatTheServerHasSaidToAClientThatReadsLate) {
    // Somewhere between these the rest is in the server's pipe when it ends.
    for (int kib = 100; kib <= 480; kib += 20) {
        GuardClient client({.settings = {"close_wait=60000"}});
        Held server({client.server()});
        const int big = client.send("big", kib * 1024);
        const int small = client.send("echo", kib);
        client.guard().close_input();
        ASSERT_THAT(server.left_after(20s), IsEmpty());
        EXPECT_EQ(client.answer_to(big).at("result").get<std::string>().size(), kib * 1024U);
        EXPECT_EQ(client.answer_to(small).value("result", json()), kib);
    }
}

TEST(GuardEnd, AnswersWhatWasAskedBeforeTheEnd) {
    GuardClient client({.initialize = false});
    client.send("initialize");
    client.send("big", 100'000);
    client.guard().close_input();
    EXPECT_EQ(client.answer_to(1).at("id"), 1);
    EXPECT_EQ(client.answer_to(2).at("result").get<std::string>().size(), 100'000U);
}

class GuardEndBySignal : public ::testing::TestWithParam<int> {};

TEST_P(GuardEndBySignal, LeavesNothing) {
    GuardClient client({.environment = {{"PEER_DEAF", "eof,term"}}});
    Held held(tree_with_helper(client));
    signal_process(client.guard().pid(), GetParam());
    EXPECT_THAT(held.left_after(10s), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(All, GuardEndBySignal, ::testing::Values(SIGTERM, SIGHUP, SIGINT, SIGKILL));

TEST(GuardEnd, LeavesNothingWhenTheKeeperIsKilled) {
    GuardClient client({.settings = {"restarts=1"}, .environment = {{"PEER_DEAF", "eof,term"}}});
    const pid_t keeper = client.keeper();
    std::set<pid_t> tree = tree_with_helper(client);
    tree.erase(client.guard().pid());
    Held held(tree);
    const int lost = client.send("silent");
    signal_process(keeper, SIGKILL);
    EXPECT_THAT(held.left_after(10s), IsEmpty());
    EXPECT_EQ(client.answer_to(lost).at("error").at("data").at("reason"), "restarted");
    EXPECT_EQ(client.ask("echo", 7).at("result"), 7) << "under another keeper";
}

TEST(GuardEnd, KeeperHeedsNoSignal) {
    GuardClient client;
    const pid_t keeper = client.keeper();
    for (const int number : {SIGTERM, SIGHUP, SIGINT, SIGUSR2}) signal_process(keeper, number);
    EXPECT_EQ(client.ask("echo", 1).at("result"), 1);
    EXPECT_EQ(client.keeper(), keeper);
}

/// The shell is the client; the ends of the channel are this test's, as they may be a sibling's.
Program client_with_a_guard(const std::string& settings) {
    Program client({"sh", "-c", "exec 3<&0; \"$1\" " + settings + " -- \"$2\" <&3 & wait", "sh",
                    REAPER_GUARD, REAPER_PEER},
                   {.environment = {{"PEER_DEAF", "eof,term"}}});
    client.write_line(R"({"id":1,"method":"echo"})");
    EXPECT_TRUE(client.read_line(10s));
    return client;
}

TEST(GuardEnd, LeavesNothingWhenTheClientIsKilledAndSomebodyHoldsItsEnds) {
    Program client = client_with_a_guard("close_wait=100 grace=500");
    std::set<pid_t> tree = tree_of(client.pid(), read_processes());
    EXPECT_EQ(tree.size(), 4U);
    Held held(tree);
    signal_process(client.pid(), SIGKILL);
    EXPECT_THAT(held.left_after(15s), IsEmpty());
}

/// Its parent was but a script that started it with `&`.
TEST(GuardEnd, WaitsForAnAnswerThatSomebodyMayBeWaitingFor) {
    const Scratch scratch;
    const std::string heard = (scratch.path() / "heard").string();
    Program client({"sh", "-c", "exec 3<&0; \"$1\" close_wait=100 grace=500 -- \"$2\" <&3 & wait", "sh",
                    REAPER_GUARD, REAPER_PEER},
                   {.environment = {{"PEER_HEARD", heard}}});
    client.write_line(R"({"id":1,"method":"echo"})");
    ASSERT_TRUE(client.read_line(20s));
    client.write_line(R"({"id":1,"method":"silent"})");
    while (text_of(heard).find("silent") == std::string::npos) usleep(10'000);
    signal_process(client.pid(), SIGKILL);
    ASSERT_TRUE(client.wait());
    usleep(1'500'000);  // Longer than it would wait for one that says nothing.
    client.write_line(R"({"id":2,"method":"echo","params":2})");
    EXPECT_THAT(client.read_line(20s).value_or(""), HasSubstr("\"result\":2"));
}

// What it has said before is heard after its end, and is no sign of life.
TEST(GuardEnd, LeavesNothingWhenItsClientWasKilledBeforeItsLastWordsWereHeard) {
    Program client = client_with_a_guard("close_wait=2000 grace=500 backoff=1000");
    client.write_line(R"({"id":2,"method":"crash","params":1})");
    EXPECT_THAT(client.read_line(10s).value_or(""), HasSubstr("restarted"));
    client.write_line(R"({"id":3,"method":"echo"})");
    Held held(tree_of(client.pid(), read_processes()));
    signal_process(client.pid(), SIGKILL);
    EXPECT_TRUE(client.read_line(10s)) << "it was answered";
    EXPECT_THAT(held.left_after(15s), IsEmpty());
}

/// As of a client that has its programs ignore these.
Program guarded_ignoring(const std::string& signals) {
    Program program({"env", "--ignore-signal=" + signals, REAPER_GUARD, "close_wait=300", "grace=600",
                     "--", REAPER_PEER});
    program.write_line(R"({"id":1,"method":"echo"})");
    EXPECT_TRUE(program.read_line(20s));
    return program;
}

TEST(GuardEnd, EndsWhereItsClientIgnoresItsChildren) {
    Program guard = guarded_ignoring("CHLD");
    guard.write_line(R"({"id":2,"method":"crash","params":3})");
    EXPECT_THAT(guard.read_line(20s).value_or(""), HasSubstr("status 3"));
    guard.write_line(R"({"id":3,"method":"ignored"})");
    const json ignored = json::parse(guard.read_line(20s).value_or("null"));
    EXPECT_THAT(ignored.at("result"), Contains(SIGCHLD)) << "as it would without us";
    guard.close_input();
    EXPECT_EQ(guard.wait(20s), 0);
}

TEST(GuardEnd, IgnoresAHangUpWhereItsClientDoes) {
    Program guard = guarded_ignoring("HUP,INT");
    for (const int number : {SIGHUP, SIGINT}) signal_process(guard.pid(), number);
    guard.write_line(R"({"id":2,"method":"echo","params":2})");
    EXPECT_THAT(guard.read_line(20s).value_or(""), HasSubstr("\"result\":2"));
    signal_process(guard.pid(), SIGTERM);
    EXPECT_TRUE(guard.wait(20s)) << "that it heeds";
}

TEST(GuardEnd, SparesAnAgentThatTheServerHasStarted) {
    GuardClient client({.environment = {{"PEER_DEAF", "eof"}}});
    const pid_t agent = client.ask("agent").at("result").get<pid_t>();
    std::set<pid_t> tree = client.tree();
    ASSERT_TRUE(tree.contains(agent));
    tree.erase(agent);
    Held held(tree);
    Held spared({agent});
    client.guard().close_input();
    EXPECT_THAT(held.left_after(10s), IsEmpty());
    EXPECT_THAT(spared.left_after(0ms), Contains(agent));
    signal_process(agent, SIGKILL);
}

TEST(GuardEnd, LeavesNothingWhenTheTerminalIsClosed) {
    int master = -1;
    int told[2];
    ASSERT_EQ(pipe2(told, O_CLOEXEC), 0);
    const pid_t client = forkpty(&master, nullptr, nullptr, nullptr);
    ASSERT_GE(client, 0);
    if (client == 0) {
        signal(SIGHUP, SIG_DFL);  // Ignored below nohup.
        // Its descriptors are pipes; only the terminal is shared.
        int in[2];
        int out[2];
        if (pipe(in) != 0 || pipe(out) != 0) _exit(1);
        const pid_t guard = fork();
        if (guard == 0) {
            dup2(in[0], 0);
            dup2(out[1], 1);
            setenv("PEER_DEAF", "eof,term", 1);
            execl(REAPER_GUARD, "guard", "close_wait=100", "grace=500", "--", REAPER_PEER,
                  static_cast<char*>(nullptr));
            _exit(127);
        }
        const char ask[] = "{\"id\":1,\"method\":\"echo\"}\n";
        char answer = 0;
        if (write(in[1], ask, sizeof ask - 1) < 0 || read(out[0], &answer, 1) != 1) _exit(2);
        if (write(told[1], &guard, sizeof guard) < 0) _exit(3);
        for (;;) pause();
    }
    pid_t guard = 0;
    ASSERT_EQ(read(told[0], &guard, sizeof guard), static_cast<ssize_t>(sizeof guard));
    Held held(tree_of(guard, read_processes()));
    close(master);
    EXPECT_THAT(held.left_after(10s), IsEmpty());
    waitpid(client, nullptr, 0);
}

}  // namespace
}  // namespace reaper::integration
