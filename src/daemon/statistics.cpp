#include "daemon/statistics.h"

#include <string>

#include "enforce/outcome.h"
#include "policy/rule.h"

namespace reaper::daemon {
namespace {

std::string text_of(const report::Event& event, const char* key) {
    const auto found = event.detail.find(key);
    return found != event.detail.end() && found->is_string() ? found->get<std::string>() : "";
}

bool ended_a_server(const report::Event& event) {
    const auto effect = enforce::effect_from(text_of(event, "effect"));
    return effect == enforce::Effect::ended || effect == enforce::Effect::killed;
}

bool found_one_too_many(const report::Event& event) {
    const std::string rule = text_of(event, "rule");
    return rule == policy::to_string(policy::Rule::duplicate) ||
           rule == policy::to_string(policy::Rule::superseded);
}

}  // namespace

void count(Statistics& statistics, const report::Event& event) {
    switch (event.kind) {
        case report::EventKind::action:
            if (!ended_a_server(event)) return;
            ++statistics.cleanups_performed;
            statistics.last_cleanup = event.at;
            return;
        case report::EventKind::health_check_failed:
            ++statistics.health_checks_failed;
            return;
        case report::EventKind::limit_exceeded:
            ++statistics.resources_exceeded;
            return;
        case report::EventKind::finding:
            if (found_one_too_many(event)) ++statistics.duplicates_detected;
            return;
        default:
            return;
    }
}

}  // namespace reaper::daemon
