#include "clients/line_diff.h"

#include <gtest/gtest.h>

#include <random>

namespace reaper::clients {
namespace {

using Lines = std::vector<std::string_view>;

TEST(LineDiff, FindsTheFewestLines) {
    EXPECT_EQ(changed_lines(lines_of("a\nb\nc\n"), lines_of("a\nb\nc")), std::vector<ChangedLines>{});
    EXPECT_EQ(changed_lines(lines_of("a\nb\nc\nd\n"), lines_of("a\nx\nc\ny\nd\n")),
              (std::vector<ChangedLines>{{1, 2, 1, 2}, {3, 3, 3, 4}}));
    EXPECT_EQ(changed_lines({}, lines_of("a\n")), (std::vector<ChangedLines>{{0, 0, 0, 1}}));
    EXPECT_EQ(changed_lines(lines_of("a\na\n"), lines_of("a\n")),
              (std::vector<ChangedLines>{{1, 2, 1, 1}}));
}

/// The other text, made of this one and what has changed.
Lines rebuilt(const Lines& before, const Lines& after, const std::vector<ChangedLines>& changes) {
    Lines lines;
    std::size_t at = 0;
    for (const ChangedLines& change : changes) {
        EXPECT_EQ(lines.size() + (change.old_begin - at), change.new_begin);
        for (; at < change.old_begin; ++at) lines.push_back(before[at]);
        lines.insert(lines.end(), after.begin() + static_cast<std::ptrdiff_t>(change.new_begin),
                     after.begin() + static_cast<std::ptrdiff_t>(change.new_end));
        at = change.old_end;
    }
    lines.insert(lines.end(), before.begin() + static_cast<std::ptrdiff_t>(at), before.end());
    return lines;
}

TEST(LineDiff, LeadsFromOneTextToTheOther) {
    const unsigned seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const auto lines = [&](std::size_t most) {
        Lines made;
        for (auto count = random() % most; count > 0; --count)
            made.push_back(std::string_view("abcd").substr(random() % 4, 1));
        return made;
    };
    for (int round = 0; round < 500; ++round) {
        // Some so long and so different that they count as one block.
        const Lines before = lines(round % 50 == 0 ? 2000 : 30);
        const Lines after = lines(round % 50 == 0 ? 2000 : 30);
        ASSERT_EQ(rebuilt(before, after, changed_lines(before, after)), after);
    }
}

}  // namespace
}  // namespace reaper::clients
