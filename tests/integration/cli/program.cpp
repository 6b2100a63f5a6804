#include "cli/program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <utility>

namespace reaper::cli_test {
namespace {

struct Pipe {
    int read = -1;
    int write = -1;
};

Pipe make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) std::abort();
    return {ends[0], ends[1]};
}

int code_of(int status) {
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/// As a terminal's shell leaves them, whatever this test was started by (`&` ignores SIGINT).
void reset_signals() {
    for (const int signal : {SIGPIPE, SIGINT, SIGTERM, SIGHUP}) std::signal(signal, SIG_DFL);
}

[[noreturn]] void become_program(const Call& call) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // Should the test be killed, its children go with it.
    std::map<std::string, std::string> variables = call.environment;
    variables.insert({{"LC_ALL", "C.UTF-8"}, {"HOME", "/nonexistent"}, {"PATH", "/usr/bin:/bin"}});
    std::vector<std::string> environment;
    for (const auto& [name, value] : variables) environment.push_back(name + '=' + value);
    std::vector<std::string> arguments = {"mcp-reaper"};
    arguments.insert(arguments.end(), call.arguments.begin(), call.arguments.end());
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    std::vector<char*> envp;
    for (std::string& variable : environment) envp.push_back(variable.data());
    envp.push_back(nullptr);
    if (call.in_child) call.in_child();
    ::execve(REAPER_PROGRAM, argv.data(), envp.data());
    ::_exit(127);
}

/// Writes `input` and reads both outputs until all are at their end.
void converse(int in, const std::string& input, int out, std::string& out_text, int err,
              std::string& err_text) {
    std::size_t written = 0;
    ::fcntl(in, F_SETFL, O_NONBLOCK);
    std::array<pollfd, 3> ends = {pollfd{in, POLLOUT, 0}, pollfd{out, POLLIN, 0},
                                  pollfd{err, POLLIN, 0}};
    const auto finish = [](pollfd& end) {
        if (end.fd >= 0) ::close(end.fd);
        end.fd = -1;
    };
    if (input.empty()) finish(ends[0]);
    while (ends[0].fd >= 0 || ends[1].fd >= 0 || ends[2].fd >= 0) {
        if (::poll(ends.data(), ends.size(), -1) < 0) continue;
        if (ends[0].revents != 0) {
            const ssize_t n = ::write(ends[0].fd, input.data() + written, input.size() - written);
            if (n > 0) written += static_cast<std::size_t>(n);
            if (written == input.size() || (n < 0 && errno != EAGAIN)) finish(ends[0]);
        }
        for (const std::size_t i : {std::size_t{1}, std::size_t{2}}) {
            if (ends[i].fd < 0 || ends[i].revents == 0) continue;
            std::array<char, 65536> bytes{};
            const ssize_t n = ::read(ends[i].fd, bytes.data(), bytes.size());
            // A terminal whose last user has gone answers EIO.
            if (n <= 0) finish(ends[i]);
            if (n > 0) (i == 1 ? out_text : err_text).append(bytes.data(), static_cast<std::size_t>(n));
        }
    }
}

struct Terminal {
    int master = -1;
    int slave = -1;
};

Terminal open_terminal(unsigned short columns) {
    Terminal terminal;
    winsize size{};
    size.ws_row = 24;
    size.ws_col = columns;
    if (::openpty(&terminal.master, &terminal.slave, nullptr, nullptr, &size) != 0) std::abort();
    ::fcntl(terminal.master, F_SETFD, FD_CLOEXEC);
    ::fcntl(terminal.slave, F_SETFD, FD_CLOEXEC);
    return terminal;
}

/// The two ends of standard output: ours to read (or -1), the child's (or -1 for none).
Pipe make_output(const Call& call) {
    switch (call.out) {
        case StdOut::gathered:
            return make_pipe();
        case StdOut::full_disk:
            return {-1, ::open("/dev/full", O_WRONLY | O_CLOEXEC)};
        case StdOut::closed:
            return {-1, -1};
        case StdOut::terminal: {
            const Terminal terminal = open_terminal(call.columns);
            return {terminal.master, terminal.slave};
        }
        case StdOut::closed_pipe: {
            const Pipe pipe = make_pipe();
            ::close(pipe.read);
            return {-1, pipe.write};
        }
    }
    std::abort();
}

void wire(int in, int out, int err) {
    ::dup2(in, STDIN_FILENO);
    ::dup2(err, STDERR_FILENO);
    if (out >= 0) {
        ::dup2(out, STDOUT_FILENO);
    } else {
        ::close(STDOUT_FILENO);
    }
}

}  // namespace

Outcome run(const Call& call) {
    std::signal(SIGPIPE, SIG_IGN);
    const Pipe in = make_pipe();
    const Pipe err = make_pipe();
    const Pipe out = make_output(call);
    const pid_t pid = ::fork();
    if (pid == 0) {
        reset_signals();
        wire(in.read, out.write, err.write);
        become_program(call);
    }
    ::close(in.read);
    ::close(err.write);
    if (out.write >= 0) ::close(out.write);
    Outcome outcome;
    converse(in.write, call.input, out.read, outcome.out, err.read, outcome.err);
    int status = 0;
    ::waitpid(pid, &status, 0);
    outcome.code = code_of(status);
    return outcome;
}

Outcome run(std::vector<std::string> arguments, std::string input) {
    Call call;
    call.arguments = std::move(arguments);
    call.input = std::move(input);
    return run(call);
}

Running::Running(std::vector<std::string> arguments) {
    std::signal(SIGPIPE, SIG_IGN);
    const Pipe in = make_pipe();
    const Pipe out = make_pipe();
    const Pipe err = make_pipe();
    pid_ = ::fork();
    if (pid_ == 0) {
        reset_signals();
        wire(in.read, out.write, err.write);
        Call call;
        call.arguments = std::move(arguments);
        become_program(call);
    }
    ::close(in.read);
    ::close(out.write);
    ::close(err.write);
    in_ = in.write;
    out_ = out.read;
    err_ = err.read;
}

Running::~Running() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);  // Our own child, not yet waited for: the pid is still its own.
        ::waitpid(pid_, nullptr, 0);
    }
    for (const int fd : {in_, out_, err_}) {
        if (fd >= 0) ::close(fd);
    }
}

void Running::write(const std::string& text) const {
    EXPECT_EQ(::write(in_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

void Running::close_input() {
    ::close(std::exchange(in_, -1));
}

std::string Running::read_line() {
    for (;;) {
        const std::size_t end = unread_.find('\n');
        if (end != std::string::npos) {
            std::string line = unread_.substr(0, end);
            unread_.erase(0, end + 1);
            return line;
        }
        pollfd waiting{out_, POLLIN, 0};
        if (::poll(&waiting, 1, 10'000) != 1) {
            ADD_FAILURE() << "no line came; so far: " << unread_;
            return unread_;
        }
        std::array<char, 65536> bytes{};
        const ssize_t n = ::read(out_, bytes.data(), bytes.size());
        if (n <= 0) {
            ADD_FAILURE() << "the program ended before a line was whole: " << unread_;
            return unread_;
        }
        unread_.append(bytes.data(), static_cast<std::size_t>(n));
    }
}

void Running::wait_until_asleep() const {
    // Nothing tells of a process that goes to sleep: look until it has.
    const std::string asleep = std::to_string(SYS_clock_nanosleep) + ' ';
    for (int tries = 0; tries < 5000; ++tries) {
        if (contents("/proc/" + std::to_string(pid_) + "/syscall").starts_with(asleep)) return;
        ::usleep(2000);
    }
    ADD_FAILURE() << "the program did not go to sleep";
}

void Running::signal(int number) const {
    ::kill(pid_, number);
}

Outcome Running::wait() {
    Outcome outcome;
    outcome.out = std::exchange(unread_, "");
    converse(std::exchange(in_, -1), "", std::exchange(out_, -1), outcome.out, std::exchange(err_, -1),
             outcome.err);
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    outcome.code = code_of(status);
    return outcome;
}

TemporaryDirectory::TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "reaper-cli-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryDirectory::with(const std::string& name, const std::string& text) const {
    std::ofstream(file(name), std::ios::binary) << text;
    return file(name);
}

std::string contents(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> all;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
        if (!line.empty() && line.back() == '\r') line.pop_back();
        all.push_back(line);
    }
    return all;
}

std::string without_colours(const std::string& text) {
    return std::regex_replace(text, std::regex("\x1b\\[[0-9;]*[A-Za-z]"), "");
}

}  // namespace reaper::cli_test
