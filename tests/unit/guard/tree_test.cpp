// Real processes below a real subreaper: a child of the test, so that the test itself adopts nobody.
#include "guard/tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <set>
#include <string>

#include "support/child.h"

namespace reaper::guard {
namespace {

/// Becomes a subreaper in a child, and returns what `body` finds there; all it has forked is gone after.
std::string below_a_subreaper(const std::function<std::string()>& body) {
    return test::run_in_child([&] {
        ::prctl(PR_SET_CHILD_SUBREAPER, 1);
        std::string found = body();
        // What is spared is not the test's to leave behind; who loses its parent by that becomes ours.
        do {
            ProcessTree tree(::getpid(), std::nullopt);
            tree.look();
            tree.signal(SIGKILL);
            for (const ProcessId id : tree.spared()) ::kill(id.pid, SIGKILL);
        } while (::wait(nullptr) > 0);
        return found;
    });
}

/// A child that calls itself `name`, and then `body`, and waits to be killed. Returns when it has.
pid_t start(const char* name, const std::function<void()>& body = {}) {
    int told[2];
    if (::pipe(told) != 0) return -1;
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::prctl(PR_SET_NAME, name);
        if (body) body();
        static_cast<void>(!::write(told[1], "!", 1));
        for (;;) ::pause();
    }
    char ready = 0;
    static_cast<void>(!::read(told[0], &ready, 1));
    ::close(told[0]);
    ::close(told[1]);
    return pid;
}

std::set<pid_t> pids(const std::vector<ProcessId>& ids) {
    std::set<pid_t> all;
    for (const ProcessId id : ids) all.insert(id.pid);
    return all;
}

TEST(ProcessTree, FindsWhoHasLostItsParent) {
    EXPECT_EQ(below_a_subreaper([]() -> std::string {
                  int told[2];
                  if (::pipe(told) != 0) return "pipe";
                  const pid_t daemon_parent = ::fork();
                  if (daemon_parent == 0) {
                      ::setsid();
                      const pid_t daemon = start("daemon");
                      static_cast<void>(!::write(told[1], &daemon, sizeof daemon));
                      ::_exit(0);
                  }
                  pid_t daemon = 0;
                  if (::read(told[0], &daemon, sizeof daemon) != sizeof daemon) return "read";
                  ::waitpid(daemon_parent, nullptr, 0);
                  ProcessTree tree(::getpid(), std::nullopt);
                  if (tree.look() != 1) return "not one";
                  return pids(tree.members()) == std::set<pid_t>{daemon} ? "found" : "another";
              }),
              "found");
}

TEST(ProcessTree, SparesWhoIsNeverEndedAndWhatIsBelow) {
    EXPECT_EQ(below_a_subreaper([]() -> std::string {
                  const pid_t server = start("node");
                  const pid_t session = start("tmux: server", [] { start("bash"); });
                  ProcessTree tree(::getpid(), std::nullopt);
                  tree.look();
                  if (pids(tree.spared()) != std::set<pid_t>{session}) return "the tmux is not spared";
                  if (pids(tree.members()) != std::set<pid_t>{server}) return "what is below it is not";
                  tree.signal(SIGKILL);
                  ::waitpid(server, nullptr, 0);
                  const bool lives = ::waitpid(session, nullptr, WNOHANG) == 0;
                  return lives ? "spared" : "the tmux was killed";
              }),
              "spared");
}

TEST(ProcessTree, SparesThePolicysOwnClients) {
    EXPECT_EQ(below_a_subreaper([]() -> std::string {
                  const pid_t server = start("node");
                  test::Child agent = test::Child::exec("/bin/sleep", {"/opt/our-agent", "1000"});
                  ProcessTree without(::getpid(), std::nullopt);
                  without.look();
                  if (!without.spared().empty()) return "it is spared without a policy";
                  ProcessTree tree(::getpid(), std::nullopt, {"(^|/)our-agent( |$)"});
                  tree.look();
                  if (pids(tree.spared()) != std::set<pid_t>{agent.pid()}) return "it is not spared";
                  return pids(tree.members()) == std::set<pid_t>{server} ? "spared" : "alone";
              }),
              "spared");
}

TEST(ProcessTree, NeverSparesTheServerItself) {
    EXPECT_EQ(below_a_subreaper([]() -> std::string {
                  const pid_t server = start("tmux: server");
                  ProcessTree tree(::getpid(), test::identify(server));
                  tree.look();
                  return pids(tree.members()) == std::set<pid_t>{server} ? "in it" : "spared";
              }),
              "in it");
}

TEST(ProcessTree, IsOverWhenAllHaveEndedWhoeverCollectsThem) {
    EXPECT_EQ(below_a_subreaper([]() -> std::string {
                  // Ends uncollected by its parent, which lives.
                  const pid_t parent = start("parent", [] { start("child"); });
                  ProcessTree tree(::getpid(), std::nullopt);
                  if (tree.look() != 2) return "not two";
                  if (tree.look() != 0) return "seen twice";
                  if (tree.over()) return "over";
                  tree.signal(SIGKILL);
                  ::waitpid(parent, nullptr, 0);
                  ::waitpid(-1, nullptr, 0);
                  tree.look();
                  return tree.over() ? "over at last" : "not over";
              }),
              "over at last");
}

// The kernel hands the children of who ends to the root, behind the back of a look that was there
// already.
TEST(ProcessTree, IsNotOverOnTheWordOfALookDuringWhichItsServerEnded) {
    EXPECT_EQ(below_a_subreaper([]() -> std::string {
                  for (int round = 0; round < 300; ++round) {
                      const pid_t server = ::fork();
                      if (server == 0) {
                          for (int child = 0; child < 8; ++child) start("child");
                          ::_exit(0);
                      }
                      ProcessTree tree(::getpid(), std::nullopt);
                      do tree.look();
                      while (!tree.over() && ::waitpid(server, nullptr, WNOHANG) == 0);
                      if (tree.over()) return "said to be over in round " + std::to_string(round);
                      while (!tree.over()) {
                          tree.signal(SIGKILL);
                          tree.look();
                      }
                      while (::waitpid(-1, nullptr, WNOHANG) > 0) {
                      }
                      if (::waitpid(-1, nullptr, WNOHANG) == 0) return "somebody was left";
                  }
                  return "never";
              }),
              "never");
}

TEST(ProcessTree, IsNotOverWhereItCannotSee) {
    EXPECT_EQ(below_a_subreaper([]() -> std::string {
                  start("server");
                  ProcessTree tree(::getpid(), std::nullopt);
                  rlimit limit{};
                  ::getrlimit(RLIMIT_NOFILE, &limit);
                  const rlimit none{0, limit.rlim_max};
                  if (::setrlimit(RLIMIT_NOFILE, &none) != 0) return "no limit";
                  tree.look();
                  ::setrlimit(RLIMIT_NOFILE, &limit);
                  return tree.over() ? "over" : "not over";
              }),
              "not over");
}

TEST(ProcessTree, EndsMoreThanThereAreDescriptors) {
    EXPECT_EQ(below_a_subreaper([]() -> std::string {
                  for (int child = 0; child < 150; ++child) start("child");
                  rlimit limit{};
                  ::getrlimit(RLIMIT_NOFILE, &limit);
                  const rlimit few{40, limit.rlim_max};
                  ::setrlimit(RLIMIT_NOFILE, &few);
                  ProcessTree tree(::getpid(), std::nullopt);
                  for (int round = 0; round < 1000 && !tree.over(); ++round) {
                      tree.look();
                      tree.signal(SIGKILL);
                  }
                  ::setrlimit(RLIMIT_NOFILE, &limit);
                  if (!tree.over()) return "not over";
                  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
                  }
                  return ::waitpid(-1, nullptr, WNOHANG) < 0 ? "all" : "some are left";
              }),
              "all");
}

// A sudo that the server has started: neither ours to signal nor to wait for.
TEST(ProcessTree, DoesNotWaitForAProcessOfAnotherUser) {
    if (!test::is_root()) GTEST_SKIP() << "two users are needed";
    EXPECT_EQ(below_a_subreaper([]() -> std::string {
                  int stay[2];
                  if (::pipe(stay) != 0) return "pipe";
                  const pid_t sudo = ::fork();
                  if (sudo == 0) {
                      ::close(stay[1]);
                      char none = 0;
                      static_cast<void>(!::read(stay[0], &none, 1));
                      ::_exit(0);
                  }
                  const pid_t server = start("server", [] { test::become(test::kNobody); });
                  test::become(test::kNobody);
                  ProcessTree tree(::getpid(), test::identify(server));
                  tree.look();
                  if (pids(tree.members()) != std::set<pid_t>{server}) return "it is held";
                  if (tree.over()) return "over before the server is";
                  tree.signal(SIGKILL);
                  ::waitpid(server, nullptr, 0);
                  tree.look();
                  const bool over = tree.over();
                  ::close(stay[1]);
                  ::waitpid(sudo, nullptr, 0);
                  return over ? "not waited for" : "waited for";
              }),
              "not waited for");
}

TEST(ProcessTree, HoldsNobodyOutsideOfIt) {
    const test::Child bystander = test::Child::fork();
    EXPECT_EQ(below_a_subreaper([]() -> std::string {
                  ProcessTree tree(::getpid(), std::nullopt);
                  return tree.look() == 0 && tree.over() ? "nobody" : "somebody";
              }),
              "nobody");
}

}  // namespace
}  // namespace reaper::guard
