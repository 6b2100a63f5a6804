#include "enforce/cgroup_limits.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace reaper::enforce {
namespace {

constexpr std::int64_t kPeriodMicroseconds = 100'000;  // The kernel's own default.
constexpr std::int64_t kLeastQuotaMicroseconds = 1'000;
constexpr std::uint64_t kDefaultShares = 1024;
constexpr std::uint64_t kDefaultWeight = 100;
constexpr std::uint64_t kMaxWeight = 10'000;

Result<std::vector<CgroupValue>> cpu_values(const CageLimits& limits, bool unified) {
    constexpr const char* kAction = "limit the CPU to";
    std::vector<CgroupValue> values;
    std::optional<std::int64_t> quota;
    if (limits.cpu) {
        const double wanted = limits.cpu->value / 100 * static_cast<double>(kPeriodMicroseconds);
        if (!(wanted >= static_cast<double>(kLeastQuotaMicroseconds)) || wanted > 1e12) {
            return fail(kAction, std::to_string(limits.cpu->value) + " %",
                        "the kernel takes no quota below 1 %");
        }
        quota = std::llround(wanted);
    }
    const std::string period = std::to_string(kPeriodMicroseconds);
    if (unified) {
        values.push_back({"cpu.max", (quota ? std::to_string(*quota) : "max") + ' ' + period});
    } else {
        values.push_back({"cpu.cfs_period_us", period});
        values.push_back({"cpu.cfs_quota_us", quota ? std::to_string(*quota) : "-1"});
    }
    const unsigned weight = limits.cpu_weight.value_or(kDefaultWeight);
    if (weight < 1 || weight > kMaxWeight) {
        return fail("set the CPU weight to", std::to_string(weight), "it is from 1 to 10000");
    }
    values.push_back(weight_value(weight, unified));
    return values;
}

std::vector<CgroupValue> memory_values(const CageLimits& limits, bool unified) {
    const auto& bytes = limits.memory_max;
    if (unified) return {{"memory.max", bytes ? std::to_string(bytes->value) : "max"}};
    return {{"memory.limit_in_bytes", bytes ? std::to_string(bytes->value) : "-1"}};
}

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) return std::nullopt;
    return value;
}

std::uint64_t whole_pages(std::uint64_t bytes) {
    const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    return bytes / page * page;
}

}  // namespace

bool limits_use(const CageLimits& limits, std::string_view controller) {
    if (controller == "cpu") return limits.cpu || limits.cpu_weight;
    if (controller == "memory") return limits.memory_max.has_value();
    return controller == "pids" && limits.pids_max;
}

Result<std::vector<CgroupValue>> limit_values(const CageLimits& limits, std::string_view controller,
                                              bool unified) {
    if (controller == "cpu") return cpu_values(limits, unified);
    if (controller == "memory") return memory_values(limits, unified);
    return std::vector<CgroupValue>{
        {"pids.max", limits.pids_max ? std::to_string(*limits.pids_max) : "max"}};
}

bool reads_back(const CgroupValue& written, std::string_view content) {
    if (written.value == content) return true;
    if (written.file != "memory.max" && written.file != "memory.limit_in_bytes") return false;
    const auto read = number(content);
    if (!read) return false;
    // v1 shows "no limit" as the largest number of whole pages.
    if (written.value == "-1") return *read >= whole_pages(INT64_MAX);
    const auto wanted = number(written.value);
    return wanted && *read == whole_pages(*wanted);
}

CgroupValue weight_value(unsigned weight, bool unified) {
    if (unified) return {"cpu.weight", std::to_string(std::min<std::uint64_t>(weight, kMaxWeight))};
    const std::uint64_t shares = weight * kDefaultShares / kDefaultWeight;
    return {"cpu.shares", std::to_string(std::clamp<std::uint64_t>(shares, 2, 262'144))};
}

std::optional<unsigned> weight_from(std::string_view content, bool unified) {
    const auto value = number(content);
    if (!value || *value > 262'144) return std::nullopt;
    const std::uint64_t weight =
        unified ? *value : (*value * kDefaultWeight + kDefaultShares / 2) / kDefaultShares;
    return static_cast<unsigned>(std::max<std::uint64_t>(weight, 1));
}

}  // namespace reaper::enforce
