#include "daemon/cost_meter.h"

#include <sys/resource.h>

#include <charconv>
#include <cstdint>
#include <fstream>
#include <string>

namespace reaper::daemon {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

microseconds cpu_time_now() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    return seconds(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           microseconds(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

}  // namespace

void CostMeter::note(MonotonicTime now) {
    points_.push_back({now, cpu_time_now()});
    while (points_.size() > 2 && now - points_[1].at >= std::chrono::minutes(1)) points_.pop_front();
}

std::optional<CpuPercent> CostMeter::cpu() const {
    if (points_.size() < 2) return std::nullopt;
    const auto wall = std::chrono::duration_cast<microseconds>(points_.back().at - points_.front().at);
    const auto used = points_.back().cpu_time - points_.front().cpu_time;
    if (wall.count() <= 0) return std::nullopt;
    return CpuPercent{100.0 * static_cast<double>(used.count()) / static_cast<double>(wall.count())};
}

Bytes own_proportional_memory() {
    constexpr std::string_view kName = "Pss:";
    std::ifstream lines("/proc/self/smaps_rollup");
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with(kName)) continue;
        const std::size_t digits = line.find_first_of("0123456789");
        std::uint64_t kib = 0;
        if (digits == std::string::npos) return {};
        std::from_chars(line.data() + digits, line.data() + line.size(), kib);
        return Bytes::from_kib(kib);
    }
    return {};
}

}  // namespace reaper::daemon
