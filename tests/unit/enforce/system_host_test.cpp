// The real host, and the ladder on real processes.
#include "enforce/system_host.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>

#include <thread>

#include "enforce/no_cages.h"
#include "enforce/process_handle.h"
#include "enforce/termination.h"
#include "scan/children.h"
#include "scan/process_dir.h"
#include "support/child.h"
#include "support/snapshot_builder.h"

namespace reaper::enforce {
namespace {

using namespace std::chrono_literals;
using test::Child;

const classify::Classifier& classifier() {
    static const auto kCompiled = classify::Classifier::compile({});
    return *kCompiled;
}

/// What loses its parent comes to the test, which ends and collects it.
class SystemHostTest : public ::testing::Test {
  protected:
    SystemHostTest() { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }
    ~SystemHostTest() override {
        for (const ProcessId& id : adopted()) ::kill(id.pid, SIGKILL);
        while (::waitpid(-1, nullptr, 0) > 0) {
        }
        ::prctl(PR_SET_CHILD_SUBREAPER, 0);
    }

    /// Children of the test itself that have not ended.
    static std::vector<ProcessId> adopted() {
        std::vector<ProcessId> living;
        const auto self = scan::ProcessDir::open(test::identify(::getpid()));
        const auto children = scan::children_of(*self);
        for (const ProcessId& id : children.value()) {
            const auto dir = scan::ProcessDir::open(id);
            const auto stat = dir ? dir->stat() : tl::unexpected(dir.error());
            if (stat && stat->state != 'Z') living.push_back(id);
        }
        return living;
    }

    static scan::Server server_of(const std::vector<ProcessId>& members) {
        scan::Server server = support::server(members.front().pid).type("test").orphaned().build();
        const scan::Member member = server.members.front();
        server.members.clear();
        for (const ProcessId& id : members) {
            server.members.push_back(member);
            server.members.back().id = id;
        }
        server.id = members.front();
        server.uid = ::getuid();
        return server;
    }

    Outcome end(const std::vector<ProcessId>& members, std::chrono::milliseconds grace) {
        Termination termination(server_of(members), {}, host_, grace, host_.now());
        if (!termination.hold() || !termination.begin()) return termination.outcome();
        while (const auto next = termination.advance()) {
            std::vector<const Held*> waiting;
            termination.waiting_for(waiting);
            host_.wait(waiting, *next);
        }
        return termination.outcome();
    }

    static std::unique_ptr<Cages> cages() {
        auto chosen = choose_cages();
        if (chosen->abilities().freeze) return chosen;
        return std::make_unique<NoCages>("none here");
    }
    [[nodiscard]] bool caged() { return host_.cages().abilities().freeze; }

    SystemHost host_{classifier(), {}, cages()};
};

void ignore_sigterm() {
    ::signal(SIGTERM, SIG_IGN);
}

TEST_F(SystemHostTest, HoldsNeitherInitNorItselfNorWhoHasAPidToday) {
    EXPECT_FALSE(host_.hold(test::identify(1)));
    EXPECT_FALSE(host_.hold(test::identify(::getpid())));
    const Child child = Child::fork();
    const ProcessId before{child.pid(), child.id().start - Ticks(1)};
    const auto replaced = host_.hold(before);
    ASSERT_FALSE(replaced);
    EXPECT_EQ(replaced.error().errno_code, ESRCH);
    EXPECT_TRUE(host_.hold(child.id()));
}

TEST_F(SystemHostTest, AHandleStaysWithItsProcess) {
    Child child = Child::fork();
    const auto held = host_.hold(child.id());
    ASSERT_TRUE(held);
    EXPECT_FALSE((*held)->ended());
    child.end();
    EXPECT_TRUE((*held)->ended());
    const auto signalled = (*held)->signal(SIGTERM);
    ASSERT_FALSE(signalled);
    EXPECT_EQ(signalled.error().errno_code, ESRCH);
}

TEST_F(SystemHostTest, MayNotHoldAnotherUsersProcess) {
    if (!test::is_root()) GTEST_SKIP() << "only root has processes of two users";
    const Child child = Child::fork();
    const std::string answer = test::run_as(test::kNobody, [&]() -> std::string {
        const auto held = ProcessHandle::open(child.id());
        return held ? "held" : held.error().errno_code == EPERM ? "EPERM" : held.error().message();
    });
    EXPECT_EQ(answer, "EPERM");
}

TEST_F(SystemHostTest, FindsGrandchildrenAndTheChildrenOfThreads) {
    const Child child = Child::fork({}, [] {
        const auto forked = [] {
            if (::fork() == 0) {
                for (;;) ::pause();
            }
        };
        if (::fork() == 0) {
            forked();
            for (;;) ::pause();
        }
        std::thread([&] { forked(); }).join();
        std::thread([&] {
            forked();
            for (;;) ::pause();
        }).detach();
        // Four below: waited for where they can be seen.
        for (;;) {
            const auto self = scan::ProcessDir::open(test::identify(::getpid()));
            const auto children = scan::children_of(*self);
            if (!children || children->size() < 3) continue;
            std::size_t grandchildren = 0;
            for (const ProcessId& id : *children) {
                const auto dir = scan::ProcessDir::open(id);
                const auto below = scan::children_of(*dir);
                grandchildren += below ? below->size() : 0;
            }
            if (grandchildren == 1) return;
        }
    });
    const std::array ids = {child.id()};
    const auto found = host_.with_descendants(ids, {});
    EXPECT_EQ(found.size(), 5U);
    for (const Found& one : found) EXPECT_EQ(one.protected_as, "");
    EXPECT_EQ(end({child.id()}, 50ms).ended.size(), 5U);
}

TEST_F(SystemHostTest, WhatBelongsToOthersIsNoDescendant) {
    const Child child = Child::fork();
    const std::array ids = {child.id()};
    EXPECT_TRUE(host_.with_descendants(ids, {child.id()}).empty());
}

TEST_F(SystemHostTest, NeverEndsWhoStartedIt) {
    const auto parent = test::identify(::getppid());
    ASSERT_TRUE(host_.find(parent));
    EXPECT_NE(host_.find(parent)->protected_as, "");
    // Only held, and by the looks of it never signalled: a mistake here would end the test's caller.
    Termination termination(server_of({parent}), {}, host_, 50ms, host_.now());
    EXPECT_FALSE(termination.hold());
    EXPECT_FALSE(succeeded(termination.outcome().effect));
}

TEST_F(SystemHostTest, OneThatHeedsSigtermIsEnded) {
    const Child child = Child::fork();
    const Outcome outcome = end({child.id()}, 60s);
    EXPECT_EQ(outcome.effect, Effect::ended) << outcome.why;
    EXPECT_LT(outcome.took, 10s);
}

TEST_F(SystemHostTest, OneThatIgnoresSigtermIsKilled) {
    const Child child = Child::fork({}, ignore_sigterm);
    const Outcome outcome = end({child.id()}, 40ms);
    EXPECT_EQ(outcome.effect, Effect::killed) << outcome.why;
    EXPECT_GE(outcome.took, 40ms);
    EXPECT_TRUE(adopted().empty());
}

TEST_F(SystemHostTest, StoppedOneEnds) {
    const Child child = Child::fork();
    child.signal(SIGSTOP);
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(child.pid()), &info, WSTOPPED | WNOWAIT);
    EXPECT_EQ(end({child.id()}, 10s).effect, Effect::ended);
}

TEST_F(SystemHostTest, OneThatForksOnSigtermLeavesNothing) {
    const Child child = Child::fork({}, [] {
        ::signal(SIGTERM, [](int) {
            if (::fork() == 0) ::signal(SIGTERM, SIG_IGN);
        });
    });
    const Outcome outcome = end({child.id()}, 60ms);
    EXPECT_EQ(outcome.effect, Effect::killed) << outcome.why;
    EXPECT_TRUE(adopted().empty());
}

TEST_F(SystemHostTest, OneThatDoubleForksWithSetsidOnSigtermLeavesNothing) {
    if (!caged())
        GTEST_SKIP() << "this host has no freezer for us: " << host_.cages().abilities().why_none;
    const Child child = Child::fork({}, [] {
        ::signal(SIGTERM, [](int) {
            if (::fork() == 0) {
                ::setsid();
                ::signal(SIGTERM, SIG_IGN);
                if (::fork() != 0) ::_exit(0);
            } else {
                ::_exit(0);
            }
        });
    });
    const Outcome outcome = end({child.id()}, 60ms);
    EXPECT_EQ(outcome.effect, Effect::killed) << outcome.why;
    EXPECT_EQ(outcome.why, "");
    EXPECT_TRUE(adopted().empty());
}

TEST_F(SystemHostTest, OneThatForksAsFastAsItCanIsOutrun) {
    const Child child = Child::fork({}, [] {
        ::signal(SIGTERM, SIG_IGN);
        ::signal(SIGCHLD, SIG_IGN);
        if (::fork() != 0) return;
        for (;;) {
            if (::fork() == 0) {
                ::usleep(2000);
                ::_exit(0);
            }
        }
    });
    const Outcome outcome = end({child.id()}, 40ms);
    EXPECT_EQ(outcome.effect, Effect::killed) << outcome.why;
    EXPECT_TRUE(adopted().empty());
}

}  // namespace
}  // namespace reaper::enforce
