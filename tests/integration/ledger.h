// Who belonged to a stubborn server (stubborn.cpp), however short they lived: a file that its processes
// share.
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <set>
#include <string>

#include "scratch.h"

namespace reaper::integration {

/// The file, as it is mapped.
struct LedgerPage {
    static constexpr unsigned kMost = 1u << 16;
    std::atomic<unsigned> count;  ///< Forks that were begun.
    std::array<pid_t, kMost> pids;
};

class Ledger {
  public:
    Ledger();
    ~Ledger();
    Ledger(const Ledger&) = delete;
    Ledger& operator=(const Ledger&) = delete;

    [[nodiscard]] std::string path() const;
    /// All that were ever started, the first one of all not included.
    [[nodiscard]] std::set<pid_t> started() const;
    /// Whether no fork had to be left out: what is to be shown must not be shown by that.
    [[nodiscard]] bool has_room() const;
    /// All processes that have the ledger mapped now: the server's, and everything that came of it.
    [[nodiscard]] std::set<pid_t> living() const;
    /// Whether nothing is forked any more. What forks and ends faster than /proc can be read lives, and
    /// is not in living().
    [[nodiscard]] bool at_rest() const;

  private:
    Scratch scratch_;
    LedgerPage* page_ = nullptr;
};

}  // namespace reaper::integration
