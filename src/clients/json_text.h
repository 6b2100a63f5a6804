// A JSON text that stays as it is written: where its values stand is told, nothing is read into a tree
// and nothing written out again. Comments and trailing commas are read, as VS Code and Cursor write
// them.
//
// No library of Debian's edits such a text without setting it anew (jsoncpp keeps the comments and loses
// the layout, nlohmann's and RapidJSON only skip them): nlohmann's is the check beside (json_check.h).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace reaper::clients {

/// A part of a text: [begin, end).
struct Span {
    std::size_t begin = 0;
    std::size_t end = 0;

    bool operator==(const Span&) const = default;
};

enum class JsonKind { object, array, string, number, literal };

struct JsonValue {
    JsonKind kind = JsonKind::literal;
    Span span;  ///< From its first character to its last: of a string with its quotes.
};

struct JsonMember {
    Span key;  ///< With its quotes.
    JsonValue value;
};

/// What is wrong with a text, and where. Lines and columns count from 1, columns in characters.
struct JsonMistake {
    std::size_t line = 1;
    std::size_t column = 1;
    std::string what;

    /// "12:5: a comma or '}' is missing".
    [[nodiscard]] std::string message() const;
};

inline constexpr std::size_t kMaxJsonDepth = 256;

class JsonText {
  public:
    /// Reads it whole: what comes out of it is JSON, but for comments and trailing commas.
    static tl::expected<JsonText, JsonMistake> read(std::string text);

    [[nodiscard]] const std::string& text() const { return text_; }
    [[nodiscard]] std::string_view text(Span span) const {
        return std::string_view(text_).substr(span.begin, span.end - span.begin);
    }
    [[nodiscard]] const JsonValue& root() const { return root_; }

    /// Of an object of this text, in order; a key may come twice. Empty for anything else.
    [[nodiscard]] std::vector<JsonMember> members(const JsonValue& object) const;
    /// Of an array of this text. Empty for anything else.
    [[nodiscard]] std::vector<JsonValue> elements(const JsonValue& array) const;
    /// What a string of this text says, in UTF-8. Half a surrogate pair becomes U+FFFD.
    [[nodiscard]] std::string decoded(Span string) const;

    /// The same for those who take JSON alone: every value where it was, but trailing commas are blanks,
    /// half surrogate pairs U+FFFD, and numbers that no double holds 0. (Comments stay.)
    [[nodiscard]] std::string strict() const;

  private:
    explicit JsonText(std::string text) : text_(std::move(text)) {}

    std::string text_;
    JsonValue root_;
    std::vector<std::size_t> trailing_commas_;
    std::vector<std::size_t> half_pairs_;  ///< Where their "\uD83D" begins.
    std::vector<Span> out_of_range_;
};

/// Line and column of a place in a text.
JsonMistake mistake_at(std::string_view text, std::size_t place, std::string what);

}  // namespace reaper::clients
