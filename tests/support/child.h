// Real processes for tests: forked or executed, waited for by handshake instead of by sleeping, and
// gone for certain when the test is.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/process_id.h"
#include "base/unique_fd.h"

namespace reaper::test {

/// Both sides of a pipe or socket pair. Close-on-exec, so that only what is put on a child's 0 or 1
/// stays.
struct Pair {
    UniqueFd first;   ///< A pipe's read end.
    UniqueFd second;  ///< A pipe's write end.
};

inline Pair make_pipe() {
    int fds[2];
    if (::pipe2(fds, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
    return {UniqueFd(fds[0]), UniqueFd(fds[1])};
}

inline Pair make_socketpair(int type = SOCK_STREAM) {
    int fds[2];
    if (::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds) != 0) throw std::runtime_error("socketpair");
    return {UniqueFd(fds[0]), UniqueFd(fds[1])};
}

/// A directory of its own below /tmp, removed with all that is in it.
class TemporaryDirectory {
  public:
    TemporaryDirectory() {
        std::string path = (std::filesystem::temp_directory_path() / "reaper-test-XXXXXX").string();
        if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error("mkdtemp");
        path_ = path;
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] std::string path(const std::string& name = "") const {
        return name.empty() ? path_.string() : (path_ / name).string();
    }

  private:
    std::filesystem::path path_;
};

/// The start time of a process, read independently of the code under test.
inline ProcessId identify(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text((std::istreambuf_iterator<char>(file)), {});
    const std::size_t close = text.rfind(')');
    if (close == std::string::npos) return {.pid = pid, .start = Ticks(0)};
    std::size_t position = close + 2;
    for (int field = 3; field < 22; ++field) position = text.find(' ', position) + 1;
    return {.pid = pid, .start = Ticks(std::stoll(text.substr(position)))};
}

/// What a child has on its descriptors 0 and 1; -1 is what the test has, kClosed nothing at all.
struct Stdio {
    static constexpr int kInherit = -1;
    static constexpr int kClosed = -2;
    int in = kInherit;
    int out = kInherit;
};

/// One child process. Killed and collected when it goes out of scope, and by the kernel if the test
/// program dies.
class Child {
  public:
    /// Forks; `body` runs in the child, and fork() returns when it is through. The child then waits to
    /// be killed. Descriptors that the test holds close-on-exec are closed in the child before `body`,
    /// but for those in `keep`: who holds the other end of a pipe is what many tests are about.
    static Child fork(Stdio stdio = {}, const std::function<void()>& body = {},
                      std::vector<int> keep = {}) {
        return start(stdio, std::move(keep), [&](int ready) {
            if (body) body();
            const char done = '!';
            if (::write(ready, &done, 1) != 1) ::_exit(126);
            ::close(ready);
            for (;;) ::pause();
        });
    }

    /// Runs a program; returns when it has been executed, with argv[0] as given, and /proc tells so.
    static Child exec(const std::string& program, const std::vector<std::string>& argv,
                      Stdio stdio = {}) {
        Child child = start(stdio, {}, [&](int ready) {
            std::vector<char*> pointers;
            for (const std::string& argument : argv)
                pointers.push_back(const_cast<char*>(argument.c_str()));
            pointers.push_back(nullptr);
            char no_environment[] = "PATH=/usr/bin:/bin";
            char* environment[] = {no_environment, nullptr};
            ::execve(program.c_str(), pointers.data(), environment);
            const char failed = '?';
            if (::write(ready, &failed, 1) == 1) ::_exit(127);
            ::_exit(126);
        });
        // The kernel closes our end before the new command line is there.
        while (child.has_no_command_line()) ::usleep(100);
        return child;
    }

    Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, 0)), id_(other.id_) {}
    Child& operator=(Child&&) = delete;
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() { end(); }

    [[nodiscard]] pid_t pid() const { return id_.pid; }
    [[nodiscard]] ProcessId id() const { return id_; }

    void signal(int number) const {
        if (pid_ > 0) ::kill(pid_, number);
    }

    /// SIGKILL, then waits until it is a zombie. It stays one until end().
    void kill_to_zombie() const {
        signal(SIGKILL);
        siginfo_t info{};
        ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);
    }

    /// SIGKILL and collected: nothing is left of it.
    void end() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        pid_ = 0;
    }

    /// Waits for it to leave by itself; the status as of waitpid(2).
    int wait() {
        int status = 0;
        ::waitpid(std::exchange(pid_, 0), &status, 0);
        return status;
    }

  private:
    explicit Child(pid_t pid) : pid_(pid), id_(identify(pid)) {}

    template <typename Run>
    static Child start(Stdio stdio, std::vector<int> keep, const Run& run) {
        Pair handshake = make_pipe();
        const pid_t parent = ::getpid();
        const pid_t pid = ::fork();
        if (pid < 0) throw std::runtime_error("fork");
        if (pid == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (::getppid() != parent) ::_exit(125);
            const int ready = ::fcntl(handshake.second.get(), F_DUPFD_CLOEXEC, 100);
            place(stdio.in, 0);
            place(stdio.out, 1);
            keep.push_back(ready);
            close_all_but(keep);
            try {
                run(ready);
            } catch (...) {
                ::_exit(123);  // Not back into the test, which would then run twice.
            }
            ::_exit(0);
        }
        handshake.second.close();
        Child child(pid);
        char answer = 0;
        const ssize_t length = ::read(handshake.first.get(), &answer, 1);
        if (length == 1 && answer == '?') throw std::runtime_error("exec failed");
        return child;
    }

    [[nodiscard]] bool has_no_command_line() const {
        std::ifstream line("/proc/" + std::to_string(pid_) + "/cmdline");
        if (line.peek() != std::ifstream::traits_type::eof()) return false;
        siginfo_t ended{};
        return ::waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
               ended.si_pid == 0;
    }

    static void place(int fd, int number) {
        if (fd >= 0) ::dup2(fd, number);
        if (fd == Stdio::kClosed) ::close(number);
    }

    /// Of the descriptors from 3 on only those that would survive an exec, and `keep`.
    static void close_all_but(const std::vector<int>& keep) {
        for (int fd = 3; fd < 1024; ++fd) {
            bool kept = false;
            for (const int other : keep) kept = kept || other == fd;
            const int flags = ::fcntl(fd, F_GETFD);
            if (!kept && flags >= 0 && (flags & FD_CLOEXEC) != 0) ::close(fd);
        }
    }

    pid_t pid_ = 0;
    ProcessId id_;
};

/// Runs `body` in a child process and returns the text that it returns.
inline std::string run_in_child(const std::function<std::string()>& body) {
    Pair answer = make_pipe();
    const pid_t pid = ::fork();
    if (pid < 0) throw std::runtime_error("fork");
    if (pid == 0) {
        // Nothing may leave this branch: the rest of the test would run twice.
        std::string text;
        try {
            text = body();
        } catch (const std::exception& error) {
            text = error.what();
        }
        const auto size = static_cast<ssize_t>(text.size());
        ::_exit(::write(answer.second.get(), text.data(), text.size()) == size ? 0 : 126);
    }
    answer.second.close();
    std::string text;
    char buffer[4096];
    for (ssize_t n = 0; (n = ::read(answer.first.get(), buffer, sizeof buffer)) > 0;) {
        text.append(buffer, static_cast<std::size_t>(n));
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    if (status != 0) text += " (child failed)";
    return text;
}

/// For a child: becomes another user whose other processes may look at it.
inline void become(uid_t uid) {
    if (::setresgid(uid, uid, uid) != 0 || ::setresuid(uid, uid, uid) != 0) ::_exit(125);
    ::prctl(PR_SET_DUMPABLE, 1);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // Lost with the change of user.
}

/// run_in_child() as another user, who then is nobody special: no capabilities. Only root can.
inline std::string run_as(uid_t uid, const std::function<std::string()>& body) {
    return run_in_child([&] {
        become(uid);
        return body();
    });
}

inline bool is_root() {
    return ::geteuid() == 0;
}

inline constexpr uid_t kNobody = 65534;

}  // namespace reaper::test
