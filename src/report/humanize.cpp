#include "report/humanize.h"

#include <fmt/format.h>

#include <algorithm>

namespace reaper::report {
namespace {

using std::chrono::seconds;

constexpr std::int64_t kMinute = 60;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

}  // namespace

std::string short_duration(seconds span) {
    const std::int64_t total = std::max<std::int64_t>(span.count(), 0);
    if (total < kMinute) return fmt::format("{}s", total);
    if (total < kHour) return fmt::format("{}m", total / kMinute);
    if (total < kDay) return fmt::format("{}h {:02}m", total / kHour, total % kHour / kMinute);
    return fmt::format("{}d {}h", total / kDay, total % kDay / kHour);
}

std::string human_bytes(Bytes bytes) {
    const double mib = bytes.mib();
    if (mib >= 1024) return fmt::format("{:.1f} GiB", mib / 1024);
    if (mib >= 10) return fmt::format("{:.0f} MiB", mib);
    if (mib >= 1) return fmt::format("{:.1f} MiB", mib);
    return fmt::format("{} KiB", (bytes.value + 512) / 1024);
}

std::string human_cpu(const std::optional<CpuPercent>& cpu) {
    if (!cpu) return "-";
    return fmt::format("{:.{}f}%", cpu->value, cpu->value < 9.95 ? 1 : 0);
}

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
    return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string rfc3339(WallTime moment) {
    const auto day = std::chrono::floor<std::chrono::days>(moment);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(moment - day);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       time.hours().count(), time.minutes().count(), time.seconds().count(),
                       time.subseconds().count());
}

}  // namespace reaper::report
