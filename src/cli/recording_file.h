// The file a recording goes to: private, never half a line.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"
#include "cli/output.h"

namespace reaper::cli {

class RecordingFile {
  public:
    /// Creates `path` for its owner only; "-" is standard output. A file that exists is refused, or
    /// emptied with `overwrite`; a symbolic link is refused.
    static Result<RecordingFile> create(const std::string& path, bool overwrite);

    /// Writes `line` and its end. Where that fails, what was written of it is taken back.
    Result<Written> append(std::string line);

    [[nodiscard]] Bytes size() const { return size_; }

  private:
    RecordingFile(UniqueFd fd, std::string name) : fd_(std::move(fd)), name_(std::move(name)) {}
    UniqueFd fd_;
    std::string name_;
    Bytes size_;
};

}  // namespace reaper::cli
