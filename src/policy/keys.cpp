#include "policy/keys.h"

#include <algorithm>
#include <array>
#include <optional>

namespace reaper::policy {
namespace {

constexpr std::array<std::string_view, 2> kModes = {"enforce", "observe"};
constexpr std::array<std::string_view, 1> kListensNames = {"helper"};

const std::string& text(const Value& value) {
    return std::get<std::string>(value);
}

Value optional_text(const std::optional<std::string>& value) {
    return value ? Value{*value} : Value{std::monostate{}};
}

constexpr std::array kPolicyFields = {
    Field<Policy>{.key = {.name = "version",
                          .shape = Shape::version,
                          .help = "Version of this file format; always 1.",
                          .min = 1,
                          .max = 1,
                          .required = true},
                  .get = [](const Policy&) -> Value { return 1.0; },
                  .set = [](Policy&, const Value&) {}},
    Field<Policy>{.key = {.name = "name",
                          .shape = Shape::text,
                          .help = "What reports call this policy; the file's name if it is not given."},
                  .get = [](const Policy& p) -> Value { return p.name; },
                  .set = [](Policy& p, const Value& v) { p.name = text(v); }},
    Field<Policy>{
        .key = {.name = "mode",
                .shape = Shape::choice,
                .help = "enforce acts; observe plans and reports, and never acts.",
                .choices = kModes},
        .get = [](const Policy& p) -> Value {
            return std::string(p.mode == Mode::enforce ? "enforce" : "observe");
        },
        .set = [](Policy& p,
                  const Value& v) { p.mode = text(v) == "enforce" ? Mode::enforce : Mode::observe; }},
};

constexpr std::array kServerFields = {
    Field<ServerType>{
        .key = {.name = "type",
                .shape = Shape::type_name,
                .help = "Name of the server type: lower case letters, digits, '.', '_' and '-'.",
                .required = true},
        .get = [](const ServerType& s) -> Value { return s.type; },
        .set = [](ServerType& s, const Value& v) { s.type = text(v); }},
    Field<ServerType>{
        .key = {.name = "match",
                .shape = Shape::patterns,
                .help = "RE2 pattern, or a list of them, for the program of a command line: "
                        "package, script or binary.",
                .required = true,
                .selective = true},
        .get = [](const ServerType& s) -> Value { return s.match; },
        .set = [](ServerType& s, const Value& v) { s.match = std::get<std::vector<std::string>>(v); }},
    Field<ServerType>{.key = {.name = "match_line",
                              .shape = Shape::boolean,
                              .help = "Match the whole command line in place of its program."},
                      .get = [](const ServerType& s) -> Value {
                          return s.match_line ? Value{true} : Value{std::monostate{}};
                      },
                      .set = [](ServerType& s, const Value& v) { s.match_line = std::get<bool>(v); }},
    Field<ServerType>{
        .key = {.name = "listens",
                .shape = Shape::choice,
                .help = "helper: a helper that listens makes a server of this type standalone too.",
                .choices = kListensNames},
        .get = [](const ServerType& s) -> Value {
            return s.helper_listens ? Value{std::string("helper")} : Value{std::monostate{}};
        },
        .set = [](ServerType& s, const Value&) { s.helper_listens = true; }},
};

constexpr std::array kClientFields = {
    Field<ClientProgram>{.key = {.name = "name",
                                 .shape = Shape::text,
                                 .help = "What reports call this client.",
                                 .required = true},
                         .get = [](const ClientProgram& c) -> Value { return c.name; },
                         .set = [](ClientProgram& c, const Value& v) { c.name = text(v); }},
    Field<ClientProgram>{.key = {.name = "match",
                                 .shape = Shape::pattern,
                                 .help = "RE2 pattern for the client's program.",
                                 .required = true,
                                 .selective = true},
                         .get = [](const ClientProgram& c) -> Value { return c.match; },
                         .set = [](ClientProgram& c, const Value& v) { c.match = text(v); }},
};

constexpr Field<Exemption> kExemptType{
    .key = {.name = "type", .shape = Shape::type_name, .help = "Servers of this type."},
    .get = [](const Exemption& e) { return optional_text(e.type); },
    .set = [](Exemption& e, const Value& v) { e.type = text(v); }};
constexpr Field<Exemption> kExemptClient{
    .key = {.name = "client", .shape = Shape::text, .help = "Servers of the client with this name."},
    .get = [](const Exemption& e) { return optional_text(e.client); },
    .set = [](Exemption& e, const Value& v) { e.client = text(v); }};
constexpr Field<Exemption> kExemptUser{
    .key = {.name = "user", .shape = Shape::user, .help = "Servers of this user, by name or number."},
    .get = [](const Exemption& e) { return optional_text(e.user); },
    .set = [](Exemption& e, const Value& v) { e.user = text(v); }};
constexpr Field<Exemption> kExemptCgroup{
    .key = {.name = "cgroup",
            .shape = Shape::pattern,
            .help = "RE2 pattern for the server's cgroup path."},
    .get = [](const Exemption& e) { return optional_text(e.cgroup); },
    .set = [](Exemption& e, const Value& v) { e.cgroup = text(v); }};
constexpr Field<Exemption> kExemptMatch{
    .key = {.name = "match", .shape = Shape::pattern, .help = "RE2 pattern for the server's program."},
    .get = [](const Exemption& e) { return optional_text(e.program); },
    .set = [](Exemption& e, const Value& v) { e.program = text(v); }};
constexpr Field<Exemption> kExemptRules{
    .key = {.name = "rules",
            .shape = Shape::rules,
            .help = "Only from these rules; from all if not given."},
    .get = [](const Exemption& e) -> Value {
        if (e.rules.empty()) return std::monostate{};
        std::vector<std::string> names;
        for (const Rule rule : e.rules) names.emplace_back(to_string(rule));
        return names;
    },
    .set =
        [](Exemption& e, const Value& v) {
            for (const std::string& rule : std::get<std::vector<std::string>>(v)) {
                e.rules.push_back(*rule_from(rule));
            }
        }};

constexpr std::array kProtectFields = {kExemptType, kExemptClient, kExemptUser, kExemptCgroup,
                                       kExemptMatch};
constexpr std::array kExemptFields = {kExemptType,   kExemptClient, kExemptUser,
                                      kExemptCgroup, kExemptMatch,  kExemptRules};

constexpr std::array kSections = {
    Section{"daemon", false, "How often the daemon looks and acts, and how it ends."},
    Section{"limits", false, "Limits for every server type; none is no limit."},
    Section{"rules", false, "What is done about each finding."},
    Section{"terminate", false, "How a server is ended."},
    Section{"throttle", false, "What a throttled server may use."},
    Section{"budget", false, "How many servers may be ended, and when it is better to stop."},
    Section{"history", false, "What is kept of what was done."},
    Section{"pressure", false, "What is different while memory is short on this host."},
    Section{"events", false, "Where the daemon writes what happens."},
    Section{"guard", false, "How mcp-reaper run looks after the server that it starts."},
    Section{"hooks", true, "Commands that the daemon runs when something happens."},
    Section{"servers", true,
            "Known server types; the first whose pattern matches wins. Without this key: the built-in "
            "types."},
    Section{"clients", true, "Programs to be known as clients besides the built-in ones."},
    Section{"exempt", true,
            "Servers about which findings are shown and nothing is done. All that is set must fit."},
    Section{"protect", true,
            "Servers that are never acted upon, whatever any rule says. All that is set must fit."},
};

template <typename T>
void collect(std::vector<std::pair<std::string, std::string_view>>& all, const std::string& place,
             std::span<const Field<T>> fields) {
    for (const Field<T>& field : fields) all.emplace_back(place, field.key.name);
}

/// (place, key) of every key there is.
std::vector<std::pair<std::string, std::string_view>> all_places() {
    const Policy any;
    std::vector<std::pair<std::string, std::string_view>> all;
    collect(all, "the top level", policy_fields());
    for (const Section& section : sections()) all.emplace_back("the top level", section.name);
    collect(all, "daemon", daemon_fields());
    collect(all, "limits", limit_fields());
    for (const Rule rule : kRules) all.emplace_back("rules", to_string(rule));
    for (const Rule rule : kRules)
        collect(all, "rules." + std::string(to_string(rule)), rule_fields(rule));
    visit_settings(any, [&](const std::string& section, const auto& fields, const auto&) {
        collect(all, section, fields);
    });
    all.emplace_back("pressure", kPressureLimits.name);
    collect(all, "hooks", hook_fields());
    collect(all, "servers", server_fields());
    all.emplace_back("servers", kServerLimits.name);
    all.emplace_back("servers", kServerHealth.name);
    all.emplace_back("servers", kServerGuard.name);
    collect(all, "servers[].health", health_fields());
    collect(all, "clients", client_fields());
    collect(all, "exempt", exempt_fields());
    collect(all, "protect", protect_fields());
    return all;
}

}  // namespace

std::span<const Field<Policy>> policy_fields() {
    return kPolicyFields;
}
std::span<const Field<ServerType>> server_fields() {
    return kServerFields;
}
std::span<const Field<ClientProgram>> client_fields() {
    return kClientFields;
}
std::span<const Field<Exemption>> exempt_fields() {
    return kExemptFields;
}
std::span<const Field<Exemption>> protect_fields() {
    return kProtectFields;
}
std::span<const Section> sections() {
    return kSections;
}

std::vector<std::string> places_of(std::string_view key) {
    constexpr std::string_view kRulePrefix = "rules.";
    std::vector<std::string> places;
    for (const auto& [place, name] : all_places()) {
        if (name == key) places.push_back(place);
    }
    const auto is_rule = [&](const std::string& place) { return place.starts_with(kRulePrefix); };
    const auto rules = std::count_if(places.begin(), places.end(), is_rule);
    if (static_cast<std::size_t>(rules) < kRules.size()) return places;
    std::erase_if(places, is_rule);
    places.emplace_back("every rule");
    return places;
}

std::vector<std::string_view> all_key_names() {
    std::vector<std::string_view> names;
    for (const auto& [place, name] : all_places()) {
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
    return names;
}

}  // namespace reaper::policy
