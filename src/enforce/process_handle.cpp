#include "enforce/process_handle.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

extern "C" {  // glibc 2.36 forgot to say so itself
#include <sys/pidfd.h>
}

#include <cerrno>

#include "scan/process_dir.h"

namespace reaper::enforce {

Result<ProcessHandle> ProcessHandle::open(ProcessId id) {
    // Safety rule 2, at the place that no signal can get around.
    if (id.pid <= 1) return fail("hold process", id.text(), "it is the init process");
    if (id.pid == ::getpid()) return fail("hold process", id.text(), "it is this program");
    const auto dir = scan::ProcessDir::open(id);
    if (!dir) return tl::unexpected(dir.error());
    auto fd = dir->pidfd();
    if (!fd) return tl::unexpected(fd.error());
    ProcessHandle handle(id, std::move(*fd));
    if (const auto may = handle.signal(0); !may) return tl::unexpected(may.error());
    return handle;
}

Result<void> ProcessHandle::signal(int number) const {
    if (::pidfd_send_signal(fd_.get(), number, nullptr, 0) == 0) return {};
    return fail_errno("signal process", id_.text(), errno);
}

bool ProcessHandle::ended() const {
    pollfd waiting{fd_.get(), POLLIN, 0};
    return ::poll(&waiting, 1, 0) > 0;
}

void ProcessHandle::release_memory() const {
#ifdef SYS_process_mrelease
    ::syscall(SYS_process_mrelease, fd_.get(), 0);
#endif
}

}  // namespace reaper::enforce
