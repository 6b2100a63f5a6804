// Events as lines of JSON in a file of bounded size: FILE, and what it held before in FILE.1, FILE.2 ….
//
// Not spdlog's rotating_file_sink, which was looked at (1.10): it follows a symbolic link, gives the
// file whatever mode the umask leaves, keeps no mode over a rotation, sleeps (100 ms) in between, leaves
// half a line on a full disk, throws, and where a rename fails it empties the log.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"

namespace reaper::report {

struct EventLogSettings {
    std::string path;                  ///< Absolute.
    Bytes size = Bytes::from_mib(10);  ///< A file is no larger than this, one line excepted.
    unsigned files = 5;                ///< So many are kept, the one that is written among them.
};

/// Missing directories are made (0700), the file too (0600); one that has another mode or group keeps
/// them, over rotations too. Refused are a symbolic link, what is no regular file, a file of another
/// user, and a file or directory that others may write.
///
/// A line is there whole or not at all. Nothing is synced: a crash of ours loses nothing, a power
/// failure may lose the last seconds. Rotating is renames only, the oldest first: ended in the middle it
/// leaves a gap in the numbers, which the next one closes, and loses no line.
class EventLog {
  public:
    /// So long nothing is tried after a failure.
    static constexpr std::chrono::seconds kRetry{30};

    explicit EventLog(EventLogSettings settings) : settings_(std::move(settings)) {}

    /// Other sizes go on in the same file; another path begins or goes on with that one.
    void configure(EventLogSettings settings);

    /// Adds a line; `line` has no newline. Never throws: a line that cannot be written is counted.
    void write(std::string_view line, MonotonicTime now);

    /// What went wrong since it was last asked, or that it goes on and how many lines are missing; in a
    /// sentence, nothing where all is as it was.
    std::optional<std::string> trouble();

  private:
    Result<void> try_write(std::string_view line);
    Result<void> make_ready(std::size_t more);
    Result<void> open();
    Result<void> rotate();
    Result<void> append(std::string text);
    [[nodiscard]] bool replaced() const;
    [[nodiscard]] std::string numbered(unsigned number) const;
    void failed(const Error& why, MonotonicTime now);

    EventLogSettings settings_;
    UniqueFd fd_;
    std::uint64_t size_ = 0;
    std::uint64_t missing_ = 0;
    bool half_a_line_ = false;  ///< The file does not end with a newline: somebody was ended in a line.
    std::optional<MonotonicTime> not_before_;
    std::optional<std::string> trouble_;
};

}  // namespace reaper::report
