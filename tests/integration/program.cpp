#include "program.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "processes.h"

namespace reaper::integration {
namespace {

using Clock = std::chrono::steady_clock;

std::pair<UniqueFd, UniqueFd> make_pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe2");
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

/// Both sides of the channel: what the program gets as its standard input and output, and ours.
struct Channel {
    UniqueFd their_input, their_output;
    UniqueFd our_input, our_output;
    std::string terminal;  ///< To be opened by the program itself, in a session of its own.
};

Channel make_pipes() {
    auto [their_input, our_input] = make_pipe();
    auto [our_output, their_output] = make_pipe();
    return {std::move(their_input), std::move(their_output), std::move(our_input), std::move(our_output),
            ""};
}

Channel make_terminal() {
    UniqueFd ours(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    char name[64];
    if (!ours || grantpt(ours.get()) != 0 || unlockpt(ours.get()) != 0 ||
        ptsname_r(ours.get(), name, sizeof name) != 0) {
        throw std::system_error(errno, std::generic_category(), "make a terminal");
    }
    UniqueFd again(fcntl(ours.get(), F_DUPFD_CLOEXEC, 0));
    return {{}, {}, std::move(ours), std::move(again), name};
}

[[noreturn]] void give_up(const char* what) {
    dprintf(STDERR_FILENO, "%s: %s\n", what, std::strerror(errno));
    _exit(127);
}

[[noreturn]] void become(const std::vector<char*>& argv, const std::vector<char*>& environment,
                         const StartOptions& options, const Channel& channel) {
    // Below nohup, or in the background of a script, some are ignored: they would end nobody.
    for (const int number : {SIGPIPE, SIGHUP, SIGINT, SIGTERM, SIGCHLD}) signal(number, SIG_DFL);
    int input = channel.their_input.get(), output = channel.their_output.get();
    if (options.on_terminal) {
        // Who leads a session has the first terminal that it opens for its own.
        if (setsid() < 0) give_up("setsid");
        input = output = open(channel.terminal.c_str(), O_RDWR | O_CLOEXEC);
    }
    if (dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0) give_up("dup2");
    if (!options.directory.empty() && chdir(options.directory.c_str()) != 0) give_up("chdir");
    if (options.stack_limit != 0) {
        rlimit limit{};
        getrlimit(RLIMIT_STACK, &limit);
        limit.rlim_cur = std::min<rlim_t>(options.stack_limit, limit.rlim_max);
        if (setrlimit(RLIMIT_STACK, &limit) != 0) give_up("setrlimit");
    }
    const std::string& file = options.file;
    if (!options.user) {
        execvpe(file.empty() ? argv[0] : file.c_str(), argv.data(), environment.data());
        give_up(file.empty() ? argv[0] : file.c_str());
    }
    // Opened first: the user may not be allowed on the way to the file.
    const int program = open(file.empty() ? argv[0] : file.c_str(), O_PATH | O_CLOEXEC);
    if (program < 0) give_up("open");
    if (setgroups(0, nullptr) != 0 || setresgid(*options.user, *options.user, *options.user) != 0 ||
        setresuid(*options.user, *options.user, *options.user) != 0) {
        give_up("setresuid");
    }
    syscall(SYS_execveat, program, "", argv.data(), environment.data(), AT_EMPTY_PATH);
    give_up("execveat");
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
    std::vector<char*> result;
    for (const std::string& text : strings) result.push_back(const_cast<char*>(text.c_str()));
    result.push_back(nullptr);
    return result;
}

std::vector<std::string> merged_environment(const std::map<std::string, std::string>& added) {
    std::vector<std::string> result;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        if (!added.contains(std::string(text.substr(0, text.find('='))))) result.emplace_back(text);
    }
    for (const auto& [name, value] : added) result.push_back(name + '=' + value);
    return result;
}

}  // namespace

Program::Program(const std::vector<std::string>& argv, const StartOptions& options) {
    // All memory is taken before the fork.
    const std::vector<std::string> environment = merged_environment(options.environment);
    const std::vector<char*> arguments = pointers(argv), variables = pointers(environment);
    Channel channel = options.on_terminal ? make_terminal() : make_pipes();

    pid_ = fork();
    if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
    if (pid_ == 0) become(arguments, variables, options, channel);
    process_ = open_process(pid_);
    input_ = std::move(channel.our_input);
    output_ = std::move(channel.our_output);
}

Program::~Program() {
    if (process_) kill();
}

bool Program::fill(Clock::time_point deadline) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd poller{output_.get(), POLLIN, 0};
    if (left.count() <= 0 || poll(&poller, 1, static_cast<int>(left.count())) <= 0) return false;
    char buffer[65536];
    const ssize_t length = read(output_.get(), buffer, sizeof buffer);
    if (length <= 0) return false;
    unread_.append(buffer, static_cast<std::size_t>(length));
    return true;
}

std::optional<std::string> Program::read_line(std::chrono::milliseconds within) {
    const auto deadline = Clock::now() + within;
    std::size_t end = 0;
    while ((end = unread_.find('\n')) == std::string::npos) {
        if (!fill(deadline)) return std::nullopt;
    }
    std::string line = unread_.substr(0, end);
    unread_.erase(0, end + 1);
    return line;
}

std::string Program::read_all(std::chrono::milliseconds within) {
    const auto deadline = Clock::now() + within;
    while (fill(deadline)) {
    }
    return std::exchange(unread_, {});
}

void Program::write_line(std::string_view line) {
    const std::string text = std::string(line) + '\n';
    if (write(input_.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
        throw std::system_error(errno, std::generic_category(), "write to a program");
    }
}

void Program::close_terminal() {
    input_.close();
    output_.close();
}

void Program::kill() {
    if (status_) return;
    syscall(SYS_pidfd_send_signal, process_.get(), SIGKILL, nullptr, 0);
    wait();
}

std::optional<int> Program::wait(std::chrono::milliseconds within) {
    if (!status_ && await_exit(process_, within)) {
        int status = 0;
        if (waitpid(pid_, &status, 0) == pid_) status_ = status;
    }
    return status_;
}

}  // namespace reaper::integration
