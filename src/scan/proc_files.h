// The few files of /proc that are read of every process, by pid: without a handle on the process, so
// that whoever asks must compare start times.
//
// Internal to scan/.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "scan/proc_text.h"

namespace reaper::scan {

/// One entry of /proc. The inode is another one where the pid is another process's: the kernel makes
/// a new one for it. (It may make a new one for the same process too, when memory was short.)
struct ListedProcess {
    pid_t pid = 0;
    std::uint64_t inode = 0;
};

class ProcFiles {
  public:
    ProcFiles();

    /// Every process by its pid alone, in no particular order: 0.5 µs a process.
    Result<std::vector<ListedProcess>> list();

    /// Fails with says_gone() (process_dir.h) where there is no such process.
    Result<StatText> stat(pid_t pid);
    /// The owner of /proc/PID: its effective user.
    std::optional<uid_t> owner(pid_t pid);
    /// Empty where there is none or it may not be read. Valid until the next call.
    std::string_view command_line(pid_t pid);

  private:
    UniqueFd proc_;
    std::vector<char> buffer_;
};

/// Reads `file`, a /proc/PID/stat that was opened before, from its start: nothing where the process has
/// been reaped since. It cannot be taken for one that has got its pid.
std::optional<StatText> read_stat(int file);

/// The CPU time of a process, of all its threads together, in nanoseconds; nothing where there is none
/// with that pid. 0.3 µs, where its stat takes 3. A process whose CPU time stands still has done
/// nothing: what only it can change (its name, its descriptors, its sockets, its memory but for what
/// is taken from it) has not changed.
std::optional<std::int64_t> cpu_nanoseconds(pid_t pid);

}  // namespace reaper::scan
