// What a name gives away: whether a package, script or binary calls itself an MCP server, and of what
// type. Pure text; the rules stand in name.cpp, each with the names it is for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace reaper::classify {

/// What sort of thing is named: the same word proves more in a package that was started by `npx`
/// than in a script that somebody runs.
enum class NameOf { package, image, binary, script, module, directory };

struct NameVerdict {
    bool server = false;
    std::string type;  ///< Derived type where `server`: "@stripe/mcp" -> "stripe".
};

NameVerdict judge_name(std::string_view name, NameOf kind);

/// Lower-case words of a name: "@scope/mcp-serverFoo_2" -> scope mcp server foo 2.
std::vector<std::string> words_of(std::string_view name);

/// The type that a name leads to, whether or not it is a server's: its words without those that any
/// server's name has; its scope where nothing is left; "generic" where that says nothing either.
std::string derive_type(std::string_view name);

/// A type of nothing but general words ("generic").
inline constexpr std::string_view kGenericType = "generic";

/// Without "@1.2.3", "==0.1", "[extra]", ":tag", ".git", "#branch", platform and file endings.
std::string_view without_version(std::string_view name);

/// Ways to say "not the server, but something done about one": install, add, list …
bool is_administration(std::string_view subcommand);

/// Words that a package starts with that makes, installs or tests servers: create-mcp-app.
bool makes_servers(const std::vector<std::string>& words);

/// Words that a script starts with when it does something about servers instead of being one.
bool starts_with_chore(const std::vector<std::string>& words);

}  // namespace reaper::classify
