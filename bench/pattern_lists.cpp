#include "pattern_lists.h"

#include <string>

#include "policy/loader.h"

namespace reaper::bench {

std::vector<classify::TypePattern> patterns(std::size_t count) {
    std::vector<classify::TypePattern> patterns{{"chrome-devtools", "chrome-devtools-mcp"},
                                                {"duckduckgo", "duckduckgo-mcp"},
                                                {"playwright", "playwright.*mcp"},
                                                {"filesystem", "mcp-server-filesystem"},
                                                {"supabase", "supabase.*mcp"},
                                                {"sequential-thinking", "sequential-thinking"},
                                                {"fetch", "mcp.*fetch"}};
    if (const auto policy = policy::default_policy()) {
        for (const classify::TypePattern& type : policy->classifier.types()) {
            if (!type.match_line) patterns.push_back(type);
        }
    }
    constexpr std::size_t kOneInSoManyIsOpen = 10;
    for (std::size_t i = 0; patterns.size() < count; ++i) {
        const std::string vendor = "acme" + std::to_string(i);
        patterns.push_back({vendor, vendor + (i % kOneInSoManyIsOpen == 0 ? ".*mcp" : "-mcp-server")});
    }
    patterns.resize(count);
    return patterns;
}

std::vector<classify::TypePattern> open_patterns(std::size_t count) {
    std::vector<classify::TypePattern> patterns;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string vendor = "acme" + std::to_string(i);
        patterns.push_back({vendor, vendor + ".*mcp"});
    }
    return patterns;
}

}  // namespace reaper::bench
