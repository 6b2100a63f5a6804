#include "clients/edits.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace reaper::clients {

std::string edited(std::string_view text, std::vector<Edit> edits) {
    std::sort(edits.begin(), edits.end(),
              [](const Edit& a, const Edit& b) { return a.span.begin < b.span.begin; });
    std::string out;
    std::size_t done = 0;
    for (const Edit& edit : edits) {
        out += text.substr(done, edit.span.begin - done);
        out += edit.text;
        done = edit.span.end;
    }
    out += text.substr(done);
    return out;
}

std::string quoted(const std::string& text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace reaper::clients
