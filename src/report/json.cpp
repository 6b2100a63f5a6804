#include <map>
#include <nlohmann/json.hpp>

#include "report/humanize.h"
#include "report/json_values.h"
#include "report/judged_servers.h"
#include "report/outcome_json.h"
#include "report/outcome_report.h"
#include "report/redact.h"
#include "report/scan_report.h"

namespace reaper::report {
namespace {

// docs/scan-json.md describes every key; a test holds the two together.

Json end_json(const scan::ChannelEnd& end) {
    Json json;
    json["kind"] = scan::to_string(end.kind);
    json["state"] = scan::to_string(end.state);
    json["method"] = text(end.method);
    json["events"] = text(end.events);
    json["inode"] = end.inode == 0 ? Json(nullptr) : Json(end.inode);
    json["maker"] = or_null(end.maker);
    return json;
}

Json client_json(const std::optional<scan::Client>& client) {
    if (!client) return nullptr;
    Json json;
    json["pid"] = client->pid;
    json["name"] = text_or_null(client->name);
    json["alive"] = client->alive;
    json["known"] = client->known;
    json["source"] = client->source == scan::Client::Source::socket ? "socket" : "ancestry";
    return json;
}

Json next_json(const std::optional<policy::NextStep>& next) {
    if (!next) return nullptr;
    return {{"action", policy::to_string(next->action)}, {"in_seconds", next->in.count()}};
}

Json left_over_json(const std::optional<scan::LeftOver>& left_over) {
    if (!left_over) return nullptr;
    Json json;
    json["server"] = left_over->server ? Json(left_over->server->text()) : Json(nullptr);
    json["proven"] = left_over->proven;
    json["proof"] = text(left_over->proof);
    return json;
}

Json findings_json(const policy::Verdict& verdict) {
    Json list = Json::array();
    for (const policy::Finding& finding : verdict.findings) {
        Json json;
        json["rule"] = policy::to_string(finding.rule);
        json["why"] = text(finding.why);
        json["pending_seconds"] = finding.pending.count();
        json["action"] = policy::to_string(finding.action);
        json["spared"] = text_or_null(finding.spared);
        json["weight_only"] = finding.weight_only;
        json["next"] = next_json(finding.next);
        list.push_back(std::move(json));
    }
    return list;
}

Json user_json(uid_t uid, const policy::UserNames& users) {
    const auto found = users.find(uid);
    return found == users.end() ? Json(nullptr) : text(found->second);
}

Json server_json(const scan::Server& server, const policy::Verdict& verdict,
                 const ScanContext& context) {
    Json json;
    json["id"] = server.id.text();
    json["type"] = text(server.type);
    json["type_source"] = classify::to_string(server.type_source);
    json["status"] = policy::to_string(verdict.status);
    json["server_pid"] = server.server_process ? Json(server.server_process->pid) : Json(nullptr);
    json["pids"] = Json::array();
    for (const scan::Member& member : server.members) json["pids"].push_back(member.id.pid);
    json["launcher"] = text_or_null(server.launcher);
    json["program"] = text(redact_line(server.program));
    json["rule"] = text(redact_line(server.rule));
    json["uid"] = server.uid;
    json["user"] = user_json(server.uid, context.users);
    json["client"] = client_json(server.client);
    json["cpu_percent"] = percent(server.usage.cpu);
    json["memory_bytes"] = server.usage.memory.value;
    json["memory_complete"] = server.usage.memory_is_complete;
    json["rss_bytes"] = server.usage.resident.value;
    json["age_seconds"] = server.usage.age.count();
    json["idle_seconds"] = verdict.idle.count();
    json["processes"] = server.usage.processes;
    json["threads"] = server.usage.threads;
    json["channel"] = scan::to_string(server.channel);
    json["channel_evidence"]["stdin"] = end_json(server.in);
    json["channel_evidence"]["stdout"] = end_json(server.out);
    json["left_over"] = left_over_json(server.left_over);
    json["standalone"] = or_null(server.standalone);
    json["standalone_why"] = text_or_null(server.standalone_why);
    json["contains_protected"] = text_or_null(server.contains_protected);
    json["cgroup"] = text_or_null(server.cgroup);
    json["findings"] = findings_json(verdict);
    json["warnings"] = texts(verdict.warnings);
    return json;
}

void add_actions(const std::vector<policy::PlannedAction>& actions, Json& list) {
    for (const policy::PlannedAction& planned : actions) {
        Json json;
        json["server"] = planned.server.text();
        json["action"] = policy::to_string(planned.action);
        json["rules"] = Json::array();
        for (const policy::Rule rule : planned.rules) json["rules"].push_back(policy::to_string(rule));
        json["reasons"] = texts(planned.reasons);
        json["pending_seconds"] = planned.pending.count();
        json["weight_only"] = planned.weight_only;
        list.push_back(std::move(json));
    }
}

Json summary_json(const std::vector<JudgedServer>& servers, std::size_t host_processes) {
    std::map<std::string, std::size_t> types;
    std::map<policy::Status, std::size_t> statuses;
    std::size_t unhealthy = 0;
    std::size_t processes = 0;
    Bytes memory;
    for (const JudgedServer& one : servers) {
        ++types[printable(one.server->type)];
        ++statuses[one.verdict->status];
        if (!one.verdict->findings.empty()) ++unhealthy;
        processes += one.server->usage.processes;
        memory += one.server->usage.memory;
    }
    Json json;
    json["total_servers"] = servers.size();
    json["unhealthy_count"] = unhealthy;
    json["by_type"] = Json::object();
    for (const auto& [type, count] : types) json["by_type"][type] = count;
    for (const policy::Status status : policy::kStatuses) {
        json["by_status"][std::string(policy::to_string(status))] = statuses[status];
    }
    json["memory_bytes"] = memory.value;
    json["processes"] = processes;
    json["host_processes"] = host_processes;
    return json;
}

}  // namespace

std::string to_json(const scan::Snapshot& snapshot, const policy::Plan& plan, const ScanContext& context,
                    const std::vector<Done>* done) {
    const std::vector<JudgedServer> servers = judged(snapshot, plan);
    Json json;
    json["schema"] = kScanSchemaVersion;
    json["taken_at"] = rfc3339(snapshot.taken_at);
    json["policy"] = text(context.policy);
    json["mode"] = context.mode == policy::Mode::observe ? "observe" : "enforce";
    json["viewer"]["uid"] = snapshot.viewer.uid;
    json["viewer"]["sees_everything"] = snapshot.viewer.sees_everything;
    json["servers"] = Json::array();
    for (const JudgedServer& one : servers) {
        json["servers"].push_back(server_json(*one.server, *one.verdict, context));
    }
    json["plan"] = Json::array();
    add_actions(plan.due, json["plan"]);
    add_actions(plan.pending, json["plan"]);
    if (done != nullptr) json["outcomes"] = json_of(*done);
    json["summary"] = summary_json(servers, snapshot.processes);
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace reaper::report
