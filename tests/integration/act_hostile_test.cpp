// Servers that do not want to end, and what must not be ended with them. The program acts on them under
// strace: whomever it has signalled or moved is in the trace, and must be one of the server's own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <ostream>
#include <thread>

#include "bystanders.h"
#include "guardian.h"
#include "pid_namespace.h"
#include "stubborn_server.h"

namespace reaper::integration {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
namespace fs = std::filesystem;

constexpr uid_t kSomebody = 54'321;  // A user with nothing else on any host.

/// As root: with cages. As an ordinary user: where the host gives them none, by signals alone.
struct Who {
    const char* name;
    std::optional<uid_t> user;
};

void PrintTo(const Who& one, std::ostream* out) {
    *out << one.name;
}

class HostileServer : public ::testing::TestWithParam<Who> {
  protected:
    void SetUp() override {
        if (const std::string why = why_no_strace(); !why.empty()) GTEST_SKIP() << why;
        if (GetParam().user && getuid() != 0) {
            GTEST_SKIP() << "takes root, to become another user; as this user the other tests ran";
        }
        hostile_.emplace(GetParam().user);
        // The same server, but used by us: whatever happens to the others, nothing to this one.
        innocents_.emplace(GetParam().user);
        innocent_.emplace(std::set{innocents_->start("deaf").pid()});
    }
    void TearDown() override {
        if (innocent_) innocent_->expect_untouched();
        hostile_.reset();
        innocents_.reset();
        end_what_was_started();
    }

    [[nodiscard]] bool caged() const { return !GetParam().user && can_be_caged(); }

    void expect_ended(const Acted& acted, pid_t top, const std::string& effect) {
        const json outcome = outcome_of(acted, top);
        EXPECT_EQ(outcome.value("effect", ""), effect) << outcome.dump(2) << acted.trace.text();
        EXPECT_EQ(acted.exit_code, 0);
        EXPECT_THAT(hostile_->living(), IsEmpty()) << outcome.dump(2);
        EXPECT_TRUE(hostile_->at_rest()) << "it lives on, from fork to fork\n" << outcome.dump(2);
    }

    std::optional<StubbornServers> hostile_, innocents_;
    std::optional<Bystanders> innocent_;
};

INSTANTIATE_TEST_SUITE_P(As, HostileServer,
                         ::testing::Values(Who{"OneOfUs", {}}, Who{"AnOrdinaryUser", kSomebody}),
                         [](const auto& who) { return who.param.name; });

TEST_P(HostileServer, ThatHeedsSigtermIsNotKilled) {
    const pid_t server = hostile_->leak("").pid();
    const Acted acted = hostile_->act(kPatientPolicy);
    expect_ended(acted, server, "ended");
    EXPECT_THAT(acted.trace.signals_to(server), ElementsAre("SIGTERM"));
    EXPECT_EQ(!acted.trace.group_writes.empty(), caged());
}

TEST_P(HostileServer, ThatEndsOnTheSecondSigtermOnlyIsNotKilled) {
    const pid_t server = hostile_->leak("twice").pid();
    const Acted acted = hostile_->act(kPatientPolicy);
    expect_ended(acted, server, "ended");
    EXPECT_THAT(acted.trace.signals_to(server), Not(Contains("SIGKILL")));
}

TEST_P(HostileServer, ThatIgnoresSigtermIsKilled) {
    const pid_t server = hostile_->leak("deaf").pid();
    const Acted acted = hostile_->act();
    expect_ended(acted, server, "killed");
    EXPECT_THAT(acted.trace.signals_to(server), Contains("SIGTERM"));
    EXPECT_THAT(acted.trace.signals_to(server), Contains("SIGKILL"));
}

TEST_P(HostileServer, ThatForksAllTheTimeIsKilledWithAllItsChildren) {
    const pid_t server = hostile_->leak("deaf,spawns").pid();
    expect_ended(hostile_->act(), server, "killed");
    EXPECT_GT(hostile_->forked().size(), 100u);
}

// The supervisor goes first: else it would start the server anew.
TEST_P(HostileServer, UnderASupervisorIsNotStartedAgain) {
    const pid_t supervisor = hostile_->leak("restarts", kSupervisorLine).pid();
    const Acted acted = hostile_->act(kPatientPolicy);
    expect_ended(acted, supervisor, "ended");
    EXPECT_EQ(hostile_->forked().size(), 1u) << "the server was started again";
}

TEST_P(HostileServer, UnderASupervisorThatIgnoresSigtermIsKilledWithIt) {
    const pid_t supervisor = hostile_->leak("restarts,deaf", kSupervisorLine).pid();
    expect_ended(hostile_->act(), supervisor, "killed");
}

TEST_P(HostileServer, ThatIsStoppedIsEnded) {
    const pid_t server = hostile_->leak("").pid();
    ASSERT_EQ(kill(server, SIGSTOP), 0);  // Our own child, not yet reaped.
    siginfo_t stopped{};
    ASSERT_EQ(waitid(P_PID, static_cast<id_t>(server), &stopped, WSTOPPED), 0);
    const Acted acted = hostile_->act(kPatientPolicy);
    expect_ended(acted, server, "ended");
    EXPECT_THAT(acted.trace.signals_to(server), Not(Contains("SIGKILL")));
}

TEST_P(HostileServer, WithAnAgentInsideIsOnlyReported) {
    hostile_->leak("agent");
    const Bystanders all(hostile_->living());
    ASSERT_EQ(all.pids().size(), 2u);
    const Acted acted = hostile_->act();
    all.expect_untouched();
    EXPECT_THAT(acted.trace.touched(), IsEmpty());
    EXPECT_THAT(acted.report.at("outcomes"), IsEmpty());
}

TEST_P(HostileServer, ThatTakesAnAgentInAfterSigtermIsLeftAlone) {
    const pid_t server = hostile_->leak("adopts").pid();
    const Acted acted = hostile_->act(kPatientPolicy);
    const json outcome = outcome_of(acted, server);
    EXPECT_EQ(outcome.value("effect", ""), "cancelled") << outcome.dump(2);
    ASSERT_THAT(hostile_->forked(), Not(IsEmpty()));
    for (const pid_t agent : hostile_->forked()) {
        EXPECT_THAT(hostile_->living(), Contains(agent));
        EXPECT_THAT(acted.trace.signals_to(agent), IsEmpty());
    }
    EXPECT_THAT(hostile_->living(), Contains(server));
}

TEST_P(HostileServer, IsOneOfTwoHundredThatAreAllEnded) {
    constexpr std::size_t kServers = 200;
    for (std::size_t i = 0; i < kServers; ++i) hostile_->leak(i % 10 == 0 ? "deaf" : "");
    const Acted acted = hostile_->act();
    EXPECT_EQ(acted.exit_code, 0);
    EXPECT_EQ(acted.report.at("outcomes").size(), kServers);
    EXPECT_THAT(hostile_->living(), IsEmpty());
}

// What is forked on the way out has no parent that would tell whose it is: only a cage holds it.
class EscapingServer : public HostileServer {
  protected:
    void SetUp() override {
        HostileServer::SetUp();
        if (!IsSkipped() && !caged()) GTEST_SKIP() << "takes root and a cgroup freezer";
    }
};

INSTANTIATE_TEST_SUITE_P(As, EscapingServer, ::testing::Values(Who{"Root", {}}),
                         [](const auto& who) { return who.param.name; });

TEST_P(EscapingServer, ThatForksOnSigtermIsEndedWithWhatItForked) {
    const pid_t server = hostile_->leak("forks").pid();
    expect_ended(hostile_->act(kPatientPolicy), server, "ended");
    EXPECT_EQ(hostile_->forked().size(), 3u);
}

TEST_P(EscapingServer, ThatForksTwiceIntoANewSessionIsEndedWithWhatItForked) {
    const pid_t server = hostile_->leak("escapes").pid();
    expect_ended(hostile_->act(), server, "killed");
    EXPECT_EQ(hostile_->forked().size(), 2u);
}

TEST_P(EscapingServer, ThatForksFasterThanItIsKilledIsKilled) {
    const pid_t server = hostile_->leak("chains").pid();
    expect_ended(hostile_->act(), server, "killed");
    EXPECT_GT(hostile_->forked().size(), 100u);
}

/// A v1 group of the test's own, frozen with these in it; thawed and gone with it.
class FrozenGroup {
  public:
    explicit FrozenGroup(pid_t pid) {
        fs::create_directory(path_);
        std::ofstream(path_ / "cgroup.procs") << pid << std::flush;
        std::ofstream(path_ / "freezer.state") << "FROZEN" << std::flush;
        while (state() == "FREEZING")
            std::this_thread::sleep_for(1ms);  // Nothing tells when it is over.
    }
    ~FrozenGroup() {
        thaw();
        std::error_code ignored;
        fs::remove(path_, ignored);  // Of a cgroup, rmdir is all there is.
    }
    FrozenGroup(const FrozenGroup&) = delete;
    FrozenGroup& operator=(const FrozenGroup&) = delete;

    void thaw() const { std::ofstream(path_ / "freezer.state") << "THAWED" << std::flush; }
    [[nodiscard]] std::string state() const {
        std::ifstream file(path_ / "freezer.state");
        std::string word;
        file >> word;
        return word;
    }

  private:
    fs::path path_ = "/sys/fs/cgroup/freezer/mcp-reaper-test-" + std::to_string(getpid());
};

// A v1 freezer holds it also against SIGKILL.
TEST_P(EscapingServer, ThatSomebodyElseHasFrozenIsSaidToBe) {
    if (access("/sys/fs/cgroup/freezer/cgroup.procs", W_OK) != 0) GTEST_SKIP() << "takes a v1 freezer";
    Program& program = hostile_->leak("");
    const pid_t server = program.pid();
    const FrozenGroup frozen(server);
    ASSERT_EQ(frozen.state(), "FROZEN");
    const Acted acted = hostile_->act();
    const json outcome = outcome_of(acted, server);
    EXPECT_EQ(outcome.value("effect", ""), "unkillable") << outcome.dump(2);
    EXPECT_THAT(outcome.dump(), HasSubstr("frozen"));
    EXPECT_EQ(frozen.state(), "FROZEN") << "what others have frozen is theirs to thaw";
    frozen.thaw();
    EXPECT_TRUE(program.wait()) << "its SIGKILL has been waiting for that";
}

// Without a cage it gets away, but not unseen.
TEST(EscapingServerWithoutCage, IsNamedInTheReport) {
    if (const std::string why = why_no_strace() + why_no_pid_namespace(); !why.empty())
        GTEST_SKIP() << why;
    in_pid_namespace([] {
        for (const char* behaviour : {"forks", "escapes"}) {
            SCOPED_TRACE(behaviour);
            StubbornServers hostile(kSomebody);
            const pid_t server = hostile.leak(behaviour).pid();
            const json outcome = outcome_of(hostile.act(kPatientPolicy), server);
            const std::set<pid_t> left = hostile.living();
            EXPECT_THAT(left, Not(IsEmpty())) << "there was nothing to be told";
            for (const pid_t pid : left) {
                EXPECT_THAT(outcome.value("why", ""), HasSubstr(std::to_string(pid))) << outcome.dump(2);
            }
            hostile.hand_back();
            end_what_was_started();
        }
    });
}

}  // namespace
}  // namespace reaper::integration
