#include "guard/line_buffer.h"

#include <algorithm>
#include <cstring>

namespace reaper::guard {
namespace {

constexpr std::size_t kFirst = 16 * 1024;
/// Not more is kept while nothing is under way.
constexpr std::size_t kKept = 128 * 1024;
/// A read of a long line takes this much.
constexpr std::size_t kLeastRoom = 4 * 1024;

}  // namespace

std::span<char> LineBuffer::room() {
    if (begin_ == end_) begin_ = scanned_ = end_ = 0;
    if (!bytes_) grow(kFirst);
    if (capacity_ - end_ < kLeastRoom && begin_ > 0) {
        std::memmove(bytes_.get(), bytes_.get() + begin_, end_ - begin_);
        scanned_ -= begin_;
        end_ -= begin_;
        begin_ = 0;
    }
    if (capacity_ - end_ < kLeastRoom) grow(capacity_ * 2);
    return {bytes_.get() + end_, capacity_ - end_};
}

void LineBuffer::relax() {
    if (begin_ != end_ || capacity_ <= kKept) return;
    begin_ = scanned_ = end_ = 0;
    bytes_.reset();
    capacity_ = 0;
}

void LineBuffer::grow(std::size_t capacity) {
    std::unique_ptr<char[]> larger(new char[capacity + kPadding]);
    if (end_ > begin_) std::memcpy(larger.get(), bytes_.get() + begin_, end_ - begin_);
    // What stands behind the end is looked at, not gone by; but it should be something.
    std::memset(larger.get() + capacity, 0, kPadding);
    scanned_ -= begin_;
    end_ -= begin_;
    begin_ = 0;
    bytes_ = std::move(larger);
    capacity_ = capacity;
}

void LineBuffer::filled(std::size_t bytes) {
    end_ += bytes;
}

std::optional<Line> LineBuffer::next() {
    const char* const from = bytes_.get() + scanned_;
    const void* const found = end_ > scanned_ ? std::memchr(from, '\n', end_ - scanned_) : nullptr;
    if (found == nullptr) {
        scanned_ = end_;
        if (discarding_ || end_ - begin_ > limit_) discard();
        return std::nullopt;
    }
    const auto newline = static_cast<std::size_t>(static_cast<const char*>(found) - bytes_.get());
    if (discarding_ || newline - begin_ > limit_) return over_long(newline);
    const std::string_view text(bytes_.get() + begin_, newline - begin_);
    begin_ = scanned_ = newline + 1;
    return Line{text, false, {}, text.size()};
}

/// Drops all there is of a line that is too long.
void LineBuffer::discard() {
    const std::string_view more(bytes_.get() + begin_, end_ - begin_);
    if (!discarding_) {
        discarding_ = true;
        head_ = more.substr(0, kHeadBytes);
        head_.resize(head_.size() + kPadding);
        head_.resize(head_.size() - kPadding);
        discarded_ = 0;
        tail_.clear();
    }
    discarded_ += more.size();
    tail_ += more.substr(more.size() - std::min(more.size(), kTailBytes));
    if (tail_.size() > kTailBytes) tail_.erase(0, tail_.size() - kTailBytes);
    begin_ = scanned_ = end_;
}

Line LineBuffer::over_long(std::size_t line_end) {
    const std::size_t end = end_;
    end_ = line_end;
    discard();
    end_ = end;
    begin_ = scanned_ = line_end + 1;
    discarding_ = false;
    return {head_, true, tail_, discarded_};
}

std::string_view LineBuffer::abandon() {
    const std::string_view left(bytes_.get() + begin_, end_ - begin_);
    begin_ = scanned_ = end_ = 0;
    discarding_ = false;
    return left;
}

}  // namespace reaper::guard
