// The keys of `rules:`. A rule only has its own.
#include <array>
#include <cmath>

#include "policy/field_access.h"
#include "policy/keys.h"

namespace reaper::policy {
namespace {

constexpr std::array<std::string_view, 4> kActionNames = {"report", "throttle", "freeze", "terminate"};
constexpr std::array<std::string_view, 2> kElseNames = {"report", "throttle"};
constexpr std::array<std::string_view, 2> kSpareNames = {"in_use", "nothing"};
constexpr std::array<std::string_view, 3> kScopeNames = {"host", "user", "client"};

const std::string& text(const Value& value) {
    return std::get<std::string>(value);
}

template <typename E>
Value name(E value) {
    return std::string(to_string(value));
}

Value seconds_value(std::chrono::seconds duration) {
    return static_cast<double>(duration.count());
}

std::chrono::seconds seconds_from(const Value& value) {
    return std::chrono::seconds(std::llround(std::get<double>(value)));
}

// The keys of rules, put together per rule below.

Value get_hold(const RuleSettings& r) {
    return seconds_value(r.hold);
}
void set_hold(RuleSettings& r, const Value& v) {
    r.hold = seconds_from(v);
}

constexpr Field<RuleSettings> kAfterSeconds{
    .key = {.name = "after_seconds",
            .shape = Shape::duration,
            .help = "How long it must be seen at every sample before anything is done; 0: at once.",
            .min = 0,
            .max = kDay},
    .get = get_hold,
    .set = set_hold};
constexpr Field<RuleSettings> kForSeconds{
    .key = {.name = "for_seconds",
            .shape = Shape::duration,
            .help =
                "How long the limit must be passed at every sample before anything is done; 0: at once.",
            .min = 0,
            .max = kDay},
    .get = get_hold,
    .set = set_hold};
constexpr Field<RuleSettings> kUnansweredSeconds{
    .key = {.name = "for_seconds",
            .shape = Shape::duration,
            .help = "How long it must stay so at every sample before anything is done; 0: at once.",
            .min = 0,
            .max = kDay},
    .get = get_hold,
    .set = set_hold};
constexpr Field<RuleSettings> kIdleSeconds{
    .key = {.name = "idle_seconds",
            .shape = Shape::duration,
            .help = "How long the older server must have done nothing.",
            .min = 0,
            .max = kTenYears},
    .get = [](const RuleSettings& r) { return seconds_value(r.idle); },
    .set = [](RuleSettings& r, const Value& v) { r.idle = seconds_from(v); }};
constexpr Field<RuleSettings> kPer{
    .key = {.name = "per",
            .shape = Shape::choice,
            .help = "Where servers of a type are counted together: on the host, of a user, of a client.",
            .choices = kScopeNames},
    .get = [](const RuleSettings& r) { return name(r.per); },
    .set = [](RuleSettings& r, const Value& v) { r.per = *scope_from(text(v)); }};
constexpr Field<RuleSettings> kAction{
    .key = {.name = "action",
            .shape = Shape::action,
            .help = "What is done about it; a list gets harsher the longer it goes on.",
            .min = 0,
            .max = kTenYears,
            .choices = kActionNames},
    .get = [](const RuleSettings& r) -> Value {
        return r.escalation.empty() ? name(r.action) : Value{r.escalation};
    },
    .set =
        [](RuleSettings& r, const Value& v) {
            r.escalation.clear();
            if (const auto* steps = std::get_if<std::vector<Step>>(&v)) {
                r.escalation = *steps;
                r.action = steps->back().action;
            } else {
                r.action = *action_from(text(v));
            }
        }};
constexpr Field<RuleSettings> kElse{
    .key = {.name = "else",
            .shape = Shape::choice,
            .help = "What is done instead about a server that is spared.",
            .choices = kElseNames},
    .get = [](const RuleSettings& r) { return name(r.otherwise); },
    .set = [](RuleSettings& r, const Value& v) { r.otherwise = *action_from(text(v)); }};
constexpr Field<RuleSettings> kSpare{
    .key = {.name = "spare",
            .shape = Shape::choice,
            .help = "Whom the action spares: in_use (a server whose client lives), or nothing.",
            .choices = kSpareNames},
    .get = [](const RuleSettings& r) { return name(r.spare); },
    .set = [](RuleSettings& r, const Value& v) { r.spare = *spare_from(text(v)); }};
constexpr Field<RuleSettings> kEnabled{
    .key = {.name = "enabled", .shape = Shape::boolean, .help = "Whether the rule is applied at all."},
    .get = [](const RuleSettings& r) -> Value { return r.enabled; },
    .set = [](RuleSettings& r, const Value& v) { r.enabled = std::get<bool>(v); }};

constexpr std::array kGoneRule = {kEnabled, kAfterSeconds, kAction, kSpare, kElse};
constexpr std::array kDuplicateRule = {kEnabled, kPer, kAction, kSpare, kElse};
constexpr std::array kSupersededRule = {kEnabled, kIdleSeconds, kAction, kSpare, kElse};
constexpr std::array kAgeRule = {kEnabled, kAction, kSpare, kElse};
constexpr std::array kAnswerRule = {kEnabled, kUnansweredSeconds, kAction, kSpare, kElse};
constexpr std::array kUseRule = {kEnabled, kForSeconds, kAction, kSpare, kElse};

}  // namespace

std::span<const Field<RuleSettings>> rule_fields(Rule rule) {
    switch (rule) {
        case Rule::orphan:
        case Rule::zombie:
            return kGoneRule;
        case Rule::duplicate:
            return kDuplicateRule;
        case Rule::superseded:
            return kSupersededRule;
        case Rule::over_age:
            return kAgeRule;
        case Rule::over_cpu:
        case Rule::over_memory:
            return kUseRule;
        case Rule::unresponsive:
            return kAnswerRule;
    }
    return {};
}

std::string_view rule_help(Rule rule) {
    switch (rule) {
        case Rule::orphan:
            return "A server whose channel is closed and that is not standalone: its client is gone.";
        case Rule::zombie:
            return "A process of a server that has ended and that nobody has waited for.";
        case Rule::duplicate:
            return "More servers of a type than max_instances_per_type; the newest in use is kept.";
        case Rule::superseded:
            return "The same client has started the same server again, and this one is idle.";
        case Rule::over_age:
            return "Older than max_age_seconds.";
        case Rule::over_cpu:
            return "Uses more than max_cpu_percent.";
        case Rule::over_memory:
            return "Uses more than max_memory_mb.";
        case Rule::unresponsive:
            return "Listens, and does not answer the health request that its type names.";
    }
    return {};
}

}  // namespace reaper::policy
