#include "enforce/kernel_probes.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" {  // glibc 2.36 forgot to say so itself
#include <sys/pidfd.h>
}

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/unique_fd.h"
#include "scan/proc_connector.h"
#include "scan/sock_diag.h"

namespace reaper::enforce {
namespace {

/// A child that waits to be ended.
class Subject {
  public:
    Subject() : pid_(::fork()) {
        if (pid_ != 0) return;
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) ::pause();
    }
    Subject(const Subject&) = delete;
    Subject& operator=(const Subject&) = delete;
    ~Subject() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);  // our own child, not waited for yet: the pid is still its own
        while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
        }
    }
    [[nodiscard]] pid_t pid() const { return pid_; }

  private:
    pid_t pid_;
};

Tried result_of(long answer) {
    return answer >= 0 ? Tried::fine() : Tried::failed(errno);
}

/// A live process is refused with EINVAL where the call exists: it frees the memory of dying ones only.
Tried try_mrelease(int pidfd) {
    const long answer = ::syscall(SYS_process_mrelease, pidfd, 0);
    return answer >= 0 || errno == EINVAL ? Tried::fine() : Tried::failed(errno);
}

void try_pidfds(KernelFacts& facts) {
    const Subject subject;
    if (subject.pid() < 0) {
        facts.pidfd_open = Tried::failed(errno);
        facts.pidfd_send_signal = facts.pidfd_getfd = facts.process_mrelease = facts.pidfd_open;
        return;
    }
    const UniqueFd pidfd(::pidfd_open(subject.pid(), 0));
    facts.pidfd_open = result_of(pidfd.get());
    if (!pidfd) {
        facts.pidfd_send_signal = facts.pidfd_getfd = facts.process_mrelease =
            Tried::failed("there is no pidfd");
        return;
    }
    facts.process_mrelease = try_mrelease(pidfd.get());
    // Where ours is closed the child's is too: EBADF shows that the call itself was let through.
    const UniqueFd copy(::pidfd_getfd(pidfd.get(), 0, 0));
    facts.pidfd_getfd = copy || errno == EBADF ? Tried::fine() : Tried::failed(errno);
    facts.pidfd_send_signal = result_of(::pidfd_send_signal(pidfd.get(), SIGCONT, nullptr, 0));
}

Tried try_connector() {
    const auto connector = scan::ProcConnector::open();
    return connector ? Tried::fine() : Tried::failed(connector.error().reason);
}

/// Asks for one socket that we have just made.
Tried try_sock_diag() {
    std::array<int, 2> ends{-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return Tried::failed(errno);
    const UniqueFd one(ends[0]);
    const UniqueFd other(ends[1]);
    struct stat found {};
    if (::fstat(one.get(), &found) != 0) return Tried::failed(errno);
    scan::SockDiag diag;
    const auto answer = diag.find_unix(found.st_ino);
    if (!answer) return Tried::failed(answer.error().reason);
    return answer->has_peer ? Tried::fine() : Tried::failed("it does not tell of peers");
}

}  // namespace

Tried Tried::failed(int code) {
    return {false, std::strerror(code)};
}

KernelFacts probe_kernel() {
    KernelFacts facts;
    try_pidfds(facts);
    facts.connector = try_connector();
    facts.sock_diag = try_sock_diag();
    return facts;
}

}  // namespace reaper::enforce
