// Which pipes and sockets were found open lately, and when: all processes of a launcher chain have the
// same ones, and one look serves them all.
//
// Internal to scan/.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <unordered_map>

#include "base/units.h"

namespace reaper::scan {

/// A client may close its end at any time: an open channel is looked at every 5 s at the least (this and
/// the length of a tick), whatever else is known. 3 µs each while it stays as it is.
inline constexpr std::chrono::milliseconds kOpenChannelAge{4000};

class OpenEnds {
  public:
    /// `number`: of the descriptor, 0 or 1. What is read from and what is written to may be one pipe.
    void note(std::uint64_t inode, int number, MonotonicTime now) { seen_[key(inode, number)] = now; }

    [[nodiscard]] std::optional<MonotonicTime> seen(std::uint64_t inode, int number) const {
        const auto found = seen_.find(key(inode, number));
        if (found == seen_.end()) return std::nullopt;
        return found->second;
    }

    void forget_before(MonotonicTime then) {
        std::erase_if(seen_, [&](const auto& entry) { return entry.second < then; });
    }

  private:
    static std::uint64_t key(std::uint64_t inode, int number) {
        return inode << 1U | static_cast<std::uint64_t>(number);
    }
    std::unordered_map<std::uint64_t, MonotonicTime> seen_;
};

}  // namespace reaper::scan
