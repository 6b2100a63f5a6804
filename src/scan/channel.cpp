#include "scan/channel.h"

#include <algorithm>
#include <array>
#include <utility>

namespace reaper::scan {
namespace {

constexpr std::array<std::pair<EndKind, std::string_view>, 10> kKindNames{{
    {EndKind::unknown, "unknown"},
    {EndKind::absent, "absent"},
    {EndKind::null_device, "null_device"},
    {EndKind::file, "file"},
    {EndKind::terminal, "terminal"},
    {EndKind::pipe, "pipe"},
    {EndKind::fifo, "fifo"},
    {EndKind::unix_socket, "unix_socket"},
    {EndKind::inet_socket, "inet_socket"},
    {EndKind::other, "other"},
}};

constexpr std::array<std::pair<EndState, std::string_view>, 4> kStateNames{{
    {EndState::unknown, "unknown"},
    {EndState::open, "open"},
    {EndState::closed, "closed"},
    {EndState::none, "none"},
}};

template <typename Table, typename Value>
std::string_view name_of(const Table& table, Value value) {
    const auto row = std::ranges::find(table, value, &Table::value_type::first);
    return row == table.end() ? std::string_view("unknown") : row->second;
}

template <typename Table>
auto value_of(const Table& table, std::string_view name)
    -> std::optional<typename Table::value_type::first_type> {
    const auto row = std::ranges::find(table, name, &Table::value_type::second);
    if (row == table.end()) return std::nullopt;
    return row->first;
}

}  // namespace

Channel combine(const ChannelEnd& in, const ChannelEnd& out) {
    if (in.state == EndState::open || out.state == EndState::open) return Channel::open;
    if (in.state == EndState::unknown || out.state == EndState::unknown) return Channel::unknown;
    if (in.state == EndState::closed && out.state == EndState::closed) return Channel::closed;
    return Channel::none;
}

std::string_view to_string(EndKind kind) {
    return name_of(kKindNames, kind);
}

std::string_view to_string(EndState state) {
    return name_of(kStateNames, state);
}

std::string_view to_string(Channel channel) {
    switch (channel) {
        case Channel::open:
            return "open";
        case Channel::closed:
            return "closed";
        case Channel::none:
            return "none";
        case Channel::unknown:
            break;
    }
    return "unknown";
}

std::optional<EndKind> end_kind_from(std::string_view text) {
    return value_of(kKindNames, text);
}

std::optional<EndState> end_state_from(std::string_view text) {
    return value_of(kStateNames, text);
}

}  // namespace reaper::scan
