#include "event_reader.h"

#include <gtest/gtest.h>

namespace reaper::integration {

using Clock = std::chrono::steady_clock;

EventReader::EventReader(const DaemonRun& daemon)
    : program_(daemon.start({"events", "--follow", "--format", "json"})) {}

bool EventReader::read(std::chrono::milliseconds within) {
    const auto line = program_.read_line(within);
    if (line) seen_.push_back(json::parse(*line, nullptr, false));
    return line.has_value();
}

json EventReader::await(const std::string& kind, const std::function<bool(const json&)>& fits,
                        std::chrono::milliseconds within) {
    const auto deadline = Clock::now() + within;
    for (;;) {
        for (; awaited_ < seen_.size();) {
            const json& event = seen_[awaited_++];
            const bool is_kind = event.is_object() && event.value("event", "") == kind;
            if (is_kind && (!fits || fits(event))) return event;
        }
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        if (left.count() <= 0 || !read(left)) break;
    }
    ADD_FAILURE() << "no event " << kind << " among\n" << json(seen_).dump(2);
    return nullptr;
}

std::vector<json> EventReader::all(const std::string& kind) {
    while (read(20ms)) {
    }
    std::vector<json> found;
    for (const json& event : seen_) {
        if (event.is_object() && event.value("event", "") == kind) found.push_back(event);
    }
    return found;
}

}  // namespace reaper::integration
