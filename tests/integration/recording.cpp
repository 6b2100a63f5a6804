#include "recording.h"

#include <re2/re2.h>

#include <algorithm>

#include "processes.h"

namespace reaper::integration {
namespace {

constexpr std::size_t kShown = 600;

std::string around(const std::string& text, std::size_t at) {
    const std::size_t from = at < kShown / 2 ? 0 : at - kShown / 2;
    return text.substr(from, kShown);
}

std::string first_difference(const std::vector<std::string>& one,
                             const std::vector<std::string>& other) {
    const auto [here, there] = std::ranges::mismatch(one, other);
    if (here == one.end() && there == other.end()) return {};
    const auto number = std::to_string(here - one.begin());
    if (here == one.end()) return "message " + number + " is only in the second: " + around(*there, 0);
    if (there == other.end()) return "message " + number + " is only in the first: " + around(*here, 0);
    const auto at = static_cast<std::size_t>(std::ranges::mismatch(*here, *there).in1 - here->begin());
    return "message " + number + " at byte " + std::to_string(at) + ":\n  " + around(*here, at) +
           "\n  " + around(*there, at);
}

}  // namespace

std::vector<std::string> tapped(const std::string& file, const std::vector<std::string>& argv) {
    std::vector<std::string> result = {REAPER_TAP, file};
    result.insert(result.end(), argv.begin(), argv.end());
    return result;
}

std::vector<std::string> messages_of(const std::string& file, const std::string& direction) {
    const std::string bytes = text_of(file + '.' + direction);
    std::vector<std::string> messages;
    for (std::size_t begin = 0; begin < bytes.size();) {
        const std::size_t newline = bytes.find('\n', begin);
        const std::size_t end = newline == std::string::npos ? bytes.size() : newline + 1;
        messages.push_back(bytes.substr(begin, end - begin));
        begin = end;
    }
    return messages;
}

std::string difference_of_bytes(const std::string& file, const std::string& other) {
    for (const std::string& direction : kDirections) {
        const auto one = messages_of(file, direction);
        if (one.empty()) return direction + ": nothing was recorded";
        const std::string difference = first_difference(one, messages_of(other, direction));
        if (!difference.empty()) return direction + ": " + difference;
    }
    return {};
}

std::string difference_of_messages(const std::string& file, const std::string& other) {
    const auto in_each_run = [](const std::string& tap, const std::string& direction) {
        std::vector<std::string> messages = messages_of(tap, direction);
        for (std::string& message : messages) message = same_in_each_run(message);
        std::erase(messages, "");
        return messages;
    };
    for (const std::string& direction : kDirections) {
        const std::string difference =
            first_difference(in_each_run(file, direction), in_each_run(other, direction));
        if (!difference.empty()) return direction + ": " + difference;
    }
    return {};
}

std::string same_in_each_run(const std::string& message) {
    static const RE2 id("[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}");
    static const RE2 time("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z");
    static const RE2 by_chance("\"notifications/message\".*[ -]level[ -]message\"");
    static const RE2 by_the_clock(
        "\"notifications/resources/updated\"|\"notifications/tasks/status\".*\"working\"");
    static const RE2 stage("\"statusMessage\":\"[^\"]*\"");
    if (RE2::PartialMatch(message, by_chance) || RE2::PartialMatch(message, by_the_clock)) return {};
    std::string same = message;
    RE2::GlobalReplace(&same, id, "ID");
    RE2::GlobalReplace(&same, time, "TIME");
    RE2::GlobalReplace(&same, stage, "\"statusMessage\":\"STAGE\"");
    return same;
}

std::string difference_of_json(const json& one, const json& other) {
    if (one == other) return {};
    return json::diff(one, other).dump(2).substr(0, 4 * kShown) + "\ninstead of\n" +
           one.dump(2).substr(0, kShown);
}

}  // namespace reaper::integration
