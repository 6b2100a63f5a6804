#include "clients/json_check.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <vector>

namespace reaper::clients {
namespace {

using Json = nlohmann::json;
using Pointer = Json::json_pointer;
using Words = std::vector<std::string>;

Json read(const JsonText& text) {
    constexpr bool kThrow = false;
    constexpr bool kComments = true;
    return Json::parse(text.strict(), nullptr, kThrow, kComments);
}

/// Of a server's object: what it runs.
std::optional<Words> words_of(const Json& server) {
    if (!server.is_object() || !server.contains("command")) return std::nullopt;
    Words words;
    if (!server["command"].is_string()) return std::nullopt;
    words.push_back(server["command"]);
    if (!server.contains("args")) return words;
    for (const Json& word : server["args"]) {
        if (!word.is_string()) return std::nullopt;
        words.push_back(word);
    }
    return words;
}

/// `longer` is GUARD run … -- and then `shorter`.
bool runs_guarded(const Words& longer, const Words& shorter) {
    if (longer.size() < shorter.size() + 3 || longer[1] != "run") return false;
    const auto dashes = std::find(longer.begin() + 2, longer.end(), "--");
    return dashes != longer.end() &&
           std::equal(dashes + 1, longer.end(), shorter.begin(), shorter.end());
}

/// The server that a difference is in: /mcpServers/NAME of /mcpServers/NAME/args/3. Nothing where it is
/// in anything else.
std::optional<Pointer> server_at(Pointer place) {
    // Of an array the index, or "-", comes last.
    for (int up = 0; up < 2 && !place.empty(); ++up) {
        const std::string last = place.back();
        const Pointer above = place.parent_pointer();
        if ((last == "args" || (up == 0 && last == "command")) && !above.empty()) {
            const Pointer servers = above.parent_pointer();
            const bool known =
                !servers.empty() && (servers.back() == "mcpServers" || servers.back() == "servers");
            if (known) return above;
        }
        place = above;
    }
    return std::nullopt;
}

tl::unexpected<Error> refused(const std::string& file, const std::string& why) {
    return fail("edit", file, why + "; nothing was written");
}

}  // namespace

Result<void> check_edit(const JsonText& before, const JsonText& after, const std::string& file) {
    const Json old_json = read(before);
    const Json new_json = read(after);
    if (old_json.is_discarded() || new_json.is_discarded())
        return refused(file, "another reader of JSON does not take it");
    try {
        std::set<std::string> checked;
        for (const Json& change : Json::diff(old_json, new_json)) {
            const auto server = server_at(Pointer(change.at("path").get<std::string>()));
            if (!server) return refused(file, "more would change than what is run");
            if (!checked.insert(server->to_string()).second) continue;
            const auto was = words_of(old_json.at(*server));
            const auto is = words_of(new_json.at(*server));
            if (!was || !is || !(runs_guarded(*is, *was) || runs_guarded(*was, *is)))
                return refused(file, "what is run would not be the same");
        }
    } catch (const Json::exception& error) {
        return refused(file, error.what());
    }
    return {};
}

}  // namespace reaper::clients
