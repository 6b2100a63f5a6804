// What a tap (tap.cpp) has kept, and how two recordings or two answers differ.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace reaper::integration {

using nlohmann::json;

/// "from-client" and "from-server", as tap.cpp names them.
inline const std::vector<std::string> kDirections = {"from-client", "from-server"};

/// The command line, with a tap before it that keeps what passes in `file`.
std::vector<std::string> tapped(const std::string& file, const std::vector<std::string>& argv);

/// The messages of one direction, each as its bytes; what stands after the last newline is one more.
std::vector<std::string> messages_of(const std::string& file, const std::string& direction);

/// Where the two taps first differ, in either direction: not in a byte, where this is empty.
std::string difference_of_bytes(const std::string& file, const std::string& other);

/// The same for two runs, message by message, after same_in_each_run().
std::string difference_of_messages(const std::string& file, const std::string& other);

/// Without what a server makes anew each time:
///   - ids of tasks and elicitations (32 hexadecimal digits, UUIDs) and points in time (ISO 8601);
///   - the stage that a working task has reached, one each second;
/// and nothing at all of what they send by the clock (`resources/updated`, the status of a working task)
/// or by chance (a "Warning-level message" and its like, each with a level by chance).
std::string same_in_each_run(const std::string& message);

/// Where two JSON values differ, as a patch; empty where they do not.
std::string difference_of_json(const json& one, const json& other);

}  // namespace reaper::integration
