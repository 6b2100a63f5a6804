#include "daemon/control_json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "report/recorded_json.h"
#include "report/redact.h"

namespace reaper::daemon {
namespace {

using nlohmann::json;
using Ordered = nlohmann::ordered_json;
template <typename T>
using Read = tl::expected<T, Refusal>;

constexpr std::int64_t kLongestPause = 7 * 24 * 3600;
constexpr double kMostCpu = 102'400;  // 1,024 cores
constexpr std::uint64_t kMostWeight = 10'000;
constexpr std::uint64_t kMostPids = 4'000'000;
constexpr std::uint64_t kLeastMemory = 1024 * 1024;
constexpr std::uint64_t kMostMemory = std::uint64_t{1} << 44;

tl::unexpected<Refusal> refuse(std::string error, std::string remedy = "") {
    return tl::unexpected(Refusal{400, std::move(error), std::move(remedy), {}, {}});
}

std::string in_quotes(std::string_view text) {
    return '\'' + report::printable(text, 80) + '\'';
}

/// An object of at most the keys in `known`; an empty body is an empty object.
Read<json> object_of(std::string_view body, std::initializer_list<std::string_view> known) {
    if (body.find_first_not_of(" \t\r\n") == std::string_view::npos) return json::object();
    const auto parsed = report::parse_bounded(body);
    if (!parsed) return refuse("the body cannot be read: " + parsed.error().reason);
    for (const auto& [key, value] : parsed->items()) {
        if (std::find(known.begin(), known.end(), key) != known.end()) continue;
        std::string remedy = "known are";
        for (const std::string_view word : known) remedy += ' ' + std::string(word);
        return refuse("the body has an unknown key " + in_quotes(key),
                      known.size() == 0 ? "send no body" : remedy);
    }
    return *parsed;
}

Read<bool> boolean(const json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end()) return false;
    if (!found->is_boolean()) return refuse(std::string(key) + " is neither true nor false");
    return found->get<bool>();
}

Read<std::optional<std::uint64_t>> whole(const json& object, const char* key, std::uint64_t least,
                                         std::uint64_t most) {
    const auto found = object.find(key);
    if (found == object.end() || found->is_null()) return std::nullopt;
    const bool fits = found->is_number_unsigned() && found->get<std::uint64_t>() >= least &&
                      found->get<std::uint64_t>() <= most;
    if (!fits) {
        return refuse(std::string(key) + " is no whole number from " + std::to_string(least) + " to " +
                      std::to_string(most));
    }
    return found->get<std::uint64_t>();
}

Read<std::optional<CpuPercent>> cpu(const json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || found->is_null()) return std::nullopt;
    if (!found->is_number() || !(found->get<double>() >= 1) || found->get<double>() > kMostCpu)
        return refuse(std::string(key) + " is no percentage of one core from 1 on");
    return CpuPercent{found->get<double>()};
}

std::optional<NamedServer> named(std::string_view text) {
    if (const auto id = ProcessId::parse(text))
        return id->pid > 0 && id->start.count() >= 0 ? std::optional(NamedServer{id->pid, id})
                                                     : std::nullopt;
    NamedServer server;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, server.pid);
    if (read.ec != std::errc{} || read.ptr != end || server.pid <= 0) return std::nullopt;
    return server;
}

Read<std::vector<NamedServer>> servers(const json& object) {
    std::vector<NamedServer> all;
    const auto found = object.find("servers");
    if (found == object.end()) return all;
    if (!found->is_array()) return refuse("servers is not a list");
    if (found->size() > kMostServersInARequest) {
        return refuse("servers names more than " + std::to_string(kMostServersInARequest));
    }
    for (const json& one : *found) {
        if (!one.is_string()) {
            return refuse("servers holds something that is not a text",
                          "write a pid or an id in quotation marks: \"4711\", \"4711@79231\"");
        }
        const auto server = named(one.get_ref<const std::string&>());
        if (!server) {
            return refuse("servers: " + in_quotes(one.get_ref<const std::string&>()) +
                          " is neither a pid nor an id like 4711@79231");
        }
        all.push_back(*server);
    }
    return all;
}

Read<std::vector<policy::Rule>> rules(const json& object) {
    std::vector<policy::Rule> all;
    const auto found = object.find("rules");
    if (found == object.end()) return all;
    if (!found->is_array() || found->size() > policy::kRules.size())
        return refuse("rules is not a list of rules");
    for (const json& one : *found) {
        const auto rule = one.is_string() ? policy::rule_from(one.get_ref<const std::string&>())
                                          : std::optional<policy::Rule>();
        if (!rule)
            return refuse("rules: " + report::printable(one.dump(-1, ' ', true), 80) + " is no rule");
        all.push_back(*rule);
    }
    return all;
}

Read<enforce::CageLimits> limits(const json& object) {
    enforce::CageLimits limits;
    const auto found = object.find("limits");
    if (found == object.end() || found->is_null()) return limits;
    if (!found->is_object()) return refuse("limits is not an object");
    for (const auto& [key, value] : found->items()) {
        if (key != "cpu_percent" && key != "cpu_weight" && key != "memory_max_bytes" &&
            key != "pids_max") {
            return refuse("limits has an unknown key " + in_quotes(key),
                          "known are cpu_percent cpu_weight memory_max_bytes pids_max");
        }
    }
    const auto quota = cpu(*found, "cpu_percent");
    if (!quota) return tl::unexpected(quota.error());
    const auto weight = whole(*found, "cpu_weight", 1, kMostWeight);
    if (!weight) return tl::unexpected(weight.error());
    const auto memory = whole(*found, "memory_max_bytes", kLeastMemory, kMostMemory);
    if (!memory) return tl::unexpected(memory.error());
    const auto pids = whole(*found, "pids_max", 1, kMostPids);
    if (!pids) return tl::unexpected(pids.error());
    limits.cpu = *quota;
    if (*weight) limits.cpu_weight = static_cast<unsigned>(**weight);
    if (*memory) limits.memory_max = Bytes{**memory};
    if (*pids) limits.pids_max = static_cast<unsigned>(**pids);
    return limits;
}

/// What fits together: which keys a deed takes.
Read<ActionRequest> checked(ActionRequest request) {
    using enforce::Deed;
    if (request.all && request.deed != Deed::release) return refuse("all is for release only");
    if (request.all && !request.servers.empty()) return refuse("all and servers do not go together");
    if (!request.all && request.servers.empty()) {
        return refuse("no servers are named", "\"servers\": [\"4711@79231\"]");
    }
    if (request.deed == Deed::throttle && request.limits.none()) {
        return refuse("throttle without limits", "\"limits\": {\"cpu_percent\": 20}");
    }
    if (request.deed != Deed::throttle && !request.limits.none())
        return refuse("limits are for throttle only");
    if (request.deed == Deed::release && (request.even_in_use || !request.rules.empty()))
        return refuse("release takes neither even_in_use nor rules");
    if (request.even_in_use && !request.rules.empty()) {
        return refuse("even_in_use is for what is done by hand, and with rules it is not");
    }
    return request;
}

}  // namespace

std::string to_json(const Refusal& refusal) {
    Ordered body;
    body["error"] = report::printable(refusal.error);
    if (!refusal.remedy.empty()) body["remedy"] = report::printable(refusal.remedy);
    return body.dump(-1, ' ', false, Ordered::error_handler_t::replace) + '\n';
}

Refusal refusal_from_json(unsigned status, std::string_view text) {
    Refusal refusal{status, report::printable(text, 500), "", {}, {}};
    const json body = json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!body.is_object()) return refusal;
    const auto said = [&](const char* key) {
        const auto found = body.find(key);
        return found != body.end() && found->is_string() ? found->get<std::string>() : std::string();
    };
    if (std::string error = said("error"); !error.empty()) refusal.error = std::move(error);
    refusal.remedy = said("remedy");
    return refusal;
}

tl::expected<ActionRequest, Refusal> action_from_json(std::string_view body) {
    const auto object = object_of(body, {"deed", "servers", "all", "limits", "even_in_use", "rules"});
    if (!object) return tl::unexpected(object.error());
    ActionRequest request;
    const auto word = object->find("deed");
    const std::string known_deeds = "one of throttle, freeze, terminate, release";
    if (word == object->end()) return refuse("deed is missing", known_deeds);
    const auto deed = word->is_string() ? enforce::deed_from(word->get_ref<const std::string&>())
                                        : std::optional<enforce::Deed>();
    if (!deed) return refuse("deed is no word that is known", known_deeds);
    request.deed = *deed;
    auto named_servers = servers(*object);
    if (!named_servers) return tl::unexpected(named_servers.error());
    auto named_rules = rules(*object);
    if (!named_rules) return tl::unexpected(named_rules.error());
    const auto named_limits = limits(*object);
    if (!named_limits) return tl::unexpected(named_limits.error());
    const auto all = boolean(*object, "all");
    if (!all) return tl::unexpected(all.error());
    const auto even = boolean(*object, "even_in_use");
    if (!even) return tl::unexpected(even.error());
    request.servers = std::move(*named_servers);
    request.rules = std::move(*named_rules);
    request.limits = *named_limits;
    request.all = *all;
    request.even_in_use = *even;
    return checked(std::move(request));
}

std::string to_json(const ActionRequest& request) {
    Ordered body;
    body["deed"] = enforce::to_string(request.deed);
    if (request.all) body["all"] = true;
    for (const NamedServer& server : request.servers) body["servers"].push_back(server.text());
    const enforce::CageLimits& limits = request.limits;
    if (limits.cpu) body["limits"]["cpu_percent"] = limits.cpu->value;
    if (limits.cpu_weight) body["limits"]["cpu_weight"] = *limits.cpu_weight;
    if (limits.memory_max) body["limits"]["memory_max_bytes"] = limits.memory_max->value;
    if (limits.pids_max) body["limits"]["pids_max"] = *limits.pids_max;
    if (request.even_in_use) body["even_in_use"] = true;
    for (const policy::Rule rule : request.rules) body["rules"].push_back(policy::to_string(rule));
    return body.dump();
}

tl::expected<std::optional<std::chrono::seconds>, Refusal> pause_from_json(std::string_view body) {
    const auto object = object_of(body, {"seconds"});
    if (!object) return tl::unexpected(object.error());
    const auto seconds = whole(*object, "seconds", 1, kLongestPause);
    if (!seconds) return tl::unexpected(seconds.error());
    if (!*seconds) return std::nullopt;
    return std::chrono::seconds(static_cast<std::int64_t>(**seconds));
}

tl::expected<void, Refusal> nothing_from_json(std::string_view body) {
    const auto object = object_of(body, {});
    if (!object) return tl::unexpected(object.error());
    return {};
}

}  // namespace reaper::daemon
