// Policies: any text either loads, and then says what it is, or is refused with what is wrong where.
#include <algorithm>
#include <optional>
#include <string>

#include "check.h"
#include "policy/describe.h"
#include "policy/loader.h"
#include "policy/policy_reader.h"

using namespace reaper;
using fuzz::check;

namespace {

constexpr const char* kFile = "p.yaml";

/// Variables with all that could be more than a value in them.
std::optional<std::string> environment(const std::string& name) {
    if (name == "UNSET") return std::nullopt;
    if (name == "NUMBER") return "42";
    if (name == "CONTROL") return "\x1b[2J";
    return "x: [ " + name + ", \"'# ${HOME}\n- y";
}

policy::LoadResult load(std::string_view text) {
    return policy::parse_policy(text, kFile, environment);
}

/// A description without what it says about where a value came from.
std::string values_of(std::string_view description) {
    std::string values;
    while (!description.empty()) {
        const std::size_t end = std::min(description.find('\n'), description.size());
        std::string_view line = description.substr(0, end);
        description.remove_prefix(std::min(end + 1, description.size()));
        const std::size_t built_in = line.ends_with("# built in") ? line.rfind("# built in") : line.npos;
        const std::size_t given = line.rfind("# p.yaml:");
        line = line.substr(0, std::min(built_in, given));
        line = line.substr(0, line.find_last_not_of(' ') + 1);
        values.append(line).append("\n");
    }
    return values;
}

void check_mistakes(const policy::PolicyErrors& errors, std::string_view text) {
    const auto lines = std::count(text.begin(), text.end(), '\n') + 1;
    check(!errors.empty() && errors.size() <= policy::kMaxMistakes + 1, "so many mistakes are told");
    for (const policy::PolicyError& error : errors) {
        check(error.line >= 1 && error.line <= lines + 1 && error.column >= 1,
              "a mistake stands in the text", error.message());
        check(error.what.find('\n') == std::string::npos && !error.what.empty(),
              "a mistake is told in a line", error.what);
        check(error.file == kFile, "a mistake is of its file", error.file);
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    const policy::LoadResult loaded = load(text);
    if (!loaded) {
        check_mistakes(loaded.error(), text);
        return 0;
    }
    check(loaded->text == text, "a policy knows its text");
    const std::string described = policy::describe(*loaded);
    const policy::LoadResult again = load(described);
    check(again.has_value(), "a policy that loads can be described and loaded again",
          again ? "" : again.error().front().message() + "\n" + described);
    const std::string repeated = policy::describe(*again);
    check(values_of(described) == values_of(repeated), "and is the same then",
          values_of(described) + "\n---\n" + values_of(repeated));
    return 0;
}
