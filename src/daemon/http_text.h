// Answers of HTTP/1.1 as text.
//
// Internal to daemon/control_*.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/control_json.h"

namespace reaper::daemon {

inline constexpr const char* kJson = "application/json";
inline constexpr const char* kJsonLines = "application/x-ndjson";

struct Answer {
    unsigned status = 200;
    std::string type = kJson;
    std::string body;
    std::optional<std::chrono::seconds> retry_after{};
    std::string allow{};
};

Answer answer_of(const Refusal& refusal);

/// `head`: without the body, but with its length.
std::string to_text(const Answer& answer, bool keep_alive, bool head);

/// The header of an event stream; `chunked` for HTTP/1.1, till the end of the connection for 1.0.
std::string stream_header(bool chunked);

/// A line with its end, as a chunk of its own where the stream is chunked.
std::string stream_line(std::string_view line, bool chunked);

}  // namespace reaper::daemon
