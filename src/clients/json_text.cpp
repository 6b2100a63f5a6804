#include "clients/json_text.h"

#include <algorithm>

#include "clients/json_scanner.h"
#include "report/utf8.h"

namespace reaper::clients {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kUnitLength = 6;  ///< \uD83D

bool continues_character(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

/// Of the escapes with one letter.
char plain(char letter) {
    switch (letter) {
        case 'b':
            return '\b';
        case 'f':
            return '\f';
        case 'n':
            return '\n';
        case 'r':
            return '\r';
        case 't':
            return '\t';
        default:
            return letter;
    }
}

/// The character that the escapes at `at` stand for, and the place behind them.
std::size_t append_unit(std::string_view text, std::size_t at, std::string& out) {
    constexpr char32_t kReplacement = 0xFFFD;
    const unsigned unit = code_unit_at(text, at).value_or(kReplacement);
    if (is_high_half(unit)) {
        if (const auto low = code_unit_at(text, at + kUnitLength); low && is_low_half(*low)) {
            report::append_utf8(out, 0x10000 + ((unit - 0xD800) << 10U) + (*low - 0xDC00));
            return at + 2 * kUnitLength;
        }
    }
    report::append_utf8(out, is_high_half(unit) || is_low_half(unit) ? kReplacement : unit);
    return at + kUnitLength;
}

}  // namespace

std::string JsonMistake::message() const {
    return std::to_string(line) + ':' + std::to_string(column) + ": " + what;
}

JsonMistake mistake_at(std::string_view text, std::size_t place, std::string what) {
    const std::string_view before = text.substr(0, place);
    const std::size_t newline = before.rfind('\n');
    std::string_view line = newline == std::string_view::npos ? before : before.substr(newline + 1);
    if (line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
    const auto count = [](auto number) { return static_cast<std::size_t>(number); };
    return {1 + count(std::count(before.begin(), before.end(), '\n')),
            1 + line.size() - count(std::count_if(line.begin(), line.end(), continues_character)),
            std::move(what)};
}

tl::expected<JsonText, JsonMistake> JsonText::read(std::string text) {
    JsonText json(std::move(text));
    const std::string& whole = json.text_;
    JsonScanner scanner(whole, whole.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0);
    const auto wrong = [&](std::string what) {
        return tl::unexpected(mistake_at(whole, scanner.at(), std::move(what)));
    };
    if (!scanner.skip_trivia()) return wrong(scanner.why());
    if (scanner.at_end()) return wrong("there is nothing in it");
    const auto root = scanner.value();
    if (!root || !scanner.skip_trivia()) return wrong(scanner.why());
    if (!scanner.at_end()) return wrong("something follows the end");
    json.root_ = *root;
    json.trailing_commas_ = scanner.trailing_commas();
    json.half_pairs_ = scanner.half_pairs();
    json.out_of_range_ = scanner.out_of_range();
    return json;
}

std::vector<JsonMember> JsonText::members(const JsonValue& object) const {
    std::vector<JsonMember> members;
    if (object.kind != JsonKind::object) return members;
    JsonScanner scanner(text_, object.span.begin);
    bool more = scanner.open() && scanner.here() != '}';
    while (more) {
        const auto member = scanner.member();
        if (!member) break;
        members.push_back(*member);
        more = scanner.next('}');
    }
    return members;
}

std::vector<JsonValue> JsonText::elements(const JsonValue& array) const {
    std::vector<JsonValue> elements;
    if (array.kind != JsonKind::array) return elements;
    JsonScanner scanner(text_, array.span.begin);
    bool more = scanner.open() && scanner.here() != ']';
    while (more) {
        const auto element = scanner.value();
        if (!element) break;
        elements.push_back(*element);
        more = scanner.next(']');
    }
    return elements;
}

std::string JsonText::decoded(Span string) const {
    std::string out;
    const std::string_view inside = text({string.begin + 1, string.end - 1});
    for (std::size_t at = 0; at < inside.size();) {
        if (inside[at] != '\\') {
            out += inside[at++];
        } else if (inside[at + 1] == 'u') {
            at = append_unit(inside, at, out);
        } else {
            out += plain(inside[at + 1]);
            at += 2;
        }
    }
    return out;
}

std::string JsonText::strict() const {
    std::string strict = text_;
    for (const std::size_t comma : trailing_commas_) strict[comma] = ' ';
    for (const std::size_t half : half_pairs_) strict.replace(half, kUnitLength, "\\ufffd");
    for (const Span number : out_of_range_) {
        const std::size_t length = number.end - number.begin;
        strict.replace(number.begin, length, "0" + std::string(length - 1, ' '));
    }
    return strict;
}

}  // namespace reaper::clients
