#include "enforce/host_facts.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/unique_fd.h"
#include "enforce/host_text.h"
#include "enforce/kernel_probes.h"

namespace reaper::enforce {
namespace {

/// A file of /proc, at most a megabyte of it; empty where it cannot be read.
std::string text_of(const char* path) {
    constexpr std::size_t kLimit = 1024 * 1024;
    const UniqueFd fd(::open(path, O_RDONLY | O_CLOEXEC));
    std::string text;
    std::array<char, 8192> part{};
    while (fd && text.size() < kLimit) {
        const ssize_t size = ::read(fd.get(), part.data(), part.size());
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) break;
        text.append(part.data(), static_cast<std::size_t>(size));
    }
    return text;
}

Tried try_psi() {
    const UniqueFd fd(::open("/proc/pressure/memory", O_RDONLY | O_CLOEXEC));
    char byte = 0;
    // Switched off (psi=0) it can be opened and not be read.
    return fd && ::read(fd.get(), &byte, 1) == 1 ? Tried::fine() : Tried::failed(errno);
}

std::string parent_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

}  // namespace

Tried can_make_files(const std::string& directory) {
    std::string path = directory;
    while (::access(path.c_str(), F_OK) != 0 && errno == ENOENT && path != "/") path = parent_of(path);
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) return Tried::failed(errno);
    if (!S_ISDIR(found.st_mode)) return Tried::failed(path + " is no directory");
    // faccessat with AT_EACCESS tells of read-only file systems too.
    if (::faccessat(AT_FDCWD, path.c_str(), W_OK | X_OK, AT_EACCESS) == 0) return Tried::fine();
    const int code = errno;
    Tried refused = Tried::failed(code);
    if (path != directory) refused.why_not += " (" + path + ")";
    return refused;
}

HostFacts read_host_facts() {
    HostFacts facts;
    facts.uid = ::geteuid();
    facts.capabilities = parse_capabilities(text_of("/proc/self/status"));
    facts.ptrace_scope = parse_ptrace_scope(text_of("/proc/sys/kernel/yama/ptrace_scope"));
    facts.hidepid = parse_hidepid(text_of("/proc/self/mountinfo"));
    facts.kernel = probe_kernel();
    facts.cgroups = read_cgroup_layout();
    facts.cages = choose_cages()->abilities();
    facts.systemd = probe_systemd(facts.uid);
    facts.swap = parse_swap(text_of("/proc/meminfo"));
    facts.psi = try_psi();
    return facts;
}

}  // namespace reaper::enforce
