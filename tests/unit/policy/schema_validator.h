// As much of JSON Schema draft-07 as policies/policy.schema.json uses.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

namespace reaper::test {

using nlohmann::json;

inline bool has_type(const json& value, const std::string& type) {
    if (type == "integer")
        return value.is_number() && std::floor(value.get<double>()) == value.get<double>();
    if (type == "number") return value.is_number();
    if (type == "string") return value.is_string();
    if (type == "boolean") return value.is_boolean();
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    return type == "null" && value.is_null();
}

inline bool fits(const json& value, const json& schema);

inline bool fits_any(const json& value, const json& schemas) {
    return std::any_of(schemas.begin(), schemas.end(),
                       [&](const json& one) { return fits(value, one); });
}

inline bool fits_type(const json& value, const json& types) {
    if (types.is_string()) return has_type(value, types);
    return std::any_of(types.begin(), types.end(),
                       [&](const json& type) { return has_type(value, type); });
}

inline bool fits_object(const json& value, const json& schema) {
    for (const json& name : schema.value("required", json::array())) {
        if (!value.contains(name.get<std::string>())) return false;
    }
    const json properties = schema.value("properties", json::object());
    const bool closed =
        schema.contains("additionalProperties") && schema["additionalProperties"] == false;
    for (const auto& [name, child] : value.items()) {
        if (properties.contains(name) ? !fits(child, properties[name]) : closed) return false;
    }
    return true;
}

inline bool fits_array(const json& value, const json& schema) {
    if (value.size() < schema.value("minItems", std::size_t{0})) return false;
    if (value.size() > schema.value("maxItems", value.size())) return false;
    if (schema.value("uniqueItems", false)) {
        std::vector<json> items(value.begin(), value.end());
        std::sort(items.begin(), items.end());
        if (std::adjacent_find(items.begin(), items.end()) != items.end()) return false;
    }
    if (!schema.contains("items")) return true;
    return std::all_of(value.begin(), value.end(),
                       [&](const json& item) { return fits(item, schema["items"]); });
}

inline bool fits_text(const std::string& value, const json& schema) {
    if (value.size() > schema.value("maxLength", value.size())) return false;
    if (!schema.contains("pattern")) return true;
    return std::regex_search(value, std::regex(schema["pattern"].get<std::string>()));
}

/// Whether a value is valid by the schema.
inline bool fits(const json& value, const json& schema) {
    if (schema.contains("const") && value != schema["const"]) return false;
    if (schema.contains("type") && !fits_type(value, schema["type"])) return false;
    if (schema.contains("anyOf") && !fits_any(value, schema["anyOf"])) return false;
    if (schema.contains("enum")) {
        const json& allowed = schema["enum"];
        if (std::find(allowed.begin(), allowed.end(), value) == allowed.end()) return false;
    }
    if (value.is_number()) {
        if (value < schema.value("minimum", value)) return false;
        if (value > schema.value("maximum", value)) return false;
    }
    if (value.is_string() && !fits_text(value, schema)) return false;
    if (value.is_array() && !fits_array(value, schema)) return false;
    return !value.is_object() || fits_object(value, schema);
}

/// Keywords of a schema that fits() would pass over.
inline std::vector<std::string> unknown_keywords(const json& schema) {
    constexpr std::array<std::string_view, 20> kKnown = {
        "$schema",     "title",    "description", "default",  "const",      "type",
        "anyOf",       "enum",     "minimum",     "maximum",  "pattern",    "maxLength",
        "minItems",    "maxItems", "items",       "required", "properties", "additionalProperties",
        "uniqueItems", ""};
    std::vector<std::string> unknown;
    const auto descend = [&](const json& child) {
        for (const std::string& name : unknown_keywords(child)) unknown.push_back(name);
    };
    for (const auto& [keyword, value] : schema.items()) {
        if (std::find(kKnown.begin(), kKnown.end(), keyword) == kKnown.end()) unknown.push_back(keyword);
        if (keyword == "properties") {
            for (const json& property : value) descend(property);
        } else if (keyword == "anyOf") {
            for (const json& one : value) descend(one);
        } else if (keyword == "items") {
            descend(value);
        }
    }
    return unknown;
}

}  // namespace reaper::test
