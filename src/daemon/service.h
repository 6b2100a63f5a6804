// What the service manager is told (sd_notify(3)); nothing where none has started us.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace reaper::daemon {

/// READY=1, and what it does now.
void tell_ready(const std::string& status);
/// RELOADING=1; to be followed by tell_ready().
void tell_reloading();
void tell_stopping();
/// STATUS=: one line, for people.
void tell_status(const std::string& status);

/// How often the watchdog wants to hear of us; nothing where there is none.
std::optional<std::chrono::microseconds> watchdog_interval();
void tell_alive();

}  // namespace reaper::daemon
