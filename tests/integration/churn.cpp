// A host at work, in small: processes that begin, execute, rename themselves, lose their clients and
// end, all the time. What it is to be is told by its environment, so that its command line is free:
//   CHURN=forks    so many children a second (CHURN_RATE) that end at once; one in twenty executes first
//   CHURN=clients  client after client, each of which leaves its servers behind when it ends
//   CHURN=client   starts and ends servers, and closes their channels, for two seconds
//   CHURN=server   a server; on SIGUSR1 it takes another title, on SIGUSR2 it executes as another
//   program,
//                  on SIGHUP it forks a helper. It ends by itself within some seconds.
// Nothing of it outlives the program that it was started by for longer than that.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace {

char** g_argv;
char* g_argv_end;

constexpr unsigned kLifeOfServer = 5;  // seconds

std::mt19937& dice() {
    static std::mt19937 engine(static_cast<unsigned>(getpid()));
    return engine;
}

unsigned roll(unsigned sides) {
    return std::uniform_int_distribution<unsigned>(0, sides - 1)(dice());
}

void pause_for(long milliseconds) {
    const timespec span{milliseconds / 1000, milliseconds % 1000 * 1'000'000};
    nanosleep(&span, nullptr);
}

using Line = std::vector<std::string>;

const Line& some_line() {
    static const std::vector<Line> kLines = {
        {"mcp-server-git", "--repository", "/srv/a-long-path-that-leaves-room-for-titles"},
        {"node", "/opt/node_modules/.bin/mcp-server-filesystem", "/srv/some/where/else/and/further"},
        {"npm exec @modelcontextprotocol/server-memory", "and-what-stood-behind-it-before-the-title"},
        {"node", "dist/index.js", "--with", "some", "arguments", "behind", "it", "to", "leave", "room"},
        {"python3", "-m", "mcp_server_fetch", "--and", "some", "more", "for", "a", "title"}};
    return kLines[roll(static_cast<unsigned>(kLines.size()))];
}

[[noreturn]] void execute(const Line& line, const char* role) {
    std::vector<char*> argv;
    for (const std::string& word : line) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    setenv("CHURN", role, 1);
    execv("/proc/self/exe", argv.data());
    _exit(127);
}

// ---- CHURN=forks

[[noreturn]] void forks() {
    const char* const text = std::getenv("CHURN_RATE");
    const int rate = text == nullptr ? 2000 : std::atoi(text);
    timespec began{};
    clock_gettime(CLOCK_MONOTONIC, &began);
    for (long count = 0;; pause_for(5)) {
        timespec now{};
        clock_gettime(CLOCK_MONOTONIC, &now);
        const long passed =
            (now.tv_sec - began.tv_sec) * 1000 + (now.tv_nsec - began.tv_nsec) / 1'000'000;
        for (; count < passed * rate / 1000; ++count) {
            const pid_t child = vfork();
            if (child == 0 && count % 20 == 0) execl("/bin/true", "true", static_cast<char*>(nullptr));
            if (child == 0) _exit(0);
            while (waitpid(-1, nullptr, WNOHANG) > 0) {
            }
        }
    }
}

// ---- CHURN=server

void retitle(int) {
    static const char* const kTitles[] = {"mcp-server-time", "npm exec mcp-server-sqlite", "node x.js"};
    static unsigned count = 0;
    const char* const title = kTitles[count++ % 3];
    const auto room = static_cast<std::size_t>(g_argv_end - g_argv[0]);
    std::memset(g_argv[0], 0, room);
    std::strncpy(g_argv[0], title, room - 1);
    prctl(PR_SET_NAME, title);
}

void execute_anew(int) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    execute(some_line(), "server");
}

void fork_helper(int) {
    if (fork() != 0) return;
    alarm(1 + roll(3));
    for (;;) pause();
}

[[noreturn]] void server() {
    signal(SIGUSR1, retitle);
    signal(SIGUSR2, execute_anew);
    signal(SIGHUP, fork_helper);
    signal(SIGCHLD, roll(2) == 0 ? SIG_IGN : SIG_DFL);
    alarm(1 + roll(kLifeOfServer));
    const bool wraps = std::strncmp(g_argv[0], "npm", 3) == 0;
    if (wraps && fork() == 0) execute({"node", "/opt/node_modules/.bin/mcp-server-memory"}, "server");
    for (;;) pause();
}

// ---- CHURN=client

struct Started {
    pid_t pid = 0;
    int to = -1;
    int from = -1;
};

Started start_server() {
    int in[2];
    int out[2];
    const bool pipes = roll(2) == 0;
    if ((pipes ? pipe(in) : socketpair(AF_UNIX, SOCK_STREAM, 0, in)) != 0) _exit(1);
    if ((pipes ? pipe(out) : socketpair(AF_UNIX, SOCK_STREAM, 0, out)) != 0) _exit(1);
    const pid_t child = fork();
    if (child == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        for (int fd = 3; fd < 256; ++fd) close(fd);
        execute(some_line(), "server");
    }
    close(in[0]);
    close(out[1]);
    return {child, in[1], out[0]};
}

void hang_up(Started& server) {
    close(server.to);
    close(server.from);
    server.to = server.from = -1;
}

[[noreturn]] void client() {
    std::vector<Started> servers;
    for (int step = 0; step < 40; ++step, pause_for(30 + roll(40))) {
        if (servers.size() < 5) servers.push_back(start_server());
        Started& one = servers[roll(static_cast<unsigned>(servers.size()))];
        switch (roll(8)) {
            case 0:
                kill(one.pid, SIGUSR1);
                break;
            case 1:
                kill(one.pid, SIGUSR2);
                break;
            case 2:
                kill(one.pid, SIGHUP);
                break;
            case 3:
                if (one.to >= 0) hang_up(one);
                break;
            case 4:
                kill(one.pid, SIGKILL);  // Our own child, which we have not waited for.
                pause_for(roll(50));
                waitpid(one.pid, nullptr, 0);
                if (one.to >= 0) hang_up(one);
                one = servers.back();
                servers.pop_back();
                break;
            default:
                break;
        }
    }
    _exit(0);
}

[[noreturn]] void clients() {
    for (;;) {
        const pid_t child = fork();
        if (child == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            execute({roll(2) == 0 ? "claude" : "an-unknown-agent"}, "client");
        }
        waitpid(child, nullptr, 0);
    }
}

}  // namespace

int main(int argc, char** argv) {
    g_argv = argv;
    g_argv_end = argv[argc - 1] + std::strlen(argv[argc - 1]);
    const std::string role = std::getenv("CHURN") == nullptr ? "" : std::getenv("CHURN");
    if (role == "server") server();
    if (role == "client") client();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (role == "forks") forks();
    if (role == "clients") clients();
    return 2;
}
