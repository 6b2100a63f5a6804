#include "report/history_record.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "report/redact.h"

namespace reaper::report {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kLongestText = 2000;
constexpr std::size_t kLongestName = 200;

/// Everything that comes from a process may hold a secret, or harm.
std::string kept(std::string_view text, std::size_t longest = kLongestText) {
    return printable(redact_line(text), longest);
}

std::string_view to_string(scan::Member::Part part) {
    switch (part) {
        case scan::Member::Part::launcher:
            return "launcher";
        case scan::Member::Part::server:
            return "server";
        case scan::Member::Part::helper:
            return "helper";
    }
    return "";
}

std::string end_text(const scan::ChannelEnd& end) {
    std::string text(scan::to_string(end.kind));
    text += ", ";
    text += scan::to_string(end.state);
    if (!end.events.empty()) text += " (" + kept(end.events, kLongestName) + ")";
    return text;
}

template <typename T>
std::vector<T> first_of(const std::vector<T>& all) {
    return {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(std::min(all.size(), kMostListed))};
}

std::string dumped(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json parsed(const std::string& column) {
    Json json = Json::parse(column, nullptr, false);
    return json.is_discarded() ? Json() : json;
}

std::string text_of(const Json& json, const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

template <typename T>
std::optional<T> number_of(const Json& json, const char* key) {
    const auto found = json.find(key);
    if (found == json.end() || !found->is_number()) return std::nullopt;
    return found->get<T>();
}

}  // namespace

HistoryRecord recorded(const enforce::Order& order) {
    const scan::Server& server = order.server;
    HistoryRecord record;
    record.deed = order.deed;
    record.origin = order.origin;
    record.even_in_use = order.even_in_use;
    for (const policy::Rule rule : order.rules) record.rules.emplace_back(policy::to_string(rule));
    for (const std::string& reason : order.reasons) record.reasons.push_back(kept(reason));
    record.limits = order.limits;

    record.server = server.id;
    record.type = kept(server.type, kLongestName);
    record.launcher = kept(server.launcher, kLongestName);
    record.program = kept(server.program);
    record.uid = server.uid;
    if (server.client) {
        record.client = kept(server.client->name, kLongestName);
        record.client_pid = server.client->pid;
    }
    for (const scan::Member& member : first_of(server.members)) {
        record.members.push_back(
            {member.id, std::string(to_string(member.part)), kept(member.comm, kLongestName)});
    }
    record.processes = server.members.size();
    record.memory = server.usage.memory;
    record.age = server.usage.age;
    record.cpu = server.usage.cpu;
    record.channel = scan::to_string(server.channel);
    record.in = end_text(server.in);
    record.out = end_text(server.out);
    record.standalone_why = kept(server.standalone_why);
    return record;
}

RecordedOutcome recorded(const enforce::Outcome& outcome) {
    RecordedOutcome record;
    record.effect = outcome.effect;
    record.why = kept(outcome.why);
    record.remedy = kept(outcome.remedy);
    record.ended = first_of(outcome.ended);
    record.ended_count = outcome.ended.size();
    record.left = first_of(outcome.left);
    record.left_count = outcome.left.size();
    record.freed = outcome.freed;
    record.took = outcome.took;
    return record;
}

std::string to_column(const std::vector<std::string>& texts) {
    return dumped(Json(texts));
}

std::string to_column(const std::vector<ProcessId>& ids) {
    Json json = Json::array();
    for (const ProcessId& id : ids) json.push_back(id.text());
    return dumped(json);
}

std::string to_column(const std::vector<RecordedMember>& members) {
    Json json = Json::array();
    for (const RecordedMember& member : members) {
        json.push_back({{"id", member.id.text()}, {"part", member.part}, {"comm", member.comm}});
    }
    return dumped(json);
}

std::string to_column(const enforce::CageLimits& limits) {
    Json json = Json::object();
    if (limits.cpu) json["cpu_percent"] = limits.cpu->value;
    if (limits.cpu_weight) json["cpu_weight"] = *limits.cpu_weight;
    if (limits.memory_max) json["memory_max_bytes"] = limits.memory_max->value;
    if (limits.pids_max) json["pids_max"] = *limits.pids_max;
    return dumped(json);
}

std::vector<std::string> texts_from(const std::string& column) {
    std::vector<std::string> texts;
    for (const Json& one : parsed(column)) {
        if (one.is_string()) texts.push_back(one.get<std::string>());
    }
    return texts;
}

std::vector<ProcessId> ids_from(const std::string& column) {
    std::vector<ProcessId> ids;
    for (const std::string& text : texts_from(column)) {
        if (const auto id = ProcessId::parse(text)) ids.push_back(*id);
    }
    return ids;
}

std::vector<RecordedMember> members_from(const std::string& column) {
    std::vector<RecordedMember> members;
    for (const Json& one : parsed(column)) {
        if (!one.is_object()) continue;
        const auto id = ProcessId::parse(text_of(one, "id"));
        if (id) members.push_back({*id, text_of(one, "part"), text_of(one, "comm")});
    }
    return members;
}

enforce::CageLimits limits_from(const std::string& column) {
    const Json json = parsed(column);
    enforce::CageLimits limits;
    if (!json.is_object()) return limits;
    if (const auto cpu = number_of<double>(json, "cpu_percent")) limits.cpu = CpuPercent{*cpu};
    limits.cpu_weight = number_of<unsigned>(json, "cpu_weight");
    if (const auto most = number_of<std::uint64_t>(json, "memory_max_bytes")) {
        limits.memory_max = Bytes{*most};
    }
    limits.pids_max = number_of<unsigned>(json, "pids_max");
    return limits;
}

}  // namespace reaper::report
