// Recordings: samples as JSON Lines, written redacted, read back for `replay` and for tests.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "scan/sample.h"

namespace reaper::report {

inline constexpr int kRecordingVersion = 1;

/// The first line of a recording: {"recording":1,"program":"mcp-reaper"}. No newline.
std::string recording_header();

/// One sample as one line of JSON in ASCII, command lines redacted (docs/recording.md). No newline.
/// But for what is redacted, from_line() gives the same sample back, whatever bytes are in it.
std::string to_line(const scan::Sample& sample);

/// The reverse. Fails with what is wrong where; never throws.
Result<scan::Sample> from_line(std::string_view line);

/// Reads sample by sample. A last line that is cut off (the recorder was killed) ends the recording
/// with a note, not an error; a broken line in the middle, or one whose clock goes backwards, is an
/// error with its number. `in` must outlive it.
class RecordingReader {
  public:
    explicit RecordingReader(std::istream& in, std::string name);

    /// Checks the header; must be called first.
    Result<void> open();
    /// The next sample, nothing at the end.
    Result<std::optional<scan::Sample>> next();
    /// What the user should know: "the last line is cut off and was left out"; empty where nothing.
    [[nodiscard]] const std::string& note() const { return note_; }

  private:
    std::istream& in_;
    std::string name_;
    std::size_t line_number_ = 0;
    std::optional<MonotonicTime> last_;
    std::string note_;
};

}  // namespace reaper::report
