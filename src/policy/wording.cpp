#include "policy/wording.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string_view>

namespace reaper::policy {
namespace {

/// At most one decimal, and none where it would be a zero: limits are whole numbers mostly. Rounded
/// up, so that what is over a limit never reads as equal to it.
std::string decimal(double value) {
    std::array<char, 64> text{};
    // Plus 0: what is rounded up to nothing is minus nothing until then.
    std::snprintf(text.data(), text.size(), "%.1f", std::ceil(value * 10 - 1e-6) / 10 + 0.0);
    std::string result(text.data());
    if (result.ends_with(".0")) result.resize(result.size() - 2);
    return result;
}

}  // namespace

std::string in_words(std::chrono::seconds duration) {
    struct Unit {
        std::string_view name;
        std::int64_t seconds;
    };
    static constexpr std::array<Unit, 4> kUnits = {{{"d", 86400}, {"h", 3600}, {"min", 60}, {"s", 1}}};
    std::int64_t rest = duration.count();
    for (std::size_t i = 0; i < kUnits.size(); ++i) {
        if (rest < kUnits[i].seconds) continue;
        std::string text =
            std::to_string(rest / kUnits[i].seconds).append(1, ' ').append(kUnits[i].name);
        rest %= kUnits[i].seconds;
        if (i + 1 < kUnits.size() && rest >= kUnits[i + 1].seconds) {
            text.append(1, ' ').append(std::to_string(rest / kUnits[i + 1].seconds));
            text.append(1, ' ').append(kUnits[i + 1].name);
        }
        return text;
    }
    return "0 s";
}

std::string in_words(Bytes size) {
    if (size.mib() < 10) return decimal(size.mib()) + " MiB";
    return decimal(std::ceil(size.mib())) + " MiB";
}

std::string in_words(CpuPercent cpu) {
    return percent_in_words(cpu) + " CPU";
}

std::string percent_in_words(CpuPercent cpu) {
    return decimal(cpu.value) + " %";
}

std::string in_words(const scan::Client& client) {
    const std::string pid = std::to_string(client.pid);
    return client.name.empty() ? "pid " + pid : client.name + " (" + pid + ")";
}

std::string in_words(const NextStep& next) {
    return "then " + std::string(to_string(next.action)) + " in " + in_words(next.in);
}

std::string user_in_words(uid_t uid, const UserNames& users) {
    const auto found = users.find(uid);
    return found == users.end() ? "uid " + std::to_string(uid) : found->second;
}

}  // namespace reaper::policy
