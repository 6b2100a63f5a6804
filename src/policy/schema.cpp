#include "policy/schema.h"

#include <nlohmann/json.hpp>

#include "policy/keys.h"
#include "policy/value_text.h"

namespace reaper::policy {
namespace {

using Json = nlohmann::ordered_json;

/// A whole number is written as one: 80, not 80.0.
Json number(double value) {
    const auto whole = static_cast<std::int64_t>(value);
    if (static_cast<double>(whole) == value) return whole;
    return value;
}

std::string_view json_type(Shape shape) {
    return shape == Shape::count || shape == Shape::duration ? "integer" : "number";
}

Json figure(const Key& key) {
    Json forms = Json::array();
    forms.push_back(
        {{"type", json_type(key.shape)}, {"minimum", number(key.min)}, {"maximum", number(key.max)}});
    if (!units_of(key.shape).empty())
        forms.push_back({{"type", "string"}, {"pattern", text_form(key.shape)}});
    if (key.may_be_none) forms.push_back({{"const", "none"}});
    if (forms.size() == 1) return forms.front();
    return {{"anyOf", forms}};
}

Json text(Shape shape, std::size_t longest) {
    return {{"type", "string"}, {"pattern", text_form(shape)}, {"maxLength", longest}};
}

Json names(std::span<const std::string_view> choices) {
    Json list = Json::array();
    for (const std::string_view choice : choices) list.push_back(choice);
    return list;
}

/// A word, or a list of steps: the loader also sees whether each is harsher and later than the last.
Json action(const Key& key) {
    const Json step = {{"type", "string"}, {"pattern", text_form(Shape::action)}};
    const Json steps = {
        {"type", "array"}, {"items", step}, {"minItems", 1}, {"maxItems", key.choices.size()}};
    return {{"anyOf", {{{"enum", names(key.choices)}}, steps}}};
}

Json rule_names() {
    Json list = Json::array();
    for (const Rule rule : kRules) list.push_back(to_string(rule));
    return list;
}

/// Some of these, each once.
Json list_of_names(Json known) {
    return {{"type", "array"},
            {"items", {{"enum", std::move(known)}}},
            {"minItems", 1},
            {"uniqueItems", true}};
}

/// Or a text that becomes one of these when the policy is loaded.
Json or_variable(Json form) {
    const Json variable = {{"type", "string"}, {"pattern", "[$][{][A-Za-z_][A-Za-z0-9_]*[}]"}};
    if (form.size() == 1 && form.contains("anyOf")) {
        form["anyOf"].push_back(variable);
        return form;
    }
    return {{"anyOf", {std::move(form), variable}}};
}

Json form_of(const Key& key) {
    switch (key.shape) {
        case Shape::version:
            return {{"const", 1}};
        case Shape::count:
        case Shape::percent:
        case Shape::memory:
        case Shape::duration:
            return or_variable(figure(key));
        case Shape::boolean:
            return or_variable({{"type", "boolean"}});
        case Shape::choice:
            return or_variable({{"enum", names(key.choices)}});
        case Shape::action:
            return or_variable(action(key));
        case Shape::text:
            return text(key.shape, kMaxTextLength);
        case Shape::type_name:
            return or_variable(text(key.shape, kMaxTextLength));
        case Shape::user:
            return {{"anyOf", {text(key.shape, kMaxTextLength), {{"type", "integer"}, {"minimum", 0}}}}};
        case Shape::pattern:
            return text(key.shape, classify::kMaxPatternLength);
        case Shape::patterns: {
            const Json one = text(Shape::pattern, classify::kMaxPatternLength);
            return {{"anyOf", {one, {{"type", "array"}, {"items", one}, {"minItems", 1}}}}};
        }
        case Shape::rules:
            return list_of_names(rule_names());
        case Shape::events:
            return list_of_names(names(key.choices));
        case Shape::path:
        case Shape::url: {
            const Json one = text(key.shape, kMaxPathLength);
            if (!key.may_be_none) return or_variable(one);
            return or_variable({{"anyOf", {one, {{"const", "none"}}}}});
        }
        case Shape::command:
            return or_variable({{"anyOf",
                                 {text(Shape::path, kMaxPathLength),
                                  {{"type", "array"},
                                   {"items", text(Shape::command, kMaxPathLength)},
                                   {"minItems", 1},
                                   {"maxItems", kMaxWords}}}}});
    }
    return Json::object();
}

/// The value as JSON where a figure or a word is enough; the reference tells the rest.
Json default_of(const Key& key, const Value& value) {
    if (const double* figure = std::get_if<double>(&value)) {
        return key.shape == Shape::memory ? Json(write_value(key, value)) : number(*figure);
    }
    if (std::holds_alternative<NoLimit>(value)) return write_value(key, value);
    if (const bool* truth = std::get_if<bool>(&value)) return *truth;
    if (const auto* word = std::get_if<std::string>(&value)) return *word;
    return nullptr;
}

std::string description(const Key& key) {
    std::string text(key.help);
    if (key.shape == Shape::version || key.shape == Shape::boolean || key.shape == Shape::choice)
        return text;
    return text + " " + (key.required ? "Required. " : "") + "Value: " + allowed_values(key) + ".";
}

template <typename T>
Json properties_of(std::span<const Field<T>> fields, const T* defaults) {
    Json properties = Json::object();
    for (const Field<T>& field : fields) {
        Json property = {{"description", description(field.key)}};
        property.update(form_of(field.key));
        const Json standard = defaults ? default_of(field.key, field.get(*defaults)) : Json(nullptr);
        if (!standard.is_null() && standard != Json(std::string())) property["default"] = standard;
        properties[std::string(field.key.name)] = std::move(property);
    }
    return properties;
}

template <typename T>
Json required_of(std::span<const Field<T>> fields) {
    Json names = Json::array();
    for (const Field<T>& field : fields) {
        if (field.key.required) names.push_back(field.key.name);
    }
    return names;
}

Json mapping(std::string_view help, Json properties, Json required = Json::array()) {
    Json schema;
    if (!help.empty()) schema["description"] = help;
    schema["type"] = "object";
    schema["additionalProperties"] = false;
    if (!required.empty()) schema["required"] = std::move(required);
    schema["properties"] = std::move(properties);
    return schema;
}

/// A section may be there with nothing in it, its keys commented out.
Json or_empty(Json schema) {
    schema["type"] = Json::array({schema["type"], "null"});
    return schema;
}

Json list_of(Json items) {
    return {{"type", "array"}, {"maxItems", number(kMaxEntries)}, {"items", std::move(items)}};
}

void add_limits(Json& properties, const Section& limits) {
    properties[std::string(limits.name)] =
        or_empty(mapping(limits.help, properties_of<Limits>(limit_fields(), nullptr)));
}

Json server_properties() {
    Json properties = properties_of<ServerType>(server_fields(), nullptr);
    add_limits(properties, kServerLimits);
    const HealthRequest defaults;
    properties[std::string(kServerHealth.name)] = or_empty(mapping(
        kServerHealth.help, properties_of(health_fields(), &defaults), required_of(health_fields())));
    properties[std::string(kServerGuard.name)] =
        or_empty(mapping(kServerGuard.help, properties_of<GuardSettings>(guard_fields(), nullptr)));
    return properties;
}

/// An entry that says nothing would fit every server.
Json selecting(Json entry, std::span<const Field<Exemption>> fields) {
    Json any = Json::array();
    for (const Field<Exemption>& field : fields) {
        if (field.key.shape != Shape::rules) any.push_back({{"required", {field.key.name}}});
    }
    entry["anyOf"] = std::move(any);
    return entry;
}

Json rules_schema(const Policy& defaults) {
    Json rules = Json::object();
    for (const Rule rule : kRules) {
        rules[std::string(to_string(rule))] =
            or_empty(mapping(rule_help(rule), properties_of(rule_fields(rule), &defaults.rule(rule))));
    }
    return rules;
}

Json schema_of(const Section& section, const Policy& defaults) {
    if (section.name == "daemon") return mapping("", properties_of(daemon_fields(), &defaults.daemon));
    if (section.name == "limits") return mapping("", properties_of(limit_fields(), &defaults.limits));
    if (section.name == "rules") return mapping("", rules_schema(defaults));
    if (section.name == "servers") {
        return list_of(mapping("", server_properties(), required_of(server_fields())));
    }
    if (section.name == "hooks") {
        const Hook standard;
        return list_of(mapping("", properties_of(hook_fields(), &standard), required_of(hook_fields())));
    }
    if (section.name == "clients") {
        return list_of(mapping("", properties_of<ClientProgram>(client_fields(), nullptr),
                               required_of(client_fields())));
    }
    Json settings;
    visit_settings(defaults, [&](const std::string& name, auto fields, const auto& standard) {
        if (name != section.name) return;
        Json properties = properties_of(fields, &standard);
        if (name == "pressure") add_limits(properties, kPressureLimits);
        settings = mapping("", std::move(properties));
    });
    if (!settings.is_null()) return settings;
    const auto fields = section.name == "exempt" ? exempt_fields() : protect_fields();
    return list_of(selecting(mapping("", properties_of<Exemption>(fields, nullptr)), fields));
}

}  // namespace

std::string policy_schema() {
    const Policy defaults = builtin_defaults();
    Json properties = properties_of(policy_fields(), &defaults);
    for (const Section& section : sections()) {
        Json property = {{"description", section.help}};
        property.update(or_empty(schema_of(section, defaults)));
        properties[std::string(section.name)] = std::move(property);
    }
    Json schema = {
        {"$schema", "http://json-schema.org/draft-07/schema#"},
        {"title", "mcp-reaper policy"},
        {"description",
         "What mcp-reaper does about which MCP servers. The program checks more than a schema can "
         "say: mcp-reaper policy check FILE."}};
    schema.update(mapping("", std::move(properties), required_of(policy_fields())));
    return schema.dump(2) + "\n";
}

}  // namespace reaper::policy
