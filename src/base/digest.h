// A digest of texts that is the same on every host and in every run: recordings compare, and a text that
// has been damaged is told from the one that was written. Not against somebody who means it.
#pragma once

#include <cstdint>
#include <string_view>

namespace reaper {

/// FNV-1a. Two lists of texts that differ only in where one ends differ in their digest too.
class Digest {
  public:
    void add(std::string_view text) {
        for (const char c : text) mix(static_cast<unsigned char>(c));
        mix(0);
    }
    [[nodiscard]] std::uint64_t value() const { return value_; }

  private:
    void mix(unsigned char byte) { value_ = (value_ ^ byte) * 1099511628211ULL; }
    std::uint64_t value_ = 14695981039346656037ULL;
};

}  // namespace reaper
