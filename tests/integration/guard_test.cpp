// The guard in front of real processes: what passes, what it does about a bad server.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "guard_client.h"
#include "held.h"

namespace reaper::integration {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr int kServerGone = -32000;

// --- What passes.

TEST(GuardRelay, PassesWhatIsSaidByteForByte) {
    GuardClient client({.command = {"cat"}, .initialize = false});
    const std::vector<std::string> lines = {
        R"({"jsonrpc":"2.0","id":1,"method":"a"})",
        R"(  { "id" : "ä\"ö" , "method" : "b", "params": {"id": 9, "text": "🦀 \u00e4"} }  )",
        R"({"jsonrpc":"2.0","id":null,"method":"c"})",
        R"({"jsonrpc":"2.0","id":1.5,"method":"d"})",
        R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":0.5}})",
        R"([{"jsonrpc":"2.0","id":2,"method":"x"},{"jsonrpc":"2.0","method":"notifications/y"}])",
        "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"carriage\"}\r",
        R"({"jsonrpc":"2.0","id":"s-9","result":{"role":"assistant"}})",
        R"({"jsonrpc":"2.0","id":4,"error":{"code":1,"message":"no"}})",
        R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}})"};
    for (const std::string& line : lines) {
        client.guard().write_line(line);
        EXPECT_EQ(client.guard().read_line(10s), line);
    }
    std::string together;
    for (const std::string& line : lines) together += (together.empty() ? "" : "\n") + line;
    client.guard().write_line(together);
    for (const std::string& line : lines) EXPECT_EQ(client.guard().read_line(10s), line);
}

TEST(GuardRelay, DropsWhatIsNoJsonAndTellsOfIt) {
    GuardClient client;
    EXPECT_EQ(client.ask("garbage", 1).at("result"), 1);
    EXPECT_THAT(client.others(), IsEmpty());
    EXPECT_THAT(client.errors(), HasSubstr("npm warn something"));
}

TEST(GuardRelay, AnswersForWhatIsTooLong) {
    GuardClient client({.settings = {"max_request=10000", "max_response=50000"}});
    EXPECT_EQ(client.ask("echo", std::string(9000, 'a')).at("result"), std::string(9000, 'a'));
    EXPECT_EQ(client.ask("echo", std::string(20'000, 'a')).at("error").at("code"), -32600);
    EXPECT_EQ(client.ask("big", 40'000).at("result").get<std::string>().size(), 40'000U);
    EXPECT_EQ(client.ask("big", 50'000'000).at("error").at("code"), kServerGone);
    EXPECT_EQ(client.ask("echo", 1).at("result"), 1) << "and goes on";
}

TEST(GuardRelay, LetsTheServerAskItsClient) {
    GuardClient client;
    const int id = client.send("ask");
    const json question = client.next();
    EXPECT_EQ(question.at("method"), "sampling/createMessage");
    client.guard().write_line(R"({"jsonrpc":"2.0","id":"s-1","result":{"model":"m"}})");
    EXPECT_EQ(client.answer_to(id).at("result").at("result").at("model"), "m");
}

// Both sides count from 0 or 1: who is told of a message that is too long is told by what it was.
TEST(GuardRelay, TellsTheServerThatItsQuestionOrTheAnswerToItIsTooLong) {
    GuardClient client({.settings = {"max_request=10000", "max_response=50000"}});
    const json told = client.ask("bigask", 60'000).at("result");
    EXPECT_EQ(told.at("error").at("data").at("reason"), "too_large");
    const int id = client.send("ask");
    EXPECT_EQ(client.next().at("method"), "sampling/createMessage");
    client.guard().write_line(R"({"jsonrpc":"2.0","id":"s-1","result":")" + std::string(20'000, 'x') +
                              "\"}");
    EXPECT_EQ(client.answer_to(id).at("result").at("error").at("data").at("reason"), "too_large");
    EXPECT_THAT(client.others(), IsEmpty());
}

long resident_kib(pid_t pid) {
    const std::string status = text_of("/proc/" + std::to_string(pid) + "/status");
    return std::stol(status.substr(status.find("VmRSS:") + 6));
}

TEST(GuardRelay, HoldsLittleOfWhatTheClientDoesNotRead) {
    GuardClient client({.settings = {"max_response=1000000"},
                        // What was freed is kept for a while: less of it.
                        .environment = {{"ASAN_OPTIONS", "quarantine_size_mb=1"}}});
    const long before = resident_kib(client.guard().pid());
    for (int i = 0; i < 40; ++i) client.send("big", 500'000);
    // It has taken what it takes when no more comes: the server waits for us.
    std::string last;
    for (int same = 0; same < 20;) {
        usleep(10'000);
        const std::string now = text_of("/proc/" + std::to_string(client.guard().pid()) + "/io");
        same = now == last ? same + 1 : 0;
        last = now;
    }
    EXPECT_LT(resident_kib(client.guard().pid()) - before, 4'000) << "20 MB were sent";
    for (int id = 2; id <= 41; ++id)
        ASSERT_EQ(client.answer_to(id).at("result").get<std::string>().size(), 500'000U);
}

TEST(GuardRelay, KeepsErrorsInABoundedFileAndOutOfTheWay) {
    GuardClient client({.settings = {"log_size=100000", "log_files=2", "name=noisy"}});
    EXPECT_EQ(client.ask("noise", 3'000'000).at("id"), 2);
    std::uintmax_t kept = 0;
    for (const auto& file : std::filesystem::directory_iterator(client.file("guard"))) {
        EXPECT_THAT(file.path().filename().string(), HasSubstr("noisy"));
        kept += file.file_size();
    }
    EXPECT_GT(kept, 1000U);
    EXPECT_LT(kept, 250'000U);
}

TEST(GuardRelay, SlowsDownWhoAsksTooMuch) {
    GuardClient client({.settings = {"requests_per_second=10"}});
    const auto begun = std::chrono::steady_clock::now();
    for (int i = 0; i < 15; ++i) client.send("echo", i);
    for (int id = 2; id <= 16; ++id) EXPECT_EQ(client.answer_to(id).at("result"), id - 2);
    EXPECT_GT(std::chrono::steady_clock::now() - begun, 400ms) << "ten at once, then ten a second";
}

TEST(GuardRelay, AnswersWhoAskedTooMuchAndClosed) {
    GuardClient client({.settings = {"requests_per_second=4"}});
    for (int i = 0; i < 8; ++i) client.send("echo", i);
    client.guard().close_input();
    for (int id = 2; id <= 9; ++id) EXPECT_EQ(client.answer_to(id).at("result"), id - 2);
}

// --- The start.

TEST(GuardStart, TellsThatThereIsNoSuchProgram) {
    GuardClient client({.command = {"no-such-program-here"}, .initialize = false});
    const json error = client.ask("initialize").at("error");
    EXPECT_EQ(error.at("code"), kServerGone);
    EXPECT_THAT(error.at("message"), HasSubstr("no-such-program-here"));
    EXPECT_EQ(WEXITSTATUS(client.guard().wait().value()), 127);
    EXPECT_THAT(client.errors(), HasSubstr("no-such-program-here"));
}

TEST(GuardStart, TellsThatItMayNotBeExecuted) {
    GuardClient client({.command = {"/etc/passwd"}, .initialize = false});
    EXPECT_THAT(client.ask("initialize").at("error").at("message"), HasSubstr("Permission denied"));
    EXPECT_EQ(WEXITSTATUS(client.guard().wait().value()), 126);
}

TEST(GuardStart, TellsWhatAServerSaidThatEndedAtOnceAndDoesNotTryAgain) {
    GuardClient client(
        {.command = {"sh", "-c",
                     "echo \"Error: Cannot find module 'x'\" >&2; echo >>$PEER_HEARD; exit 3"},
         .initialize = false});
    const std::string message = client.ask("initialize").at("error").at("message");
    EXPECT_THAT(message, HasSubstr("Cannot find module 'x'"));
    EXPECT_THAT(message, HasSubstr("status 3"));
    EXPECT_THAT(message, HasSubstr("installed")) << "what that usually means";
    EXPECT_EQ(WEXITSTATUS(client.guard().wait().value()), 3);
    EXPECT_EQ(client.heard().size(), 1U);
}

/// However long it takes until there is something to start.
const std::vector<std::string> kPatiently = {"restarts=1000", "breaker_failures=1000",
                                             "max_backoff=200"};

/// A server whose file can be taken away.
std::string copy_of_the_peer(const Scratch& scratch) {
    const std::string copy = (scratch.path() / "peer").string();
    std::filesystem::copy_file(REAPER_PEER, copy);
    return copy;
}

TEST(GuardStart, TriesAgainWhereItsFileIsJustBeingWritten) {
    const Scratch scratch;
    const std::string copy = copy_of_the_peer(scratch);
    UniqueFd writer(open(copy.c_str(), O_WRONLY | O_CLOEXEC));
    GuardClient client({.settings = kPatiently, .command = {copy}, .initialize = false});
    const int id = client.send("initialize");
    while (client.errors().find("started again in") == std::string::npos) usleep(10'000);
    writer.close();
    EXPECT_TRUE(client.answer_to(id).contains("result"));
}

TEST(GuardStart, TellsByItsExitCodeThatItNeverCame) {
    const Scratch scratch;
    const std::string copy = copy_of_the_peer(scratch);
    const UniqueFd writer(open(copy.c_str(), O_WRONLY | O_CLOEXEC));
    GuardClient client({.settings = kPatiently, .command = {copy}, .initialize = false});
    while (client.errors().find("started again in") == std::string::npos) usleep(10'000);
    client.guard().close_input();
    EXPECT_EQ(WEXITSTATUS(client.guard().wait().value()), 126);
}

class GuardStartAgain : public ::testing::TestWithParam<bool> {};

INSTANTIATE_TEST_SUITE_P(By, GuardStartAgain, ::testing::Values(false, true),
                         [](const auto& one) { return one.param ? "Interpreter" : "Itself"; });

TEST_P(GuardStartAgain, WhereItsFileIsJustBeingReplaced) {
    const Scratch scratch;
    const std::string copy = copy_of_the_peer(scratch);
    std::string command = copy;
    if (GetParam()) {
        command = (scratch.path() / "script").string();
        std::ofstream(command) << "#!" << copy << '\n';
        std::filesystem::permissions(command, std::filesystem::perms::owner_all);
    }
    GuardClient client({.settings = kPatiently, .command = {command}});
    std::filesystem::rename(copy, copy + ".old");
    client.ask("crash", 1);
    while (client.errors().find("cannot start") == std::string::npos) usleep(10'000);
    std::filesystem::rename(copy + ".old", copy);
    EXPECT_EQ(client.ask("echo", 1).at("result"), 1);
}

// --- Crashes.

TEST(GuardCrash, GoesOnWithTheSameClient) {
    GuardClient client;
    const int lost = client.send("silent");
    const int crash = client.send("crash", 3);
    for (const int id : {lost, crash}) {
        const json error = client.answer_to(id).at("error");
        EXPECT_EQ(error.at("data").at("reason"), "restarted");
        EXPECT_THAT(error.at("message"), HasSubstr("status 3"));
    }
    EXPECT_EQ(client.ask("echo", "again").at("result"), "again");
    EXPECT_THAT(client.heard(),
                ::testing::ElementsAre("initialize", "notifications/initialized", "silent", "crash",
                                       "initialize", "notifications/initialized", "echo"));
    EXPECT_THAT(client.others(), IsEmpty()) << "the second initialize is the guard's own affair";
}

TEST(GuardCrash, AsksAgainForWhatStillHolds) {
    GuardClient client;
    client.ask("logging/setLevel", {{"level", "error"}});
    client.ask("resources/subscribe", {{"uri", "a:1"}});
    client.ask("resources/subscribe", {{"uri", "b:2"}});
    client.ask("resources/unsubscribe", {{"uri", "a:1"}});
    client.ask("crash", 1);
    EXPECT_EQ(client.ask("echo", "again").at("result"), "again");
    auto heard = client.heard();
    heard.erase(heard.begin(), std::find(heard.begin(), heard.end(), "crash"));
    EXPECT_THAT(heard, ::testing::ElementsAre("crash", "initialize", "notifications/initialized",
                                              "logging/setLevel", "resources/subscribe", "echo"));
    EXPECT_THAT(client.others(), IsEmpty()) << "the answers are to the guard's own questions";
}

TEST(GuardCrash, TellsThatTheToolsDifferWhereTheyDo) {
    GuardClient client;
    std::ofstream(client.file("tools")) << "one";
    EXPECT_THAT(client.ask("tools/list").dump(), HasSubstr("one"));
    client.ask("kill", SIGSEGV);
    EXPECT_EQ(client.ask("echo", 1).at("result"), 1);
    std::ofstream(client.file("tools")) << "two";
    client.ask("kill", SIGSEGV);
    EXPECT_EQ(client.ask("echo", 2).at("result"), 2);
    for (int i = 0; i < 1000 && client.others().empty(); ++i) client.ask("echo", 3);
    ASSERT_EQ(client.others().size(), 1U);
    EXPECT_EQ(client.others().front().at("method"), "notifications/tools/list_changed");
}

TEST(GuardCrash, RestsWhenItWasTooOftenAndTriesAgain) {
    GuardClient client({.settings = {"restarts=2", "breaker_pause=5000"}});
    for (int i = 0; i < 2; ++i)
        EXPECT_EQ(client.ask("crash", 1).at("error").at("data").at("reason"), "restarted");
    EXPECT_EQ(client.ask("crash", 1).at("error").at("data").at("reason"), "failed");
    EXPECT_EQ(client.ask("echo", 1).at("error").at("data").at("reason"), "failed")
        << "at once, not after the pause";
    ASSERT_TRUE(client.await_heard("initialize", 4, 30s));
    json answer;
    do answer = client.ask("echo", 5);
    while (answer.contains("error"));
    EXPECT_EQ(answer.at("result"), 5);
    EXPECT_EQ(client.ask("crash", 1).at("error").at("data").at("reason"), "restarted")
        << "the breaker is closed";
}

TEST(GuardCrash, TellsTheNextThatTheClientIsInitializedThoughItSaidSoMeanwhile) {
    GuardClient client({.settings = {"restarts=0", "breaker_pause=1000"}, .initialize = false});
    client.ask("initialize", {{"protocolVersion", "2025-06-18"}});
    EXPECT_EQ(client.ask("crash", 1).at("error").at("data").at("reason"), "failed");
    client.guard().write_line(R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
    EXPECT_TRUE(client.await_heard("notifications/initialized", 1));
}

TEST(GuardCrash, EndsTheRestOfACrashedServer) {
    GuardClient client;
    const pid_t helper = client.ask("helper").at("result").get<pid_t>();
    Held held({helper});
    client.ask("kill", SIGKILL);
    EXPECT_THAT(held.left_after(10s), IsEmpty());
    EXPECT_EQ(client.ask("echo", 1).at("result"), 1);
}

TEST(GuardCrash, WrapperMayGoBeforeItsServer) {
    GuardClient client({.command = {"sh", "-c", "\"$0\"; :", REAPER_PEER}});
    const pid_t wrapper = client.server();
    const Held held({wrapper});
    signal_process(wrapper, SIGKILL);
    ASSERT_THAT(Held({wrapper}).left_after(10s), IsEmpty());
    EXPECT_EQ(client.ask("echo", 1).at("result"), 1);
    EXPECT_THAT(client.heard(),
                ::testing::ElementsAre("initialize", "notifications/initialized", "echo"));
}

// --- Hangs.

std::size_t times_started(const GuardClient& client) {
    const auto heard = client.heard();
    return static_cast<std::size_t>(std::count(heard.begin(), heard.end(), "initialize"));
}

TEST(GuardHang, PingsAndStartsAgainWhoDoesNotAnswer) {
    GuardClient client({.settings = {"ping_interval=50", "ping_timeout=1000"}});
    ASSERT_TRUE(client.await_heard("ping", 2)) << "and the answers are no news to the client";
    const std::size_t started = times_started(client);
    client.ask("deafen");
    ASSERT_TRUE(client.await_heard("initialize", started + 1, 30s));
    EXPECT_EQ(client.ask("echo", 1).at("result"), 1);
    EXPECT_THAT(client.others(), IsEmpty());
}

TEST(GuardHang, StartsAgainWhoWasStopped) {
    GuardClient client({.settings = {"ping_interval=50", "ping_timeout=1000"}});
    const std::size_t started = times_started(client);
    signal_process(client.server(), SIGSTOP);
    ASSERT_TRUE(client.await_heard("initialize", started + 1, 30s));
    EXPECT_EQ(client.ask("echo", 1).at("result"), 1);
}

TEST(GuardHang, StartsAgainWhoSaysHalfALineAndFallsSilent) {
    GuardClient client({.settings = {"ping_interval=200", "ping_timeout=500", "request_timeout=3000"}});
    const json error = client.ask("half").at("error");
    EXPECT_EQ(error.at("data").at("reason"), "hung");
    EXPECT_EQ(client.ask("echo", 1).at("result"), 1);
    const auto heard = client.heard();
    EXPECT_EQ(std::count(heard.begin(), heard.end(), "initialize"), 2)
        << "the half is not in the way of what the next one says";
    EXPECT_THAT(client.others(), IsEmpty());
}

TEST(GuardHang, LeavesWhoGoesOnInTimeAlone) {
    GuardClient client;
    signal_process(client.server(), SIGSTOP);
    const int id = client.send("echo", 1);
    signal_process(client.server(), SIGCONT);
    EXPECT_EQ(client.answer_to(id).at("result"), 1);
    EXPECT_THAT(client.heard(),
                ::testing::ElementsAre("initialize", "notifications/initialized", "echo"));
}

TEST(GuardHang, DoesNotCountTheTimeInWhichTheGuardWasStopped) {
    GuardClient client(
        {.settings = {"request_timeout=3000"}, .environment = {{"PEER_REVISION", "2026-07-28"}}});
    client.send("silent");
    ASSERT_TRUE(client.await_heard("silent", 1));
    // By its answer the guard has seen when the one before is due, too.
    EXPECT_EQ(client.ask("echo", 0).at("result"), 0);
    signal_process(client.guard().pid(), SIGSTOP);
    usleep(6'000'000);  // Longer than a request may take, and than any host keeps a process waiting.
    signal_process(client.guard().pid(), SIGCONT);
    EXPECT_EQ(client.ask("echo", 1).at("result"), 1);
    EXPECT_THAT(client.heard(), ::testing::ElementsAre("initialize", "notifications/initialized",
                                                       "silent", "echo", "echo"));
}

TEST(GuardHang, LetsAServerWorkAsLongAsARequestMayTake) {
    GuardClient client({.settings = {"ping_interval=200", "ping_timeout=200", "request_timeout=3000"}});
    const auto begun = std::chrono::steady_clock::now();
    const int id = client.send("silent");
    ASSERT_TRUE(client.await_heard("silent", 1));
    signal_process(client.server(), SIGSTOP);
    const json error = client.answer_to(id).at("error");
    EXPECT_EQ(error.at("data").at("reason"), "hung");
    EXPECT_GT(std::chrono::steady_clock::now() - begun, 2900ms);
}

TEST(GuardHang, NeverPingsARevisionWithoutPings) {
    GuardClient client({.settings = {"ping_interval=20", "ping_timeout=20", "request_timeout=3000"},
                        .environment = {{"PEER_REVISION", "2026-07-28"}}});
    EXPECT_EQ(client.ask("silent").at("error").at("data").at("reason"), "hung") << "a request tells too";
    EXPECT_EQ(client.ask("echo", 1).at("result"), 1);
    EXPECT_THAT(client.heard(), Not(Contains("ping")));
}

TEST(GuardHang, AnswersForACallThatTakesTooLong) {
    GuardClient client({.settings = {"call_timeout=100"}});
    const json error = client.ask("tools/call").at("error");
    EXPECT_EQ(error.at("code"), -32001);
    EXPECT_TRUE(client.await_heard("notifications/cancelled", 1));
    EXPECT_EQ(client.ask("echo", 1).at("result"), 1);
}

// --- Limits.

TEST(GuardLimits, BoundsTheServersOpenFiles) {
    GuardClient client({.settings = {"open_files=64"}});
    EXPECT_EQ(client.ask("limits").at("result"), 64);
}

TEST(GuardLimits, MakesRoomWhenItIsIdleAndComesBack) {
    GuardClient client({.settings = {"idle=100"}});
    const pid_t server = client.server();
    Held held({server});
    while (!held.left_after(150ms).empty()) signal_process(client.guard().pid(), SIGUSR2);
    EXPECT_EQ(client.ask("echo", 1).at("result"), 1);
    EXPECT_TRUE(client.await_heard("initialize", 2));
}

}  // namespace
}  // namespace reaper::integration
