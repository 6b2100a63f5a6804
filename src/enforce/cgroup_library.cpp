#include "enforce/cgroup_library.h"

#include <libcgroup.h>

#include <cstdlib>
#include <memory>

namespace reaper::enforce {
namespace {

struct FreeGroup {
    void operator()(cgroup* group) const { cgroup_free(&group); }
};
using Group = std::unique_ptr<cgroup, FreeGroup>;

tl::unexpected<Error> failed(const char* action, const std::string& subject, int code) {
    // ECGOTHER: a system call failed, and which errno it gave is told by another function.
    const int number = code == ECGOTHER ? cgroup_get_last_errno() : 0;
    if (number != 0) return fail_errno(action, subject, number);
    return fail(action, subject, std::string("libcgroup: ") + cgroup_strerror(code));
}

/// A group of libcgroup's with one controller; the controller is owned by the group.
std::pair<Group, cgroup_controller*> new_group(const std::string& name, const std::string& controller) {
    Group group(cgroup_new_cgroup(name.c_str()));
    cgroup_controller* const added =
        group ? cgroup_add_controller(group.get(), controller.c_str()) : nullptr;
    return {std::move(group), added};
}

}  // namespace

Result<CgroupLibrary> CgroupLibrary::start() {
    const int code = cgroup_init();
    if (code != 0) return failed("start", "libcgroup", code);
    return CgroupLibrary();
}

std::string CgroupLibrary::mount_of(const std::string& controller) const {
    char* raw = nullptr;
    if (cgroup_get_subsys_mount_point(controller.c_str(), &raw) != 0) return {};
    const std::unique_ptr<char, decltype(&std::free)> mount(raw, std::free);
    return mount ? mount.get() : "";
}

Result<void> CgroupLibrary::make(const std::string& name, const std::string& controller) const {
    constexpr const char* kAction = "make the group";
    const auto [group, added] = new_group(name, controller);
    if (added == nullptr) return failed(kAction, name, ECGINVAL);
    const int code = cgroup_create_cgroup(group.get(), 1);
    if (code != 0) return failed(kAction, controller + ':' + name, code);
    return {};
}

Result<void> CgroupLibrary::set(const std::string& name, const std::string& controller,
                                const Values& values) const {
    constexpr const char* kAction = "set the limits of";
    const auto [group, added] = new_group(name, controller);
    if (added == nullptr) return failed(kAction, name, ECGINVAL);
    for (const auto& [file, value] : values) {
        const int code = cgroup_add_value_string(added, file.c_str(), value.c_str());
        if (code != 0) return failed(kAction, name, code);
    }
    const int code = cgroup_modify_cgroup(group.get());
    if (code != 0) return failed(kAction, controller + ':' + name, code);
    return {};
}

}  // namespace reaper::enforce
