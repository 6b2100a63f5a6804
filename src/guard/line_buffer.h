// Bytes as they come, lines as they are whole. No line is cut: a read may end in the middle of a
// character, and what is passed on is what was between two newlines, byte for byte.
//
// Bounded: what is longer than the limit is not kept, only its beginning and its end, so that it can be
// told what it was.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/units.h"
#include "guard/envelope.h"

namespace reaper::guard {

/// One line, without its newline. Valid until more room is asked for.
struct Line {
    std::string_view text;  ///< kPadding bytes behind it are readable.
    /// It was longer than the limit: `text` is its beginning and `tail` its end.
    bool too_long = false;
    std::string_view tail;
    std::size_t length = 0;  ///< Of the whole line.
};

class LineBuffer {
  public:
    explicit LineBuffer(Bytes limit) : limit_(limit.value) {}

    /// Where the next bytes go; never empty. Lines that next() has given are gone after this.
    std::span<char> room();
    void filled(std::size_t bytes);

    std::optional<Line> next();

    /// Gives back the room that a long line has taken; to be called when nothing is under way.
    void relax();

    /// Nothing has come since the last newline.
    [[nodiscard]] bool between_lines() const { return begin_ == end_ && !discarding_; }

    /// What is left when no more will come: a line without a newline, or the end of one that is too
    /// long. Valid until more room is asked for.
    std::string_view abandon();

    static constexpr std::size_t kHeadBytes = 4096;
    static constexpr std::size_t kTailBytes = 512;

  private:
    void grow(std::size_t capacity);
    void discard();
    Line over_long(std::size_t line_end);

    std::size_t limit_;
    std::unique_ptr<char[]> bytes_;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;    ///< Of what has not been given yet.
    std::size_t scanned_ = 0;  ///< No newline in [begin_, scanned_).
    std::size_t end_ = 0;
    bool discarding_ = false;
    std::string head_;
    std::string tail_;
    std::size_t discarded_ = 0;
};

}  // namespace reaper::guard
