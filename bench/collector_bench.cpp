// collector_bench TICKS INTERVAL_MS SPAWNS: what a tick of the daemon costs with each collector, and
// with the full scan that they replace, on the host as it is (run.py grows a farm of processes before).
// Meanwhile so many processes a second are spawned that live for a second. Their own cost is not in it.
//
// CPU time of a tick, of its parts and of the draining between ticks, in ms: the mean, as one JSON
// object.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "policy/evaluate.h"
#include "policy/loader.h"
#include "policy/tracks.h"
#include "scan/assemble.h"
#include "scan/collector.h"
#include "scan/memory.h"
#include "scan/scanner.h"

namespace reaper::bench {
namespace {

using Clock = std::chrono::steady_clock;

double cpu_milliseconds() {
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

class Step {
  public:
    template <typename Work>
    auto time(const Work& work) {
        const double begin = cpu_milliseconds();
        auto result = work();
        sum_ += cpu_milliseconds() - begin;
        return result;
    }
    [[nodiscard]] double mean(int times) const { return sum_ / times; }

  private:
    double sum_ = 0;
};

/// A process of its own that spawns: it dies with this one.
class Spawner {
  public:
    explicit Spawner(int a_second) {
        if (a_second == 0) return;
        pid_ = ::fork();
        if (pid_ != 0) return;
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::signal(SIGCHLD, SIG_IGN);
        const timespec pause{0, 1'000'000'000L / a_second};
        for (;;) {
            if (::vfork() == 0) {
                ::execl("/bin/sleep", "sleep", "1", static_cast<char*>(nullptr));
                ::_exit(127);
            }
            ::nanosleep(&pause, nullptr);
        }
    }
    Spawner(const Spawner&) = delete;
    Spawner& operator=(const Spawner&) = delete;
    ~Spawner() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);  // Our own child, not waited for yet.
        ::waitpid(pid_, nullptr, 0);
    }

  private:
    pid_t pid_ = 0;
};

/// What the daemon does every tick.
class Ticks {
  public:
    Ticks(const policy::LoadedPolicy& loaded, std::chrono::milliseconds interval)
        : loaded_(loaded), interval_(interval) {}

    /// `collect(memory)` takes a sample; `wait(until)` waits, and drains as the daemon does.
    template <typename Collect, typename Wait>
    nlohmann::ordered_json run(int ticks, const Collect& collect, const Wait& wait) {
        policy::Tracks tracks;
        scan::Memory memory;
        std::optional<scan::Sample> previous;
        Step collecting;
        Step assembling;
        Step judging;
        Step draining;
        double most = 0;
        double first = 0;
        std::size_t processes = 0;
        std::size_t servers = 0;
        std::size_t in_sample = 0;
        Clock::time_point next = Clock::now();
        for (int tick = -1; tick < ticks; ++tick) {
            Step warm_up;
            const bool counted = tick >= 0;
            const double begin = cpu_milliseconds();
            auto sample = (counted ? collecting : warm_up).time([&] { return collect(&memory); });
            if (!sample) return {{"error", sample.error().message()}};
            const auto snapshot = (counted ? assembling : warm_up).time([&] {
                return scan::assemble(*sample, loaded_.classifier, previous ? &*previous : nullptr, {},
                                      &memory);
            });
            (counted ? judging : warm_up).time([&] {
                tracks = policy::advance(tracks, snapshot, loaded_.policy);
                memory = scan::remember(std::move(memory), snapshot, *sample);
                return policy::evaluate(snapshot, tracks, loaded_.policy);
            });
            previous = std::move(*sample);
            const double cost = cpu_milliseconds() - begin;
            if (counted) most = std::max(most, cost);
            if (!counted) first = cost;
            processes = snapshot.processes;
            servers = snapshot.servers.size();
            in_sample = previous->processes.size();
            next += interval_;
            (counted ? draining : warm_up).time([&] {
                wait(next);
                return 0;
            });
        }
        const double tick =
            collecting.mean(ticks) + assembling.mean(ticks) + judging.mean(ticks) + draining.mean(ticks);
        return {{"processes", processes},
                {"servers", servers},
                {"in_sample", in_sample},
                {"first_ms", first},
                {"tick_ms", tick},
                {"collect_ms", collecting.mean(ticks)},
                {"assemble_ms", assembling.mean(ticks)},
                {"judge_ms", judging.mean(ticks)},
                {"drain_ms", draining.mean(ticks)},
                {"worst_tick_ms", most},
                {"core_percent", tick / static_cast<double>(interval_.count()) * 100}};
    }

  private:
    const policy::LoadedPolicy& loaded_;
    std::chrono::milliseconds interval_;
};

void sleep_until(Clock::time_point then) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(then - Clock::now());
    if (left.count() > 0) ::poll(nullptr, 0, static_cast<int>(left.count()));
}

/// Drains as often as the collector wants it.
void drain_until(scan::Collector& collector, Clock::time_point then) {
    for (auto pause = collector.drain(); pause && Clock::now() + *pause < then;
         pause = collector.drain())
        sleep_until(Clock::now() + *pause);
    sleep_until(then);
}

nlohmann::ordered_json run_collector(const policy::LoadedPolicy& loaded, int ticks,
                                     std::chrono::milliseconds interval, bool connector) {
    const auto chosen = scan::choose_collector(loaded.classifier, {.connector = connector});
    if (connector && !chosen.why.empty()) return {{"error", chosen.why}};
    scan::Collector& collector = *chosen.collector;
    auto result = Ticks(loaded, interval)
                      .run(
                          ticks, [&](const scan::Memory* memory) { return collector.collect(memory); },
                          [&](Clock::time_point then) { drain_until(collector, then); });
    const scan::CollectorStats stats = collector.stats();
    result["events"] = stats.events;
    result["losses"] = stats.losses;
    result["descriptors"] = stats.descriptors;
    return result;
}

int run(int ticks, std::chrono::milliseconds interval, int spawns) {
    rlimit descriptors{};
    ::getrlimit(RLIMIT_NOFILE, &descriptors);
    descriptors.rlim_cur = descriptors.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &descriptors);
    const policy::LoadResult loaded = policy::default_policy();
    if (!loaded) return EXIT_FAILURE;
    const Spawner spawner(spawns);
    nlohmann::ordered_json result{{"interval_ms", interval.count()}, {"spawns_a_second", spawns}};
    result["connector"] = run_collector(*loaded, ticks, interval, true);
    result["readdir"] = run_collector(*loaded, ticks, interval, false);
    result["full_scan"] =
        Ticks(*loaded, interval)
            .run(
                std::max(ticks / 10, 3),
                [&](const scan::Memory* memory) {
                    return scan::read_host(loaded->classifier, scan::Depth::servers, memory);
                },
                sleep_until);
    std::puts(result.dump(1).c_str());
    return EXIT_SUCCESS;
}

int number(const char* text) {
    int value = -1;
    const char* const end = text + std::strlen(text);
    return std::from_chars(text, end, value).ptr == end ? value : -1;
}

}  // namespace
}  // namespace reaper::bench

int main(int argc, char** argv) {
    using namespace reaper::bench;
    const int ticks = argc == 4 ? number(argv[1]) : 0;
    const int interval = argc == 4 ? number(argv[2]) : 0;
    const int spawns = argc == 4 ? number(argv[3]) : -1;
    if (ticks <= 0 || interval <= 0 || spawns < 0) {
        std::fputs("usage: collector_bench TICKS INTERVAL_MS SPAWNS_A_SECOND\n", stderr);
        return 2;
    }
    return run(ticks, std::chrono::milliseconds(interval), spawns);
}
