// What wrapping or unwrapping makes of one configuration file: planned, shown, and then done.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "clients/backups.h"
#include "clients/config_file.h"
#include "clients/wrapping.h"

namespace reaper::clients {

enum class Direction { wrap, unwrap };

struct ChangeOptions {
    Direction direction = Direction::wrap;
    GuardCommand guard;
    std::vector<std::string> servers;  ///< Only those of these names; empty: all.
};

/// A server that stays as it is.
struct Left {
    std::string name;
    std::string why;
};

struct Change {
    ConfigFile file;
    std::string after;
    std::vector<std::string> changed;  ///< Names of servers.
    std::vector<Left> left;            ///< Of those that were meant.
};

/// Reads the file's text and plans; both texts have been compared by another reader of JSON. An Error
/// has "FILE:LINE:COLUMN" where the text is broken.
Result<Change> plan_change(ConfigFile file, const ChangeOptions& options);

/// Stores a backup and replaces the file; the backup's number.
Result<unsigned> carry_out(const Change& change, Direction direction, const Backups& backups,
                           WallTime now);

/// How many servers of a configuration are which.
struct Tally {
    std::size_t guarded = 0;
    std::size_t unguarded = 0;
    std::size_t remote = 0;
    std::size_t other = 0;  ///< Unclear, or mcp-reaper itself.
};
Tally tally_of(const JsonText& json, const GuardCommand& guard);

/// "FILE:LINE:COLUMN: what" as an Error.
tl::unexpected<Error> broken(const std::string& path, const JsonMistake& mistake);

}  // namespace reaper::clients
