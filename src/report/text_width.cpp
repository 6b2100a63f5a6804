#include "report/text_width.h"

#include <algorithm>
#include <iterator>

#include "report/utf8.h"

namespace reaper::report {
namespace {

struct Range {
    char32_t first;
    char32_t last;
};

// Unicode 14, East Asian Width W and F; neighbours with only unassigned characters between are joined.
constexpr Range kWide[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x2329, 0x232A},   {0x23E9, 0x23EC},   {0x23F0, 0x23F0},
    {0x23F3, 0x23F3},   {0x25FD, 0x25FE},   {0x2614, 0x2615},   {0x2648, 0x2653},   {0x267F, 0x267F},
    {0x2693, 0x2693},   {0x26A1, 0x26A1},   {0x26AA, 0x26AB},   {0x26BD, 0x26BE},   {0x26C4, 0x26C5},
    {0x26CE, 0x26CE},   {0x26D4, 0x26D4},   {0x26EA, 0x26EA},   {0x26F2, 0x26F3},   {0x26F5, 0x26F5},
    {0x26FA, 0x26FA},   {0x26FD, 0x26FD},   {0x2705, 0x2705},   {0x270A, 0x270B},   {0x2728, 0x2728},
    {0x274C, 0x274C},   {0x274E, 0x274E},   {0x2753, 0x2755},   {0x2757, 0x2757},   {0x2795, 0x2797},
    {0x27B0, 0x27B0},   {0x27BF, 0x27BF},   {0x2B1B, 0x2B1C},   {0x2B50, 0x2B50},   {0x2B55, 0x2B55},
    {0x2E80, 0x303E},   {0x3041, 0x3247},   {0x3250, 0x4DBF},   {0x4E00, 0xA4C6},   {0xA960, 0xA97C},
    {0xAC00, 0xD7A3},   {0xF900, 0xFAD9},   {0xFE10, 0xFE19},   {0xFE30, 0xFE6B},   {0xFF01, 0xFF60},
    {0xFFE0, 0xFFE6},   {0x16FE0, 0x1B2FB}, {0x1F004, 0x1F004}, {0x1F0CF, 0x1F0CF}, {0x1F18E, 0x1F18E},
    {0x1F191, 0x1F19A}, {0x1F200, 0x1F320}, {0x1F32D, 0x1F335}, {0x1F337, 0x1F37C}, {0x1F37E, 0x1F393},
    {0x1F3A0, 0x1F3CA}, {0x1F3CF, 0x1F3D3}, {0x1F3E0, 0x1F3F0}, {0x1F3F4, 0x1F3F4}, {0x1F3F8, 0x1F43E},
    {0x1F440, 0x1F440}, {0x1F442, 0x1F4FC}, {0x1F4FF, 0x1F53D}, {0x1F54B, 0x1F54E}, {0x1F550, 0x1F567},
    {0x1F57A, 0x1F57A}, {0x1F595, 0x1F596}, {0x1F5A4, 0x1F5A4}, {0x1F5FB, 0x1F64F}, {0x1F680, 0x1F6C5},
    {0x1F6CC, 0x1F6CC}, {0x1F6D0, 0x1F6D2}, {0x1F6D5, 0x1F6DF}, {0x1F6EB, 0x1F6EC}, {0x1F6F4, 0x1F6FC},
    {0x1F7E0, 0x1F7F0}, {0x1F90C, 0x1F93A}, {0x1F93C, 0x1F945}, {0x1F947, 0x1F9FF}, {0x1FA70, 0x1FAF6},
    {0x20000, 0x3134A}};

// The combining marks of the scripts that package names and paths are written in.
constexpr Range kZero[] = {{0x0300, 0x036F}, {0x0483, 0x0489},   {0x0591, 0x05BD},  {0x05BF, 0x05BF},
                           {0x05C1, 0x05C2}, {0x0610, 0x061A},   {0x064B, 0x065F},  {0x0670, 0x0670},
                           {0x06D6, 0x06DC}, {0x06DF, 0x06E4},   {0x0900, 0x0902},  {0x093A, 0x093A},
                           {0x093C, 0x093C}, {0x0941, 0x0948},   {0x094D, 0x094D},  {0x0E31, 0x0E31},
                           {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E},   {0x1AB0, 0x1ACE},  {0x1DC0, 0x1DFF},
                           {0x20D0, 0x20F0}, {0x302A, 0x302D},   {0x3099, 0x309A},  {0xFE00, 0xFE0F},
                           {0xFE20, 0xFE2F}, {0x1F3FB, 0x1F3FF}, {0xE0100, 0xE01EF}};

template <std::size_t N>
bool within(const Range (&ranges)[N], char32_t value) {
    const auto* const found =
        std::partition_point(std::begin(ranges), std::end(ranges),
                             [value](const Range& range) { return range.last < value; });
    return found != std::end(ranges) && found->first <= value;
}

std::size_t width_of(const CodePoint& point) {
    if (!point.valid || point.value < 0x300) return 1;
    if (within(kZero, point.value)) return 0;
    return within(kWide, point.value) ? 2 : 1;
}

/// Bytes of the longest front of `text` that takes at most `width` columns.
std::size_t fitting(std::string_view text, std::size_t width) {
    std::size_t taken = 0;
    std::size_t used = 0;
    while (taken < text.size()) {
        const CodePoint point = decode_utf8(text.substr(taken));
        used += width_of(point);
        if (used > width) break;
        taken += point.size;
    }
    return taken;
}

/// The first word of `text`; a figure takes its unit along.
std::string_view first_word(std::string_view text) {
    const std::size_t size = std::min(text.find(' '), text.size());
    if (size == 0 || size == text.size() || text[size - 1] < '0' || text[size - 1] > '9') {
        return text.substr(0, size);
    }
    for (const std::string_view unit : {"KiB", "MiB", "GiB", "%", "s", "min", "h", "d"}) {
        const std::string_view rest = text.substr(size + 1);
        if (!rest.starts_with(unit)) continue;
        const std::string_view behind = rest.substr(unit.size());
        if (behind.empty() || std::string_view(" ,.;:)").find(behind[0]) != std::string_view::npos) {
            const std::size_t end = text.find(' ', size + 1);
            return text.substr(0, end);
        }
    }
    return text.substr(0, size);
}

}  // namespace

std::size_t display_width(std::string_view text) {
    std::size_t width = 0;
    while (!text.empty()) {
        const CodePoint point = decode_utf8(text);
        width += width_of(point);
        text.remove_prefix(point.size);
    }
    return width;
}

std::string shorten(std::string_view text, std::size_t width, std::string_view ellipsis) {
    if (fitting(text, width) == text.size()) return std::string(text);
    const std::size_t dots = display_width(ellipsis);
    if (dots >= width) return std::string(text.substr(0, fitting(text, width)));
    std::string cut(text.substr(0, fitting(text, width - dots)));
    cut += ellipsis;
    return cut;
}

std::string pad(std::string_view text, std::size_t width, Align align) {
    const std::size_t used = display_width(text);
    std::string padded(text);
    if (used >= width) return padded;
    padded.insert(align == Align::left ? padded.size() : 0, width - used, ' ');
    return padded;
}

std::vector<std::string> wrap(std::string_view text, std::size_t width, std::size_t indent) {
    // An indent that leaves no room to read in is of no use.
    if (width != 0 && indent + 8 > width) indent = 0;
    std::vector<std::string> lines;
    std::string line;
    std::size_t used = 0;
    bool has_word = false;
    const auto next_line = [&] {
        lines.push_back(std::move(line));
        line.assign(indent, ' ');
        used = indent;
        has_word = false;
    };

    while (!text.empty()) {
        const std::size_t start = text.find_first_not_of(' ');
        if (start == std::string_view::npos) break;
        // Spaces at the front are the first line's own indent.
        if (start > 0 && lines.empty() && !has_word) {
            line.append(start, ' ');
            used += start;
        }
        text.remove_prefix(start);
        std::string_view word = first_word(text);
        text.remove_prefix(word.size());

        const std::size_t wide = display_width(word);
        if (has_word && width != 0 && used + 1 + wide > width) next_line();
        if (has_word) {
            line += ' ';
            ++used;
        }
        while (width != 0 && used + display_width(word) > width) {
            const std::size_t room = width > used ? width - used : 1;
            const std::size_t taken = std::max<std::size_t>(fitting(word, room), decode_utf8(word).size);
            line += word.substr(0, taken);
            word.remove_prefix(taken);
            if (word.empty()) break;
            next_line();
        }
        line += word;
        used += display_width(word);
        has_word = true;
    }
    lines.push_back(std::move(line));
    return lines;
}

}  // namespace reaper::report
