// A handle on one process's directory in /proc.
//
// Opened once and verified, it stays with its process: when the process is gone every read fails,
// also when its pid has been given to another since. So nothing read through it can belong to
// somebody else.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/process_id.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "scan/proc_text.h"

namespace reaper::scan {

/// True for an Error that says the process is gone or replaced: normal, not a failure.
[[nodiscard]] bool says_gone(const Error& error);

class ProcessDir {
  public:
    /// Fails with says_gone() where there is no such process, or another has its pid.
    static Result<ProcessDir> open(ProcessId id);

    [[nodiscard]] ProcessId id() const { return id_; }
    [[nodiscard]] int fd() const { return fd_.get(); }

    /// /proc/PID/stat as it is now; fails with says_gone() if it is no longer that process's.
    [[nodiscard]] Result<StatText> stat() const;

    /// A pidfd of this very process: verified after it was opened.
    [[nodiscard]] Result<UniqueFd> pidfd() const;

    /// The raw bytes of cmdline, at most classify::kMaxCommandLineBytes of them.
    [[nodiscard]] Result<std::string> command_line() const;

    /// The target of a link: "exe", "cwd", "fd/0", "ns/net".
    [[nodiscard]] Result<std::string> link(const char* name) const;

    /// Inodes of the sockets among its descriptors, at most kMaxDescriptors looked at. Fails with
    /// EMFILE as errno_code where it has more: half a list would be a wrong answer.
    [[nodiscard]] Result<std::vector<std::uint64_t>> socket_inodes() const;
    static constexpr std::size_t kMaxDescriptors = 65'536;

    /// statm: resident minus shared.
    [[nodiscard]] Result<Bytes> anonymous() const;
    /// status: VmSwap. Not read at all while the host uses no swap.
    [[nodiscard]] Result<Bytes> swapped() const;
    [[nodiscard]] Result<std::string> cgroup() const;

    /// An Error of an errno that a read relative to fd() gave. A process that is gone answers ENOENT
    /// as well as ESRCH, depending on where the kernel noticed; this tells which ENOENT is meant.
    [[nodiscard]] tl::unexpected<Error> failed(const char* name, int code) const;

  private:
    ProcessDir(ProcessId id, UniqueFd fd) : id_(id), fd_(std::move(fd)) {}
    [[nodiscard]] Result<std::string> read(const char* name, std::size_t limit) const;

    ProcessId id_;
    UniqueFd fd_;
};

}  // namespace reaper::scan
