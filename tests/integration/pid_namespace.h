// A pid namespace of a test's own: the host's other processes do not exist in it, and it says which pid
// comes next.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <functional>
#include <string>

namespace reaper::integration {

/// Why there can be none here; empty where there can.
std::string why_no_pid_namespace();

/// Runs `body` in a child of ours that is process 2 of a new namespace, with a /proc of its own; process
/// 1 is its guardian, to which orphans come. All that is in it ends with it. A failure in `body`, or its
/// death, is a failure of the test.
void in_pid_namespace(const std::function<void()>& body);

/// In such a namespace: there are no control groups any more. Who acts here then makes no cages, and
/// tidies away none of those that other tests have made at the same time.
void hide_control_groups();

/// In such a namespace: the next process gets this pid if it is free.
void let_next_pid_be(pid_t pid);

/// For tests that take one.
class InPidNamespace : public ::testing::Test {
  protected:
    void SetUp() override {
        if (const std::string why = why_no_pid_namespace(); !why.empty()) GTEST_SKIP() << why;
    }
};

}  // namespace reaper::integration
