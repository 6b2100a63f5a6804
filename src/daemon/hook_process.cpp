#include "daemon/hook_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "base/unique_fd.h"
#include "report/redact.h"

namespace reaper::daemon {
namespace {

using boost::system::error_code;

constexpr const char* kRun = "run the hook";
constexpr std::size_t kMostSaid = 4096;
constexpr std::size_t kMostShown = 300;
constexpr int kKillPatience = 1000;  // milliseconds

/// Above 2: what goes to 0, 1 and 2 of the child must not be one of them.
UniqueFd out_of_the_way(UniqueFd fd) {
    if (!fd || fd.get() > STDERR_FILENO) return fd;
    return UniqueFd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

/// A file in memory that holds the text and can never hold anything else.
Result<UniqueFd> file_with(std::string_view text) {
    constexpr unsigned kNoExecSeal = 8;  // MFD_NOEXEC_SEAL: a must on some hosts, unknown before 6.3.
    const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    UniqueFd fd(::memfd_create("event", flags | kNoExecSeal));
    if (!fd && errno == EINVAL) fd = UniqueFd(::memfd_create("event", flags));
    fd = out_of_the_way(std::move(fd));
    if (!fd) return fail_errno("make a file in memory", "", errno);
    while (!text.empty()) {
        const ssize_t n = ::write(fd.get(), text.data(), text.size());
        if (n < 0) return fail_errno("make a file in memory", "", errno);
        text.remove_prefix(static_cast<std::size_t>(n));
    }
    if (::lseek(fd.get(), 0, SEEK_SET) != 0 ||
        ::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0) {
        return fail_errno("make a file in memory", "", errno);
    }
    return fd;
}

/// How the child is made ready, as posix_spawn(3) wants it.
class SpawnSettings {
  public:
    SpawnSettings(int in, int out, int error) {
        ::posix_spawn_file_actions_init(&actions_);
        ::posix_spawnattr_init(&attributes_);
        set(::posix_spawn_file_actions_adddup2(&actions_, in, STDIN_FILENO));
        set(::posix_spawn_file_actions_adddup2(&actions_, out, STDOUT_FILENO));
        set(::posix_spawn_file_actions_adddup2(&actions_, error, STDERR_FILENO));
        set(::posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1));
        set(::posix_spawn_file_actions_addchdir_np(&actions_, "/"));
        sigset_t none;
        sigset_t all;
        ::sigemptyset(&none);
        ::sigfillset(&all);
        set(::posix_spawnattr_setsigmask(&attributes_, &none));
        set(::posix_spawnattr_setsigdefault(&attributes_, &all));
        set(::posix_spawnattr_setflags(
            &attributes_, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
    }
    ~SpawnSettings() {
        ::posix_spawn_file_actions_destroy(&actions_);
        ::posix_spawnattr_destroy(&attributes_);
    }
    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;

    /// 0, or the errno.
    int spawn(pid_t& pid, std::vector<std::string> words, std::vector<std::string> environment) const {
        if (failed_ != 0) return failed_;
        std::vector<char*> argv = pointers(words);
        std::vector<char*> envp = pointers(environment);
        return ::posix_spawn(&pid, argv.front(), &actions_, &attributes_, argv.data(), envp.data());
    }

  private:
    static std::vector<char*> pointers(std::vector<std::string>& texts) {
        std::vector<char*> all;
        all.reserve(texts.size() + 1);
        for (std::string& text : texts) all.push_back(text.data());
        all.push_back(nullptr);
        return all;
    }
    void set(int code) {
        if (failed_ == 0) failed_ = code;
    }

    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
    int failed_ = 0;
};

std::vector<std::string> environment_of(const HookRun& run) {
    return {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "MCP_REAPER_EVENT=" + run.event, "MCP_REAPER_EVENT_ID=" + run.id};
}

/// Readable once the process has ended. It is our child and not waited for: the pid is still its own.
UniqueFd open_pidfd(pid_t pid) {
    return UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

/// A descriptor of its own for Asio, which closes what it is given.
Result<void> give(boost::asio::posix::stream_descriptor& to, const UniqueFd& fd) {
    if (!fd) return fail_errno(kRun, "", errno);
    const int own = ::fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (own < 0) return fail_errno(kRun, "", errno);
    error_code failed;
    to.assign(own, failed);
    if (!failed) return {};
    ::close(own);
    return fail_errno(kRun, "", failed.value());
}

std::string_view first_line(std::string_view text) {
    const std::size_t begin = text.find_first_not_of("\r\n");
    if (begin == std::string_view::npos) return {};
    text.remove_prefix(begin);
    return text.substr(0, text.find_first_of("\r\n"));
}

}  // namespace

HookProcess::HookProcess(boost::asio::io_context& loop, const HookRun& run,
                         std::chrono::milliseconds kill_after, Ended ended)
    : hook_(run.hook),
      kill_after_(kill_after),
      ended_(std::move(ended)),
      process_(loop),
      errors_(loop),
      timer_(loop) {}

Result<std::shared_ptr<HookProcess>> HookProcess::start(boost::asio::io_context& loop,
                                                        const HookRun& run,
                                                        std::chrono::milliseconds kill_after,
                                                        Ended ended) {
    std::shared_ptr<HookProcess> process(new HookProcess(loop, run, kill_after, std::move(ended)));
    if (auto spawned = process->spawn(run); !spawned) return tl::unexpected(spawned.error());
    process->watch();
    return process;
}

HookProcess::~HookProcess() {
    kill();
}

Result<void> HookProcess::spawn(const HookRun& run) {
    const std::string& program = hook_->command.front();
    const Result<UniqueFd> in = file_with(*run.line + '\n');
    if (!in) return tl::unexpected(in.error());
    const UniqueFd out = out_of_the_way(UniqueFd(::open("/dev/null", O_WRONLY | O_CLOEXEC)));
    std::array<int, 2> ends{};
    if (!out || ::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno(kRun, program, errno);
    const UniqueFd ours = out_of_the_way(UniqueFd(ends[0]));
    const UniqueFd theirs = out_of_the_way(UniqueFd(ends[1]));
    if (!ours || !theirs || ::fcntl(ours.get(), F_SETFL, O_NONBLOCK) != 0) {
        return fail_errno(kRun, program, errno);
    }
    const SpawnSettings settings(in->get(), out.get(), theirs.get());
    if (const int code = settings.spawn(pid_, hook_->command, environment_of(run)); code != 0) {
        pid_ = 0;
        return fail_errno(kRun, program, code);
    }
    // From here on the destructor ends it.
    if (auto given = give(process_, open_pidfd(pid_)); !given) return given;
    return give(errors_, ours);
}

void HookProcess::watch() {
    wait_for_end();
    timer_.expires_after(hook_->timeout);
    timer_.async_wait([weak = weak_from_this()](const error_code& failed) {
        const auto self = weak.lock();
        if (self && !failed) self->timed_out();
    });
    listen();
}

void HookProcess::wait_for_end() {
    process_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                        [weak = weak_from_this()](const error_code& failed) {
                            const auto self = weak.lock();
                            if (self && !failed) self->exited();
                        });
}

void HookProcess::listen() {
    errors_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                       [weak = weak_from_this()](const error_code& failed) {
                           const auto self = weak.lock();
                           if (self && !failed && self->read_stderr()) self->listen();
                       });
}

/// What is there, in bounded turns: one that never stops writing must not keep the loop.
bool HookProcess::read_stderr() {
    constexpr int kTurns = 16;
    std::array<char, 4096> buffer;
    for (int turn = 0; turn < kTurns; ++turn) {
        const ssize_t n = ::read(errors_.native_handle(), buffer.data(), buffer.size());
        if (n == 0) return false;
        if (n < 0) return errno == EAGAIN || errno == EINTR;
        const std::size_t room = kMostSaid - said_.size();
        said_.append(buffer.data(), std::min(static_cast<std::size_t>(n), room));
    }
    return true;
}

void HookProcess::timed_out() {
    if (pid_ == 0) return;
    signal_group(late_ ? SIGKILL : SIGTERM);
    if (std::exchange(late_, true)) return;
    timer_.expires_after(kill_after_);
    timer_.async_wait([weak = weak_from_this()](const error_code& failed) {
        const auto self = weak.lock();
        if (self && !failed) self->timed_out();
    });
}

/// What it has started goes with it: first, while the process that leads the group is a zombie and its
/// number cannot be another's.
void HookProcess::exited() {
    siginfo_t how{};
    const auto pidfd = static_cast<id_t>(process_.native_handle());
    std::string why = "what became of it is not known";  // Somebody else has waited for it.
    if (::waitid(P_PIDFD, pidfd, &how, WEXITED | WNOHANG | WNOWAIT) == 0) {
        // Boost 1.74 hands an event of a descriptor that was just closed to one that was just opened.
        if (how.si_pid == 0) return wait_for_end();
        read_stderr();
        signal_group(SIGKILL);
        ::waitid(P_PIDFD, pidfd, &how, WEXITED | WNOHANG);
        why = failure(how.si_code, how.si_status);
    }
    pid_ = 0;
    timer_.cancel();
    close();
    if (const Ended ended = std::exchange(ended_, nullptr)) ended(std::move(why));
}

void HookProcess::kill() {
    ended_ = nullptr;
    timer_.cancel();
    if (pid_ != 0) {
        signal_group(SIGKILL);
        // SIGKILL takes 0.2 ms, on a busy host more; what is in an uninterruptible wait is left to init,
        // which outlives us.
        pollfd waiting{process_.native_handle(), POLLIN, 0};
        if (waiting.fd < 0 || ::poll(&waiting, 1, kKillPatience) > 0) {
            ::waitid(P_PID, static_cast<id_t>(pid_), nullptr, WEXITED);
        }
        pid_ = 0;
    }
    close();
}

void HookProcess::close() {
    error_code ignored;
    process_.close(ignored);
    errors_.close(ignored);
}

void HookProcess::signal_group(int number) const {
    ::kill(-pid_, number);
}

std::string HookProcess::failure(int code, int status) const {
    std::string why;
    if (late_) {
        why = fmt::format("it took longer than {} s", hook_->timeout.count());
    } else if (code != CLD_EXITED) {
        why = fmt::format("it was ended by signal {}", status);
    } else if (status != 0) {
        why = fmt::format("exit status {}", status);
    } else {
        return why;
    }
    const std::string said = report::printable(report::redact_line(first_line(said_)), kMostShown);
    return said.empty() ? why : why + ": " + said;
}

}  // namespace reaper::daemon
