#include "guard/json_text.h"

#include <array>

#include "report/utf8.h"

namespace reaper::guard {

std::string json_string(std::string_view text) {
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string out = "\"";
    while (!text.empty()) {
        const report::CodePoint point = report::decode_utf8(text);
        const std::string_view bytes = text.substr(0, point.size);
        text.remove_prefix(point.size);
        if (!point.valid) {
            out += "\\ufffd";
        } else if (point.value == '"' || point.value == '\\') {
            out += '\\';
            out += bytes;
        } else if (point.value == '\n') {
            out += "\\n";
        } else if (point.value < 0x20) {
            out += "\\u00";
            out += kHex[(point.value >> 4) & 15];
            out += kHex[point.value & 15];
        } else {
            out += bytes;
        }
    }
    return out + '"';
}

JsonObject& JsonObject::add_json(std::string_view name, std::string_view json) {
    if (text_.size() > 1) text_ += ", ";
    text_ += json_string(name);
    text_ += ": ";
    text_ += json;
    return *this;
}

}  // namespace reaper::guard
