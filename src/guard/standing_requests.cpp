#include "guard/standing_requests.h"

#include <utility>

#include "guard/answers.h"

namespace reaper::guard {

std::size_t StandingRequests::size_of(const std::string& key, const Request& request) {
    return key.size() + request.subject.size() + request.line.size();
}

bool StandingRequests::put(Requests& requests, const std::string& key, Request request) {
    take(requests, key);
    const std::size_t bytes = size_of(key, request);
    if (bytes_ + bytes > kMostBytes) return false;
    bytes_ += bytes;
    requests.emplace(key, std::move(request));
    return true;
}

void StandingRequests::take(Requests& requests, const std::string& key) {
    const auto found = requests.find(key);
    if (found == requests.end()) return;
    bytes_ -= size_of(key, found->second);
    requests.erase(found);
}

void StandingRequests::client_asks(std::string_view line, const Envelope& message) {
    const bool ends = message.method == "resources/unsubscribe";
    const bool sets_level = message.method == "logging/setLevel";
    if (!ends && !sets_level && message.method != "resources/subscribe") return;
    if (line.find_first_not_of(" \t") != line.find('{')) {
        // One of a batch: what it ends is not looked for, so nothing is said to hold any more.
        if (ends) forget_subscriptions();
        return;
    }
    Request request;
    if (!sets_level) request.subject = resource_address(line);
    if (!sets_level && request.subject.empty()) return;
    if (!ends) {
        request.line = line;
        request.id_at = static_cast<std::size_t>(message.id.data() - line.data());
        request.id_size = message.id.size();
    }
    const std::string subject = request.subject;
    if (!put(unanswered_, canonical_id(message.id), std::move(request)) && ends) take(granted_, subject);
}

void StandingRequests::server_answers(std::string_view id, bool granted) {
    if (unanswered_.empty()) return;
    const std::string key = canonical_id(id);
    const auto found = unanswered_.find(key);
    if (found == unanswered_.end()) return;
    Request request = found->second;
    take(unanswered_, key);
    if (!granted) return;
    const std::string subject = request.subject;
    if (request.line.empty()) {
        take(granted_, subject);
    } else {
        put(granted_, subject, std::move(request));
    }
}

void StandingRequests::forget_unanswered() {
    while (!unanswered_.empty()) take(unanswered_, std::string(unanswered_.begin()->first));
}

void StandingRequests::forget_subscriptions() {
    // The log level has the empty subject, the first of all.
    while (!granted_.empty() && !granted_.rbegin()->first.empty())
        take(granted_, std::string(granted_.rbegin()->first));
}

std::vector<std::string> StandingRequests::again(const std::function<std::string()>& new_id) const {
    std::vector<std::string> lines;
    for (const auto& [subject, request] : granted_) {
        const std::string_view line = request.line;
        lines.push_back(with_id(line, line.substr(request.id_at, request.id_size), new_id()));
    }
    return lines;
}

}  // namespace reaper::guard
