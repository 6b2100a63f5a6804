#include "clients/line_diff.h"

#include <algorithm>

namespace reaper::clients {
namespace {

using Lines = std::vector<std::string_view>;

/// Changes beyond these are not worth their quadratic cost.
constexpr std::ptrdiff_t kMostChanges = 400;

/// E. W. Myers, "An O(ND) difference algorithm and its variations": for each number of changes the
/// furthest place on each diagonal, kept to be walked back.
class Myers {
  public:
    Myers(const Lines& before, const Lines& after) : before_(before), after_(after) {}

    std::vector<ChangedLines> run() {
        const std::ptrdiff_t most = std::min(size(before_) + size(after_), kMostChanges);
        std::vector<std::ptrdiff_t> furthest(static_cast<std::size_t>(2 * most + 3), 0);
        offset_ = most + 1;
        for (std::ptrdiff_t changes = 0; changes <= most; ++changes) {
            history_.push_back(furthest);
            for (std::ptrdiff_t diagonal = -changes; diagonal <= changes; diagonal += 2) {
                std::ptrdiff_t x = begin_of(furthest, diagonal, changes);
                while (x < size(before_) && x - diagonal < size(after_) &&
                       before_[static_cast<std::size_t>(x)] ==
                           after_[static_cast<std::size_t>(x - diagonal)]) {
                    ++x;
                }
                at(furthest, diagonal) = x;
                if (x >= size(before_) && x - diagonal >= size(after_)) return walk_back(changes);
            }
        }
        return {{0, before_.size(), 0, after_.size()}};
    }

  private:
    static std::ptrdiff_t size(const Lines& lines) { return static_cast<std::ptrdiff_t>(lines.size()); }

    std::ptrdiff_t& at(std::vector<std::ptrdiff_t>& furthest, std::ptrdiff_t diagonal) const {
        return furthest[static_cast<std::size_t>(diagonal + offset_)];
    }
    bool comes_from_above(std::vector<std::ptrdiff_t>& furthest, std::ptrdiff_t diagonal,
                          std::ptrdiff_t changes) const {
        if (diagonal == -changes) return true;
        return diagonal != changes && at(furthest, diagonal - 1) < at(furthest, diagonal + 1);
    }
    std::ptrdiff_t begin_of(std::vector<std::ptrdiff_t>& furthest, std::ptrdiff_t diagonal,
                            std::ptrdiff_t changes) const {
        if (changes == 0) return 0;
        return comes_from_above(furthest, diagonal, changes) ? at(furthest, diagonal + 1)
                                                             : at(furthest, diagonal - 1) + 1;
    }

    std::vector<ChangedLines> walk_back(std::ptrdiff_t changes) {
        std::vector<ChangedLines> blocks;
        std::ptrdiff_t x = size(before_);
        std::ptrdiff_t y = size(after_);
        for (; changes > 0; --changes) {
            std::vector<std::ptrdiff_t>& furthest = history_[static_cast<std::size_t>(changes)];
            const std::ptrdiff_t diagonal = x - y;
            const bool added = comes_from_above(furthest, diagonal, changes);
            const std::ptrdiff_t from = added ? diagonal + 1 : diagonal - 1;
            x = at(furthest, from);
            y = x - from;
            add(blocks, x, y, added);
        }
        std::reverse(blocks.begin(), blocks.end());
        return blocks;
    }

    /// One line that was added or went before (x, y), into the block that begins right behind it.
    static void add(std::vector<ChangedLines>& blocks, std::ptrdiff_t x, std::ptrdiff_t y, bool added) {
        const auto old_begin = static_cast<std::size_t>(x);
        const auto new_begin = static_cast<std::size_t>(y);
        const std::size_t old_end = old_begin + (added ? 0 : 1);
        const std::size_t new_end = new_begin + (added ? 1 : 0);
        if (!blocks.empty() && blocks.back().old_begin == old_end &&
            blocks.back().new_begin == new_end) {
            blocks.back().old_begin = old_begin;
            blocks.back().new_begin = new_begin;
        } else {
            blocks.push_back({old_begin, old_end, new_begin, new_end});
        }
    }

    const Lines& before_;
    const Lines& after_;
    std::ptrdiff_t offset_ = 0;
    std::vector<std::vector<std::ptrdiff_t>> history_;
};

}  // namespace

Lines lines_of(std::string_view text) {
    Lines lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

std::vector<ChangedLines> changed_lines(const Lines& old_lines, const Lines& new_lines) {
    const auto [old_end, new_end] =
        std::mismatch(old_lines.begin(), old_lines.end(), new_lines.begin(), new_lines.end());
    const auto begin = static_cast<std::size_t>(old_end - old_lines.begin());
    std::size_t same = 0;
    while (same < std::min(old_lines.size(), new_lines.size()) - begin &&
           old_lines[old_lines.size() - 1 - same] == new_lines[new_lines.size() - 1 - same]) {
        ++same;
    }
    const auto middle = [&](const Lines& lines) {
        return Lines(lines.begin() + static_cast<std::ptrdiff_t>(begin),
                     lines.end() - static_cast<std::ptrdiff_t>(same));
    };
    const Lines before = middle(old_lines);
    const Lines after = middle(new_lines);
    if (before.empty() && after.empty()) return {};
    std::vector<ChangedLines> blocks = Myers(before, after).run();
    for (ChangedLines& block : blocks) {
        block.old_begin += begin;
        block.old_end += begin;
        block.new_begin += begin;
        block.new_end += begin;
    }
    return blocks;
}

}  // namespace reaper::clients
