#include "guard/standing_requests.h"

#include "guard/answers.h"

namespace reaper::guard {

StandingRequests::Request StandingRequests::request_of(std::string_view line, const Envelope& message) {
    return {std::string(line), static_cast<std::size_t>(message.id.data() - line.data()),
            message.id.size()};
}

void StandingRequests::client_asks(std::string_view line, const Envelope& message) {
    const bool sets_level = message.method == "logging/setLevel";
    const bool subscribes = message.method == "resources/subscribe";
    if (!sets_level && !subscribes && message.method != "resources/unsubscribe") return;
    if (line.size() > kLongest || line.find_first_not_of(" \t") != line.find('{')) return;
    const std::string subject = sets_level ? std::string() : resource_address(line);
    if (!sets_level && subject.empty()) return;
    if (!sets_level && !subscribes) {
        by_subject_.erase(subject);
    } else if (by_subject_.size() < kMost || by_subject_.contains(subject)) {
        by_subject_.insert_or_assign(subject, request_of(line, message));
    }
}

std::vector<std::string> StandingRequests::again(const std::function<std::string()>& new_id) const {
    std::vector<std::string> lines;
    for (const auto& [subject, request] : by_subject_) {
        const std::string_view line = request.line;
        lines.push_back(with_id(line, line.substr(request.id_at, request.id_size), new_id()));
    }
    return lines;
}

}  // namespace reaper::guard
