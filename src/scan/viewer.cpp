#include "scan/viewer.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

namespace reaper::scan {

Viewer current_viewer() {
    Viewer viewer;
    viewer.uid = ::geteuid();
    viewer.self = ::getpid();
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
    const bool known = ::syscall(SYS_capget, &header, sets.data()) == 0;
    const auto has = [&](unsigned capability) {
        return (sets.at(CAP_TO_INDEX(capability)).effective & CAP_TO_MASK(capability)) != 0;
    };
    // To follow /proc/PID/fd takes both: into the directory, and along its links. Root in a container
    // often has only the first, and then is not shown the processes of other users.
    viewer.sees_everything =
        known && has(CAP_SYS_PTRACE) && (has(CAP_DAC_READ_SEARCH) || has(CAP_DAC_OVERRIDE));
    return viewer;
}

}  // namespace reaper::scan
