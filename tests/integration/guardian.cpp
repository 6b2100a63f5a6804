#include "guardian.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "processes.h"

namespace reaper::integration {
namespace {

pid_t test_process = 0;

void pass_on(int signal) {
    kill(test_process, signal);
}  // Our own child, not yet reaped.

}  // namespace

void start_guardian() {
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) {
        std::perror("prctl(PR_SET_CHILD_SUBREAPER)");
        std::exit(1);
    }
    std::fflush(nullptr);
    test_process = fork();
    if (test_process < 0) {
        std::perror("fork");
        std::exit(1);
    }
    if (test_process == 0) return;

    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::signal(signal, pass_on);
    int outcome = 1;
    int status = 0;
    for (pid_t pid = 0; (pid = waitpid(-1, &status, 0)) != test_process;) {
        if (pid < 0 && errno != EINTR) break;  // Others are orphans that were left to us.
    }
    if (WIFEXITED(status)) outcome = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) {
        std::fprintf(stderr, "the test was ended by signal %d\n", WTERMSIG(status));
        outcome = 1;
    }
    end_all_descendants(getpid());
    std::_Exit(outcome);
}

void end_what_was_started() {
    end_all_descendants(getppid());
}

}  // namespace reaper::integration
