// Changes to a text by place.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "clients/json_text.h"

namespace reaper::clients {

struct Edit {
    Span span;         ///< What goes; empty: something is put in.
    std::string text;  ///< What comes.
};

/// All of them at once; they do not overlap.
std::string edited(std::string_view text, std::vector<Edit> edits);

/// A text as a string of JSON, with its quotes; what is not UTF-8 becomes U+FFFD.
std::string quoted(const std::string& text);

}  // namespace reaper::clients
