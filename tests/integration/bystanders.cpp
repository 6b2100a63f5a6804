#include "bystanders.h"

#include <gtest/gtest.h>

#include <optional>
#include <sstream>

#include "processes.h"

namespace reaper::integration {
namespace {

std::string content(pid_t pid, const char* name) {
    return text_of("/proc/" + std::to_string(pid) + '/' + name);
}

std::optional<Bystander> look_at(pid_t pid, const ProcessTable& table) {
    const auto row = table.find(pid);
    if (row == table.end()) return std::nullopt;
    Bystander seen;
    seen.start = row->second.start;
    seen.name = row->second.comm;
    seen.cgroup = content(pid, "cgroup");
    std::istringstream status(content(pid, "status"));
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("SigPnd:") || line.starts_with("ShdPnd:")) seen.pending += line + '\n';
        if (line.starts_with("State:\tT")) seen.stopped = true;
    }
    return seen;
}

}  // namespace

Bystanders::Bystanders(const std::set<pid_t>& pids) {
    const ProcessTable table = read_processes();
    for (const pid_t pid : pids) {
        if (auto seen = look_at(pid, table)) before_.emplace(pid, std::move(*seen));
    }
}

void Bystanders::expect_untouched() const {
    const ProcessTable table = read_processes();
    for (const auto& [pid, before] : before_) {
        SCOPED_TRACE(before.name + " (pid " + std::to_string(pid) + ")");
        const auto now = look_at(pid, table);
        if (!now || now->start != before.start) {
            ADD_FAILURE() << "it is gone";
            continue;
        }
        EXPECT_EQ(now->cgroup, before.cgroup);
        EXPECT_EQ(now->pending, before.pending);
        EXPECT_EQ(now->stopped, before.stopped);
    }
}

std::set<pid_t> Bystanders::pids() const {
    std::set<pid_t> pids;
    for (const auto& [pid, before] : before_) pids.insert(pid);
    return pids;
}

}  // namespace reaper::integration
