// A server that does not want to end, under any name and with any arguments: says "ready" and does what
// its environment says, so that its command line is free.
//   STUBBORN_LEDGER=file   maps that file (ledger.h), and notes every process in it that it ever starts
//   STUBBORN=word,word…
//     deaf        never heeds SIGTERM (else it ends on the first that nothing below is done on)
//     twice       ends on the second SIGTERM only
//     forks       on SIGTERM: three children, which are like itself but for this, and it ends
//     escapes     on SIGTERM: a grandchild in a session of its own with nothing of ours open, deaf, and
//                 it ends
//     chains      on SIGTERM: four lines of processes, each of which forks the next and ends
//     spawns      all the time: children that end after some milliseconds
//     restarts    is a supervisor: has a server below it (as deaf as itself), and starts the next when
//                 that has ended
//     agent       has a child named claude
//     adopts      on SIGTERM: a child named claude, and it stays
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>

#include "ledger.h"

namespace {

using reaper::integration::LedgerPage;

LedgerPage* ledger = nullptr;

bool told(const char* word) {
    const char* const words = std::getenv("STUBBORN");
    return words != nullptr &&
           (',' + std::string(words) + ',').find(std::string(",") + word + ',') != std::string::npos;
}

void open_ledger() {
    const char* const path = std::getenv("STUBBORN_LEDGER");
    const int file = path == nullptr ? -1 : open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) _exit(3);
    void* const page = mmap(nullptr, sizeof(LedgerPage), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (page == MAP_FAILED) _exit(3);
    ledger = static_cast<LedgerPage*>(page);
}

/// As fork(2). The kernel notes the child's pid before the child runs and before we go on: however
/// early either is killed, it is in the ledger. No fork where that is full.
pid_t noted_fork() {
    const unsigned slot = ledger->count.fetch_add(1);
    if (slot >= LedgerPage::kMost) return -1;
    return static_cast<pid_t>(
        syscall(SYS_clone, CLONE_PARENT_SETTID | SIGCHLD, 0, &ledger->pids[slot], 0, 0));
}

[[noreturn]] void stay() {
    for (;;) pause();
}

void become(const char* behaviour, std::initializer_list<const char*> line) {
    setenv("STUBBORN", behaviour, 1);
    setenv("STUBBORN_QUIET", "1", 1);  // Its parent says "ready" for both.
    std::array<char*, 8> argv{};
    std::size_t i = 0;
    for (const char* word : line) argv[i++] = const_cast<char*>(word);
    execv("/proc/self/exe", argv.data());
    _exit(127);
}

/// Returns when the agent has become one and has the ledger again: for a moment in between nothing shows
/// that it is one of ours.
void start_agent() {
    int begun[2];
    if (pipe(begun) != 0) _exit(1);
    if (noted_fork() == 0) {
        close(begun[0]);
        setenv("STUBBORN_BEGUN", std::to_string(begun[1]).c_str(), 1);
        become("deaf", {"claude"});
    }
    close(begun[1]);
    char none = 0;
    while (read(begun[0], &none, 1) < 0 && errno == EINTR) {
    }
    close(begun[0]);
}

void start_server() {
    if (noted_fork() == 0) {
        become(told("deaf") ? "deaf" : "", {"node", "/opt/node_modules/.bin/mcp-server-git"});
    }
}

void fork_heirs() {
    for (int i = 0; i < 3; ++i) {
        if (noted_fork() != 0) continue;
        sigset_t all;
        sigfillset(&all);
        signal(SIGTERM, SIG_DFL);
        sigprocmask(SIG_UNBLOCK, &all, nullptr);
        stay();
    }
}

/// As a daemon does it: who began it waits until its child has gone.
void escape() {
    const pid_t child = noted_fork();
    if (child != 0) {
        waitpid(child, nullptr, 0);
        return;
    }
    setsid();
    if (noted_fork() != 0) _exit(0);
    for (int fd = 0; fd < 3; ++fd) close(fd);
    stay();
}

void start_chains() {
    for (int i = 0; i < 4; ++i) {
        if (noted_fork() != 0) continue;
        setsid();
        while (noted_fork() == 0) {
        }
        _exit(0);
    }
}

/// What is asked for on SIGTERM; true where it then ends.
bool obey_sigterm() {
    static int times = 0;
    if (told("forks")) fork_heirs();
    if (told("escapes")) escape();
    if (told("chains")) start_chains();
    if (told("adopts")) start_agent();
    return !told("deaf") && !told("adopts") && (!told("twice") || ++times == 2);
}

}  // namespace

int main() {
    open_ledger();
    if (const char* begun = std::getenv("STUBBORN_BEGUN")) {
        close(std::atoi(begun));
        unsetenv("STUBBORN_BEGUN");
    }
    sigset_t heard;
    sigemptyset(&heard);
    for (const int number : {SIGTERM, SIGCHLD}) sigaddset(&heard, number);
    sigprocmask(SIG_BLOCK, &heard, nullptr);
    if (told("restarts")) start_server();
    if (told("agent")) start_agent();
    if (std::getenv("STUBBORN_QUIET") == nullptr && write(STDOUT_FILENO, "ready\n", 6) != 6) return 1;

    const timespec beat{0, 1'000'000};
    for (;;) {
        const int number =
            told("spawns") ? sigtimedwait(&heard, nullptr, &beat) : sigwaitinfo(&heard, nullptr);
        if (number == SIGTERM && obey_sigterm()) return 0;
        while (waitpid(-1, nullptr, WNOHANG) > 0) {
            if (told("restarts")) start_server();
        }
        if (told("spawns") && noted_fork() == 0) {
            usleep(20'000);
            _exit(0);
        }
    }
}
