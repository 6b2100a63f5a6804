#include "enforce/outcome.h"

#include <array>
#include <utility>

namespace reaper::enforce {
namespace {

template <typename E>
struct Name {
    E value;
    std::string_view text;
};

constexpr std::array kOrigins = {Name<Origin>{Origin::rule, "rule"}, Name<Origin>{Origin::hand, "hand"}};
constexpr std::array kDeeds = {
    Name<Deed>{Deed::throttle, "throttle"}, Name<Deed>{Deed::freeze, "freeze"},
    Name<Deed>{Deed::terminate, "terminate"}, Name<Deed>{Deed::release, "release"}};
constexpr std::array kEffectNames = {
    Name<Effect>{Effect::ended, "ended"},         Name<Effect>{Effect::killed, "killed"},
    Name<Effect>{Effect::throttled, "throttled"}, Name<Effect>{Effect::frozen, "frozen"},
    Name<Effect>{Effect::released, "released"},   Name<Effect>{Effect::gone, "gone"},
    Name<Effect>{Effect::cancelled, "cancelled"}, Name<Effect>{Effect::refused, "refused"},
    Name<Effect>{Effect::deferred, "deferred"},   Name<Effect>{Effect::unkillable, "unkillable"},
    Name<Effect>{Effect::failed, "failed"},
};
static_assert(kEffectNames.size() == kEffects);

template <typename Names, typename E>
std::string_view name_of(const Names& names, E value) {
    for (const auto& name : names) {
        if (name.value == value) return name.text;
    }
    return "";
}

template <typename Names>
auto value_of(const Names& names, std::string_view text) {
    std::optional<decltype(names.front().value)> found;
    for (const auto& name : names) {
        if (name.text == text) found = name.value;
    }
    return found;
}

}  // namespace

Outcome outcome_of(Effect effect, std::string why, std::string remedy) {
    Outcome made;
    made.effect = effect;
    made.why = std::move(why);
    made.remedy = std::move(remedy);
    return made;
}

std::string_view to_string(Origin origin) {
    return name_of(kOrigins, origin);
}
std::string_view to_string(Deed deed) {
    return name_of(kDeeds, deed);
}
std::string_view to_string(Effect effect) {
    return name_of(kEffectNames, effect);
}
std::optional<Origin> origin_from(std::string_view text) {
    const auto found = value_of(kOrigins, text);
    return found ? std::optional<Origin>(*found) : std::nullopt;
}
std::optional<Deed> deed_from(std::string_view text) {
    const auto found = value_of(kDeeds, text);
    return found ? std::optional<Deed>(*found) : std::nullopt;
}
std::optional<Effect> effect_from(std::string_view text) {
    const auto found = value_of(kEffectNames, text);
    return found ? std::optional<Effect>(*found) : std::nullopt;
}

bool succeeded(Effect effect) {
    switch (effect) {
        case Effect::ended:
        case Effect::killed:
        case Effect::throttled:
        case Effect::frozen:
        case Effect::released:
        case Effect::gone:
            return true;
        case Effect::cancelled:
        case Effect::refused:
        case Effect::deferred:
        case Effect::unkillable:
        case Effect::failed:
            return false;
    }
    return false;
}

}  // namespace reaper::enforce
