#include <dirent.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <string>

#include "daemon/metrics.h"

namespace reaper::daemon {
namespace {

std::chrono::milliseconds time_of(const timeval& time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec));
}

std::uint64_t open_descriptors() {
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir("/proc/self/fd"), &::closedir);
    if (!directory) return 0;
    std::uint64_t count = 0;
    while (const dirent* const entry = ::readdir(directory.get())) {
        if (entry->d_name[0] != '.') ++count;
    }
    return count > 0 ? count - 1 : 0;  // The one that it is read through.
}

/// /proc/self/statm: size and resident, in pages.
void read_memory(OwnProcess& process) {
    std::ifstream file("/proc/self/statm");
    std::uint64_t size = 0;
    std::uint64_t resident = 0;
    if (!(file >> size >> resident)) return;
    const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    process.virtual_memory = {size * page};
    process.resident = {resident * page};
}

}  // namespace

OwnProcess read_own_process() {
    OwnProcess process;
    rusage usage{};
    if (::getrusage(RUSAGE_SELF, &usage) == 0)
        process.cpu = time_of(usage.ru_utime) + time_of(usage.ru_stime);
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) process.most_descriptors = limit.rlim_cur;
    process.descriptors = open_descriptors();
    read_memory(process);
    return process;
}

}  // namespace reaper::daemon
