#include "report/moment.h"

#include <charconv>
#include <ctime>

#include "report/humanize.h"

namespace reaper::report {
namespace {

/// The digits at `position`; nothing where there is another character among them.
std::optional<int> digits(std::string_view text, std::size_t position, std::size_t count) {
    int value = 0;
    const char* const begin = text.data() + position;
    const auto read = std::from_chars(begin, begin + count, value);
    if (read.ec != std::errc{} || read.ptr != begin + count || value < 0) return std::nullopt;
    return value;
}

}  // namespace

std::optional<WallTime> moment_from(std::string_view text) {
    constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:dd";
    constexpr std::size_t kFraction = 4;  // ".250"
    if (!text.ends_with('Z')) return std::nullopt;
    text.remove_suffix(1);
    if (text.size() != kShape.size() && text.size() != kShape.size() + kFraction) return std::nullopt;
    for (std::size_t i = 0; i < kShape.size(); ++i) {
        if (kShape[i] != 'd' && text[i] != kShape[i]) return std::nullopt;
    }
    const auto year = digits(text, 0, 4);
    const auto month = digits(text, 5, 2);
    const auto day = digits(text, 8, 2);
    const auto hour = digits(text, 11, 2);
    const auto minute = digits(text, 14, 2);
    const auto second = digits(text, 17, 2);
    std::optional<int> fraction = 0;
    if (text.size() > kShape.size())
        fraction = text[kShape.size()] == '.' ? digits(text, kShape.size() + 1, 3) : std::nullopt;
    if (!year || !month || !day || !hour || !minute || !second || !fraction) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(*year),
                                           std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    return WallTime(std::chrono::sys_days(date).time_since_epoch() + std::chrono::hours(*hour) +
                    std::chrono::minutes(*minute) + std::chrono::seconds(*second) +
                    std::chrono::milliseconds(*fraction));
}

std::string local_time(WallTime moment) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(moment);
    std::tm local{};
    char text[32];
    if (::localtime_r(&seconds, &local) == nullptr) return rfc3339(moment);
    return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local)};
}

}  // namespace reaper::report
