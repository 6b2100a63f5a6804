#include "guard/keeper.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" {  // glibc 2.36 forgot to say so itself
#include <sys/pidfd.h>
}

#include <array>
#include <cerrno>

#include "scan/children.h"

namespace reaper::guard {
namespace {

using std::chrono::milliseconds;

/// What a server finds as it would without us. SIGPIPE is what we ignore, SIGXFSZ what `mcp-reaper`
/// does; what is blocked in us is as it was.
void restore_signals(const Launch& launch) {
    ::signal(SIGPIPE, SIG_DFL);
    if (launch.ignores_children) ::signal(SIGCHLD, SIG_IGN);
    ::signal(SIGXFSZ, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void limit_open_files(const std::optional<unsigned>& most) {
    rlimit limit{};
    if (!most || ::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = std::min<rlim_t>(*most, limit.rlim_max);
    limit.rlim_max = limit.rlim_cur;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

struct TheirEnds {
    UniqueFd input;
    UniqueFd output;
    UniqueFd errors;
};

[[noreturn]] void become_server(const Launch& launch, const TheirEnds& ends, char* const* argv,
                                int failed) {
    // Should both guard and keeper be killed at once, this is what is left to reach it by.
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    restore_signals(launch);
    limit_open_files(launch.open_files);
    if (::dup2(ends.input.get(), 0) >= 0 && ::dup2(ends.output.get(), 1) >= 0 &&
        ::dup2(ends.errors.get(), 2) >= 0) {
        ::execv(launch.path.c_str(), argv);
        // A script without its "#!" line: what execvp(3) does, and so every shell.
        if (errno == ENOEXEC) {
            std::vector<char*> words = {const_cast<char*>("sh"), const_cast<char*>(launch.path.c_str())};
            for (std::size_t i = 1; argv[i] != nullptr; ++i) words.push_back(argv[i]);
            words.push_back(nullptr);
            ::execv("/bin/sh", words.data());
        }
    }
    const int code = errno;
    static_cast<void>(!::write(failed, &code, sizeof code));
    ::_exit(127);
}

/// The keeper's whole life.
class KeeperLife {
  public:
    KeeperLife(const Launch& launch, UniqueFd socket, UniqueFd guard)
        : launch_(launch), socket_(std::move(socket)), guard_(std::move(guard)) {}

    /// Should it throw (no memory), it ends by SIGABRT, and the guard sees that it has left something.
    [[noreturn]] void run(TheirEnds ends) noexcept {
        ::prctl(PR_SET_NAME, "mcp-keeper");
        ::prctl(PR_SET_CHILD_SUBREAPER, 1);
        ::prctl(PR_SET_PDEATHSIG, 0);
        sigset_t all;
        sigfillset(&all);
        ::sigprocmask(SIG_SETMASK, &all, nullptr);
        start_server(std::move(ends));
        allow_all_descriptors();
        // Behind the fork: the server stays in the client's session and group, as without us.
        ::setsid();
        let_go_of_all_else();
        for (;;) wait_and_act();
    }

  private:
    void start_server(TheirEnds ends) {
        // All memory is taken before the fork.
        std::vector<char*> argv;
        for (const std::string& word : launch_.command) argv.push_back(const_cast<char*>(word.c_str()));
        argv.push_back(nullptr);
        int failed[2];
        if (::pipe2(failed, O_CLOEXEC) != 0) give_up(errno);
        const pid_t pid = ::fork();
        if (pid < 0) give_up(errno);
        if (pid == 0) become_server(launch_, ends, argv.data(), failed[1]);
        ::close(failed[1]);
        ends = {};
        int code = 0;
        ssize_t length = 0;
        do length = ::read(failed[0], &code, sizeof code);
        while (length < 0 && errno == EINTR);
        ::close(failed[0]);
        if (length == sizeof code) give_up(code);
        // Not collected yet, so the pid is still its own.
        server_ = scan::identify(pid).value_or(ProcessId{pid, Ticks{0}});
        tell({Keeper::Report::What::started, 0, server_});
        tree_.emplace(::getpid(), server_, launch_.clients);
    }

    /// A handle for each process of a tree.
    static void allow_all_descriptors() {
        rlimit limit{};
        if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
        limit.rlim_cur = limit.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }

    [[noreturn]] void give_up(int code) {
        tell({Keeper::Report::What::not_started, code, {}});
        ::_exit(1);
    }

    void tell(const Keeper::Report& report) const {
        ::send(socket_.get(), &report, sizeof report, MSG_NOSIGNAL);
    }

    /// The channel's descriptors above all: as long as anybody holds them, nobody sees them closed.
    void let_go_of_all_else() {
        sigset_t child;
        sigemptyset(&child);
        sigaddset(&child, SIGCHLD);
        signals_ = UniqueFd(::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
        const UniqueFd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
        for (int fd = 0; fd < 3; ++fd) ::dup2(nothing.get(), fd);
        std::array kept = {socket_.get(), guard_.get(), signals_.get()};
        std::sort(kept.begin(), kept.end());
        unsigned from = 3;
        for (const int fd : kept) {
            const auto number = static_cast<unsigned>(fd);
            if (number > from) ::close_range(from, number - 1, 0);
            from = number + 1;
        }
        ::close_range(from, ~0U, 0);
    }

    void wait_and_act() {
        std::array<pollfd, 3> waiting = {pollfd{signals_.get(), POLLIN, 0},
                                         pollfd{socket_.get(), POLLIN, 0},
                                         pollfd{guard_.get(), POLLIN, 0}};
        int timeout = -1;
        if (due_) {
            const auto left = std::max(milliseconds(0), *due_ - monotonic_now());
            timeout = static_cast<int>(left.count());
        }
        ::poll(waiting.data(), waiting.size(), timeout);
        if (waiting[0].revents != 0) collect_children();
        if (waiting[1].revents != 0) obey();
        if (waiting[2].revents != 0) guard_gone();
        if (!ending_) return;
        due_ = ending_->step(*tree_, monotonic_now());
        // Over, but for what is spared: that becomes somebody else's child.
        if (!due_) ::_exit(0);
    }

    void collect_children() {
        signalfd_siginfo ignored{};
        while (::read(signals_.get(), &ignored, sizeof ignored) > 0) {
        }
        for (;;) {
            int status = 0;
            rusage used{};
            const pid_t pid = ::wait4(-1, &status, WNOHANG, &used);
            if (pid == 0) return;
            if (pid < 0) {
                if (errno == ECHILD) ::_exit(0);  // No child, so no descendant: nothing is left.
                return;
            }
            if (pid == server_.pid && !server_ended_) server_gone(status, used);
        }
    }

    void server_gone(int status, const rusage& used) {
        server_ended_ = true;
        const auto ms = [](const timeval& time) {
            return static_cast<std::uint64_t>(time.tv_sec) * 1000 +
                   static_cast<std::uint64_t>(time.tv_usec) / 1000;
        };
        tell({Keeper::Report::What::server_ended, status, server_,
              static_cast<std::uint64_t>(used.ru_maxrss), ms(used.ru_utime) + ms(used.ru_stime)});
    }

    void obey() {
        Ending::From from{};
        const ssize_t length = ::recv(socket_.get(), &from, sizeof from, MSG_DONTWAIT);
        if (length == 0) return guard_gone();
        if (length == sizeof from) end(from);
    }

    void guard_gone() {
        // Both stay readable from now on.
        socket_.close();
        guard_.close();
        end(Ending::From::closed_stdin);
    }

    void end(Ending::From from) {
        if (ending_) {
            ending_->hurry(from, monotonic_now());
        } else {
            ending_.emplace(launch_.times, from, monotonic_now());
        }
    }

    const Launch& launch_;
    UniqueFd socket_;
    UniqueFd guard_;  ///< Its pidfd.
    UniqueFd signals_;
    ProcessId server_;
    bool server_ended_ = false;
    std::optional<ProcessTree> tree_;
    std::optional<Ending> ending_;
    std::optional<MonotonicTime> due_;
};

Result<void> make_pipe(UniqueFd& read_end, UniqueFd& write_end) {
    int fds[2];
    if (::pipe2(fds, O_CLOEXEC) != 0) return fail_errno("make a pipe", "", errno);
    read_end = UniqueFd(fds[0]);
    write_end = UniqueFd(fds[1]);
    return {};
}

void never_wait(const UniqueFd& fd) {
    ::fcntl(fd.get(), F_SETFL, O_NONBLOCK);
}

}  // namespace

Result<Keeper> Keeper::start(const Launch& launch, ServerPipes& pipes) {
    TheirEnds theirs;
    ServerPipes ours;
    if (auto made = make_pipe(theirs.input, ours.input); !made) return tl::unexpected(made.error());
    if (auto made = make_pipe(ours.output, theirs.output); !made) return tl::unexpected(made.error());
    if (auto made = make_pipe(ours.errors, theirs.errors); !made) return tl::unexpected(made.error());
    for (const UniqueFd* fd : {&ours.input, &ours.output, &ours.errors}) never_wait(*fd);
    int sockets[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0) {
        return fail_errno("make a socket pair", "", errno);
    }
    UniqueFd mine(sockets[0]);
    UniqueFd its(sockets[1]);
    UniqueFd self(::pidfd_open(::getpid(), 0));
    if (!self) return fail_errno("open a pidfd of", "this process", errno);
    const pid_t pid = ::fork();
    if (pid < 0) return fail_errno("start", "the keeper", errno);
    if (pid == 0) {
        mine.close();
        ours = {};
        KeeperLife(launch, std::move(its), std::move(self)).run(std::move(theirs));
    }
    pipes = std::move(ours);
    return Keeper(pid, std::move(mine));
}

Keeper::Keeper(pid_t pid, UniqueFd socket) : pid_(pid), socket_(std::move(socket)) {
    // Our child, not collected yet: the pid is still its own.
    const auto id = scan::identify(pid);
    if (!id) return;
    if (auto handle = enforce::ProcessHandle::open(*id)) self_ = std::move(*handle);
}

std::optional<Keeper::Report> Keeper::report() {
    Report report;
    ssize_t length = ::recv(socket_.get(), &report, sizeof report, MSG_DONTWAIT);
    // It left before it had read an order. That is told first, once; its reports are still there.
    if (length < 0 && errno == ECONNRESET)
        length = ::recv(socket_.get(), &report, sizeof report, MSG_DONTWAIT);
    if (length == sizeof report) return report;
    if (length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR)) gone_ = true;
    return std::nullopt;
}

void Keeper::end(Ending::From from) {
    if (gone_) return;
    ::send(socket_.get(), &from, sizeof from, MSG_NOSIGNAL | MSG_DONTWAIT);
    // Whoever was stopped reads nothing.
    if (self_) static_cast<void>(self_->signal(SIGCONT));
}

}  // namespace reaper::guard
