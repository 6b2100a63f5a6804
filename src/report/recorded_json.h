// Reading JSON that may be anything: bounded before it is parsed, checked field by field.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "classify/command_line.h"

namespace reaper::report {

inline constexpr std::size_t kMaxRecordedLine = 64 * 1024 * 1024;
/// A sample has six levels; what is deeper is no sample.
inline constexpr std::size_t kMaxRecordedDepth = 16;
/// Commas outside strings: bounds what the parsed line takes (16 bytes and more a value).
inline constexpr std::size_t kMaxRecordedValues = 4'000'000;

inline constexpr std::int64_t kMaxPid = 4'194'304;  ///< PID_MAX_LIMIT of 64-bit Linux.
inline constexpr std::int64_t kMaxThreads = kMaxPid;
inline constexpr std::uint64_t kMaxRecordedCommand = classify::kMaxCommandLineBytes;
/// What every reader of JSON can hold exactly; 285,000 years of milliseconds.
inline constexpr std::int64_t kMaxMilliseconds = std::int64_t{1} << 53;
inline constexpr std::int64_t kMaxTicks = std::int64_t{1} << 53;
inline constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 53;

/// Fails with what is wrong where line, depth or number of values is too large, or it is no JSON.
Result<nlohmann::json> parse_bounded(std::string_view line);

/// The fields of one object. The first field that is missing or wrong is remembered in `problem`, and
/// its getter answers something harmless: one check at the end does for all. Unknown keys are ignored.
class Fields {
  public:
    /// `path` is what `problem` calls the object: "processes[3].detail", empty for the outermost.
    Fields(const nlohmann::json& json, std::string path, std::string& problem);

    [[nodiscard]] bool has(const char* key) const;
    [[nodiscard]] std::int64_t integer(const char* key, std::int64_t least, std::int64_t most) const;
    [[nodiscard]] std::uint64_t unsigned_or(const char* key, std::uint64_t most,
                                            std::uint64_t absent) const;
    [[nodiscard]] bool boolean_or(const char* key, bool absent) const;
    [[nodiscard]] std::string bytes_or_empty(const char* key) const;
    [[nodiscard]] std::vector<std::string> bytes_list(const char* key) const;
    [[nodiscard]] std::vector<std::string> encoded_list(
        const char* key) const;  ///< As they are written.
    [[nodiscard]] Fields object(const char* key) const;
    void each(const char* key, const std::function<void(const Fields&)>& visit) const;

    /// One of the words that `from` knows.
    template <typename T>
    [[nodiscard]] std::optional<T> named(const char* key,
                                         std::optional<T> (*from)(std::string_view)) const {
        std::optional<T> value = from(bytes_or_empty(key));
        if (!value) refuse(key, "is not one of its words");
        return value;
    }

    /// "processes[3].pid is not a number"
    void refuse(const char* key, const std::string& why) const;

  private:
    [[nodiscard]] const nlohmann::json* find(const char* key) const;
    [[nodiscard]] std::string path_to(const char* key) const;

    const nlohmann::json& json_;
    std::string path_;
    std::string& problem_;
};

}  // namespace reaper::report
