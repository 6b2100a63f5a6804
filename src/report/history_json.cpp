#include <nlohmann/json.hpp>

#include "report/history_report.h"
#include "report/humanize.h"
#include "report/json_values.h"
#include "report/redact.h"

namespace reaper::report {
namespace {

// docs/history.md describes every key; a test holds the two together. Texts were made harmless before
// they were stored, and are again: somebody may have edited them since.

Json limits_json(const enforce::CageLimits& limits) {
    if (limits.none()) return nullptr;
    Json json;
    json["cpu_percent"] = percent(limits.cpu);
    json["cpu_weight"] = or_null(limits.cpu_weight);
    json["memory_max_bytes"] = limits.memory_max ? Json(limits.memory_max->value) : Json(nullptr);
    json["pids_max"] = or_null(limits.pids_max);
    return json;
}

Json members_json(const std::vector<RecordedMember>& members) {
    Json json = Json::array();
    for (const RecordedMember& member : members) {
        Json one;
        one["id"] = member.id.text();
        one["part"] = text(member.part);
        one["comm"] = text(member.comm);
        json.push_back(std::move(one));
    }
    return json;
}

Json server_json(const HistoryRecord& record, const policy::UserNames& users) {
    const auto user = users.find(record.uid);
    Json json;
    json["id"] = record.server.text();
    json["type"] = text(record.type);
    json["launcher"] = text_or_null(record.launcher);
    json["program"] = text(record.program);
    json["uid"] = record.uid;
    json["user"] = user == users.end() ? Json(nullptr) : text(user->second);
    json["client"] = text_or_null(record.client);
    json["client_pid"] = or_null(record.client_pid);
    json["processes"] = record.processes;
    json["members"] = members_json(record.members);
    json["memory_bytes"] = record.memory.value;
    json["cpu_percent"] = percent(record.cpu);
    json["age_seconds"] = record.age.count();
    json["channel"] = text(record.channel);
    json["stdin"] = text(record.in);
    json["stdout"] = text(record.out);
    json["standalone_why"] = text_or_null(record.standalone_why);
    return json;
}

Json outcome_json(const std::optional<RecordedOutcome>& outcome) {
    if (!outcome) return nullptr;
    Json json;
    json["effect"] = enforce::to_string(outcome->effect);
    json["succeeded"] = enforce::succeeded(outcome->effect);
    json["why"] = text_or_null(outcome->why);
    json["remedy"] = text_or_null(outcome->remedy);
    json["ended_count"] = outcome->ended_count;
    json["ended"] = ids(outcome->ended);
    json["left_count"] = outcome->left_count;
    json["left"] = ids(outcome->left);
    json["freed_bytes"] = outcome->freed.value;
    json["took_us"] = outcome->took.count();
    return json;
}

Json record_json(const HistoryRecord& record, const policy::UserNames& users) {
    Json json;
    json["number"] = record.id;
    json["at"] = rfc3339(record.at);
    json["action"] = enforce::to_string(record.deed);
    json["origin"] = enforce::to_string(record.origin);
    json["even_in_use"] = record.even_in_use;
    json["rules"] = texts(record.rules);
    json["reasons"] = texts(record.reasons);
    json["limits"] = limits_json(record.limits);
    json["server"] = server_json(record, users);
    json["state"] = record.outcome ? "done" : record.under_way ? "under way" : "interrupted";
    json["outcome"] = outcome_json(record.outcome);
    json["recorder"] = record.recorder.text();
    return json;
}

}  // namespace

std::string to_json(const HistoryPage& page, const HistoryContext& context) {
    Json json;
    json["schema"] = kHistorySchemaOfJson;
    json["file"] = text(context.file);
    json["left_out"] = page.left_out;
    json["actions"] = Json::array();
    for (const HistoryRecord& record : page.records) {
        json["actions"].push_back(record_json(record, context.users));
    }
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace reaper::report
