// The files that guards leave for us to read: JSON objects in a directory, one each.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/result.h"

namespace reaper::cli {

struct GuardFile {
    std::string name;  ///< Of the file, without ".json".
    nlohmann::json content;
};

/// In the order of their names; what is no JSON object is left out. None where there is no directory.
Result<std::vector<GuardFile>> read_guard_files(const std::string& directory);

/// A member that is a text, made safe to be shown; `otherwise` where it is not there.
std::string shown_text(const nlohmann::json& object, const char* name, const char* otherwise = "-");
/// A member that is a whole number; 0 where it is not there.
std::int64_t number_in(const nlohmann::json& object, const char* name);

}  // namespace reaper::cli
