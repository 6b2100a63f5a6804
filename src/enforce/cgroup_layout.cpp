#include "enforce/cgroup_layout.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>

namespace reaper::enforce {
namespace {

/// The next part of `text` before `separator`, which it is cut from.
std::string_view take(std::string_view& text, char separator) {
    const std::size_t end = text.find(separator);
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return part;
}

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const std::string_view part = take(text, separator);
        if (!part.empty()) parts.emplace_back(part);
    }
    return parts;
}

/// A line of mountinfo (proc(5)).
struct Mount {
    std::string id;
    std::string parent;
    std::string root;
    std::string point;
    std::vector<std::string> options;  ///< Of the mount.
    std::string type;
    std::vector<std::string> super_options;  ///< Of the file system: v1 has its controllers here.
};

/// "a\040b" -> "a b": mountinfo writes space, tab, newline and backslash in octal.
std::string unescaped(std::string_view text) {
    const auto octal = [](char c) { return c >= '0' && c <= '7'; };
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 3 < text.size() && octal(text[i + 1]) && octal(text[i + 2]) &&
            octal(text[i + 3])) {
            result += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                        (text[i + 3] - '0'));
            i += 3;
        } else {
            result += text[i];
        }
    }
    return result;
}

std::optional<Mount> parse_mount(std::string_view line) {
    Mount mount;
    mount.id = take(line, ' ');
    mount.parent = take(line, ' ');
    take(line, ' ');  // major:minor
    mount.root = unescaped(take(line, ' '));
    mount.point = unescaped(take(line, ' '));
    mount.options = split(take(line, ' '), ',');
    while (!line.empty() && take(line, ' ') != "-") {
    }  // optional fields
    mount.type = take(line, ' ');
    take(line, ' ');  // source
    mount.super_options = split(take(line, ' '), ',');
    if (mount.type.empty() || mount.point.empty()) return std::nullopt;
    return mount;
}

bool is_below(std::string_view path, std::string_view directory) {
    if (!path.starts_with(directory)) return false;
    return directory == "/" || path.size() == directory.size() || path[directory.size()] == '/';
}

/// Another mount of the same parent lies over it or over a directory above it. Had that one come first,
/// it would be this one's parent.
bool is_hidden(const Mount& mount, const std::vector<Mount>& all) {
    return std::any_of(all.begin(), all.end(), [&](const Mount& other) {
        if (other.id == mount.id) return false;
        const bool on_top = other.parent == mount.id && other.point == mount.point;
        const bool above = other.parent == mount.parent && other.point != mount.point &&
                           is_below(mount.point, other.point);
        return on_top || above;
    });
}

bool contains(const std::vector<std::string>& list, std::string_view item) {
    return std::find(list.begin(), list.end(), item) != list.end();
}

/// What else stands among the options of a v1 mount.
bool is_controller(std::string_view option) {
    constexpr std::string_view kOthers[] = {
        "rw",    "ro",   "noprefix",       "clone_children", "release_agent",
        "xattr", "none", "cpuset_v2_mode", "favordynmods"};
    if (option.starts_with("release_agent=") || option.starts_with("seclabel")) return false;
    return std::find(std::begin(kOthers), std::end(kOthers), option) == std::end(kOthers);
}

CgroupHierarchy hierarchy_of(const Mount& mount) {
    CgroupHierarchy hierarchy{
        .mount = mount.point,
        .root = mount.root,
        .unified = mount.type == "cgroup2",
        .read_only = contains(mount.options, "ro") || contains(mount.super_options, "ro")};
    if (!hierarchy.unified) {
        std::copy_if(mount.super_options.begin(), mount.super_options.end(),
                     std::back_inserter(hierarchy.controllers), is_controller);
    }
    return hierarchy;
}

bool better(const CgroupHierarchy& a, const CgroupHierarchy& b) {
    if (a.read_only != b.read_only) return b.read_only;
    return a.root.size() < b.root.size();
}

void add(std::vector<CgroupHierarchy>& all, CgroupHierarchy hierarchy) {
    const auto same = std::find_if(all.begin(), all.end(), [&](const CgroupHierarchy& other) {
        return other.unified == hierarchy.unified &&
               (hierarchy.unified || other.controllers == hierarchy.controllers);
    });
    if (same == all.end()) {
        all.push_back(std::move(hierarchy));
    } else if (better(hierarchy, *same)) {
        *same = std::move(hierarchy);
    }
}

std::string text_of(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

}  // namespace

bool CgroupHierarchy::has(std::string_view controller) const {
    return contains(controllers, controller);
}

std::string_view to_string(CgroupKind kind) {
    switch (kind) {
        case CgroupKind::none:
            return "none";
        case CgroupKind::v1:
            return "v1";
        case CgroupKind::hybrid:
            return "hybrid";
        case CgroupKind::v2:
            return "v2";
    }
    return "none";
}

CgroupKind CgroupLayout::kind() const {
    const bool v2 = unified() != nullptr;
    // A v1 hierarchy with nothing but a name (systemd's) limits nothing.
    const bool v1 = std::any_of(hierarchies.begin(), hierarchies.end(), [](const CgroupHierarchy& one) {
        return !one.unified &&
               std::any_of(one.controllers.begin(), one.controllers.end(),
                           [](const std::string& name) { return !name.starts_with("name="); });
    });
    if (v1) return v2 ? CgroupKind::hybrid : CgroupKind::v1;
    return v2 ? CgroupKind::v2 : CgroupKind::none;
}

const CgroupHierarchy* CgroupLayout::with(std::string_view controller) const {
    const auto found = std::find_if(hierarchies.begin(), hierarchies.end(),
                                    [&](const CgroupHierarchy& one) { return one.has(controller); });
    return found == hierarchies.end() ? nullptr : &*found;
}

const CgroupHierarchy* CgroupLayout::unified() const {
    const auto found = std::find_if(hierarchies.begin(), hierarchies.end(),
                                    [](const CgroupHierarchy& one) { return one.unified; });
    return found == hierarchies.end() ? nullptr : &*found;
}

CgroupLayout parse_cgroup_layout(std::string_view mountinfo, std::string_view cgroups) {
    std::vector<Mount> mounts;
    while (!mountinfo.empty()) {
        if (auto mount = parse_mount(take(mountinfo, '\n'))) mounts.push_back(std::move(*mount));
    }
    CgroupLayout layout;
    for (const Mount& mount : mounts) {
        if (mount.type != "cgroup" && mount.type != "cgroup2") continue;
        if (!is_hidden(mount, mounts)) add(layout.hierarchies, hierarchy_of(mount));
    }
    while (!cgroups.empty()) {
        const std::vector<std::string> fields = split(take(cgroups, '\n'), '\t');
        if (fields.size() == 4 && fields[3] == "0") layout.disabled.push_back(fields[0]);
    }
    return layout;
}

CgroupLayout read_cgroup_layout() {
    CgroupLayout layout = parse_cgroup_layout(text_of("/proc/self/mountinfo"), text_of("/proc/cgroups"));
    for (CgroupHierarchy& hierarchy : layout.hierarchies) {
        if (!hierarchy.unified) continue;
        std::string text = text_of(hierarchy.mount + "/cgroup.controllers");
        std::replace(text.begin(), text.end(), '\n', ' ');
        hierarchy.controllers = split(text, ' ');
    }
    return layout;
}

std::string cgroup_in(const CgroupHierarchy& hierarchy, std::string_view proc_cgroup) {
    while (!proc_cgroup.empty()) {
        std::string_view line = take(proc_cgroup, '\n');
        const std::string_view number = take(line, ':');
        const std::vector<std::string> controllers = split(take(line, ':'), ',');
        const bool fits = hierarchy.unified ? number == "0" && controllers.empty()
                                            : !controllers.empty() && hierarchy.has(controllers[0]);
        if (fits) return std::string(line);
    }
    return {};
}

std::string cgroup_directory(const CgroupHierarchy& hierarchy, std::string_view path) {
    if (path.empty() || !is_below(path, hierarchy.root)) return {};
    if (hierarchy.root != "/") path.remove_prefix(hierarchy.root.size());
    while (path.ends_with('/')) path.remove_suffix(1);
    return hierarchy.mount + std::string(path);
}

}  // namespace reaper::enforce
