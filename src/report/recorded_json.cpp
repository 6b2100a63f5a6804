#include "report/recorded_json.h"

#include <nlohmann/json.hpp>

#include "report/recorded_text.h"

namespace reaper::report {
namespace {

using nlohmann::json;

/// What is wrong with the shape of `line`; empty where nothing. The parser keeps no stack of its own,
/// but what it builds takes twenty times the memory of the line.
std::string out_of_bounds(std::string_view line) {
    if (line.size() > kMaxRecordedLine) return "it is longer than 64 MiB";
    std::size_t depth = 0;
    std::size_t values = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (in_string) {
            if (c == '\\') ++i;
            if (c == '"') in_string = false;
            continue;
        }
        if (c == '"') in_string = true;
        if (c == ',' && ++values > kMaxRecordedValues) return "it has too many values";
        if ((c == '{' || c == '[') && ++depth > kMaxRecordedDepth) return "it is nested too deeply";
        if ((c == '}' || c == ']') && depth > 0) --depth;
    }
    return "";
}

const json& empty_object() {
    static const json kEmpty = json::object();
    return kEmpty;
}

}  // namespace

Result<json> parse_bounded(std::string_view line) {
    if (std::string why = out_of_bounds(line); !why.empty())
        return fail("read the sample", "", std::move(why));
    json parsed = json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (parsed.is_discarded()) return fail("read the sample", "", "it is not JSON");
    if (!parsed.is_object()) return fail("read the sample", "", "it is not a JSON object");
    return parsed;
}

Fields::Fields(const json& object, std::string path, std::string& problem)
    : json_(object), path_(std::move(path)), problem_(problem) {}

const json* Fields::find(const char* key) const {
    const auto found = json_.find(key);
    return found == json_.end() ? nullptr : &*found;
}

bool Fields::has(const char* key) const {
    return find(key) != nullptr;
}

std::string Fields::path_to(const char* key) const {
    return path_.empty() ? key : path_ + '.' + key;
}

void Fields::refuse(const char* key, const std::string& why) const {
    if (problem_.empty()) problem_ = path_to(key) + ' ' + why;
}

std::int64_t Fields::integer(const char* key, std::int64_t least, std::int64_t most) const {
    const json* const value = find(key);
    if (value == nullptr) {
        refuse(key, "is missing");
        return least;
    }
    if (!value->is_number_integer()) {
        refuse(key, "is not a whole number");
        return least;
    }
    const bool fits =
        value->is_number_unsigned()
            ? value->get<std::uint64_t>() <= static_cast<std::uint64_t>(most) &&
                  (least <= 0 || value->get<std::uint64_t>() >= static_cast<std::uint64_t>(least))
            : value->get<std::int64_t>() >= least && value->get<std::int64_t>() <= most;
    if (!fits) {
        refuse(key, "is out of range");
        return least;
    }
    return value->get<std::int64_t>();
}

std::uint64_t Fields::unsigned_or(const char* key, std::uint64_t most, std::uint64_t absent) const {
    const json* const value = find(key);
    if (value == nullptr) return absent;
    if (!value->is_number_unsigned()) {
        refuse(key, "is not a whole number");
        return absent;
    }
    if (value->get<std::uint64_t>() > most) {
        refuse(key, "is out of range");
        return absent;
    }
    return value->get<std::uint64_t>();
}

bool Fields::boolean_or(const char* key, bool absent) const {
    const json* const value = find(key);
    if (value == nullptr) return absent;
    if (!value->is_boolean()) {
        refuse(key, "is neither true nor false");
        return absent;
    }
    return value->get<bool>();
}

std::string Fields::bytes_or_empty(const char* key) const {
    const json* const value = find(key);
    if (value == nullptr) return "";
    if (!value->is_string()) {
        refuse(key, "is not a text");
        return "";
    }
    return decode_bytes(value->get_ref<const std::string&>());
}

std::vector<std::string> Fields::encoded_list(const char* key) const {
    std::vector<std::string> list;
    const json* const value = find(key);
    if (value == nullptr) return list;
    if (!value->is_array()) {
        refuse(key, "is not a list");
        return list;
    }
    for (const json& one : *value) {
        if (!one.is_string()) {
            refuse(key, "holds something that is not a text");
            return list;
        }
        list.push_back(one.get_ref<const std::string&>());
    }
    return list;
}

std::vector<std::string> Fields::bytes_list(const char* key) const {
    std::vector<std::string> list = encoded_list(key);
    for (std::string& one : list) one = decode_bytes(one);
    return list;
}

Fields Fields::object(const char* key) const {
    const json* const value = find(key);
    if (value == nullptr) refuse(key, "is missing");
    if (value != nullptr && !value->is_object()) refuse(key, "is not an object");
    return {value != nullptr && value->is_object() ? *value : empty_object(), path_to(key), problem_};
}

void Fields::each(const char* key, const std::function<void(const Fields&)>& visit) const {
    const json* const value = find(key);
    if (value == nullptr) return refuse(key, "is missing");
    if (!value->is_array()) return refuse(key, "is not a list");
    std::size_t number = 0;
    for (const json& one : *value) {
        const std::string path = path_to(key) + '[' + std::to_string(number++) + ']';
        if (!one.is_object()) return refuse(key, "holds something that is not an object");
        visit(Fields(one, path, problem_));
        if (!problem_.empty()) return;
    }
}

}  // namespace reaper::report
