#include "enforce/systemd_cages.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "enforce/cgroup_group.h"
#include "enforce/cgroup_limits.h"
#include "enforce/cgroup_move.h"
#include "scan/process_dir.h"

namespace reaper::enforce {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience(3);  // systemd writes cgroup files after it has answered.
constexpr std::string_view kScope = ".scope";

std::string unit_of(const std::string& cage) {
    return cage + std::string(kScope);
}

/// The hierarchy of systemd's units: cgroup2, or on v1 and hybrid hosts its own.
std::optional<CgroupHierarchy> hierarchy_of_units(const CgroupLayout& layout) {
    const CgroupHierarchy* const named = layout.with("name=systemd");
    const CgroupHierarchy* const found = named != nullptr ? named : layout.unified();
    return found == nullptr ? std::nullopt : std::optional(*found);
}

template <typename Condition>
bool comes_true(const Condition& condition) {
    const auto deadline = Clock::now() + kPatience;
    while (!condition()) {
        if (Clock::now() > deadline) return false;
        ::poll(nullptr, 0, 2);
    }
    return true;
}

bool is_user_slice(std::string_view part) {
    constexpr std::string_view kPrefix = "user-";
    constexpr std::string_view kEnding = ".slice";
    if (!part.starts_with(kPrefix) || !part.ends_with(kEnding)) return false;
    part.remove_prefix(kPrefix.size());
    part.remove_suffix(kEnding.size());
    return !part.empty() &&
           std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string slice_for(std::string_view cgroup) {
    while (!cgroup.empty()) {
        const std::size_t end = std::min(cgroup.find('/'), cgroup.size());
        if (is_user_slice(cgroup.substr(0, end))) return std::string(cgroup.substr(0, end));
        cgroup.remove_prefix(std::min(end + 1, cgroup.size()));
    }
    return "system.slice";
}

Result<std::unique_ptr<SystemdCages>> SystemdCages::open(const scan::SystemdPlaces& places,
                                                         const CgroupLayout& layout, uid_t uid) {
    auto units = hierarchy_of_units(layout);
    if (!units) return fail("use systemd's cgroups", "", "they are not mounted here");
    auto manager = SystemdManager::connect(places, uid);
    if (!manager) return tl::unexpected(manager.error());
    const auto own = manager->own_cgroup();
    if (!own) return tl::unexpected(own.error());
    std::unique_ptr<SystemdCages> cages(new SystemdCages(places, layout, std::move(*units), uid));
    cages->find_abilities(*own);
    return cages;
}

void SystemdCages::find_abilities(const std::string& own_cgroup) {
    abilities_.backend = uid_ == 0 ? "systemd (system manager)" : "systemd (user manager)";
    // A user's manager has those controllers that were given to it, which on v1 is none.
    std::string given;
    if (uid_ != 0 && units_.unified) {
        const std::string top = cgroup_directory(units_, own_cgroup);
        given = ' ' + read_cgroup_file(top + "/cgroup.controllers").value_or("") + ' ';
    }
    const auto has = [&](std::string_view controller) {
        if (uid_ == 0) return layout_.with(controller) != nullptr;
        return given.find(' ' + std::string(controller) + ' ') != std::string::npos;
    };
    abilities_.cpu_quota = abilities_.cpu_weight = has("cpu");
    abilities_.memory = has("memory");
    abilities_.pids = has("pids");
    abilities_.freeze = units_.unified;
}

Result<SystemdManager> SystemdCages::manager(const std::string& cage) const {
    if (!server_of_cage(cage)) return fail("use the cage", cage, "it is not the name of a cage");
    return SystemdManager::connect(places_, uid_);
}

/// Empty where there is no such cage.
Result<std::string> SystemdCages::directory(SystemdManager& manager, const std::string& cage) const {
    const auto cgroup = manager.cgroup_of(unit_of(cage));
    if (!cgroup) return tl::unexpected(cgroup.error());
    return cgroup_directory(units_, *cgroup);
}

Result<void> SystemdCages::put(const std::string& cage, uid_t /*uid*/,
                               std::span<const ProcessId> processes) {
    auto connected = manager(cage);
    if (!connected) return tl::unexpected(connected.error());
    const auto state = connected->state_of(unit_of(cage));
    if (!state) return tl::unexpected(state.error());
    // Verified last of all before the call, so that the time in which a pid can change hands is short.
    std::vector<pid_t> pids;
    std::string cgroup;
    for (const ProcessId id : processes) {
        const auto process = scan::ProcessDir::open(id);
        if (!process && scan::says_gone(process.error())) continue;
        if (!process) return tl::unexpected(process.error());
        if (cgroup.empty()) cgroup = process->cgroup().value_or("");
        pids.push_back(id.pid);
    }
    if (pids.empty()) return {};
    const std::string slice = uid_ == 0 ? slice_for(cgroup) : "app.slice";
    const auto moved = *state == "active" ? connected->attach(unit_of(cage), pids)
                                          : connected->start_scope(unit_of(cage), slice, pids);
    const auto verified = verify(*connected, cage, processes);
    if (!moved) return moved;
    return verified;
}

/// Whether those that should be in it are, and nobody who had got a pid of theirs.
Result<void> SystemdCages::verify(SystemdManager& manager, const std::string& cage,
                                  std::span<const ProcessId> processes) const {
    const auto target = directory(manager, cage);
    if (!target) return tl::unexpected(target.error());
    if (target->empty()) return {};  // All of it has ended.
    for (const ProcessId id : processes) {
        const std::string where = cgroup_directory_of(units_, id.pid);
        const auto process = scan::ProcessDir::open(id);
        if (!process) {
            const auto stranger = take_back_stranger(units_, *target, id);
            if (!stranger) return tl::unexpected(stranger.error());
            if (*stranger) {
                return fail(
                    "move process " + id.text() + " to", cage,
                    "it ended, and another process had its pid at once; that one was moved back");
            }
            continue;
        }
        const auto stat = process->stat();
        if (!stat || stat->state == 'Z' || stat->state == 'X' || where == *target) continue;
        return fail("move process " + id.text() + " to", cage, "systemd left it in " + where);
    }
    return {};
}

Result<void> SystemdCages::limit(const std::string& cage, const CageLimits& limits) {
    auto connected = manager(cage);
    if (!connected) return tl::unexpected(connected.error());
    const auto cgroup = connected->cgroup_of(unit_of(cage));
    if (!cgroup) return tl::unexpected(cgroup.error());
    if (cgroup->empty()) return fail("limit the cage", cage, "there is no such cage");
    for (const std::string_view controller : kLimitControllers) {
        const bool able = controller == "cpu"      ? abilities_.cpu_quota
                          : controller == "memory" ? abilities_.memory
                                                   : abilities_.pids;
        if (limits_use(limits, controller) && !able) {
            return fail("limit the cage", cage,
                        "this manager has no " + std::string(controller) + " controller");
        }
        const auto values = limit_values(limits, controller, true);
        if (!values) return tl::unexpected(values.error());
    }
    if (auto set = connected->set_limits(unit_of(cage), limits); !set) return set;
    const auto checked = in_force(*cgroup, limits);
    if (checked) return {};
    const auto lifted = connected->set_limits(unit_of(cage), {});
    return lifted ? checked : lifted;
}

/// Whether the kernel has them: systemd accepts limits that it then has no controller for.
Result<void> SystemdCages::in_force(const std::string& cgroup, const CageLimits& limits) const {
    for (const std::string_view controller : kLimitControllers) {
        const CgroupHierarchy* const hierarchy = layout_.with(controller);
        if (hierarchy == nullptr) continue;
        const std::string directory = cgroup_directory(*hierarchy, cgroup);
        const auto values = limit_values(limits, controller, hierarchy->unified);
        if (!values) return tl::unexpected(values.error());
        for (const CgroupValue& value : *values) {
            std::string reads;
            const bool set = comes_true([&] {
                const auto content = read_cgroup_file(directory + '/' + value.file);
                // No file, no controller, no limit: right where none is asked for.
                if (!content) return !limits_use(limits, controller);
                reads = *content;
                return reads_back(value, reads);
            });
            if (set) continue;
            return fail("write " + value.value + " to", directory + '/' + value.file,
                        reads.empty() ? "systemd has not enabled the " + std::string(controller) +
                                            " controller for it"
                                      : "it reads " + reads + " afterwards");
        }
    }
    return {};
}

Result<void> SystemdCages::freeze(const std::string& cage, bool frozen) {
    auto connected = manager(cage);
    if (!connected) return tl::unexpected(connected.error());
    if (!abilities_.freeze) {
        return fail(frozen ? "freeze" : "thaw", cage, "systemd freezes only on cgroup v2");
    }
    const auto done = connected->freeze(unit_of(cage), frozen);
    if (done) return {};
    // Half frozen is not to be left.
    if (frozen) {
        if (const auto thawed = connected->freeze(unit_of(cage), false); !thawed) return thawed;
    }
    return done;
}

Result<std::vector<ProcessId>> SystemdCages::processes(const std::string& cage) {
    auto connected = manager(cage);
    if (!connected) return tl::unexpected(connected.error());
    const auto target = directory(*connected, cage);
    if (!target) return tl::unexpected(target.error());
    if (target->empty()) return std::vector<ProcessId>{};
    return members_of_cgroup(units_, *target);
}

Result<std::vector<std::string>> SystemdCages::list() {
    auto connected = SystemdManager::connect(places_, uid_);
    if (!connected) return tl::unexpected(connected.error());
    const auto units = connected->units("mcp-reaper-*.scope");
    if (!units) return tl::unexpected(units.error());
    std::vector<std::string> cages;
    for (const std::string& unit : *units) {
        std::string cage = unit.substr(0, unit.size() - kScope.size());
        if (server_of_cage(cage)) cages.push_back(std::move(cage));
    }
    std::sort(cages.begin(), cages.end());
    return cages;
}

Result<void> SystemdCages::remove(const std::string& cage) {
    const auto members = processes(cage);
    if (!members) return tl::unexpected(members.error());
    if (!members->empty()) return {};
    auto connected = manager(cage);
    if (!connected) return tl::unexpected(connected.error());
    // An empty scope goes by itself. It is never told to stop: that would kill whoever is in it by then.
    comes_true([&] {
        const auto state = connected->state_of(unit_of(cage));
        return !state || *state == "inactive";
    });
    return {};
}

}  // namespace reaper::enforce
