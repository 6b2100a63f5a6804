// Bytes of processes as text of JSON, and back: names and arguments may be anything but NUL.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace reaper::report {

/// UTF-8 stays as it is. A byte that is no part of UTF-8 becomes the private character U+F700 + byte
/// (U+F780 … U+F7FF); where the bytes hold such a character themselves, its three bytes do. So nothing
/// is lost, and what is written is UTF-8.
std::string encode_bytes(std::string_view bytes);
std::string decode_bytes(std::string_view text);

/// A command line, redacted, its arguments encoded.
struct RecordedCommand {
    std::vector<std::string> arguments;
    std::uint64_t nuls = 0;  ///< How many NULs follow the last argument: more than one are padding.

    /// What `nuls` is where it is not written.
    [[nodiscard]] std::uint64_t usual_nuls() const { return arguments.empty() ? 0 : 1; }
};

/// `bytes` is /proc/PID/cmdline; more than `max_bytes` of it are left out.
RecordedCommand encode_command_line(std::string_view bytes, std::size_t max_bytes);
std::string decode_command_line(const RecordedCommand& command);

}  // namespace reaper::report
