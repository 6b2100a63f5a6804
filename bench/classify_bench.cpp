// What telling a server's type from a command line costs, beside what others do it with.
//
// N is a number of patterns: 7, 50, 500, and 50* for fifty that are all of the shape "x.*y".
//
//   slot/WHO/N            the program slot of an ordinary line against N patterns
//   line/WHO/N            the whole line; ours takes it apart first, others search in it as it is
//   hostile slot/WHO/N    4 KiB of beginnings of the patterns
//   hostile line/N/KIND   ours alone: 4 KiB made to be dear to take apart
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "classify/classifier.h"
#include "host_lines.h"
#include "hostile_lines.h"
#include "matchers.h"
#include "pattern_lists.h"

namespace reaper::bench {
namespace {

using classify::Classifier;
using classify::CommandLine;

constexpr std::size_t kLines = 1000;

struct Texts {
    std::vector<std::string> slots;
    std::vector<std::string> lines;
    std::vector<std::string> bytes;
};

Texts ordinary_texts(const Classifier& classifier) {
    Texts texts;
    for (const Line& line : host_lines(kLines)) {
        texts.lines.push_back(line.text());
        texts.bytes.push_back(line.bytes());
        std::string slot = classifier.classify(CommandLine::from_proc(line.bytes())).command.program;
        if (!slot.empty())
            texts.slots.push_back(std::move(slot));  // A shell that runs nothing has none.
    }
    return texts;
}

/// One text after the other; the time is that of one text.
template <typename Ask>
void run_each(benchmark::State& state, const std::vector<std::string>& texts, const Ask& ask) {
    for (const std::string& text : texts) benchmark::DoNotOptimize(ask(text));  // Warm.
    std::size_t next = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(ask(texts[next]));
        if (++next == texts.size()) next = 0;
    }
}

template <typename Ask>
void add(const std::string& name, const std::vector<std::string>& texts, Ask ask) {
    benchmark::RegisterBenchmark(
        name.c_str(), [&texts, ask](benchmark::State& state) { run_each(state, texts, ask); });
}

/// All that benchmarks of one number of patterns look at; lives as long as they run.
struct Bench {
    Bench(std::string name, std::vector<classify::TypePattern> list)
        : count(std::move(name)),
          patterns(std::move(list)),
          ours(Classifier::compile(patterns)),
          std_regexes(patterns),
          re2s(patterns),
          set(patterns),
          texts(ordinary_texts(*ours)),
          hostile(beginnings(patterns, 1024)),
          hostile_few(hostile.begin(), hostile.begin() + 4),
          kinds(hostile_kinds(patterns)) {}

    std::string count;
    std::vector<classify::TypePattern> patterns;
    Result<Classifier> ours;
    StdRegexes std_regexes;
    Re2s re2s;
    Re2Set set;
    Texts texts;
    std::vector<std::string> hostile;
    std::vector<std::string> hostile_few;  // For those that take milliseconds and remember nothing.
    std::vector<HostileKind> kinds;
};

void add_benchmarks(const Bench& bench) {
    const std::string& count = bench.count;
    const Classifier* const classifier = &*bench.ours;
    const auto slot = [classifier](const std::string& text) { return classifier->match_slot(text); };
    const auto line = [classifier](const std::string& bytes) {
        return classifier->classify(CommandLine::from_proc(bytes));
    };
    const auto std_regexes = [&bench](const std::string& text) {
        return bench.std_regexes.first_match(text);
    };
    const auto re2s = [&bench](const std::string& text) { return bench.re2s.first_match(text); };
    const auto set = [&bench](const std::string& text) { return bench.set.first_match(text); };

    add("slot/ours/" + count, bench.texts.slots, slot);
    add("slot/RE2::Set/" + count, bench.texts.slots, set);
    add("slot/RE2/" + count, bench.texts.slots, re2s);
    add("slot/std::regex/" + count, bench.texts.slots, std_regexes);
    add("line/ours/" + count, bench.texts.bytes, line);
    add("line/RE2::Set/" + count, bench.texts.lines, set);
    add("line/RE2/" + count, bench.texts.lines, re2s);
    add("line/std::regex/" + count, bench.texts.lines, std_regexes);
    add("hostile slot/ours/" + count, bench.hostile, slot);
    add("hostile slot/RE2::Set/" + count, bench.hostile, set);
    add("hostile slot/RE2/" + count, bench.hostile, re2s);
    add("hostile slot/std::regex/" + count, bench.hostile_few, std_regexes);
    for (const HostileKind& kind : bench.kinds)
        add("hostile line/" + count + '/' + std::string(kind.name), kind.lines, line);
}

}  // namespace
}  // namespace reaper::bench

int main(int argc, char** argv) {
    using reaper::bench::Bench;
    std::vector<std::unique_ptr<Bench>> benches;
    benches.push_back(std::make_unique<Bench>("7", reaper::bench::patterns(7)));
    benches.push_back(std::make_unique<Bench>("50", reaper::bench::patterns(50)));
    benches.push_back(std::make_unique<Bench>("50*", reaper::bench::open_patterns(50)));
    benches.push_back(std::make_unique<Bench>("500", reaper::bench::patterns(500)));
    for (const auto& bench : benches) reaper::bench::add_benchmarks(*bench);
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
}
