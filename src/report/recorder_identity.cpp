#include "report/recorder_identity.h"

#include <fcntl.h>
#include <unistd.h>

#include <optional>

#include "base/unique_fd.h"
#include "scan/proc_text.h"

namespace reaper::report {
namespace {

std::string small_file(const std::string& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    char text[1024];
    const ssize_t size = fd ? ::read(fd.get(), text, sizeof text) : 0;
    return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : "";
}

std::optional<scan::StatText> stat_of(pid_t pid) {
    return scan::parse_stat(small_file("/proc/" + std::to_string(pid) + "/stat"));
}

std::string this_boot() {
    std::string id = small_file("/proc/sys/kernel/random/boot_id");
    while (!id.empty() && id.back() == '\n') id.pop_back();
    return id;
}

}  // namespace

RecorderIdentity this_recorder() {
    const auto stat = stat_of(::getpid());
    return {{::getpid(), stat ? stat->start : Ticks(0)}, this_boot()};
}

bool is_running(const RecorderIdentity& recorder) {
    if (recorder.boot != this_boot()) return false;
    const auto stat = stat_of(recorder.process.pid);
    return stat && stat->start == recorder.process.start && stat->state != 'Z' && stat->state != 'X';
}

}  // namespace reaper::report
