// A program that does nothing, under any name and with any arguments: says "ready" and lives until it is
// killed. What it should look like is told by its environment, so that its command line is free:
//   SUBJECT_COMM=name     the name in /proc/PID/comm
//   SUBJECT_BLANK=1       overwrites its command line with NULs
//   SUBJECT_ZOMBIE=1      has a child that has ended, and does not reap it
//   SUBJECT_PRIVATE=1     may not be looked into by others (as setuid programs, ssh-agent)
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

int main(int argc, char** argv) {
    if (const char* name = std::getenv("SUBJECT_COMM")) prctl(PR_SET_NAME, name);
    if (std::getenv("SUBJECT_BLANK") != nullptr) {
        for (int i = 0; i < argc; ++i) std::memset(argv[i], 0, std::strlen(argv[i]));
    }
    if (std::getenv("SUBJECT_ZOMBIE") != nullptr) {
        const pid_t child = fork();
        if (child == 0) _exit(0);
        siginfo_t info;
        waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);
    }
    if (std::getenv("SUBJECT_PRIVATE") != nullptr) prctl(PR_SET_DUMPABLE, 0);
    if (write(STDOUT_FILENO, "ready\n", 6) != 6) return 1;
    for (;;) pause();
}
