#include "scan/children.h"

#include <gtest/gtest.h>

#include <thread>

#include "support/child.h"

namespace reaper::scan {
namespace {

using test::Child;

TEST(Children, AreThoseOfAllThreadsWithTheirIdentity) {
    const auto self = ProcessDir::open(test::identify(::getpid()));
    ASSERT_TRUE(self);
    const auto before = children_of(*self);
    ASSERT_TRUE(before) << before.error().message();
    const Child one = Child::fork();
    std::optional<Child> other;
    test::Pair done = test::make_pipe();
    std::thread thread([&] {
        other.emplace(Child::fork());  // Lives as long as this thread: PR_SET_PDEATHSIG.
        char c = 0;
        EXPECT_EQ(::read(done.first.get(), &c, 1), 0);
    });
    while (children_of(*self)->size() < before->size() + 2) std::this_thread::yield();
    const auto after = children_of(*self);
    EXPECT_NE(std::find(after->begin(), after->end(), one.id()), after->end());
    done.second.close();
    thread.join();
    other->end();
}

TEST(Children, OfOneThatHasEndedAreNotTold) {
    Child child = Child::fork();
    const auto dir = ProcessDir::open(child.id());
    child.end();
    const auto children = children_of(*dir);
    ASSERT_FALSE(children);
    EXPECT_TRUE(says_gone(children.error()));
    EXPECT_TRUE(says_gone(identify(child.pid()).error()));
}

TEST(Children, IdentityIsPidAndStartTime) {
    const Child child = Child::fork();
    EXPECT_EQ(identify(child.pid()).value(), child.id());
}

}  // namespace
}  // namespace reaper::scan
