// What the system service tells in the journal, as `journalctl -u mcp-reaper -o json` shows it.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "program.h"

namespace reaper::vm {

using nlohmann::json;

/// The events of one kind, as they come.
class JournalOfService {
  public:
    /// All since the boot.
    explicit JournalOfService(const std::string& event)
        : journalctl_({"journalctl", "--follow", "--no-tail", "--unit=mcp-reaper", "--output=json",
                       "MCP_REAPER_EVENT=" + event}) {}

    /// The next one about one of these servers, given by a process; null, with a test failure, where
    /// none comes in time.
    json await_about(const std::set<pid_t>& processes) {
        const auto is_about = [&](const json& entry) {
            return processes.contains(std::stoi(entry.value("MCP_REAPER_SERVER_PID", "0")));
        };
        for (;;) {
            const auto found = std::ranges::find_if(unseen_, is_about);
            if (found != unseen_.end()) {
                json entry = *found;
                unseen_.erase(found);
                return entry;
            }
            const auto line = journalctl_.read_line(std::chrono::seconds(60));
            if (!line) break;
            json entry = json::parse(*line, nullptr, false);
            if (entry.is_object()) unseen_.push_back(std::move(entry));
        }
        ADD_FAILURE() << "no such event about " << *processes.begin() << " among "
                      << json(unseen_).dump(2);
        return json::object();
    }
    json await_about(pid_t process) { return await_about(std::set<pid_t>{process}); }

  private:
    integration::Program journalctl_;
    std::vector<json> unseen_;  ///< Read, and not asked for yet.
};

}  // namespace reaper::vm
