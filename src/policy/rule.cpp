#include "policy/rule.h"

namespace reaper::policy {
namespace {

constexpr std::array kScopes = {Scope::host, Scope::user, Scope::client};
constexpr std::array kSpares = {Spare::in_use, Spare::nothing};

/// The value of `all` whose text this is: what is written can be read, by construction.
template <typename Values>
auto from_text(const Values& all, std::string_view text) -> std::optional<typename Values::value_type> {
    for (const auto value : all) {
        if (to_string(value) == text) return value;
    }
    return std::nullopt;
}

}  // namespace

std::string_view to_string(Rule rule) {
    switch (rule) {
        case Rule::orphan:
            return "orphan";
        case Rule::zombie:
            return "zombie";
        case Rule::duplicate:
            return "duplicate";
        case Rule::superseded:
            return "superseded";
        case Rule::over_age:
            return "over_age";
        case Rule::over_cpu:
            return "over_cpu";
        case Rule::over_memory:
            return "over_memory";
        case Rule::unresponsive:
            return "unresponsive";
    }
    return "";
}

std::string_view to_string(Action action) {
    switch (action) {
        case Action::report:
            return "report";
        case Action::throttle:
            return "throttle";
        case Action::freeze:
            return "freeze";
        case Action::terminate:
            return "terminate";
    }
    return "";
}

std::string_view to_string(Spare spare) {
    switch (spare) {
        case Spare::in_use:
            return "in_use";
        case Spare::nothing:
            return "nothing";
    }
    return "";
}

std::string_view to_string(Scope scope) {
    switch (scope) {
        case Scope::host:
            return "host";
        case Scope::user:
            return "user";
        case Scope::client:
            return "client";
    }
    return "";
}

std::string_view to_string(Status status) {
    switch (status) {
        case Status::zombie:
            return "zombie";
        case Status::orphan:
            return "orphan";
        case Status::unhealthy:
            return "unhealthy";
        case Status::duplicate:
            return "duplicate";
        case Status::degraded:
            return "degraded";
        case Status::suspected:
            return "suspected";
        case Status::healthy:
            return "healthy";
    }
    return "";
}

std::optional<Rule> rule_from(std::string_view text) {
    return from_text(kRules, text);
}
std::optional<Action> action_from(std::string_view text) {
    return from_text(kActions, text);
}
std::optional<Spare> spare_from(std::string_view text) {
    return from_text(kSpares, text);
}
std::optional<Scope> scope_from(std::string_view text) {
    return from_text(kScopes, text);
}

}  // namespace reaper::policy
