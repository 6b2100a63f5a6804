#include "scan/scanner.h"

#include <algorithm>
#include <ctime>
#include <utility>
#include <vector>

#include "base/clocks.h"
#include "scan/descriptor_peek.h"
#include "scan/detail_reader.h"
#include "scan/detail_selection.h"
#include "scan/process_dir.h"
#include "scan/process_table.h"
#include "scan/process_tree.h"
#include "scan/sample_reading.h"
#include "scan/viewer.h"

namespace reaper::scan {
namespace {

/// Without verifying that it still is the process: that is for the look itself,
/// this only saves looks in vain (4 µs instead of 60).
Look grant(Look wish, const Process& process, const DescriptorPeek& peek,
           const classify::Classifier& classifier) {
    const pid_t pid = process.id.pid;
    return granted(wish, peek.may_be_connected(pid, 0), peek.may_be_connected(pid, 1), [&] {
        return says_server_in(peek.working_directory(pid), process.cmdline, classifier);
    });
}

Classifications classify_all(const std::vector<Process>& processes,
                             const classify::Classifier& classifier) {
    Classifications classes;
    classes.reserve(processes.size());
    for (const Process& process : processes) {
        if (process.cmdline.empty()) {
            classes.add(nullptr);
        } else {
            classes.add(classifier.classify(classify::CommandLine::from_proc(process.cmdline)));
        }
    }
    return classes;
}

std::vector<Look> looks_for(const std::vector<Process>& processes, const ProcessTree& tree,
                            const classify::Classifier& classifier, Depth depth, const Memory* memory) {
    if (depth == Depth::servers) {
        const DescriptorPeek peek;
        return looks_at_servers(
            tree, classify_all(processes, classifier), memory,
            [&](Index i, Look wish) { return grant(wish, processes[i], peek, classifier); });
    }
    std::vector<Look> looks(processes.size(), Look::none);
    if (depth == Depth::usage) return looks;
    for (Index i = 0; i < processes.size(); ++i) {
        if (!processes[i].kernel_thread && !processes[i].zombie()) looks[i] = Look::full;
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

}  // namespace

Sample empty_sample() {
    Sample sample;
    sample.taken_at = wall_now();
    sample.monotonic = monotonic_now();
    sample.since_boot = boot_now();
    sample.viewer = current_viewer();
    return sample;
}

void read_evidence(Sample& sample, const classify::Classifier& classifier, Depth depth,
                   const Memory* memory) {
    read_command_lines(sample.processes);
    const ProcessTree tree(sample.processes);
    const std::vector<Look> looks = looks_for(sample.processes, tree, classifier, depth, memory);
    DetailPass pass(sample.processes);
    for (Index i = 0; i < looks.size(); ++i) pass.read(i, looks[i]);
    for (const Index index : below_left_overs(tree, looks)) {
        const Process& process = sample.processes[index];
        if (looks[index] == Look::none && !process.kernel_thread && !process.zombie())
            pass.read(index, Look::links);
    }
    pass.drop_gone();
}

Result<Sample> read_host(const classify::Classifier& classifier, Depth depth, const Memory* memory) {
    Sample sample = empty_sample();

    // First the table alone, whatever the depth: of two samples of a window each process is then read
    // at the same distance from the sample's moment, and CPU rates are exact on a host with many.
    auto table = read_process_table();
    if (!table) return tl::unexpected(std::move(table.error()));
    sample.processes = std::move(*table);
    if (depth == Depth::usage) return sample;

    read_evidence(sample, classifier, depth, memory);
    return sample;
}

}  // namespace reaper::scan
