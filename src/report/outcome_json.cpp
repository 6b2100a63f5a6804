#include "report/outcome_json.h"

#include <cmath>

#include "report/recorded_json.h"

namespace reaper::report {
namespace {

using enforce::Deed;
using enforce::Effect;

std::vector<ProcessId> ids_of(const Fields& from, const char* key) {
    std::vector<ProcessId> all;
    for (const std::string& text : from.encoded_list(key)) {
        if (const auto id = ProcessId::parse(text)) {
            all.push_back(*id);
        } else {
            from.refuse(key, "holds something that is no id");
        }
    }
    return all;
}

/// A text, or null for an empty one.
std::string text_at(const nlohmann::json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Done done_from(const nlohmann::json& object, std::string& problem) {
    const Fields from(object, "outcomes", problem);
    Done done;
    const auto server = ProcessId::parse(text_at(object, "server"));
    if (!server) from.refuse("server", "is no id");
    done.order.server.id = server.value_or(ProcessId{});
    done.order.server.type = text_at(object, "type");
    done.order.deed = from.named<Deed>("action", enforce::deed_from).value_or(Deed::release);
    done.order.origin = enforce::Origin::hand;
    done.outcome.effect = from.named<Effect>("effect", enforce::effect_from).value_or(Effect::failed);
    done.outcome.why = text_at(object, "why");
    done.outcome.remedy = text_at(object, "remedy");
    done.outcome.ended = ids_of(from, "ended");
    done.outcome.left = ids_of(from, "left");
    done.outcome.freed = {from.unsigned_or("freed_bytes", kMaxBytes, 0)};
    const auto took = object.find("took_ms");
    if (took != object.end() && took->is_number() && std::abs(took->get<double>()) < 1e12)
        done.outcome.took = std::chrono::microseconds(std::llround(took->get<double>() * 1000));
    return done;
}

}  // namespace

Json json_of(const std::vector<Done>& done) {
    Json list = Json::array();
    for (const Done& one : done) {
        Json json;
        json["server"] = one.order.server.id.text();
        json["type"] = text(one.order.server.type);
        json["action"] = enforce::to_string(one.order.deed);
        json["effect"] = enforce::to_string(one.outcome.effect);
        json["why"] = text_or_null(one.outcome.why);
        json["remedy"] = text_or_null(one.outcome.remedy);
        json["ended"] = ids(one.outcome.ended);
        json["left"] = ids(one.outcome.left);
        json["freed_bytes"] = one.outcome.freed.value;
        json["took_ms"] = static_cast<double>(one.outcome.took.count()) / 1000.0;
        list.push_back(std::move(json));
    }
    return list;
}

std::string outcomes_to_json(const std::vector<Done>& done) {
    Json json;
    json["outcomes"] = json_of(done);
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

Result<std::vector<Done>> outcomes_from_json(std::string_view text) {
    const auto wrong = [](std::string why) { return fail("read what was done", "", std::move(why)); };
    const auto parsed = parse_bounded(text);
    if (!parsed) return wrong(parsed.error().reason);
    const auto list = parsed->find("outcomes");
    if (list == parsed->end() || !list->is_array()) return wrong("it has no list of outcomes");
    std::vector<Done> all;
    std::string problem;
    for (const nlohmann::json& one : *list) {
        if (!one.is_object()) return wrong("an outcome is not an object");
        all.push_back(done_from(one, problem));
        if (!problem.empty()) return wrong(problem);
    }
    return all;
}

}  // namespace reaper::report
