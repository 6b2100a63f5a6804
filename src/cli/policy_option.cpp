#include "cli/policy_option.h"

#include <utility>

#include "cli/output.h"

namespace reaper::cli {

Option policy_option() {
    return {"policy", 0, "FILE",
            "The policy to go by. Without it: ~/.config/mcp-reaper/policy.yaml (not as root), else " +
                std::string(pass::kSystemPolicy) + ", else the built-in default."};
}

std::optional<ChosenPolicy> choose_policy(const std::optional<std::string>& file) {
    auto chosen = pass::choose_policy(file);
    if (chosen) return std::move(*chosen);
    complain(chosen.error());
    return std::nullopt;
}

void complain(const policy::PolicyErrors& errors) {
    for (const policy::PolicyError& error : errors) remark(error.message());
}

}  // namespace reaper::cli
