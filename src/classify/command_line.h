// A command line as it was found: bytes first, tokens only as a guess.
//
// /proc/PID/cmdline is whatever the process left there. npm writes its title over its arguments as
// one string padded with NULs; some servers set a title of their own; `ps` joins arguments with
// spaces and loses their borders. So a CommandLine keeps the bytes and offers tokens as the best
// reading of them; what depends on a token border must say so.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace reaper::classify {

/// Longer command lines are cut here: the program stands at the front (a Java class path is the
/// longest thing seen before one, some 30 KiB), and a hostile 2 MB line must not cost 2 MB.
inline constexpr std::size_t kMaxCommandLineBytes = 64 * 1024;

class CommandLine {
  public:
    CommandLine() = default;

    /// The bytes of /proc/PID/cmdline: arguments end in NUL, trailing NULs are padding. One single
    /// argument that holds a space is a title (npm) and is read like text.
    static CommandLine from_proc(std::string_view bytes);

    /// Arguments whose borders are known.
    static CommandLine from_argv(const std::vector<std::string>& argv);

    /// One line of text as `ps` shows it: borders are guessed, quotes are honoured where they pair.
    static CommandLine from_text(std::string_view line);

    [[nodiscard]] const std::vector<std::string>& tokens() const { return tokens_; }
    [[nodiscard]] bool empty() const { return tokens_.empty(); }

    /// The tokens joined by single spaces: what a `match_line` pattern sees.
    [[nodiscard]] std::string text() const;

  private:
    std::vector<std::string> tokens_;
};

/// Splits text at white space outside quotes, drops the quotes; an unpaired quote is a character.
std::vector<std::string> split_words(std::string_view text);

}  // namespace reaper::classify
