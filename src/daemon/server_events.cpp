#include "daemon/server_events.h"

#include <algorithm>
#include <cmath>

#include "report/judged_servers.h"
#include "report/redact.h"

namespace reaper::daemon {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kLongestText = 500;

}  // namespace

std::string harmless(std::string_view text) {
    return report::printable(report::redact_line(text), kLongestText);
}

Json harmless_or_null(std::string_view text) {
    return text.empty() ? Json(nullptr) : Json(harmless(text));
}

report::Event server_event(report::EventKind kind, const scan::Server& server, WallTime at,
                           std::string_view rest) {
    report::Event event;
    event.at = at;
    event.kind = kind;
    event.uid = server.uid;
    event.server = server.id;
    event.type = harmless(server.type);
    event.message = report::name_of(server);
    event.message += rest;
    return event;
}

Json described(const scan::Server& server) {
    Json json;
    json["client"] = server.client ? harmless_or_null(server.client->name) : Json(nullptr);
    json["client_pid"] = server.client ? Json(server.client->pid) : Json(nullptr);
    json["launcher"] = harmless_or_null(server.launcher);
    json["program"] = harmless_or_null(server.program);
    json["processes"] = server.members.size();
    json["memory_bytes"] = server.usage.memory.value;
    const auto& cpu = server.usage.cpu;
    json["cpu_percent"] =
        cpu && std::isfinite(cpu->value) ? Json(std::round(cpu->value * 10) / 10) : Json(nullptr);
    json["age_seconds"] = server.usage.age.count();
    return json;
}

}  // namespace reaper::daemon
