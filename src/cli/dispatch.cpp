#include "cli/dispatch.h"

#include <algorithm>
#include <exception>
#include <new>

#include "cli/output.h"
#include "cli/terminal.h"

namespace reaper::cli {

Option help_option() {
    return {"help", 'h', "", "Show this help."};
}

Command program() {
    Page page;
    page.summary = "finds, explains and governs MCP servers";
    page.usage = {"mcp-reaper COMMAND [OPTION]...", "mcp-reaper help COMMAND", "mcp-reaper --version"};
    page.description = {
        "Finds every MCP server on this host, tells whose it is, proves which are leaked or over their "
        "limits, and ends, throttles or freezes exactly those, as the policy says."};
    page.options = {help_option(), {"version", 0, "", "Show the program's name and version."}};
    page.examples = {{"mcp-reaper scan --dry-run", "What runs here, and what would be done about it."},
                     {"mcp-reaper help scan", "The manual of a command."}};
    page.exit_codes = {
        "0  Fine.", "1  It failed: the text on standard error says what and why.",
        "2  Wrong use, or a policy with mistakes.",
        "3  scan --exit-code: a server breaks a rule; status --exit-code: the daemon is not healthy."};
    return {std::move(page),
            nullptr,
            {scan_command(),      explain_command(), kill_command(),    throttle_command(),
             freeze_command(),    release_command(), history_command(), status_command(),
             events_command(),    reload_command(),  pause_command(),   resume_command(),
             run_command(),       guards_command(),  crashes_command(), wrap_command(),
             unwrap_command(),    restore_command(), doctor_command(),  policy_command(),
             classify_command(),  record_command(),  replay_command(),  daemon_command(),
             completion_command()}};
}

namespace {

using Words = std::vector<std::string>;

std::string last_word(const std::string& name) {
    return name.substr(name.rfind(' ') + 1);
}

const Command* find(const Command& group, const std::string& word) {
    const auto found =
        std::find_if(group.subcommands.begin(), group.subcommands.end(),
                     [&](const Command& command) { return last_word(command.page.name) == word; });
    return found == group.subcommands.end() ? nullptr : &*found;
}

/// The page with what the code knows better than its writer: sub-commands and --help.
Page complete_page(const Command& command) {
    Page page = command.page;
    if (!command.subcommands.empty()) {
        Section commands{"Commands", {}};
        for (const Command& sub : command.subcommands) {
            commands.paragraphs.push_back(last_word(sub.page.name) + "  " + sub.page.summary);
        }
        page.sections.insert(page.sections.begin(), std::move(commands));
    }
    if (!page.name.empty()) page.options.push_back(help_option());
    return page;
}

ExitCode show_help(const Command& command) {
    return print(format(complete_page(command), help_width()));
}

ExitCode unknown_command(const Command& group, const std::string& word) {
    Words names;
    for (const Command& command : group.subcommands) names.push_back(last_word(command.page.name));
    if (group.page.name.empty()) names.emplace_back("help");
    return usage_error(group.page.name,
                       {"there is no command '" + word + "'" + did_you_mean(word, names)});
}

/// `help policy check`
ExitCode help(const Command& root, const Words& words) {
    const Command* command = &root;
    for (const std::string& word : words) {
        const Command* const next = find(*command, word);
        if (next == nullptr) return unknown_command(*command, word);
        command = next;
    }
    return show_help(*command);
}

/// Asked for anywhere before "--", it wins over whatever else may be wrong.
bool asks_for_help(const Words& words) {
    const auto end = std::find(words.begin(), words.end(), "--");
    return std::any_of(words.begin(), end,
                       [](const std::string& word) { return word == "--help" || word == "-h"; });
}

ExitCode run_leaf(const Command& command, const Words& words) {
    if (asks_for_help(words)) return show_help(command);
    const Parsed<Arguments> arguments = parse(command.page.options, words);
    if (!arguments) return usage_error(command.page.name, arguments.error());
    return command.run(*arguments);
}

ExitCode run_group(const Command& group, const Words& words) {
    if (words.empty()) {
        return usage_error(group.page.name, {"a command is missing"});
    }
    const std::string& word = words.front();
    const Words rest(words.begin() + 1, words.end());
    const bool is_root = group.page.name.empty();
    if (word == "--help" || word == "-h") return show_help(group);
    if (is_root && word == "--version") return print("mcp-reaper " REAPER_VERSION "\n");
    if (is_root && word == "help") return help(group, rest);
    if (word.starts_with('-')) return usage_error(group.page.name, {"unknown option '" + word + "'"});
    const Command* const command = find(group, word);
    if (command == nullptr) return unknown_command(group, word);
    return command->subcommands.empty() ? run_leaf(*command, rest) : run_group(*command, rest);
}

}  // namespace

ExitCode dispatch(const Words& words) {
    try {
        return run_group(program(), words);
    } catch (const std::bad_alloc&) {
        complain("out of memory");
    } catch (const std::exception& error) {
        complain(std::string("unexpected error: ") + error.what());
    }
    return ExitCode::failed;
}

}  // namespace reaper::cli
