// Files that are there whole or not at all, whatever happens while they are written.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace reaper {

/// Writes `text` to `path` (0600) by way of a temporary file beside it: written, synced, renamed, and
/// the directory synced. On an Error (a full disk) what was there before still is, and nothing else.
Result<void> write_whole_file(const std::string& path, std::string_view text);

/// All of a file of at most `limit` bytes. ENOENT as errno_code where there is none; not followed where
/// it is a symbolic link; EFBIG where it is larger.
Result<std::string> read_whole_file(const std::string& path, std::size_t limit);

/// The same of a file that is open already; `path` is what an Error calls it.
Result<std::string> read_open_file(int fd, const std::string& path, std::size_t limit);

/// A file that is put in the place of another, in a directory that is held open: what the directory's
/// path leads to meanwhile makes no difference.
struct Replacement {
    int directory = -1;
    std::string name;  ///< In it.
    std::string path;  ///< What an Error calls it.
    mode_t mode = 0600;
    /// Whose it is to be; absent: who makes it.
    std::optional<uid_t> user;
    std::optional<gid_t> group;
    int attributes_of = -1;  ///< A file whose extended attributes (access lists too) it gets; -1: none.
    /// A last look, when all is written and only the renaming is left to be done.
    std::function<Result<void>()> before_rename = {};
};

/// What write_whole_file() does, in that way. Temporary files of this name that dead processes left
/// beside it are removed first.
Result<void> replace_whole_file(const Replacement& replacement, std::string_view text);

}  // namespace reaper
