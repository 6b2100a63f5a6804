#include "enforce/system_host.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

#include "base/clocks.h"
#include "classify/command_line.h"
#include "enforce/process_handle.h"
#include "scan/children.h"
#include "scan/process_dir.h"
#include "scan/protection.h"
#include "scan/second_look.h"
#include "scan/strays.h"

namespace reaper::enforce {
namespace {

class HeldProcess : public Held {
  public:
    explicit HeldProcess(ProcessHandle handle) : handle_(std::move(handle)) {}
    [[nodiscard]] ProcessId id() const override { return handle_.id(); }
    Result<void> signal(int number) override { return handle_.signal(number); }
    [[nodiscard]] bool ended() const override { return handle_.ended(); }
    void release_memory() override { handle_.release_memory(); }
    [[nodiscard]] int fd() const override { return handle_.fd(); }

  private:
    ProcessHandle handle_;
};

/// This process and everybody above it: to end one of them is to end ourselves in the middle of it.
std::set<pid_t> own_line() {
    std::set<pid_t> line;
    pid_t pid = ::getpid();
    while (pid > 0 && line.insert(pid).second) {
        const auto id = scan::identify(pid);
        if (!id) break;
        const auto dir = scan::ProcessDir::open(*id);
        const auto stat = dir ? dir->stat() : tl::unexpected(dir.error());
        if (!stat) break;
        pid = stat->parent;
    }
    return line;
}

/// Without a descriptor to look with, say: what cannot be told counts as one that is never ended.
std::string cannot_be_seen(ProcessId id, const Error& why) {
    return "a process that cannot be looked at (" + why.message() + ", pid " + std::to_string(id.pid) +
           ")";
}

}  // namespace

SystemHost::SystemHost(const classify::Classifier& classifier, scan::AssembleOptions options,
                       std::unique_ptr<Cages> cages, int stop)
    : classifier_(classifier),
      options_(std::move(options)),
      cages_(std::move(cages)),
      stop_(stop),
      own_line_(own_line()) {}

MonotonicTime SystemHost::now() const {
    return monotonic_now();
}

std::chrono::steady_clock::time_point SystemHost::instant() const {
    return std::chrono::steady_clock::now();
}

BootTime SystemHost::since_boot() const {
    return boot_now();
}

Result<scan::Snapshot> SystemHost::look_again(std::span<const scan::Server> servers) {
    const auto sample = scan::read_again(servers, classifier_, memory_);
    if (!sample) return tl::unexpected(sample.error());
    return scan::assemble(*sample, classifier_, nullptr, options_, memory_);
}

Result<std::unique_ptr<Held>> SystemHost::hold(ProcessId id) {
    auto handle = ProcessHandle::open(id);
    if (!handle) return tl::unexpected(handle.error());
    return std::make_unique<HeldProcess>(std::move(*handle));
}

/// Safety rule 2 for one process: a client, a terminal multiplexer, this program and who started it.
std::string SystemHost::protected_as(ProcessId id, const std::string& comm) {
    const std::string pid = " (pid " + std::to_string(id.pid) + ")";
    if (id.pid == 1 || own_line_.contains(id.pid)) return comm + pid;
    const auto dir = scan::ProcessDir::open(id);
    auto line = dir ? dir->command_line() : tl::unexpected(dir.error());
    if (!line && !scan::says_gone(line.error())) return cannot_be_seen(id, line.error());
    if (!line) return "";  // It has ended: there is nothing to protect.
    scan::Process process;
    process.id = id;
    process.comm = comm;
    process.cmdline = std::move(*line);
    const std::string exe = dir->link("exe").value_or("");
    const std::string cwd = dir->link("cwd").value_or("");
    const classify::Surroundings around{exe, cwd};
    const auto what = classifier_.classify(classify::CommandLine::from_proc(process.cmdline), around);
    if (!scan::is_never_ended(process, what)) return "";
    return (what.type.empty() ? comm : what.type) + pid;
}

std::optional<Found> SystemHost::find(ProcessId id) {
    const auto dir = scan::ProcessDir::open(id);
    const auto stat = dir ? dir->stat() : tl::unexpected(dir.error());
    if (!stat && !scan::says_gone(stat.error())) return Found{id, '?', cannot_be_seen(id, stat.error())};
    if (!stat) return std::nullopt;
    return Found{id, stat->state, protected_as(id, stat->comm)};
}

std::vector<Found> SystemHost::with_descendants(std::span<const ProcessId> ids,
                                                const std::set<ProcessId>& others) {
    std::vector<Found> found;
    std::set<ProcessId> seen = others;
    std::vector<ProcessId> todo(ids.begin(), ids.end());
    while (!todo.empty() && found.size() < scan::kMostProcesses) {
        const ProcessId id = todo.back();
        todo.pop_back();
        if (!seen.insert(id).second) continue;
        const auto dir = scan::ProcessDir::open(id);
        const auto stat = dir ? dir->stat() : tl::unexpected(dir.error());
        if (!stat && scan::says_gone(stat.error())) continue;
        if (!stat) {
            found.push_back({id, '?', cannot_be_seen(id, stat.error())});
            continue;
        }
        found.push_back({id, stat->state, protected_as(id, stat->comm)});
        const auto children = scan::children_of(*dir);
        if (children) {
            todo.insert(todo.end(), children->begin(), children->end());
        } else if (!scan::says_gone(children.error()) && found.back().protected_as.empty()) {
            found.back().protected_as = cannot_be_seen(id, children.error());
        }
    }
    return found;
}

std::vector<ProcessId> SystemHost::strays(uid_t uid, BootTime since,
                                          std::span<const std::string> programs) {
    return scan::find_strays(uid, since, programs);
}

std::string SystemHost::program_of(ProcessId id) {
    const auto dir = scan::ProcessDir::open(id);
    return dir ? dir->link("exe").value_or("") : "";
}

void SystemHost::wait(std::span<const Held* const> processes, MonotonicTime until) {
    std::vector<pollfd> waiting;
    for (const Held* process : processes) waiting.push_back({process->fd(), POLLIN, 0});
    if (stop_ >= 0 && !told_to_stop()) waiting.push_back({stop_, POLLIN, 0});
    const auto left = std::max(until - now(), std::chrono::milliseconds(0));
    const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
    const timespec timeout{seconds.count(), std::chrono::nanoseconds(left - seconds).count()};
    ::ppoll(waiting.data(), waiting.size(), &timeout, nullptr);
}

bool SystemHost::told_to_stop() const {
    pollfd waiting{stop_, POLLIN, 0};
    return stop_ >= 0 && ::poll(&waiting, 1, 0) > 0;
}

}  // namespace reaper::enforce
