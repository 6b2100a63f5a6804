#include "hold.h"

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <vector>

#include "processes.h"

namespace reaper::integration {
namespace {

namespace fs = std::filesystem;

std::string contents(const fs::path& file) {
    std::string text = text_of(file);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

/// Of the hierarchy with these controllers ("" and v2's empty list: the unified one).
fs::path mount_of(const std::string& controllers) {
    if (!controllers.empty()) return fs::path("/sys/fs/cgroup") / controllers;
    const fs::path unified = "/sys/fs/cgroup/unified";
    return fs::exists(unified / "cgroup.controllers") ? unified : fs::path("/sys/fs/cgroup");
}

void add(const fs::path& cage, Hold& hold) {
    const auto says = [&](const char* file, const std::string& usual) {
        const std::string text = contents(cage / file);
        return !text.empty() && text != usual;
    };
    hold.cage = cage.filename();
    hold.frozen = hold.frozen || says("cgroup.freeze", "0") || says("freezer.state", "THAWED");
    hold.limited = hold.limited || says("cpu.cfs_quota_us", "-1") || says("cpu.shares", "1024") ||
                   says("cpu.max", "max 100000") || says("cpu.weight", "100");
}

}  // namespace

Hold hold_on(pid_t pid) {
    const fs::path proc = "/proc/" + std::to_string(pid);
    Hold hold;
    const std::string stat = contents(proc / "stat");
    const std::size_t comm = stat.rfind(')');
    if (comm == std::string::npos || comm + 2 >= stat.size()) return hold;
    hold.stopped = stat[comm + 2] == 'T';
    std::istringstream lines(contents(proc / "cgroup"));
    for (std::string line; std::getline(lines, line);) {
        const std::size_t first = line.find(':');
        const std::size_t second = line.find(':', first + 1);
        const std::string path = line.substr(second + 1);
        if (path.find("/mcp-reaper/") == std::string::npos) continue;
        add(mount_of(line.substr(first + 1, second - first - 1)) / path.substr(1), hold);
    }
    return hold;
}

bool cage_exists(const std::string& cage) {
    std::vector<fs::path> mounts = {mount_of("")};
    for (const char* controller : {"freezer", "pids", "memory", "cpu"}) {
        mounts.push_back(mount_of(controller));
    }
    return std::any_of(mounts.begin(), mounts.end(),
                       [&](const fs::path& mount) { return fs::exists(mount / "mcp-reaper" / cage); });
}

}  // namespace reaper::integration
