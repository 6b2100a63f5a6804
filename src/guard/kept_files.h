// Files of which only the newest are kept: logs, crash reports.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace reaper::guard {

/// Removes the files of `directory` with `part` in their names but for the `most` that were written
/// last.
void keep_newest(const std::string& directory, std::string_view part, std::size_t most);

/// A text as a part of a file's name: what is not [A-Za-z0-9._-] becomes '_', and it is short.
std::string as_file_name(std::string_view text);

}  // namespace reaper::guard
