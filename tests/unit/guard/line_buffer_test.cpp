#include "guard/line_buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace reaper::guard {
namespace {

/// Gives `bytes` to the buffer in pieces of at most `piece`, and returns the lines that came out.
std::vector<std::string> lines_of(LineBuffer& buffer, std::string_view bytes, std::size_t piece) {
    std::vector<std::string> lines;
    while (!bytes.empty()) {
        const auto room = buffer.room();
        const std::size_t length = std::min({piece, room.size(), bytes.size()});
        std::memcpy(room.data(), bytes.data(), length);
        buffer.filled(length);
        bytes.remove_prefix(length);
        while (const auto line = buffer.next()) {
            lines.push_back(line->too_long ? "too long: " + std::to_string(line->length)
                                           : std::string(line->text));
        }
    }
    return lines;
}

TEST(LineBuffer, GivesWholeLinesHoweverTheyCome) {
    const std::vector<std::string> expected = {"{\"a\":\"🦀\"}", "", "ü\r", std::string(40'000, 'x'),
                                               "last"};
    std::string bytes;
    for (const std::string& line : expected) bytes += line + '\n';
    for (const std::size_t piece : {1UL, 2UL, 3UL, 7UL, 4096UL, 1'000'000UL}) {
        LineBuffer buffer(Bytes{100'000});
        EXPECT_EQ(lines_of(buffer, bytes, piece), expected) << piece;
        EXPECT_TRUE(buffer.between_lines());
    }
}

TEST(LineBuffer, KeepsOnlyTheEndsOfWhatIsTooLong) {
    LineBuffer buffer(Bytes{1000});
    const std::string long_line = "head" + std::string(5'000'000, 'x') + "tail";
    EXPECT_EQ(lines_of(buffer, "a\n" + long_line + "\nb\n" + std::string(1000, 'c') + '\n', 65536),
              (std::vector<std::string>{"a", "too long: 5000008", "b", std::string(1000, 'c')}));
    std::string_view more = long_line;
    while (!more.empty()) {
        const auto room = buffer.room();
        EXPECT_LT(room.size(), 100'000U) << "it does not grow with what it drops";
        const std::size_t length = std::min(room.size(), more.size());
        std::memcpy(room.data(), more.data(), length);
        buffer.filled(length);
        more.remove_prefix(length);
        EXPECT_FALSE(buffer.next());
    }
    buffer.room()[0] = '\n';
    buffer.filled(1);
    const auto line = buffer.next();
    ASSERT_TRUE(line);
    EXPECT_TRUE(line->too_long);
    EXPECT_TRUE(line->text.starts_with("headx"));
    EXPECT_TRUE(line->tail.ends_with("xtail"));
}

TEST(LineBuffer, AbandonsWhatIsNoLineYet) {
    LineBuffer buffer(Bytes{1000});
    EXPECT_EQ(lines_of(buffer, "one\nhalf", 100), std::vector<std::string>{"one"});
    EXPECT_FALSE(buffer.between_lines());
    EXPECT_EQ(buffer.abandon(), "half");
    EXPECT_TRUE(buffer.between_lines());
}

}  // namespace
}  // namespace reaper::guard
