#include "cli/guard_setting.h"

#include <vector>

#include "policy/keys.h"
#include "policy/value_reading.h"

namespace reaper::cli {

Parsed<void> apply_guard_setting(const std::string& setting, policy::GuardSettings& settings) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos) {
        return tl::unexpected(UsageError{"--set: '" + setting + "' is not of the form KEY=VALUE"});
    }
    const std::string name = setting.substr(0, equals);
    std::vector<std::string> names;
    for (const policy::Field<policy::GuardSettings>& field : policy::guard_fields()) {
        names.emplace_back(field.key.name);
        if (field.key.name != name) continue;
        policy::YamlNode node;
        node.kind = policy::YamlNode::Kind::scalar;
        node.text = setting.substr(equals + 1);
        const auto value = policy::read_value(field.key, node, policy::PatternCheck::later);
        if (!value)
            return tl::unexpected(UsageError{"--set " + name + ": " + value.error().front().what});
        field.set(settings, *value);
        return {};
    }
    return tl::unexpected(
        UsageError{"--set: there is no key '" + name + "' of guard:" + did_you_mean(name, names)});
}

}  // namespace reaper::cli
