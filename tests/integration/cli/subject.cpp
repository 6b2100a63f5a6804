#include "cli/subject.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <utility>

namespace reaper::cli_test {
namespace {

constexpr const char* kVariable = "REAPER_CLI_TEST_SUBJECT";

}  // namespace

bool is_subject() {
    return std::getenv(kVariable) != nullptr;
}

void be_subject() {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::signal(SIGPIPE, SIG_IGN);
    // Tells the test that its command line is in place now.
    if (::write(STDOUT_FILENO, "!", 1) != 1) std::_Exit(1);
    for (;;) ::pause();
}

Subject::Subject(std::vector<std::string> command_line) {
    std::array<int, 2> in{};
    std::array<int, 2> out{};
    if (::pipe2(in.data(), O_CLOEXEC) != 0 || ::pipe2(out.data(), O_CLOEXEC) != 0) std::abort();
    pid_ = ::fork();
    if (pid_ == 0) {
        ::dup2(in[0], STDIN_FILENO);
        ::dup2(out[1], STDOUT_FILENO);
        std::vector<char*> argv;
        for (std::string& argument : command_line) argv.push_back(argument.data());
        argv.push_back(nullptr);
        std::string variable = std::string(kVariable) + "=1";
        std::array<char*, 2> envp = {variable.data(), nullptr};
        ::execve("/proc/self/exe", argv.data(), envp.data());
        ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    in_ = in[1];
    out_ = out[0];
    char ready = 0;
    if (::read(out_, &ready, 1) != 1) std::abort();
}

Subject::~Subject() {
    hang_up();
    ::kill(pid_, SIGKILL);  // Our own child, not yet waited for: the pid is still its own.
    ::waitpid(pid_, nullptr, 0);
}

void Subject::hang_up() {
    for (int* const fd : {&in_, &out_}) {
        if (*fd >= 0) ::close(std::exchange(*fd, -1));
    }
}

std::string subject_type() {
    return "reaper-cli-p" + std::to_string(::getpid()) + 'e';
}

std::vector<std::string> server_command_line() {
    return {"node", "/opt/tools/node_modules/.bin/mcp-server-" + subject_type(),
            "--api-key=sk-verysecret1234567890"};
}

}  // namespace reaper::cli_test
