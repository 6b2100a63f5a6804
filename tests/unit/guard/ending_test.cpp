#include "guard/ending.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <vector>

namespace reaper::guard {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

MonotonicTime at(std::chrono::milliseconds time) {
    return MonotonicTime(1000s) + time;
}

/// Ends when it gets `heeds`, the `times`th time.
class ModelTree final : public Tree {
  public:
    explicit ModelTree(int heeds, int times = 1) : heeds_(heeds), times_(times) {}
    std::size_t look() override { return std::exchange(forks_, 0) > 0 ? 1 : 0; }
    [[nodiscard]] bool over() const override { return times_ == 0; }
    void signal(int number) override {
        got.push_back(number);
        if (number == heeds_) --times_;
    }
    void fork() { forks_ = 1; }
    void end() { times_ = 0; }
    std::vector<int> got;

  private:
    int heeds_;
    int times_;
    int forks_ = 0;
};

TEST(Ending, SendsNothingToWhoObeysTheClosedStdin) {
    ModelTree tree(SIGTERM);
    Ending ending({2s, 10s}, Ending::From::closed_stdin, at(0s));
    EXPECT_EQ(ending.step(tree, at(0s)), at(2s));
    EXPECT_EQ(ending.step(tree, at(1999ms)), at(2s));
    tree.end();
    EXPECT_FALSE(ending.step(tree, at(1999ms)));
    EXPECT_THAT(tree.got, IsEmpty());
}

TEST(Ending, TerminatesThenInsistsThenKills) {
    ModelTree tree(SIGKILL);
    Ending ending({2s, 10s}, Ending::From::closed_stdin, at(0s));
    EXPECT_EQ(ending.step(tree, at(2s)), at(7s));
    EXPECT_EQ(ending.step(tree, at(7s)), at(12s));
    EXPECT_THAT(tree.got, ElementsAre(SIGTERM, SIGCONT, SIGTERM, SIGCONT));
    EXPECT_TRUE(ending.step(tree, at(12s)));
    EXPECT_THAT(tree.got, ElementsAre(SIGTERM, SIGCONT, SIGTERM, SIGCONT, SIGSTOP, SIGKILL));
    EXPECT_FALSE(ending.step(tree, at(13s)));
}

TEST(Ending, StopsWhoForksUntilAllOfItIsSeen) {
    ModelTree tree(SIGKILL);
    Ending ending({2s, 10s}, Ending::From::sigkill, at(0s));
    tree.look();
    // The look of the step itself sees nothing new; the one behind the stop does.
    class Forking final : public Tree {
      public:
        std::size_t look() override { return looks_++ == 1 ? 1 : 0; }
        [[nodiscard]] bool over() const override { return false; }
        void signal(int number) override { got.push_back(number); }
        std::vector<int> got;

      private:
        int looks_ = 0;
    } forking;
    EXPECT_TRUE(ending.step(forking, at(0s)));
    EXPECT_THAT(forking.got, ElementsAre(SIGSTOP, SIGSTOP, SIGKILL));
}

TEST(Ending, HurriesAndNeverGoesBack) {
    ModelTree tree(SIGKILL);
    Ending ending({2s, 10s}, Ending::From::closed_stdin, at(0s));
    EXPECT_EQ(ending.step(tree, at(0s)), at(2s));
    ending.hurry(Ending::From::sigterm, at(1s));
    EXPECT_EQ(ending.step(tree, at(1s)), at(6s));
    ending.hurry(Ending::From::sigterm, at(2s));
    EXPECT_EQ(ending.step(tree, at(2s)), at(6s)) << "it has been asked";
    ending.hurry(Ending::From::sigkill, at(3s));
    ASSERT_TRUE(ending.step(tree, at(3s)));
    EXPECT_TRUE(tree.over());
}

}  // namespace
}  // namespace reaper::guard
