// What configuration files were before they were changed: the last ten of each, in a directory of ours.
//
// A backup is one file (0600): a line of JSON that says what it is of, then the bytes as they were.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"

namespace reaper::clients {

inline constexpr std::size_t kKeptBackups = 10;

struct Backup {
    unsigned number = 0;  ///< Counts on for each file; the newest has the greatest.
    std::string path;     ///< The file, without links.
    std::string reason;   ///< "wrap", "unwrap", "restore"
    WallTime taken{};
    std::uint64_t digest = 0;   ///< Of the text.
    std::uint64_t written = 0;  ///< Of what was put in its place then.
    std::size_t size = 0;
    mode_t mode = 0600;
    uid_t user = 0;
    gid_t group = 0;
    std::string text;
};

/// One that is there, or the Error that reading it gave.
struct KeptBackup {
    unsigned number = 0;
    Result<Backup> backup;
};

class Backups {
  public:
    /// `directory` is made when the first is stored.
    explicit Backups(std::string directory) : directory_(std::move(directory)) {}

    /// Under the next number, which is returned; beyond kKeptBackups the oldest go. To be called with
    /// the file locked. Digest, size and number are filled in here.
    Result<unsigned> store(Backup backup) const;

    /// Of a file, the newest first. Empty where there are none; each is read and its checksum compared.
    [[nodiscard]] Result<std::vector<KeptBackup>> of(const std::string& path) const;

  private:
    [[nodiscard]] std::string prefix_of(const std::string& path) const;
    [[nodiscard]] Result<std::vector<unsigned>> numbers_of(const std::string& path) const;
    [[nodiscard]] std::string file_of(const std::string& path, unsigned number) const;

    std::string directory_;
};

}  // namespace reaper::clients
