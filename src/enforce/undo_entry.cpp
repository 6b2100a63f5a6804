#include "enforce/undo_entry.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "enforce/cages.h"

namespace reaper::enforce {
namespace {

using Json = nlohmann::json;
constexpr int kVersion = 1;
constexpr std::string_view kBegun = "begun";
constexpr std::string_view kHeld = "held";

Json limits_to_json(const CageLimits& limits) {
    Json json = Json::object();
    if (limits.cpu) json["cpu_percent"] = limits.cpu->value;
    if (limits.cpu_weight) json["cpu_weight"] = *limits.cpu_weight;
    if (limits.memory_max) json["memory_max"] = limits.memory_max->value;
    if (limits.pids_max) json["pids_max"] = *limits.pids_max;
    return json;
}

/// Takes fields out of an object, and keeps in mind the first that was not as it should be.
class Reader {
  public:
    explicit Reader(const Json& json) : json_(json) {}

    std::string text(const char* key) {
        const Json* const value = find(key);
        if (value == nullptr || !value->is_string()) return wrong<std::string>(key);
        return value->get<std::string>();
    }
    bool flag(const char* key) {
        const Json* const value = find(key);
        if (value == nullptr || !value->is_boolean()) return wrong<bool>(key);
        return value->get<bool>();
    }
    template <typename Number>
    Number number(const char* key) {
        const Json* const value = find(key);
        if (value == nullptr || !value->is_number_integer()) return wrong<Number>(key);
        const bool fits = value->is_number_unsigned()
                              ? std::in_range<Number>(value->get<std::uint64_t>())
                              : std::in_range<Number>(value->get<std::int64_t>());
        return fits ? value->get<Number>() : wrong<Number>(key);
    }
    double percent(const char* key) {
        const Json* const value = find(key);
        if (value == nullptr || !value->is_number()) return wrong<double>(key);
        const double percent = value->get<double>();
        return std::isfinite(percent) && percent > 0 ? percent : wrong<double>(key);
    }
    ProcessId process(const char* key) {
        const auto id = ProcessId::parse(text(key));
        return id ? *id : wrong<ProcessId>(key);
    }
    [[nodiscard]] const Json* find(const char* key) const {
        const auto found = json_.find(key);
        return found == json_.end() ? nullptr : &*found;
    }
    template <typename T>
    T wrong(const char* key) {
        if (problem_.empty()) problem_ = std::string(key) + " is missing or wrong";
        return T{};
    }
    [[nodiscard]] const std::string& problem() const { return problem_; }

  private:
    const Json& json_;
    std::string problem_;
};

/// Absent in most: nothing was stopped.
std::vector<ProcessId> read_stopped(Reader& reader) {
    std::vector<ProcessId> stopped;
    const Json* const ids = reader.find("stopped");
    if (ids == nullptr) return stopped;
    if (!ids->is_array()) return reader.wrong<std::vector<ProcessId>>("stopped");
    for (const Json& text : *ids) {
        const auto id = text.is_string() ? ProcessId::parse(text.get<std::string>()) : std::nullopt;
        if (!id) return reader.wrong<std::vector<ProcessId>>("stopped");
        stopped.push_back(*id);
    }
    return stopped;
}

std::string read_limits(const Json* json, CageLimits& limits) {
    if (json == nullptr || !json->is_object()) return "limits is missing or wrong";
    Reader reader(*json);
    if (reader.find("cpu_percent") != nullptr) limits.cpu = CpuPercent{reader.percent("cpu_percent")};
    if (reader.find("cpu_weight") != nullptr) limits.cpu_weight = reader.number<unsigned>("cpu_weight");
    if (reader.find("memory_max") != nullptr) {
        limits.memory_max = Bytes{reader.number<std::uint64_t>("memory_max")};
    }
    if (reader.find("pids_max") != nullptr) limits.pids_max = reader.number<unsigned>("pids_max");
    return reader.problem();
}

std::optional<policy::Rule> rule_named(const Json& name) {
    for (const policy::Rule rule : policy::kRules) {
        if (name == policy::to_string(rule)) return rule;
    }
    return std::nullopt;
}

std::vector<policy::Rule> read_rules(Reader& reader) {
    std::vector<policy::Rule> rules;
    const Json* const names = reader.find("rules");
    if (names == nullptr || !names->is_array()) return reader.wrong<std::vector<policy::Rule>>("rules");
    for (const Json& name : *names) {
        const auto rule = rule_named(name);
        if (!rule) return reader.wrong<std::vector<policy::Rule>>("rules");
        rules.push_back(*rule);
    }
    return rules;
}

/// Fills in the entry; what is wrong with it, or nothing.
std::string read_entry(const Json& json, UndoEntry& entry) {
    Reader reader(json);
    if (reader.number<int>("version") != kVersion) return "it is of another version of mcp-reaper";
    entry.cage = reader.text("cage");
    entry.server = reader.process("server");
    entry.type = reader.text("type");
    entry.uid = reader.number<uid_t>("uid");
    entry.frozen = reader.flag("frozen");
    if (std::string problem = read_limits(reader.find("limits"), entry.limits); !problem.empty()) {
        return problem;
    }
    entry.stopped = read_stopped(reader);
    const auto origin = origin_from(reader.text("origin"));
    entry.origin = origin ? *origin : reader.wrong<Origin>("origin");
    entry.rules = read_rules(reader);
    entry.holder = reader.process("holder");
    const std::string state = reader.text("state");
    if (state != kBegun && state != kHeld) reader.wrong<int>("state");
    entry.state = state == kHeld ? UndoState::held : UndoState::begun;
    entry.since = WallTime(std::chrono::milliseconds(reader.number<std::int64_t>("since")));
    return reader.problem();
}

}  // namespace

std::string to_text(const UndoEntry& entry) {
    Json rules = Json::array();
    for (const policy::Rule rule : entry.rules) rules.push_back(policy::to_string(rule));
    Json json = {{"version", kVersion},
                 {"cage", entry.cage},
                 {"server", entry.server.text()},
                 {"type", entry.type},
                 {"uid", entry.uid},
                 {"frozen", entry.frozen},
                 {"limits", limits_to_json(entry.limits)},
                 {"origin", to_string(entry.origin)},
                 {"rules", rules},
                 {"holder", entry.holder.text()},
                 {"state", entry.state == UndoState::held ? kHeld : kBegun},
                 {"since", entry.since.time_since_epoch().count()}};
    for (const ProcessId& id : entry.stopped) json["stopped"].push_back(id.text());
    // A type may come from a command line, and that holds any bytes.
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

Result<UndoEntry> entry_from_text(std::string_view text, const std::string& cage) {
    constexpr const char* kAction = "read the undo entry";
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) return fail(kAction, cage, "it is damaged");
    UndoEntry entry;
    const std::string problem = read_entry(json, entry);
    if (!problem.empty()) return fail(kAction, cage, problem);
    if (entry.cage != cage || server_of_cage(cage) != entry.server) {
        return fail(kAction, cage, "it is an entry for another server than its name says");
    }
    return entry;
}

}  // namespace reaper::enforce
