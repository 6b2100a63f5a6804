#include "enforce/cgroup_cages.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "enforce/cgroup_group.h"
#include "enforce/cgroup_move.h"

namespace reaper::enforce {
namespace {

/// Rounds of catching up with what a server forks while it is moved. Each leaves only what was forked in
/// it by processes not yet moved; a fork bomb was at rest after 3.
constexpr int kRounds = 20;

bool writable(const std::string& directory) {
    return !directory.empty() && ::access(directory.c_str(), W_OK | X_OK) == 0 &&
           ::access((directory + "/cgroup.procs").c_str(), W_OK) == 0;
}

/// The directory below which groups may be made; empty where there is none.
std::string base_in(const CgroupHierarchy& hierarchy, std::string_view own) {
    if (hierarchy.read_only) return {};
    for (const std::string& directory :
         {hierarchy.mount, cgroup_directory(hierarchy, cgroup_in(hierarchy, own))}) {
        if (writable(directory)) return directory;
    }
    return {};
}

/// cgroup.freeze came with Linux 5.2, and no file at the top tells whether it is there.
bool kernel_freezes_unified() {
    utsname name{};
    unsigned major = 0;
    unsigned minor = 0;
    if (::uname(&name) != 0 || std::sscanf(name.release, "%u.%u", &major, &minor) != 2) return false;
    return major > 5 || (major == 5 && minor >= 2);
}

bool lists(const std::string& file, std::string_view word) {
    const auto text = read_cgroup_file(file);
    if (!text) return false;
    const std::string padded = ' ' + *text + ' ';
    return padded.find(' ' + std::string(word) + ' ') != std::string::npos;
}

/// v2: a group that holds processes cannot give controllers to its children, unless it is the top of
/// them all, which alone has no cgroup.type.
bool can_enable(const std::string& base, std::string_view controller) {
    if (!lists(base + "/cgroup.controllers", controller)) return false;
    if (lists(base + "/cgroup.subtree_control", controller)) return true;
    if (::access((base + "/cgroup.subtree_control").c_str(), W_OK) != 0) return false;
    if (::access((base + "/cgroup.type").c_str(), F_OK) != 0) return true;
    const auto pids = pids_in_cgroup(base);
    return pids && pids->empty();
}

std::string reason_for_none(const CgroupLayout& layout) {
    if (layout.kind() == CgroupKind::none) {
        return "no cgroup file system is mounted (mount -t cgroup2 none /sys/fs/cgroup, as root)";
    }
    const bool all_read_only = std::all_of(layout.hierarchies.begin(), layout.hierarchies.end(),
                                           [](const CgroupHierarchy& one) { return one.read_only; });
    if (all_read_only) {
        return "the cgroup file system is mounted read-only, as containers have it (run mcp-reaper on "
               "the host, or give the container a writable one)";
    }
    return "this user may not make groups in the cgroup file system (run as root)";
}

}  // namespace

CgroupCages::CgroupCages(const CgroupLayout& layout, std::string_view own, std::string group)
    : group_(std::move(group)), kind_(layout.kind()) {
    find_home(layout, own);
    if (!home_) {
        why_none_ = reason_for_none(layout);
        return;
    }
    if (auto library = CgroupLibrary::start()) library_ = *library;
    find_limits(layout, own);
}

void CgroupCages::find_home(const CgroupLayout& layout, std::string_view own) {
    std::vector<const CgroupHierarchy*> candidates;
    if (kernel_freezes_unified()) candidates.push_back(layout.unified());
    for (const char* controller : {"freezer", "pids", "memory", "cpu"}) {
        candidates.push_back(layout.with(controller));
    }
    for (const CgroupHierarchy* const hierarchy : candidates) {
        if (hierarchy == nullptr) continue;
        std::string base = base_in(*hierarchy, own);
        if (base.empty()) continue;
        home_ = Place{.hierarchy = *hierarchy, .controller = "", .base = std::move(base)};
        return;
    }
}

void CgroupCages::find_limits(const CgroupLayout& layout, std::string_view own) {
    if (!library_) return;
    for (const std::string_view controller : kLimitControllers) {
        const CgroupHierarchy* const hierarchy = layout.with(controller);
        if (hierarchy == nullptr) continue;
        std::string base = base_in(*hierarchy, own);
        if (base.empty() || (hierarchy->unified && !can_enable(base, controller))) continue;
        // Where a hierarchy is mounted twice libcgroup may mean the other mount.
        if (library_->mount_of(std::string(controller)) != hierarchy->mount) continue;
        limits_.push_back(
            {.hierarchy = *hierarchy, .controller = std::string(controller), .base = std::move(base)});
    }
}

bool CgroupCages::can_freeze() const {
    return home_ && (home_->hierarchy.unified || home_->hierarchy.has("freezer"));
}

CageAbilities CgroupCages::abilities() const {
    if (!home_) return {.backend = "", .why_none = why_none_};
    const bool cpu = limit_place("cpu") != nullptr;
    return {.backend = "libcgroup (cgroup " + std::string(to_string(kind_)) + ")",
            .why_none = "",
            .cpu_quota = cpu,
            .cpu_weight = cpu,
            .memory = limit_place("memory") != nullptr,
            .pids = limit_place("pids") != nullptr,
            .freeze = can_freeze()};
}

const CgroupCages::Place* CgroupCages::limit_place(std::string_view controller) const {
    const auto found = std::find_if(limits_.begin(), limits_.end(),
                                    [&](const Place& one) { return one.controller == controller; });
    return found == limits_.end() ? nullptr : &*found;
}

/// All hierarchies a cage may be in, each once, the home first.
std::vector<CgroupCages::Place> CgroupCages::places() const {
    std::vector<Place> places;
    if (home_) places.push_back(*home_);
    for (const Place& place : limits_) {
        const bool known = std::any_of(places.begin(), places.end(), [&](const Place& other) {
            return other.hierarchy.mount == place.hierarchy.mount;
        });
        if (!known) places.push_back(place);
    }
    return places;
}

std::string CgroupCages::directory(const Place& place, const std::string& cage) const {
    return place.base + '/' + group_ + '/' + cage;
}

/// The same as a path from the mount point, as libcgroup names groups.
std::string CgroupCages::library_name(const Place& place, const std::string& cage) const {
    return directory(place, cage).substr(place.hierarchy.mount.size() + 1);
}

Result<void> CgroupCages::usable(const std::string& cage) const {
    if (!home_) return fail("use the cage", cage, why_none_);
    if (!server_of_cage(cage)) return fail("use the cage", cage, "it is not the name of a cage");
    return {};
}

Result<void> CgroupCages::make_home(const std::string& cage) {
    for (int attempt = 0;; ++attempt) {
        const auto parent = make_cgroup(home_->base + '/' + group_);
        if (!parent) return parent;
        auto made = make_cgroup(directory(*home_, cage));
        // Another of us may have removed the empty parent between.
        if (made || made.error().errno_code != ENOENT || attempt == 3) return made;
    }
}

Result<void> CgroupCages::put(const std::string& cage, uid_t /*uid*/,
                              std::span<const ProcessId> processes) {
    if (const auto checked = usable(cage); !checked) return checked;
    if (auto made = make_home(cage); !made) return made;
    struct Moved {
        Place place;
        std::string from;
        ProcessId id;
    };
    std::vector<Moved> moved;
    for (const Place& place : places()) {
        const std::string target = directory(place, cage);
        if (::access(target.c_str(), F_OK) != 0) continue;
        for (const ProcessId id : processes) {
            std::string from = cgroup_directory_of(place.hierarchy, id.pid);
            const auto done = move_to_cgroup(place.hierarchy, target, id);
            if (done && *done && from != target) moved.push_back({place, std::move(from), id});
            if (done) continue;
            for (const Moved& one : moved) {
                // As far as it goes: its old group may be gone.
                if (!one.from.empty()) move_to_cgroup(one.place.hierarchy, one.from, one.id);
            }
            remove(cage);
            return tl::unexpected(done.error());
        }
    }
    return {};
}

Result<void> CgroupCages::limit(const std::string& cage, const CageLimits& limits) {
    if (auto checked = usable(cage); !checked) return checked;
    if (::access(directory(*home_, cage).c_str(), F_OK) != 0) {
        return fail("limit the cage", cage, "there is no such cage");
    }
    struct Task {
        const Place* place;
        std::vector<CgroupValue> values;
    };
    std::vector<Task> tasks;
    for (const std::string_view controller : kLimitControllers) {
        const bool used = limits_use(limits, controller);
        const Place* const place = limit_place(controller);
        if (place == nullptr) {
            if (!used) continue;
            return fail("limit the cage", cage,
                        "this host has no " + std::string(controller) + " controller that we may use");
        }
        auto values = limit_values(limits, controller, place->hierarchy.unified);
        if (!values) return tl::unexpected(values.error());
        const std::string first = directory(*place, cage) + '/' + values->front().file;
        // Nothing to lift where there never was a limit.
        if (used || ::access(first.c_str(), F_OK) == 0) tasks.push_back({place, std::move(*values)});
    }
    for (const Task& task : tasks) {
        const auto done = limit_controller(*task.place, cage, task.values);
        if (done) continue;
        if (const auto lifted = lift_again(cage); !lifted) return lifted;
        return done;
    }
    balance();
    return {};
}

Result<void> CgroupCages::limit_controller(const Place& place, const std::string& cage,
                                           const std::vector<CgroupValue>& values) {
    const std::string name = library_name(place, cage);
    // libcgroup would begin at the top of v2, far above what a container or a delegated group may write.
    auto made = place.hierarchy.unified ? enable_below(place) : library_->make(name, place.controller);
    if (!made) return made;
    CgroupLibrary::Values pairs;
    for (const CgroupValue& value : values) pairs.emplace_back(value.file, value.value);
    if (auto set = library_->set(name, place.controller, pairs); !set) return set;
    for (const CgroupValue& value : values) {
        const std::string file = directory(place, cage) + '/' + value.file;
        const auto content = read_cgroup_file(file);
        if (!content) return tl::unexpected(content.error());
        if (!reads_back(value, *content)) {
            return fail("write " + value.value + " to", file, "it reads " + *content + " afterwards");
        }
    }
    return join(place, cage);
}

/// v2: gives the controller to the group of all cages, and from there to each.
Result<void> CgroupCages::enable_below(const Place& place) const {
    for (const std::string& parent : {place.base, place.base + '/' + group_}) {
        const std::string file = parent + "/cgroup.subtree_control";
        if (lists(file, place.controller)) continue;
        if (auto enabled = write_cgroup_file(file, '+' + place.controller); !enabled) return enabled;
    }
    return {};
}

/// After half of the limits could be set: none of them stays.
Result<void> CgroupCages::lift_again(const std::string& cage) {
    for (const Place& place : limits_) {
        const auto values = limit_values({}, place.controller, place.hierarchy.unified);
        if (!values) return tl::unexpected(values.error());
        for (const CgroupValue& value : *values) {
            auto written = write_cgroup_file(directory(place, cage) + '/' + value.file, value.value);
            if (!written && written.error().errno_code != ENOENT) return written;
        }
    }
    balance();
    return {};
}

/// Puts all that is in the cage into this hierarchy's group of it as well.
Result<void> CgroupCages::join(const Place& place, const std::string& cage) {
    if (place.hierarchy.mount == home_->hierarchy.mount) return {};
    const std::string target = directory(place, cage);
    for (int round = 0; round < kRounds; ++round) {
        const auto members = processes(cage);
        if (!members) return tl::unexpected(members.error());
        bool all_there = true;
        for (const ProcessId id : *members) {
            if (cgroup_directory_of(place.hierarchy, id.pid) == target) continue;
            const auto moved = move_to_cgroup(place.hierarchy, target, id);
            if (!moved) return tl::unexpected(moved.error());
            if (*moved) all_there = false;
        }
        if (all_there) return {};
    }
    return fail("move all processes of the cage to", target, "it forks faster than it can be moved");
}

/// A cage's weight counts beside the other cages only; beside everybody else it is that of the group of
/// all cages that counts. So that one weighs as much as its cages together.
void CgroupCages::balance() const {
    const Place* const place = limit_place("cpu");
    if (place == nullptr) return;
    const bool unified = place->hierarchy.unified;
    const std::string parent = place->base + '/' + group_;
    const std::string file = '/' + weight_value(100, unified).file;
    unsigned sum = 0;
    for (const std::string& cage : groups_in_cgroup(parent)) {
        const auto content = read_cgroup_file(parent + '/' + cage + file);
        if (content) sum += weight_from(*content, unified).value_or(100);
    }
    // Where it cannot be written the cages weigh too much or too little, and stay what they are.
    if (sum > 0) write_cgroup_file(parent + file, weight_value(sum, unified).value);
}

Result<void> CgroupCages::freeze(const std::string& cage, bool frozen) {
    if (auto checked = usable(cage); !checked) return checked;
    if (!can_freeze()) {
        return fail(frozen ? "freeze" : "thaw", cage, "this host has no freezer that we may use");
    }
    return freeze_cgroup(directory(*home_, cage), home_->hierarchy.unified, frozen);
}

Result<std::vector<ProcessId>> CgroupCages::processes(const std::string& cage) {
    if (const auto checked = usable(cage); !checked) return tl::unexpected(checked.error());
    return members_of_cgroup(home_->hierarchy, directory(*home_, cage));
}

Result<std::vector<std::string>> CgroupCages::list() {
    std::vector<std::string> cages;
    for (const Place& place : places()) {
        for (std::string& name : groups_in_cgroup(place.base + '/' + group_)) {
            if (server_of_cage(name)) cages.push_back(std::move(name));
        }
    }
    std::sort(cages.begin(), cages.end());
    cages.erase(std::unique(cages.begin(), cages.end()), cages.end());
    return cages;
}

Result<void> CgroupCages::remove(const std::string& cage) {
    if (auto checked = usable(cage); !checked) return checked;
    // The home first: while that is not empty, the limits of what is in it stay.
    for (const Place& place : places()) {
        const auto removed = remove_cgroup(directory(place, cage));
        if (!removed) return tl::unexpected(removed.error());
        if (!*removed) return {};
        remove_cgroup(place.base + '/' + group_);  // Stays while there are other cages.
    }
    balance();
    return {};
}

}  // namespace reaper::enforce
