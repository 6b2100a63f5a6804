// Values as the JSON reports write them (docs/scan-json.md, docs/history.md): made harmless, and null
// where nothing is known.
//
// For report/ and daemon/, in their sources only: the library behind it is not part of any interface.
#pragma once

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/process_id.h"
#include "base/units.h"
#include "report/redact.h"

namespace reaper::report {

using Json = nlohmann::ordered_json;

inline Json text(std::string_view bytes) {
    return printable(bytes);
}

inline Json text_or_null(std::string_view bytes) {
    return bytes.empty() ? Json(nullptr) : text(bytes);
}

template <typename T>
Json or_null(const std::optional<T>& value) {
    return value ? Json(*value) : Json(nullptr);
}

/// To a tenth: a rate over a second has no more in it. Not a number becomes null.
inline Json percent(const std::optional<CpuPercent>& cpu) {
    if (!cpu || !std::isfinite(cpu->value)) return nullptr;
    return std::round(cpu->value * 10) / 10;
}

inline Json texts(const std::vector<std::string>& all) {
    Json json = Json::array();
    for (const std::string& one : all) json.push_back(text(one));
    return json;
}

inline Json ids(const std::vector<ProcessId>& all) {
    Json json = Json::array();
    for (const ProcessId& id : all) json.push_back(id.text());
    return json;
}

}  // namespace reaper::report
