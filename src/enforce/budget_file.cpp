#include "enforce/budget_file.h"

#include <cerrno>
#include <nlohmann/json.hpp>

#include "base/whole_file.h"

namespace reaper::enforce {
namespace {

using nlohmann::json;

constexpr int kVersion = 1;
constexpr std::size_t kMostBytes =
    4 * 1024 * 1024;  // 10,000 kills a minute, the most a policy may allow.

json to_json(const BudgetState& state) {
    json kills = json::array();
    for (const BudgetState::Kill& kill : state.kills) {
        kills.push_back({{"at_ms", kill.at.count()}, {"type", kill.type}, {"respawn", kill.respawn}});
    }
    json breakers = json::object();
    for (const auto& [type, breaker] : state.breakers) {
        breakers[type] = {{"open_until_ms", breaker.open_until.count()}};
        if (breaker.tried) breakers[type]["tried_ms"] = breaker.tried->count();
    }
    return {{"version", kVersion}, {"kills", std::move(kills)}, {"breakers", std::move(breakers)}};
}

BudgetState from_json(const json& document) {
    BudgetState state;
    for (const json& kill : document.at("kills")) {
        state.kills.push_back({BootTime(kill.at("at_ms").get<std::int64_t>()),
                               kill.at("type").get<std::string>(), kill.at("respawn").get<bool>()});
    }
    for (const auto& [type, breaker] : document.at("breakers").items()) {
        BudgetState::Breaker read{BootTime(breaker.at("open_until_ms").get<std::int64_t>()), {}};
        if (breaker.contains("tried_ms"))
            read.tried = BootTime(breaker.at("tried_ms").get<std::int64_t>());
        state.breakers.emplace(type, read);
    }
    return state;
}

}  // namespace

Result<BudgetState> load_budget(const std::string& path) {
    const auto text = read_whole_file(path, kMostBytes);
    if (!text && text.error().errno_code == ENOENT) return BudgetState{};
    if (!text) return tl::unexpected(text.error());
    try {
        const json document = json::parse(*text);
        if (document.at("version").get<int>() != kVersion) {
            return fail("read the budget", path, "it is of another version of this program");
        }
        return from_json(document);
    } catch (const json::exception&) {
        return fail("read the budget", path, "it is not what this program writes");
    }
}

Result<void> store_budget(const std::string& path, const BudgetState& state) {
    try {
        return write_whole_file(path, to_json(state).dump() + "\n");
    } catch (const json::exception&) {  // A type's name that is not UTF-8; types are checked, so a bug.
        return fail("write the budget", path, "it cannot be written as JSON");
    }
}

}  // namespace reaper::enforce
