#include <algorithm>
#include <charconv>

#include "report/redact.h"
#include "report/utf8.h"

namespace reaper::report {
namespace {

/// Characters that show as nothing, or turn the text around them: a name must not look like another.
bool is_hidden(char32_t value) {
    return (value >= 0x80 && value <= 0x9F) ||      // C1 controls: 8-bit escape sequences
           value == 0xAD || value == 0x34F ||       // soft hyphen, grapheme joiner
           value == 0x61C || value == 0x180E ||     // Arabic letter mark, Mongolian separator
           (value >= 0x200B && value <= 0x200F) ||  // zero width, left-to-right and right-to-left marks
           (value >= 0x2028 && value <= 0x202E) ||  // line separators, bidi overrides
           (value >= 0x2060 && value <= 0x206F) ||  // word joiner, bidi isolates
           value == 0xFEFF || (value >= 0xFFF9 && value <= 0xFFFB) ||
           (value >= 0xE0000 && value <= 0xE007F);  // tags
}

/// With so many hexadecimal digits at least.
std::string hex(char32_t value, std::size_t digits) {
    char text[8];
    const auto end = std::to_chars(text, text + sizeof text, static_cast<unsigned>(value), 16).ptr;
    const auto length = static_cast<std::size_t>(end - text);
    return std::string(digits - std::min(digits, length), '0') + std::string(text, length);
}

std::string shown(const CodePoint& point, std::string_view bytes) {
    if (!point.valid) return "\\x" + hex(point.value, 2);
    switch (point.value) {
        case '\n':
            return "\\n";
        case '\r':
            return "\\r";
        case '\t':
            return "\\t";
        default:
            break;
    }
    if (point.value < 0x20 || point.value == 0x7F) {
        return "\\x" + hex(point.value, 2);
    }
    if (is_hidden(point.value)) return "\\u" + hex(point.value, 4);
    return std::string(bytes.substr(0, point.size));
}

}  // namespace

std::string printable(std::string_view bytes, std::size_t max_bytes) {
    constexpr std::string_view kCut = "…";
    std::string text;
    std::size_t fits_with_cut = 0;  // where the text can be cut and the mark still fits
    while (!bytes.empty()) {
        const CodePoint point = decode_utf8(bytes);
        const std::string piece = shown(point, bytes);
        if (text.size() + piece.size() > max_bytes) {
            text.resize(fits_with_cut);
            if (max_bytes >= kCut.size()) text += kCut;
            return text;
        }
        text += piece;
        if (text.size() + kCut.size() <= max_bytes) fits_with_cut = text.size();
        bytes.remove_prefix(point.size);
    }
    return text;
}

}  // namespace reaper::report
