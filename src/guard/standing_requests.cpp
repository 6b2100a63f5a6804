#include "guard/standing_requests.h"

#include <utility>

namespace reaper::guard {

std::size_t StandingRequests::size_of(const Requests& requests) {
    std::size_t bytes = 0;
    for (const auto& [key, request] : requests)
        bytes += key.size() + request.subject.size() + (request.kept ? request.kept->size() : 0);
    return bytes;
}

bool StandingRequests::put(Requests& requests, const std::string& key, Request request) {
    requests.insert_or_assign(key, std::move(request));
    if (size_of(unanswered_) + size_of(granted_) <= kMostBytes) return true;
    requests.erase(key);
    return false;
}

void StandingRequests::client_asks(std::string_view line, const Envelope& message) {
    const bool ends = message.method == "resources/unsubscribe";
    const bool sets_level = message.method == "logging/setLevel";
    if (!ends && !sets_level && message.method != "resources/subscribe") return;
    auto kept = KeptRequest::of(line, message);
    if (!kept) {
        // One of a batch: what it ends is not looked for, so no subscription is said to hold any more.
        if (ends) std::erase_if(granted_, [](const auto& one) { return !one.first.empty(); });
        return;
    }
    const std::string subject = sets_level ? std::string() : resource_address(line);
    if (!sets_level && subject.empty()) return;
    if (ends) kept.reset();
    const bool put_down = put(unanswered_, canonical_id(message.id), {subject, std::move(kept)});
    if (!put_down && ends) granted_.erase(subject);
}

void StandingRequests::server_answers(std::string_view id, bool granted) {
    if (unanswered_.empty()) return;
    auto answered = unanswered_.extract(canonical_id(id));
    if (!answered || !granted) return;
    Request& request = answered.mapped();
    const std::string subject = request.subject;
    if (request.kept) {
        put(granted_, subject, std::move(request));
    } else {
        granted_.erase(subject);
    }
}

void StandingRequests::forget_unanswered() {
    unanswered_.clear();
}

std::vector<std::string> StandingRequests::again(const std::function<std::string()>& new_id) const {
    std::vector<std::string> lines;
    for (const auto& [subject, request] : granted_) lines.push_back(request.kept->under(new_id()));
    return lines;
}

}  // namespace reaper::guard
