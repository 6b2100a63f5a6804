#include "processes.h"

#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <iterator>
#include <memory>
#include <optional>
#include <sstream>
#include <string_view>
#include <vector>

namespace reaper::integration {
namespace {

std::string link_target(const std::string& path) {
    char target[256];
    const ssize_t length = readlink(path.c_str(), target, sizeof target);
    return length < 0 ? "" : std::string(target, static_cast<std::size_t>(length));
}

std::optional<ProcessInfo> read_process(pid_t pid) {
    const std::string directory = "/proc/" + std::to_string(pid);
    const std::string stat = text_of(directory + "/stat");
    const std::size_t open = stat.find('('), close = stat.rfind(')');  // comm may hold ") Z ".
    if (open == std::string::npos || close == std::string::npos) return std::nullopt;

    std::istringstream rest(stat.substr(close + 1));
    const std::vector<std::string> fields(std::istream_iterator<std::string>(rest), {});
    constexpr std::size_t kState = 0, kParent = 1, kStart = 19;  // Counted from the field after comm.
    if (fields.size() <= kStart || fields[kState] == "Z" || fields[kState] == "X") return std::nullopt;

    ProcessInfo info;
    info.pid = pid;
    info.parent = static_cast<pid_t>(std::stol(fields[kParent]));
    info.start = std::stoull(fields[kStart]);
    info.comm = stat.substr(open + 1, close - open - 1);
    info.input = link_target(directory + "/fd/0");
    info.output = link_target(directory + "/fd/1");
    return info;
}

bool anonymous(const std::string& link) {
    return link.starts_with("socket:") || link.starts_with("pipe:");
}

}  // namespace

std::string text_of(const std::string& file) {
    std::string text;
    const UniqueFd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 16384> bytes;
    for (ssize_t n = 0; fd && (n = read(fd.get(), bytes.data(), bytes.size())) > 0;) {
        text.append(bytes.data(), static_cast<std::size_t>(n));
    }
    return text;
}

ProcessTable read_processes() {
    ProcessTable table;
    const std::unique_ptr<DIR, int (*)(DIR*)> proc(opendir("/proc"), closedir);
    if (!proc) return table;
    while (const dirent* entry = readdir(proc.get())) {
        const std::string_view name(entry->d_name);
        pid_t pid = 0;
        if (std::from_chars(name.data(), name.data() + name.size(), pid).ec != std::errc{}) continue;
        if (auto info = read_process(pid)) table.emplace(pid, std::move(*info));
    }
    return table;
}

std::set<pid_t> grow(const std::set<pid_t>& seeds, const ProcessTable& table) {
    std::set<pid_t> members;
    for (const pid_t pid : seeds) {
        if (table.contains(pid)) members.insert(pid);
    }
    for (bool grown = true; grown;) {
        grown = false;
        for (const auto& [pid, info] : table) {
            if (members.contains(info.parent)) grown |= members.insert(pid).second;
        }
    }
    std::set<std::string> inputs, outputs;  // Of the browsers.
    for (const pid_t pid : members) {
        const ProcessInfo& member = table.at(pid);
        if (!member.comm.starts_with("chrom")) continue;
        if (anonymous(member.input)) inputs.insert(member.input);
        if (anonymous(member.output)) outputs.insert(member.output);
    }
    for (const auto& [pid, info] : table) {
        const bool shares = inputs.contains(info.input) || outputs.contains(info.output);
        if (info.comm == "chrome_crashpad" && shares) members.insert(pid);
    }
    return members;
}

std::set<pid_t> tree_of(pid_t top, const ProcessTable& table) {
    return grow({top}, table);
}

UniqueFd open_process(pid_t pid) {
    return UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
}

void signal_process(pid_t pid, int number) {
    const UniqueFd process = open_process(pid);
    ASSERT_TRUE(process);
    ASSERT_EQ(syscall(SYS_pidfd_send_signal, process.get(), number, nullptr, 0), 0);
}

bool await_exit(const UniqueFd& process, std::chrono::milliseconds within) {
    if (!process) return true;
    pollfd poller{process.get(), POLLIN, 0};
    return poll(&poller, 1, static_cast<int>(within.count())) == 1;
}

void end_all_descendants(pid_t guardian) {
    for (;;) {  // Until none is left: one may fork while the others are killed.
        const ProcessTable table = read_processes();
        std::vector<UniqueFd> ended;
        for (const pid_t pid : tree_of(guardian, table)) {
            if (pid == guardian || pid == getpid()) continue;
            UniqueFd process = open_process(pid);
            // The pid is still that process: it is a descendant of ours, seen after it was opened.
            const auto again = read_process(pid);
            if (!process || !again || again->start != table.at(pid).start) continue;
            syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0);
            ended.push_back(std::move(process));
        }
        if (ended.empty()) return;
        for (const UniqueFd& process : ended) await_exit(process, std::chrono::seconds(10));
    }
}

}  // namespace reaper::integration
