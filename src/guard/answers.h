// The messages that a guard sends itself, a line each with its newline.
#pragma once

#include <string>
#include <string_view>

namespace reaper::guard {

/// Codes of JSON-RPC errors. The first is JSON-RPC's, the others are of the range that it leaves to
/// implementations, as the SDKs use them.
inline constexpr int kInvalidRequest = -32600;
inline constexpr int kServerGone = -32000;
inline constexpr int kTimedOut = -32001;

/// `{"jsonrpc":"2.0","id":7,"error":{"code":-32000,"message":"…","data":{"by":"mcp-reaper","reason":"…"}}}`.
/// `id` as it was written; `reason` is a word for programs.
std::string error_answer(std::string_view id, int code, std::string_view message,
                         std::string_view reason);

std::string ping(std::string_view id);
std::string list_tools(std::string_view id);
std::string tools_changed();
/// That the client waits no longer for it.
std::string cancelled(std::string_view id, std::string_view why);

/// `line` with another id in the place of `id`, which is a piece of it.
std::string with_id(std::string_view line, std::string_view id, std::string_view other);

}  // namespace reaper::guard
