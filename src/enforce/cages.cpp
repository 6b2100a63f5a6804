#include "enforce/cages.h"

#include <algorithm>
#include <charconv>

namespace reaper::enforce {
namespace {

constexpr std::string_view kPrefix = "mcp-reaper-";
constexpr std::size_t kTypeBytes = 40;

bool plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

std::string type_in_name(std::string_view type) {
    std::string name(type.substr(0, kTypeBytes));
    for (char& c : name) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        if (!plain(c)) c = '_';
    }
    return name.empty() ? "server" : name;
}

/// The number after the last '-', which is cut off with it. Only as this program writes one: a name
/// that two spellings lead to would be two cages for one server.
template <typename Number>
std::optional<Number> take_number(std::string_view& name) {
    const std::size_t dash = name.rfind('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const std::string_view digits = name.substr(dash + 1);
    name = name.substr(0, dash);
    Number number{};
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (parsed.ec != std::errc{} || parsed.ptr != digits.data() + digits.size()) return std::nullopt;
    if (number < 0 || std::to_string(number) != digits) return std::nullopt;
    return number;
}

}  // namespace

std::string cage_name(const scan::Server& server) {
    return cage_name(server.type, server.id);
}

std::string cage_name(std::string_view type, ProcessId id) {
    return std::string(kPrefix) + type_in_name(type) + '-' + std::to_string(id.pid) + '-' +
           std::to_string(id.start.count());
}

std::optional<ProcessId> server_of_cage(std::string_view name) {
    if (!name.starts_with(kPrefix)) return std::nullopt;
    name.remove_prefix(kPrefix.size());
    const auto start = take_number<std::int64_t>(name);
    if (!start) return std::nullopt;
    const auto pid = take_number<pid_t>(name);
    if (!pid || *pid == 0) return std::nullopt;
    if (name.empty() || name.size() > kTypeBytes || !std::all_of(name.begin(), name.end(), plain)) {
        return std::nullopt;
    }
    return ProcessId{.pid = *pid, .start = Ticks(*start)};
}

}  // namespace reaper::enforce
