#include "scan/scanner.h"

#include <algorithm>
#include <ctime>
#include <unordered_set>
#include <utility>
#include <vector>

#include "scan/descriptor_peek.h"
#include "scan/detail_reader.h"
#include "scan/detail_selection.h"
#include "scan/process_dir.h"
#include "scan/process_table.h"
#include "scan/process_tree.h"
#include "scan/viewer.h"

namespace reaper::scan {
namespace {

using classify::Classification;

template <typename Clock>
auto now_in_milliseconds() {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(Clock::now());
}

BootTime time_since_boot() {
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    const auto exact = std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
    return std::chrono::duration_cast<BootTime>(exact);
}

/// `node dist/index.js` may be told by where it stands.
bool says_server_in(const std::string& directory, const Process& process,
                    const classify::Classifier& classifier) {
    const classify::Surroundings where{{}, directory};
    const auto what = classifier.classify(classify::CommandLine::from_proc(process.cmdline), where);
    return what.role == classify::Role::server || what.role == classify::Role::launcher;
}

/// Whether a look at a process would find a channel. Without verifying that it
/// still is the process: that is for the look itself, this only saves looks in
/// vain (4 µs instead of 60).
Look granted(Look wish, const Process& process, const DescriptorPeek& peek,
             const classify::Classifier& classifier) {
    const bool in = peek.may_be_connected(process.id.pid, 0);
    const bool out = peek.may_be_connected(process.id.pid, 1);
    if (in && out) return wish;
    if (wish == Look::full &&
        says_server_in(peek.working_directory(process.id.pid), process, classifier))
        return wish;
    return in || out ? Look::links : Look::none;
}

std::vector<Look> looks_for(const std::vector<Process>& processes, const ProcessTree& tree,
                            const classify::Classifier& classifier, Depth depth) {
    std::vector<Look> looks(processes.size(), Look::none);
    if (depth == Depth::recording) {
        for (std::size_t i = 0; i < processes.size(); ++i) {
            if (!processes[i].kernel_thread && !processes[i].zombie()) looks[i] = Look::full;
        }
    } else if (depth == Depth::servers) {
        std::vector<Classification> classes(processes.size());
        for (std::size_t i = 0; i < processes.size(); ++i) {
            if (processes[i].cmdline.empty()) continue;
            classes[i] = classifier.classify(classify::CommandLine::from_proc(processes[i].cmdline));
        }
        looks = choose_looks(tree, classes);
        const std::vector<Look> wishes = choose_looks_if_connected(tree, classes);
        const DescriptorPeek peek;
        for (Index i = 0; i < processes.size(); ++i) {
            if (wishes[i] <= looks[i]) continue;
            looks[i] = std::max(looks[i], granted(wishes[i], processes[i], peek, classifier));
            if (looks[i] == Look::full) look_at_launchers_above(looks, tree, classes, i);
        }
    }
    return looks;
}

/// Reads details until every process has the look it should have. Returns which of them are gone.
class DetailPass {
  public:
    explicit DetailPass(std::vector<Process>& processes)
        : processes_(processes), gone_(processes.size()) {}

    void read(std::size_t index, Look look) {
        if (!reader_.read(processes_[index], look)) gone_[index] = true;
    }

    void drop_gone() {
        std::size_t index = 0;
        std::erase_if(processes_, [&](const Process&) { return gone_[index++]; });
    }

  private:
    std::vector<Process>& processes_;
    std::vector<bool> gone_;
    DetailReader reader_;
};

/// Inodes of the pipes and sockets on descriptors 0 and 1.
template <typename Visit>
void for_each_inode(const Process& process, const Visit& visit) {
    if (!process.detail) return;
    for (const auto* end : {&process.detail->in, &process.detail->out}) {
        if (*end && (*end)->inode != 0) visit((*end)->inode);
    }
}

/// What a dead server left behind (a browser) keeps its pipes and has children of its own: where a
/// process was looked at only for its links and shares a pipe with what may be a server, its
/// descendants are looked at too.
std::vector<Index> below_left_overs(const std::vector<Process>& processes, const ProcessTree& tree,
                                    const std::vector<Look>& looks) {
    std::unordered_set<std::uint64_t> of_servers;
    for (std::size_t i = 0; i < processes.size(); ++i) {
        if (looks[i] != Look::full) continue;
        for_each_inode(processes[i], [&](std::uint64_t inode) { of_servers.insert(inode); });
    }
    std::vector<Index> roots;
    for (Index i = 0; i < processes.size(); ++i) {
        if (looks[i] != Look::links) continue;
        bool shares = false;
        for_each_inode(processes[i],
                       [&](std::uint64_t inode) { shares = shares || of_servers.contains(inode); });
        if (shares) roots.push_back(i);
    }
    return descendants_of(tree, roots);
}

}  // namespace

Result<Sample> read_host(const classify::Classifier& classifier, Depth depth) {
    Sample sample;
    sample.taken_at = now_in_milliseconds<std::chrono::system_clock>();
    sample.monotonic = now_in_milliseconds<std::chrono::steady_clock>();
    sample.since_boot = time_since_boot();
    sample.viewer = current_viewer();

    // First the table alone, whatever the depth: of two samples of a window each process is then read
    // at the same distance from the sample's moment, and CPU rates are exact on a host with many.
    auto table = read_process_table();
    if (!table) return tl::unexpected(std::move(table.error()));
    sample.processes = std::move(*table);
    if (depth == Depth::usage) return sample;

    read_command_lines(sample.processes);
    const ProcessTree tree(sample.processes);
    const std::vector<Look> looks = looks_for(sample.processes, tree, classifier, depth);
    DetailPass pass(sample.processes);
    for (Index i = 0; i < looks.size(); ++i) pass.read(i, looks[i]);
    for (const Index index : below_left_overs(sample.processes, tree, looks)) {
        const Process& process = sample.processes[index];
        if (looks[index] == Look::none && !process.kernel_thread && !process.zombie())
            pass.read(index, Look::links);
    }
    pass.drop_gone();
    return sample;
}

}  // namespace reaper::scan
