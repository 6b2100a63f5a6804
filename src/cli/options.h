// Command lines of our own: which options a command takes, and what the user gave.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace reaper::cli {

/// An option as the user sees it.
struct Option {
    std::string name;      ///< Without the dashes.
    char letter = 0;       ///< Its short form; 0: none.
    std::string argument;  ///< "FILE"; empty for a switch.
    std::string help;
    bool repeatable = false;
};

/// What is wrong with how the program was called, as a sentence for the user.
struct UsageError {
    std::string what;
};
template <typename T>
using Parsed = tl::expected<T, UsageError>;

/// What the user gave; only options that the command knows.
class Arguments {
  public:
    [[nodiscard]] bool has(const std::string& option) const { return values_.contains(option); }
    /// The option's value; nothing where it was not given.
    [[nodiscard]] std::optional<std::string> value(const std::string& option) const;
    /// All values of a repeatable option, in order.
    [[nodiscard]] std::vector<std::string> values(const std::string& option) const;
    [[nodiscard]] const std::vector<std::string>& operands() const { return operands_; }

    /// The option's value as a duration between `least` and `most`, or `otherwise`.
    [[nodiscard]] Parsed<std::chrono::milliseconds> duration(const std::string& option,
                                                             std::chrono::milliseconds otherwise,
                                                             std::chrono::milliseconds least,
                                                             std::chrono::milliseconds most) const;

    /// The option's value if it is one of `choices`, or the first of them where it was not given.
    [[nodiscard]] Parsed<std::string> choice(const std::string& option,
                                             const std::vector<std::string>& choices) const;

    /// At most `most` operands, at least `least`; `what` names them: "a process".
    [[nodiscard]] Parsed<void> expect_operands(std::size_t least, std::size_t most,
                                               std::string_view what) const;

  private:
    friend Parsed<Arguments> parse(const std::vector<Option>& options,
                                   const std::vector<std::string>& words);
    std::map<std::string, std::vector<std::string>> values_;
    std::vector<std::string> operands_;
};

/// Options may stand anywhere among the operands; all behind "--" are operands. Options are never
/// abbreviated: a script must not change its meaning when a new option is added.
Parsed<Arguments> parse(const std::vector<Option>& options, const std::vector<std::string>& words);

/// "500ms", "1.5s", "2m", "1h", "7d", "0"; nothing where it is no duration.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// The reverse, in the largest unit that is exact: "1500ms", "90s", "2m".
std::string duration_text(std::chrono::milliseconds duration);

/// "; did you mean 'scan'?": the end of a complaint about a word that is near to a candidate; empty
/// where none is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace reaper::cli
