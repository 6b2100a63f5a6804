// A client's configuration file: as it was read, and replaced only if it still is what was read.
//
// Symbolic links are followed to the file itself, and stay. Between reading and replacing its directory
// is held open, so that no path has to lead to the same place twice. Two of us at the same file wait for
// each other (flock(2) on the file itself); whoever comes second finds it changed, and is refused.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "clients/real_path.h"

namespace reaper::clients {

/// ~/.claude.json keeps a history of conversations, and grows.
inline constexpr std::size_t kMaxConfigBytes = std::size_t{64} * 1024 * 1024;

class ConfigFile {
  public:
    /// Refused, with the reason: what is no regular file or has more than one name (replacing one would
    /// part them); what is reached over a link, or stands in a directory, of somebody who is neither
    /// root nor its owner.
    static Result<ConfigFile> read(const std::string& path);

    [[nodiscard]] const std::string& text() const { return text_; }
    /// As it was asked for.
    [[nodiscard]] const std::string& path() const { return path_; }
    /// Without links.
    [[nodiscard]] std::string real() const { return real_.path(); }
    [[nodiscard]] const struct stat& looks() const { return looks_; }

    /// Whether it may be replaced by us: writable, and its owner stays the same.
    [[nodiscard]] Result<void> may_replace() const;

    /// Locks it, sees that it is still what was read, calls `before` (the backup), sees once more, and
    /// puts `text` in its place, with the same mode and owner. On an Error the file is what it was.
    [[nodiscard]] Result<void> replace(std::string_view text,
                                       const std::function<Result<void>()>& before) const;

  private:
    ConfigFile() = default;
    [[nodiscard]] Result<void> lock() const;
    [[nodiscard]] Result<void> is_unchanged() const;

    std::string path_;
    RealPath real_;
    UniqueFd directory_;
    UniqueFd file_;
    struct stat looks_ {};
    std::string text_;
};

/// Of the text of a file: tells one version from another.
std::uint64_t digest_of(std::string_view text);

}  // namespace reaper::clients
