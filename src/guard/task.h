// What one guard is told to do.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "guard/settings.h"

namespace reaper::guard {

/// Among whom the servers of a type are counted.
enum class Among { client, user, host };

struct Task {
    std::vector<std::string> command;
    std::string type;  ///< Server type; empty where nothing gives it away.
    std::string name;  ///< What people call this server; empty: its type.
    Settings settings;
    std::vector<std::string> clients;  ///< RE2 patterns of a policy's `clients:`: programs never ended.
    std::optional<unsigned> limit;     ///< How many servers of the type there may be.
    Among among = Among::client;
    std::string runtime;  ///< Directory for what lasts until the next reboot; empty: none.
    std::string state;    ///< Directory for logs and crash reports; empty: none.

    [[nodiscard]] std::string shown_name() const {
        if (!name.empty()) return name;
        return type.empty() ? command.front() : type;
    }
};

}  // namespace reaper::guard
