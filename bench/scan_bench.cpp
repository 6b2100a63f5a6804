// scan_bench PASSES: what the library calls behind `mcp-reaper scan` cost inside a process that has
// its policy loaded already, as a daemon has. CPU time, the median of all passes, as one JSON object.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <nlohmann/json.hpp>
#include <vector>

#include "policy/evaluate.h"
#include "policy/loader.h"
#include "policy/tracks.h"
#include "scan/assemble.h"
#include "scan/scanner.h"

namespace reaper::bench {
namespace {

double cpu_microseconds() {
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

/// CPU times of one step over all passes.
class Step {
  public:
    template <typename Work>
    auto time(const Work& work) {
        const double begin = cpu_microseconds();
        auto result = work();
        times_.push_back(cpu_microseconds() - begin);
        return result;
    }
    [[nodiscard]] double median() const {
        std::vector<double> sorted = times_;
        std::ranges::sort(sorted);
        return sorted[sorted.size() / 2];
    }

  private:
    std::vector<double> times_;
};

int run(int passes) {
    policy::LoadResult loaded = policy::default_policy();
    if (!loaded) return EXIT_FAILURE;
    const classify::Classifier& classifier = loaded->classifier;
    Step table;
    Step read;
    Step assemble;
    Step evaluate;
    std::size_t processes = 0;
    std::size_t servers = 0;
    for (int pass = 0; pass < passes; ++pass) {
        table.time([&] { return scan::read_host(classifier, scan::Depth::usage); });
        const auto sample = read.time([&] { return scan::read_host(classifier, scan::Depth::servers); });
        if (!sample) {
            std::fprintf(stderr, "scan_bench: %s\n", sample.error().message().c_str());
            return EXIT_FAILURE;
        }
        const auto snapshot = assemble.time([&] { return scan::assemble(*sample, classifier); });
        evaluate.time([&] {
            const policy::Tracks tracks = policy::advance({}, snapshot, loaded->policy);
            return policy::evaluate(snapshot, tracks, loaded->policy);
        });
        processes = snapshot.processes;
        servers = snapshot.servers.size();
    }
    const nlohmann::ordered_json result{
        {"processes", processes},           {"servers", servers},
        {"table_us", table.median()},       {"read_us", read.median()},
        {"assemble_us", assemble.median()}, {"evaluate_us", evaluate.median()}};
    std::puts(result.dump().c_str());
    return EXIT_SUCCESS;
}

}  // namespace
}  // namespace reaper::bench

int main(int argc, char** argv) {
    int passes = 0;
    const char* const text = argc == 2 ? argv[1] : "";
    const char* const end = text + std::strlen(text);
    if (std::from_chars(text, end, passes).ptr != end || passes <= 0) {
        std::fputs("usage: scan_bench PASSES\n", stderr);
        return 2;
    }
    return reaper::bench::run(passes);
}
