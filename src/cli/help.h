// Manual pages as values, and how they are set for a terminal.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/options.h"

namespace reaper::cli {

struct Example {
    std::string command;
    std::string meaning;
};

/// A section beside the usual ones: FILES, ENVIRONMENT …
struct Section {
    std::string title;
    std::vector<std::string> paragraphs;
};

/// The manual page of a command. Paragraphs are plain sentences; they are wrapped when shown.
struct Page {
    std::string name;     ///< "scan", "policy check"
    std::string summary;  ///< One line, small first letter, no full stop.
    std::vector<std::string> usage;
    std::vector<std::string> description;
    std::vector<Option> options;
    std::vector<Section> sections;
    std::vector<Example> examples;
    std::vector<std::string> exit_codes;  ///< "0  The report was written."
};

/// `width` columns at most, as far as the words allow.
std::string format(const Page& page, std::size_t width);

/// `text` in lines of at most `width` columns, each behind `indent` spaces (of fewer than `width`).
std::string wrap(const std::string& text, std::size_t width, std::size_t indent);

/// `left`, then `right` wrapped in a column of its own.
std::string definition(const std::string& left, const std::string& right, std::size_t left_width,
                       std::size_t width);

}  // namespace reaper::cli
