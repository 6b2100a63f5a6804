#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "report/doctor.h"
#include "report/humanize.h"

namespace reaper::report {
namespace {

using enforce::HostFacts;
using enforce::Tried;

using Points = std::vector<CheckPoint>;

CheckPoint fine(std::string name, std::string finding) {
    return {std::move(name), Standing::ok, std::move(finding), "", "", false};
}

CheckPoint limited(std::string name, std::string finding, std::string follows, std::string remedy = "") {
    return {std::move(name),    Standing::limited, std::move(finding),
            std::move(follows), std::move(remedy), false};
}

CheckPoint missing(std::string name, std::string finding, std::string follows, std::string remedy = "") {
    return {std::move(name),    Standing::missing, std::move(finding),
            std::move(follows), std::move(remedy), false};
}

bool may(const HostFacts& host, bool enforce::Capabilities::*capability) {
    return host.capabilities && (*host.capabilities).*capability;
}

// ---- who we are

struct Privilege {
    const char* name;
    bool enforce::Capabilities::*field;
    const char* follows;  ///< Where it is missing.
};
constexpr std::array<Privilege, 4> kPrivileges = {{
    {"CAP_KILL", &enforce::Capabilities::kill, "other users' servers cannot be ended"},
    {"CAP_SYS_PTRACE", &enforce::Capabilities::sys_ptrace,
     "the channels of other users' servers are unknown, and unknown means keep"},
    {"CAP_DAC_READ_SEARCH", &enforce::Capabilities::dac_read_search,
     "other users' descriptors cannot be listed"},
    {"CAP_NET_ADMIN", &enforce::Capabilities::net_admin, "the process connector may be refused"},
}};

void check_privileges(const HostFacts& host, Points& points) {
    const bool root = host.uid == 0;
    points.push_back(root ? fine("user", "root")
                          : limited("user", fmt::format("user {}", host.uid),
                                    "only your own servers can be judged and acted upon",
                                    "run it with sudo for those of all users"));
    std::string held;
    for (const Privilege& one : kPrivileges) {
        if (may(host, one.field)) held += (held.empty() ? "" : ", ") + std::string(one.name);
    }
    if (!held.empty()) points.push_back(fine("capabilities", held));
    // An ordinary user without any is no gap of its own: the line above says what follows.
    if (held.empty() && !root) return;
    for (const Privilege& one : kPrivileges) {
        if (may(host, one.field)) continue;
        points.push_back(limited(one.name, "not held", one.follows,
                                 "grant it: in a unit by AmbientCapabilities= and "
                                 "CapabilityBoundingSet=, in a container by --cap-add"));
    }
}

// ---- what may be looked at

void check_ptrace(const HostFacts& host, Points& points) {
    constexpr const char* kName = "ptrace scope";
    if (!host.ptrace_scope) {
        points.push_back(fine(kName, "no yama"));
    } else if (may(host, &enforce::Capabilities::sys_ptrace) && *host.ptrace_scope < 3) {
        points.push_back(fine(kName, fmt::format("{}; CAP_SYS_PTRACE passes it", *host.ptrace_scope)));
    } else if (*host.ptrace_scope == 0) {
        points.push_back(fine(kName, "0: your own processes may be looked at"));
    } else {
        points.push_back(limited(kName, std::to_string(*host.ptrace_scope),
                                 "descriptors of processes that are not your own children cannot be "
                                 "polled; pipes are opened and sockets are looked up instead",
                                 "run it with sudo, or sysctl kernel.yama.ptrace_scope=0"));
    }
}

void check_hidepid(const HostFacts& host, Points& points) {
    constexpr const char* kName = "hidepid";
    if (host.hidepid == "0" || host.hidepid == "off") {
        points.push_back(fine(kName, "off: every process is seen"));
    } else if (may(host, &enforce::Capabilities::sys_ptrace)) {
        points.push_back(fine(kName, host.hidepid + "; CAP_SYS_PTRACE passes it"));
    } else {
        points.push_back(limited(kName, host.hidepid,
                                 "other users' processes are not seen at all, nor is a client of yours "
                                 "that runs as another user",
                                 "run it with sudo"));
    }
}

// ---- what the kernel does for us

CheckPoint call(const char* name, const Tried& tried, const char* follows, bool essential = false) {
    if (tried.works) return fine(name, "works");
    CheckPoint point =
        essential ? missing(name, tried.why_not, follows) : limited(name, tried.why_not, follows);
    point.essential = essential;
    point.remedy = "needs Linux 5.15; in a container or unit, the seccomp filter must let it through";
    return point;
}

void check_kernel(const enforce::KernelFacts& kernel, Points& points) {
    points.push_back(call("pidfd_open", kernel.pidfd_open,
                          "no server can be ended: a pid alone may be another process's by then", true));
    points.push_back(
        call("pidfd_send_signal", kernel.pidfd_send_signal, "no server can be ended", true));
    points.push_back(call("pidfd_getfd", kernel.pidfd_getfd,
                          "channels are told by opening pipes and by sock_diag; more stay unknown"));
    points.push_back(call("process_mrelease", kernel.process_mrelease,
                          "the memory of a large server comes back a little later"));
    points.push_back(kernel.sock_diag.works
                         ? fine("sock_diag", "works")
                         : limited("sock_diag", kernel.sock_diag.why_not,
                                   "whether a server listens is unknown, and unknown means keep",
                                   "load the kernel's modules unix_diag and tcp_diag"));
    points.push_back(kernel.connector.works
                         ? fine("process connector", "works")
                         : limited("process connector", kernel.connector.why_not,
                                   "a daemon could not be told of new processes and would look for them",
                                   "run it as root, in the host's own namespaces"));
    points.push_back(fine("collector", "full scan of /proc"));
}

// ---- cages

std::string controllers_text(const enforce::CgroupLayout& layout) {
    std::string text(enforce::to_string(layout.kind()));
    std::string names;
    for (const char* const name : {"cpu", "memory", "pids", "freezer"}) {
        const enforce::CgroupHierarchy* const hierarchy = layout.with(name);
        if (hierarchy == nullptr) continue;
        names += (names.empty() ? "" : ", ") + std::string(name);
        if (hierarchy->read_only) names += " (read-only)";
    }
    return text + ": " + (names.empty() ? "no controllers of use" : names);
}

void check_cgroups(const HostFacts& host, Points& points) {
    constexpr const char* kName = "cgroups";
    if (host.cgroups.kind() == enforce::CgroupKind::none) {
        points.push_back(missing(kName, "none are mounted", "nothing can be throttled or frozen",
                                 "mount them: mount -t cgroup2 none /sys/fs/cgroup"));
        return;
    }
    std::string off;
    for (const std::string& one : host.cgroups.disabled) off += (off.empty() ? "" : ", ") + one;
    const std::string text = controllers_text(host.cgroups);
    points.push_back(off.empty() ? fine(kName, text)
                                 : limited(kName, text, "switched off at boot: " + off,
                                           "take cgroup_disable= off the kernel's command line"));
}

void check_cages(const enforce::CageAbilities& cages, Points& points) {
    constexpr const char* kName = "cages";
    if (cages.backend.empty()) {
        points.push_back(missing(kName, "none", "throttle and freeze are refused, and reported instead",
                                 cages.why_none));
        return;
    }
    std::string can;
    std::string cannot;
    const auto sort = [&](bool able, const char* what) {
        std::string& list = able ? can : cannot;
        list += (list.empty() ? "" : ", ") + std::string(what);
    };
    sort(cages.cpu_quota, "CPU quota");
    sort(cages.cpu_weight, "CPU weight");
    sort(cages.memory, "memory");
    sort(cages.pids, "tasks");
    sort(cages.freeze, "freeze");
    const std::string finding = cages.backend + ": " + can;
    points.push_back(cannot.empty() ? fine(kName, finding)
                                    : limited(kName, finding, "not possible here: " + cannot));
}

void check_systemd(const HostFacts& host, Points& points) {
    const enforce::SystemdFacts& systemd = host.systemd;
    if (!systemd.booted) {
        points.push_back(fine("systemd", "does not run this host; cgroups are used directly"));
        return;
    }
    points.push_back(systemd.system_manager.works
                         ? fine("systemd", "the system's manager answers")
                         : limited("systemd", systemd.system_manager.why_not,
                                   "servers cannot be put into scopes of their own, and main processes "
                                   "of units are told by their cgroup alone",
                                   "see whether dbus runs: systemctl status dbus"));
    if (host.uid == 0) return;
    points.push_back(systemd.user_manager.works
                         ? fine("user manager", "answers")
                         : limited("user manager", systemd.user_manager.why_not,
                                   "your servers cannot be throttled or frozen",
                                   "log in through systemd, or loginctl enable-linger"));
    if (!systemd.lingering) return;
    points.push_back(
        *systemd.lingering
            ? fine("lingering", "on: your manager outlives your sessions")
            : fine("lingering", "off: your manager and its cages go with your last session"));
}

// ---- the host, and our own files

void check_memory(const HostFacts& host, Points& points) {
    if (host.swap) {
        points.push_back(fine("swap", host.swap->value == 0 ? "none" : human_bytes(*host.swap)));
    }
    points.push_back(host.psi.works ? fine("memory pressure", "told by the kernel (PSI)")
                                    : limited("memory pressure", host.psi.why_not,
                                              "memory pressure cannot be told", "boot with psi=1"));
}

CheckPoint directory(const char* name, const OurDirectory& place, const char* follows) {
    if (place.usable.works) return fine(name, place.path);
    if (place.path.empty()) return limited(name, "none", follows, place.usable.why_not);
    return limited(name, place.path + ": " + place.usable.why_not, follows,
                   "make it yours: chown it, chmod 700, or mount it for writing");
}

void check_files(const DoctorFacts& facts, Points& points) {
    points.push_back(directory("runtime directory", facts.runtime,
                               "throttle and freeze are refused: what must be undone cannot be noted"));
    points.push_back(directory("state directory", facts.state, "what is done is not recorded"));
    points.push_back(facts.history.works
                         ? fine("history", "can be read, or nothing has been done yet")
                         : limited("history", facts.history.why_not, "what was done cannot be shown"));
    if (!facts.policy) {
        CheckPoint point =
            missing("policy", "has mistakes", "nothing is judged or done", "mcp-reaper policy check");
        point.essential = true;
        points.push_back(std::move(point));
    } else if (facts.mode == policy::Mode::observe) {
        points.push_back(limited("policy", *facts.policy + ", mode observe",
                                 "what would be done is only shown", "mode: enforce"));
    } else {
        points.push_back(fine("policy", *facts.policy + ", mode enforce"));
    }
}

}  // namespace

std::string_view to_string(Standing standing) {
    switch (standing) {
        case Standing::ok:
            return "ok";
        case Standing::limited:
            return "limited";
        case Standing::missing:
            return "missing";
    }
    return "";
}

std::vector<CheckPoint> check(const DoctorFacts& facts) {
    Points points;
    check_privileges(facts.host, points);
    check_ptrace(facts.host, points);
    check_hidepid(facts.host, points);
    check_kernel(facts.host.kernel, points);
    check_cgroups(facts.host, points);
    check_systemd(facts.host, points);
    check_cages(facts.host.cages, points);
    check_memory(facts.host, points);
    check_files(facts, points);
    return points;
}

bool can_act(const std::vector<CheckPoint>& points) {
    return std::none_of(points.begin(), points.end(), [](const CheckPoint& point) {
        return point.essential && point.standing == Standing::missing;
    });
}

}  // namespace reaper::report
