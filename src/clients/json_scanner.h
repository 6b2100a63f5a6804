// Goes over a JSON text, value by value. Internal to clients/.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "clients/json_text.h"

namespace reaper::clients {

class JsonScanner {
  public:
    explicit JsonScanner(std::string_view text, std::size_t at = 0) : text_(text), at_(at) {}

    /// White space and comments. False where a comment has no end.
    bool skip_trivia();
    /// The value that begins here, with all that is in it. Nothing where there is none: why() says it.
    std::optional<JsonValue> value();
    /// One step into the object or array that begins here, and on from member to member.
    bool open() { return ++at_, skip_trivia(); }
    std::optional<JsonMember> member();
    /// Behind a member or element: over the comma. False where `close` comes, or something is wrong.
    bool next(char close);

    [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
    [[nodiscard]] char here() const { return at_end() ? '\0' : text_[at_]; }
    [[nodiscard]] std::size_t at() const { return at_; }
    [[nodiscard]] const std::string& why() const { return why_; }

    [[nodiscard]] const std::vector<std::size_t>& trailing_commas() const { return trailing_commas_; }
    [[nodiscard]] const std::vector<std::size_t>& half_pairs() const { return half_pairs_; }
    /// Numbers that no double holds: 1e999.
    [[nodiscard]] const std::vector<Span>& out_of_range() const { return out_of_range_; }

  private:
    bool wrong(std::string why);
    bool container(char close);
    bool string();
    bool escape();
    bool number();
    bool number_text();
    bool digits();
    bool literal();

    std::string_view text_;
    std::size_t at_;
    std::size_t depth_ = 0;
    std::string why_;
    std::vector<std::size_t> trailing_commas_;
    std::vector<std::size_t> half_pairs_;
    std::vector<Span> out_of_range_;
};

/// The number of \uXXXX at `at`; nothing where none stands there.
std::optional<unsigned> code_unit_at(std::string_view text, std::size_t at);
inline bool is_high_half(unsigned unit) {
    return unit >= 0xD800 && unit < 0xDC00;
}
inline bool is_low_half(unsigned unit) {
    return unit >= 0xDC00 && unit < 0xE000;
}

}  // namespace reaper::clients
