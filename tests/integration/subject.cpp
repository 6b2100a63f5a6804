// A program that does nothing, under any name and with any arguments: says "ready" and lives until it is
// killed. What it should look like is told by its environment, so that its command line is free:
//   SUBJECT_COMM=name     the name in /proc/PID/comm
//   SUBJECT_BLANK=1       overwrites its command line with NULs
//   SUBJECT_ZOMBIE=1      has a child that has ended, and does not reap it
//   SUBJECT_SERVER=path   starts that program with a channel: it is its client
//   SUBJECT_PRIVATE=1     may not be looked into by others (as setuid programs, ssh-agent)
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <initializer_list>

namespace {

/// The descriptors stay open in us, which is all that a client does.
void start_server(const char* path) {
    int to_server[2], from_server[2];
    if (pipe(to_server) != 0 || pipe(from_server) != 0) _exit(1);
    if (fork() == 0) {
        dup2(to_server[0], STDIN_FILENO);
        dup2(from_server[1], STDOUT_FILENO);
        for (const int end : {to_server[0], to_server[1], from_server[0], from_server[1]}) close(end);
        unsetenv("SUBJECT_SERVER");
        unsetenv("SUBJECT_COMM");
        execl(path, path, static_cast<char*>(nullptr));
        _exit(127);
    }
    char said[6];
    if (read(from_server[0], said, sizeof said) != sizeof said) _exit(1);
}

}  // namespace

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
    if (const char* server = std::getenv("SUBJECT_SERVER")) start_server(server);
    if (std::getenv("SUBJECT_PRIVATE") != nullptr) prctl(PR_SET_DUMPABLE, 0);
    if (write(STDOUT_FILENO, "ready\n", 6) != 6) return 1;
    for (;;) pause();
}
