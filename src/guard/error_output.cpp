#include "guard/error_output.h"

#include <array>

namespace reaper::guard {
namespace {

constexpr std::size_t kMostWaiting = 64 * 1024;
constexpr std::size_t kTail = 4096;
constexpr std::size_t kLongestLine = 16 * 1024;
/// Read at a time, before the others get their turn.
constexpr int kPiecesATurn = 4;

}  // namespace

ErrorOutput::ErrorOutput(const Settings& settings, const std::string& path, Stream client)
    : client_(std::move(client)),
      log_({path, settings.log_size, settings.log_files}),
      logs_(!path.empty()) {}

void ErrorOutput::pump(MonotonicTime now) {
    std::array<char, 16 * 1024> buffer;
    for (int i = 0; i < kPiecesATurn && from_; ++i) {
        const Stream::Moved moved = from_.read(buffer);
        take({buffer.data(), moved.bytes}, now);
        if (moved.over) from_.close();
        if (moved.would_wait) return;
    }
}

void ErrorOutput::detach(MonotonicTime now) {
    pump(now);
    from_.close();
    if (!half_.empty()) log("\n", now);
}

void ErrorOutput::take(std::string_view bytes, MonotonicTime now) {
    if (bytes.empty()) return;
    bytes_ += bytes.size();
    tail_ += bytes;
    if (tail_.size() > kTail) tail_.erase(0, tail_.size() - kTail);
    log(bytes, now);
    pass_on(bytes);
}

void ErrorOutput::log(std::string_view bytes, MonotonicTime now) {
    if (!logs_) return;
    half_ += bytes;
    const std::size_t newline = half_.rfind('\n');
    std::size_t end = newline == std::string::npos ? 0 : newline + 1;
    if (end == 0 && half_.size() > kLongestLine) end = half_.size();
    if (end == 0) return;
    std::string_view lines(half_.data(), end);
    if (lines.ends_with('\n')) lines.remove_suffix(1);
    log_.write(lines, now);
    half_.erase(0, end);
}

void ErrorOutput::pass_on(std::string_view bytes) {
    // All or nothing of a piece: no half of a line before a hole, as far as that can be had.
    if (client_ && client_.waiting() + bytes.size() <= kMostWaiting) client_.push(bytes);
}

void ErrorOutput::say(std::string_view sentence, MonotonicTime now) {
    const std::string line = "mcp-reaper: " + std::string(sentence) + '\n';
    if (!half_.empty()) log("\n", now);
    log(line, now);
    if (client_) client_.push(line);
}

}  // namespace reaper::guard
