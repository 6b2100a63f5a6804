#include "report/event.h"

#include <fmt/format.h>

#include <algorithm>

#include "policy/event_names.h"
#include "report/humanize.h"
#include "report/json_values.h"

namespace reaper::report {
namespace {

constexpr std::size_t kLongestMessage = 2000;
constexpr std::size_t kLongestType = 200;

/// In the order of the kinds.
constexpr const auto& kNames = policy::kEventNames;
static_assert(kNames.size() == kEventKinds);

Json json_of(const Event& event) {
    Json json;
    json["id"] = text(event.id);
    json["at"] = rfc3339(event.at);
    json["event"] = to_string(event.kind);
    json["uid"] = event.uid;
    json["message"] = printable(event.message, kLongestMessage);
    json["server"] = event.server ? Json(event.server->text()) : Json(nullptr);
    json["type"] = event.type.empty() ? Json(nullptr) : Json(printable(event.type, kLongestType));
    return json;
}

std::string dumped(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string_view to_string(EventKind kind) {
    return kNames.at(static_cast<std::size_t>(kind));
}

std::optional<EventKind> event_kind_from(std::string_view text) {
    const auto* const found = std::find(kNames.begin(), kNames.end(), text);
    if (found == kNames.end()) return std::nullopt;
    return static_cast<EventKind>(found - kNames.begin());
}

std::string to_json_line(const Event& event) {
    Json json = json_of(event);
    json["detail"] = event.detail;
    std::string line = dumped(json);
    if (line.size() <= kLongestEventLine) return line;
    json["detail"] = {{"left_out_bytes", dumped(event.detail).size()}};
    return dumped(json);
}

std::string event_stamp(WallTime started, pid_t self) {
    return fmt::format("{:011x}-{:07x}",
                       static_cast<std::uint64_t>(started.time_since_epoch().count()) & 0xfffffffffff,
                       static_cast<std::uint32_t>(self) & 0xfffffff);
}

std::string EventIds::next() {
    return fmt::format("{}-{:010}", stamp_, ++last_);
}

}  // namespace reaper::report
