#include "daemon/hooks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "daemon/hook_trust.h"
#include "support/child.h"

namespace reaper::daemon {
namespace {

using namespace std::chrono_literals;
using report::Event;
using report::EventKind;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class HooksTest : public ::testing::Test {
  protected:
    /// Long enough for a busy machine; a test that waits for so long has failed.
    static constexpr auto kPatience = 20s;

    void begin(HookBounds bounds = {}) {
        hooks_ = std::make_unique<Hooks>(
            loop_, [this](Event event) { told_.push_back(std::move(event)); }, bounds);
    }
    static policy::Hook shell(std::string script, std::vector<std::string> events = {},
                              std::chrono::seconds timeout = 10s) {
        return {{"/bin/sh", "-c", std::move(script)}, std::move(events), timeout};
    }
    void run(EventKind kind = EventKind::action, std::string line = "{\"event\":\"action\"}") {
        Event event;
        event.kind = kind;
        event.id = "s-0000000001";
        hooks_->run(event, std::make_shared<const std::string>(std::move(line)));
    }
    /// Until all hooks have ended.
    void finish() {
        bool done = false;
        hooks_->finish(kPatience, [&] { done = true; });
        loop_.run_for(kPatience + 5s);
        EXPECT_TRUE(done);
    }
    template <typename Condition>
    void until(const Condition& condition) {
        const auto limit = std::chrono::steady_clock::now() + kPatience;
        while (!condition() && std::chrono::steady_clock::now() < limit) {
            loop_.restart();
            loop_.run_one_for(100ms);
        }
        ASSERT_TRUE(condition());
    }
    [[nodiscard]] std::string path(const std::string& name) const { return directory_.path(name); }
    [[nodiscard]] std::string contents(const std::string& name) const {
        std::ifstream file(path(name));
        return {std::istreambuf_iterator<char>(file), {}};
    }
    static bool has_ended(pid_t pid) {
        const std::string state = test::identify(pid).start == Ticks(0) ? "" : "there";
        if (state.empty()) return true;
        std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
        const std::string text((std::istreambuf_iterator<char>(file)), {});
        const std::size_t close = text.rfind(')');
        return close == std::string::npos || text.substr(close + 2, 1) == "Z";
    }

    test::TemporaryDirectory directory_;
    boost::asio::io_context loop_;
    std::vector<Event> told_;
    std::unique_ptr<Hooks> hooks_;
};

TEST_F(HooksTest, GetTheEventOnStdinAndInTheirEnvironment) {
    begin();
    ::setenv("REAPER_TEST_SECRET", "x", 1);
    hooks_->configure(
        {shell("cat > " + path("in") + "; env | sort > " + path("env") + "; pwd > " + path("pwd"))});
    run(EventKind::action, R"({"event":"action","message":"it's \"done\""})");
    finish();
    ::unsetenv("REAPER_TEST_SECRET");
    EXPECT_EQ(contents("in"), "{\"event\":\"action\",\"message\":\"it's \\\"done\\\"\"}\n");
    EXPECT_EQ(contents("env"),
              "MCP_REAPER_EVENT=action\nMCP_REAPER_EVENT_ID=s-0000000001\n"
              "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nPWD=/\n");
    EXPECT_EQ(contents("pwd"), "/\n");
    EXPECT_THAT(told_, IsEmpty());
    EXPECT_EQ(hooks_->figures().run, 1U);
}

TEST_F(HooksTest, HaveNoDescriptorAndNoSignalMaskOfOurs) {
    begin();
    // Not close-on-exec, as a library may leave one.
    const UniqueFd leaked(::open("/dev/null", O_RDONLY));
    sigset_t blocked;
    sigset_t before;
    ::sigfillset(&blocked);
    ::sigprocmask(SIG_BLOCK, &blocked, &before);
    const auto pipe_before = ::signal(SIGPIPE, SIG_IGN);
    hooks_->configure({shell("ls /proc/self/fd | wc -l > " + path("fds") +
                             "; grep -E '^Sig(Blk|Ign)' /proc/self/status > " + path("signals"))});
    run();
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    ::signal(SIGPIPE, pipe_before);
    finish();
    EXPECT_EQ(contents("fds"), "4\n") << "0, 1, 2, and what ls has open to look";
    // posix_spawn of glibc leaves its own signals 32 and 33 ignored.
    EXPECT_THAT(contents("signals"), AnyOf("SigBlk:\t0000000000000000\nSigIgn:\t0000000180000000\n",
                                           "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n"));
}

TEST_F(HooksTest, AreRunForTheirEventsOnly) {
    begin();
    hooks_->configure(
        {shell("echo >> " + path("actions"), {"action", "finding"}), shell("echo >> " + path("all"))});
    run(EventKind::action);
    run(EventKind::finding);
    run(EventKind::paused);
    run(EventKind::hook_failed);
    finish();
    EXPECT_EQ(contents("actions"), "\n\n");
    EXPECT_EQ(contents("all"), "\n\n\n") << "and never for hook_failed";
}

TEST_F(HooksTest, AreNotRunForHookFailedEvenWhereTheyAskForIt) {
    begin();
    hooks_->configure({shell("echo >> " + path("out"), {"hook_failed"})});
    run(EventKind::hook_failed);
    finish();
    EXPECT_EQ(hooks_->figures().run, 0U);
}

TEST_F(HooksTest, ThatDoNotReadHoldNobodyUp) {
    begin();
    hooks_->configure({shell("exec 0<&-; echo done > " + path("out"))});
    run(EventKind::action, std::string(report::kLongestEventLine, 'x'));
    finish();
    EXPECT_EQ(contents("out"), "done\n");
    EXPECT_THAT(told_, IsEmpty());
}

TEST_F(HooksTest, ThatFailAreToldOfWithTheirReason) {
    begin();
    hooks_->configure(
        {shell("echo 'no route --token=sbp_0123456789abcdef0123456789abcdef01234567' >&2; echo more "
               ">&2; exit 3")});
    run();
    finish();
    ASSERT_THAT(told_, SizeIs(1));
    EXPECT_EQ(told_[0].kind, EventKind::hook_failed);
    EXPECT_EQ(told_[0].message, "the hook /bin/sh failed: exit status 3: no route --token=***");
    EXPECT_EQ(told_[0].detail["program"], "/bin/sh");
    EXPECT_EQ(told_[0].detail["why"], "exit status 3: no route --token=***");
    EXPECT_EQ(told_[0].detail["failed"], 1);
    EXPECT_EQ(told_[0].detail["dropped"], 0);
    EXPECT_EQ(hooks_->figures().failed, 1U);
}

TEST_F(HooksTest, FieldsOfTheirFailureAreDescribed) {
    begin();
    hooks_->configure({shell("exit 1")});
    run();
    finish();
    std::ifstream file(std::string(REAPER_SOURCE_DIR) + "/docs/events.md");
    std::string row;
    while (std::getline(file, row) && !row.starts_with("| `hook_failed` |")) {
    }
    for (const auto& [key, value] : told_.at(0).detail.items())
        EXPECT_THAT(row, HasSubstr("`" + key + "`"));
}

TEST_F(HooksTest, ThatAreKilledAreToldOf) {
    begin();
    hooks_->configure({shell("kill -9 $$")});
    run();
    finish();
    ASSERT_THAT(told_, SizeIs(1));
    EXPECT_EQ(told_[0].detail["why"], "it was ended by signal 9");
}

TEST_F(HooksTest, ThatCannotBeRunAreToldOf) {
    begin();
    const std::string program = path("hook");
    std::ofstream(program) << "#!/nowhere/interpreter\n";
    ::chmod(program.c_str(), 0755);
    EXPECT_THAT(hooks_->configure({{{program}, {}, 10s}}), IsEmpty());
    run();
    finish();
    ASSERT_THAT(told_, SizeIs(1));
    EXPECT_THAT(told_[0].message, HasSubstr("No such file or directory"));
}

TEST_F(HooksTest, MayWriteAsMuchToStderrAsTheyLike) {
    begin();
    hooks_->configure({shell("head -c 3000000 /dev/zero | tr '\\0' x >&2; exit 4")});
    run();
    finish();
    ASSERT_THAT(told_, SizeIs(1));
    EXPECT_THAT(told_[0].message, HasSubstr("exit status 4: xxx"));
    EXPECT_LE(told_[0].message.size(), 400U);
}

TEST_F(HooksTest, ThatTakeTooLongAreEndedWithWhatTheyStarted) {
    begin({.kill_after = 100ms});
    // Neither heeds SIGTERM.
    hooks_->configure({shell("trap '' TERM; sh -c 'trap \"\" TERM; echo $$ > " + path("child.new") +
                                 "; mv " + path("child.new") + " " + path("child") +
                                 "; while :; do sleep 0.05; done' & wait; while :; do sleep 0.05; done",
                             {}, 5s)});
    run();
    until([&] { return std::filesystem::exists(path("child")); });
    const pid_t child = std::stoi(contents("child"));
    EXPECT_FALSE(has_ended(child));
    finish();
    ASSERT_THAT(told_, SizeIs(1));
    EXPECT_EQ(told_[0].detail["why"], "it took longer than 5 s");
    until([&] { return has_ended(child); });
}

TEST_F(HooksTest, LeaveNothingRunningBehind) {
    begin();
    hooks_->configure({shell("sleep 1000 & echo $! > " + path("child"))});
    run();
    finish();
    const pid_t child = std::stoi(contents("child"));
    until([&] { return has_ended(child); });
    EXPECT_THAT(told_, IsEmpty());
}

TEST_F(HooksTest, RunSoManyAtOnceAndDropTheOldestOfTooManyWaiting) {
    begin({.running = 2, .waiting = 3});
    ASSERT_EQ(::mkfifo(path("gate").c_str(), 0600), 0);
    hooks_->configure({shell("cat >> " + path("out") + "; read x < " + path("gate"))});
    for (int i = 1; i <= 7; ++i) run(EventKind::action, std::to_string(i));
    EXPECT_EQ(hooks_->figures().running, 2U);
    EXPECT_EQ(hooks_->figures().waiting, 3U);
    EXPECT_EQ(hooks_->figures().dropped, 2U);
    ASSERT_THAT(told_, SizeIs(1));
    EXPECT_EQ(told_[0].message, "the hook /bin/sh failed: too many were waiting; 1 run was dropped");

    const UniqueFd gate(::open(path("gate").c_str(), O_RDWR | O_CLOEXEC));
    ASSERT_EQ(::write(gate.get(), "\n\n\n\n\n\n\n", 7), 7);
    finish();
    const std::string out = contents("out");
    for (const char* run : {"1\n", "2\n", "5\n", "6\n", "7\n"}) EXPECT_THAT(out, HasSubstr(run));
    EXPECT_EQ(out.size(), 10U);
    ASSERT_THAT(told_, SizeIs(2)) << "the other one is told at the end";
    EXPECT_EQ(told_[1].detail["dropped"], 1);
}

TEST_F(HooksTest, AreToldOfAsFailedOnceInAWhile) {
    begin({.tell_every = 5s});
    hooks_->configure({shell("exit 1")});
    for (int i = 0; i < 20; ++i) run();
    until([&] { return hooks_->figures().failed == 20; });
    EXPECT_EQ(told_.size(), 1U);
    until([&] { return told_.size() == 2; });
    EXPECT_EQ(told_[0].detail["failed"], 1);
    EXPECT_EQ(told_[1].detail["failed"], 19);
    EXPECT_THAT(told_[1].message, HasSubstr("(19 failures)"));
}

TEST_F(HooksTest, OfBeforeAReloadAreBroughtToTheirEnd) {
    begin({.running = 1});
    hooks_->configure({shell("echo old >> " + path("out"))});
    run();
    run();
    hooks_->configure({shell("echo new >> " + path("out"))});
    run();
    finish();
    EXPECT_EQ(contents("out"), "old\nold\nnew\n");
}

TEST_F(HooksTest, AreEndedWhenTheDaemonCanWaitNoLonger) {
    begin({.running = 1});
    hooks_->configure({shell("trap '' TERM; echo $$ > " + path("pid.new") + "; mv " + path("pid.new") +
                             " " + path("pid") + "; while :; do sleep 0.05; done")});
    run();
    run();
    until([&] { return std::filesystem::exists(path("pid")); });
    bool done = false;
    hooks_->finish(100ms, [&] { done = true; });
    run();
    until([&] { return done; });
    EXPECT_TRUE(has_ended(std::stoi(contents("pid"))));
    ASSERT_THAT(told_, SizeIs(1));
    EXPECT_EQ(told_[0].detail["failed"], 1);
    EXPECT_EQ(told_[0].detail["dropped"], 1) << "and what came after finish() is not even counted";
}

TEST_F(HooksTest, AreEndedWithTheirOwner) {
    begin();
    hooks_->configure({shell("echo $$ > " + path("pid.new") + "; mv " + path("pid.new") + " " +
                             path("pid") + "; while :; do sleep 0.05; done")});
    run();
    until([&] { return std::filesystem::exists(path("pid")); });
    const pid_t pid = std::stoi(contents("pid"));
    hooks_.reset();
    EXPECT_TRUE(has_ended(pid));
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "no zombie is left";
    loop_.restart();
    loop_.run_for(1s);  // Nothing that was under way finds us gone.
}

TEST_F(HooksTest, LeakNoDescriptorAndNoZombie) {
    begin({.running = 4});
    hooks_->configure({shell("exit 1")});
    const auto open = [] {
        return std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                             std::filesystem::directory_iterator());
    };
    const auto before = open();
    for (int i = 0; i < 100; ++i) run();
    finish();
    EXPECT_EQ(hooks_->figures().failed, 100U);
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "no zombie is left";
    EXPECT_LE(open(), before + 1) << "epoll's timer may have been made meanwhile";
}

TEST_F(HooksTest, NamesOfEventsThatAreNoneAreRefused) {
    begin();
    EXPECT_THAT(hooks_->configure({shell("exit 0", {"action", "reboot"})}),
                ElementsAre("the hook /bin/sh: no event is called reboot"));
}

class HookTrust : public ::testing::Test {
  protected:
    std::string program(const std::string& name = "hook") {
        std::ofstream(directory_.path(name)) << "#!/bin/sh\n";
        ::chmod(directory_.path(name).c_str(), 0755);
        return directory_.path(name);
    }
    static std::string untrusted(std::vector<std::string> command, bool root = true) {
        return untrusted_command({std::move(command), {}, 10s}, root);
    }
    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "what root may run is root's";
    }

    test::TemporaryDirectory directory_;  // 0700, in the sticky /tmp.
};

TEST_F(HookTrust, TakesWhatOnlyRootCanChange) {
    EXPECT_EQ(untrusted({"/bin/sh", "-c", "exit 0"}), "");
    EXPECT_EQ(untrusted({program()}), "");
}

TEST_F(HookTrust, RefusesWhatIsNoProgram) {
    EXPECT_EQ(untrusted({}), "it has no command");
    EXPECT_EQ(untrusted({"sh"}), "its program is no absolute path: sh");
    EXPECT_EQ(untrusted({"/nowhere/x"}), "/nowhere/x cannot be run: No such file or directory");
    EXPECT_EQ(untrusted({directory_.path()}), directory_.path() + " cannot be run: it is no file");
    const std::string plain = program();
    ::chmod(plain.c_str(), 0644);
    EXPECT_EQ(untrusted({plain}), plain + " cannot be run: Permission denied");
}

TEST_F(HookTrust, RefusesWhatOthersMayWrite) {
    const std::string hook = program();
    ::chmod(hook.c_str(), 0757);
    EXPECT_EQ(untrusted({hook}),
              hook + " may be written by everyone, and root runs only what others cannot change");
    ::chmod(hook.c_str(), 0775);
    ASSERT_EQ(::chown(hook.c_str(), 0, 1000), 0);
    EXPECT_THAT(untrusted({hook}), HasSubstr("may be written by its group"));
    ::chmod(hook.c_str(), 0755);
    EXPECT_EQ(untrusted({hook}), "");
    ASSERT_EQ(::chown(hook.c_str(), 1000, 0), 0);
    EXPECT_EQ(untrusted({hook}), hook + " belongs to uid 1000, and root runs only what root owns");
}

TEST_F(HookTrust, RefusesWhatIsInADirectoryOfOthers) {
    const std::string hook = program();
    ::chmod(directory_.path().c_str(), 0777);
    EXPECT_THAT(untrusted({hook}), HasSubstr(directory_.path() + " may be written by everyone"));
    ::chmod(directory_.path().c_str(), 0755);
    const std::string below = directory_.path("below");
    std::filesystem::create_directory(below);
    const std::string deep = program("below/hook");
    ASSERT_EQ(::chown(directory_.path().c_str(), 1000, 1000), 0);
    EXPECT_THAT(untrusted({deep}), HasSubstr(directory_.path() + " belongs to uid 1000"))
        << "whose directory is another's may be renamed";
}

TEST_F(HookTrust, RefusesALinkToWhatOthersMayWrite) {
    const std::string hook = program();
    const std::string elsewhere = directory_.path("elsewhere");
    std::filesystem::create_directory(elsewhere);
    const std::string target = program("elsewhere/target");
    std::filesystem::create_symlink(target, directory_.path("link"));
    EXPECT_EQ(untrusted({directory_.path("link")}), "");
    ::chmod(elsewhere.c_str(), 0777);
    EXPECT_THAT(untrusted({directory_.path("link")}),
                HasSubstr(elsewhere + " may be written by everyone"));
}

TEST_F(HookTrust, RefusesAScriptThatOthersMayWrite) {
    const std::string script = program("script");
    EXPECT_EQ(untrusted({"/bin/sh", script}), "");
    ::chmod(script.c_str(), 0666);
    EXPECT_THAT(untrusted({"/bin/sh", script}), HasSubstr(script + " may be written by everyone"));
    EXPECT_THAT(untrusted({"/bin/sh", script}, false), HasSubstr("may be written by everyone"));
}

TEST_F(HookTrust, LetsAUserRunTheirOwn) {
    const std::string hook = program();
    ASSERT_EQ(::chown(hook.c_str(), 1000, 1000), 0);
    EXPECT_EQ(untrusted({hook}, false), "");
}

TEST_F(HooksTest, ThatRootMayNotRunAreRefusedAndNotRun) {
    if (::geteuid() != 0) GTEST_SKIP() << "what root may run is root's";
    begin();
    const std::string hook = path("hook");
    std::ofstream(hook) << "#!/bin/sh\necho > " + path("out") + "\n";
    ::chmod(hook.c_str(), 0777);
    const std::string why =
        hook + " may be written by everyone, and root runs only what others cannot change";
    EXPECT_THAT(hooks_->configure({{{hook}, {}, 10s}}),
                ElementsAre("the hook " + hook + " is not run: " + why));
    run();
    finish();
    EXPECT_FALSE(std::filesystem::exists(path("out")));
    ASSERT_THAT(told_, SizeIs(1));
    EXPECT_EQ(told_[0].detail["why"], why);
}

}  // namespace
}  // namespace reaper::daemon
