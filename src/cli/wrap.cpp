// mcp-reaper wrap and unwrap: put the guard before the servers of a client's configuration, or take it
// away again.
#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/clocks.h"
#include "cli/acting.h"
#include "cli/command.h"
#include "cli/config_files.h"
#include "cli/output.h"
#include "cli/terminal.h"
#include "clients/backups.h"
#include "clients/change.h"
#include "clients/known_places.h"
#include "clients/program_search.h"
#include "clients/shown_diff.h"
#include "pass/interrupts.h"
#include "report/humanize.h"
#include "report/redact.h"

namespace reaper::cli {
namespace {

using clients::Change;
using clients::Direction;

constexpr std::size_t kMostFiles = 1000;

const char* name_of(Direction direction) {
    return direction == Direction::wrap ? "wrap" : "unwrap";
}

/// What is written before a server's command: found by its name, it goes on working when this program is
/// updated or moved.
std::string usual_guard() {
    const char* const path = std::getenv("PATH");
    if (path != nullptr && clients::find_program("mcp-reaper", path)) return "mcp-reaper";
    std::error_code error;
    const std::string self = std::filesystem::read_symlink("/proc/self/exe", error).string();
    return error ? "mcp-reaper" : self;
}

Parsed<clients::ChangeOptions> read_options(Direction direction, const Arguments& arguments) {
    clients::ChangeOptions options;
    options.direction = direction;
    options.servers = arguments.values("server");
    options.guard.type = arguments.value("type");
    const auto guard = arguments.value("guard-command");
    if (guard && guard->empty()) return tl::unexpected(UsageError{"--guard-command: it is empty"});
    options.guard.program = guard ? *guard : usual_guard();
    if (arguments.has("dry-run") && arguments.has("yes"))
        return tl::unexpected(UsageError{"--dry-run does nothing that --yes could agree to"});
    if (const auto fits = arguments.expect_operands(1, kMostFiles, "the file"); !fits)
        return tl::unexpected(fits.error());
    if (!arguments.has("dry-run")) {
        if (auto nobody = nobody_to_ask(arguments.has("yes"))) {
            nobody->what += ", or --dry-run to only look";
            return tl::unexpected(*nobody);
        }
    }
    return options;
}

/// Of every file, each once; nothing, after complaints, where one cannot be changed: then none is.
std::optional<std::vector<Change>> plan(const std::vector<std::string>& paths,
                                        const clients::ChangeOptions& options, bool only_looks) {
    std::vector<Change> changes;
    bool all = true;
    const auto refuse = [&](const Error& error) {
        complain(error.message());
        all = false;
    };
    for (const std::string& path : paths) {
        auto file = clients::ConfigFile::read(path);
        if (!file) {
            refuse(file.error());
            continue;
        }
        const bool twice = std::any_of(changes.begin(), changes.end(), [&](const Change& one) {
            return one.file.real() == file->real();
        });
        if (twice) continue;
        auto change = clients::plan_change(std::move(*file), options);
        if (!change) {
            refuse(change.error());
            continue;
        }
        const auto may =
            only_looks || change->changed.empty() ? Result<void>{} : change->file.may_replace();
        if (!may) refuse(may.error());
        changes.push_back(std::move(*change));
    }
    if (!all) return std::nullopt;
    return changes;
}

std::string shown(const Change& change, Direction direction) {
    std::string out =
        clients::shown_diff(change.file.path(), change.file.text(), change.after, table_options());
    if (change.changed.empty()) {
        out += report::printable(change.file.path()) + ": there is nothing to " + name_of(direction) +
               (change.left.empty() ? ": it names no servers" : "") + '\n';
    }
    for (const clients::Left& left : change.left) {
        out += "  " + report::printable(left.name, 80) + " stays as it is: " + left.why + '\n';
    }
    return out;
}

/// Those that are to change, each as it went.
ExitCode write(const std::vector<Change>& changes, Direction direction,
               const clients::Backups& backups) {
    std::string out;
    bool all = true;
    for (const Change& change : changes) {
        if (change.changed.empty()) continue;
        const auto number = carry_out(change, direction, backups, wall_now());
        if (!number) {
            complain(number.error().message());
            all = false;
            continue;
        }
        out += report::printable(change.file.path()) + ": " +
               report::counted(change.changed.size(), "server", "servers") + ' ' + name_of(direction) +
               "ped; as it was: backup " + std::to_string(*number) + '\n';
    }
    return print(out, all ? ExitCode::ok : ExitCode::failed);
}

ExitCode change_files(Direction direction, const Arguments& arguments) {
    const auto options = read_options(direction, arguments);
    if (!options) return usage_error(name_of(direction), options.error());
    const bool only_looks = arguments.has("dry-run");
    const auto changes = plan(arguments.operands(), *options, only_looks);
    if (!changes) return ExitCode::failed;
    std::string out;
    for (const Change& change : *changes) out += shown(change, direction);
    if (const ExitCode code = print(out); code != ExitCode::ok || only_looks) return code;
    const auto count = static_cast<std::size_t>(std::count_if(
        changes->begin(), changes->end(), [](const Change& one) { return !one.changed.empty(); }));
    if (count == 0) return ExitCode::ok;

    const Result<clients::Backups> backups = our_backups();
    if (!backups) return failure(backups.error());
    const Result<pass::Interrupts> interrupts = pass::Interrupts::block();
    if (!interrupts) return failure(interrupts.error());
    if (!confirmed("Write " + report::counted(count, "file", "files") + '?', arguments.has("yes"),
                   *interrupts)) {
        complain("nothing was written");
        return ExitCode::failed;
    }
    return write(*changes, direction, *backups);
}

std::string tally_text(const std::string& path, const clients::GuardCommand& guard, bool& fine) {
    const auto file = clients::ConfigFile::read(path);
    if (!file) {
        fine = false;
        return file.error().reason;
    }
    const auto json = clients::JsonText::read(file->text());
    if (!json) {
        fine = false;
        return "line " + json.error().message();
    }
    const clients::Tally tally = tally_of(*json, guard);
    if (tally.guarded + tally.unguarded + tally.remote + tally.other == 0) return "no servers";
    std::string text =
        std::to_string(tally.guarded) + " wrapped, " + std::to_string(tally.unguarded) + " not wrapped";
    if (tally.remote > 0) text += ", " + std::to_string(tally.remote) + " remote";
    if (tally.other > 0) text += ", " + std::to_string(tally.other) + " left as they are";
    return text;
}

ExitCode discover(const Arguments& arguments) {
    if (const auto fits = arguments.expect_operands(0, 0, ""); !fits) {
        return usage_error("wrap", UsageError{"--discover takes no files: it looks for them"});
    }
    clients::GuardCommand guard;
    guard.program = arguments.value("guard-command").value_or(guard.program);
    std::string out;
    bool fine = true;
    for (const clients::FoundFile& found : clients::known_files(clients::our_surroundings())) {
        std::string client(to_string(found.client));
        client.resize(std::max<std::size_t>(client.size(), 11), ' ');
        out += client + "  " + report::printable(found.path) + ": " +
               report::printable(tally_text(found.path, guard, fine)) + '\n';
    }
    if (out.empty()) out = "No configuration of a client was found here.\n";
    return print(out, fine ? ExitCode::ok : ExitCode::failed);
}

ExitCode run_wrap(const Arguments& arguments) {
    return arguments.has("discover") ? discover(arguments) : change_files(Direction::wrap, arguments);
}

ExitCode run_unwrap(const Arguments& arguments) {
    return change_files(Direction::unwrap, arguments);
}

std::vector<Option> common_options() {
    return {{"server", 0, "NAME", "Only the server of this name. May be given more than once.", true},
            {"guard-command", 0, "PROGRAM",
             "The program that stands before a server's command. Without it: mcp-reaper where PATH has "
             "it, else the path of this program."},
            {"dry-run", 0, "", "Show the change and write nothing."},
            {"yes", 0, "", "Do not ask. Needed where there is no terminal to ask on."}};
}

std::vector<std::string> common_exit_codes() {
    return {
        "0  The files are as they were to be, or there was nothing to do.",
        "1  A file could not be read, was broken, had been edited meanwhile or could not be written: "
        "the text on standard error says which. A file that is not read leaves all of them unwritten.",
        "2  Wrong use; nothing was done."};
}

}  // namespace

Command wrap_command() {
    Page page;
    page.name = "wrap";
    page.summary = "put the guard before the servers of a client's configuration";
    page.usage = {"mcp-reaper wrap FILE... [OPTION]...", "mcp-reaper wrap --discover"};
    page.description = {
        "Rewrites configurations of clients so that every stdio server in them runs under the guard: "
        "'npx -y x' becomes 'mcp-reaper run --name NAME -- npx -y x'. Knows the JSON of Claude Code "
        "(.mcp.json, ~/.claude.json), Cursor (mcp.json) and VS Code (mcp.json, with comments).",
        "Shows the change first, without secrets, and asks. Only the values of command and args change; "
        "comments, order, layout and spelling stay, and mcp-reaper unwrap makes it what it was, byte "
        "for "
        "byte. Remote servers stay as they are, and so do those that are wrapped.",
        "The file is replaced in one step, with the same owner and mode, by way of its symbolic links, "
        "and only if it still is what was read. What it was is kept as a backup: mcp-reaper restore."};
    page.options = common_options();
    page.options.insert(page.options.begin() + 1,
                        {"type", 0, "TYPE", "The server type that the guard is told (run --type)."});
    page.options.push_back({"discover", 0, "",
                            "Only list the configurations that are here, below the home directory and "
                            "from the working directory upwards, with how many servers are wrapped."});
    page.examples = {{"mcp-reaper wrap --discover", "Which files there are."},
                     {"mcp-reaper wrap --dry-run .mcp.json", "What would change."},
                     {"mcp-reaper wrap ~/.claude.json ~/.cursor/mcp.json", "Both, after asking."}};
    page.exit_codes = common_exit_codes();
    return {std::move(page), run_wrap, {}};
}

Command unwrap_command() {
    Page page;
    page.name = "unwrap";
    page.summary = "take the guard away from the servers of a client's configuration";
    page.usage = {"mcp-reaper unwrap FILE... [OPTION]..."};
    page.description = {
        "What mcp-reaper wrap has done is taken back: each server's own command is in the text still, "
        "behind '--', as it was spelled. What has been changed elsewhere meanwhile stays.",
        "Shows the change first, asks, keeps a backup, as mcp-reaper wrap does."};
    page.options = common_options();
    page.examples = {{"mcp-reaper unwrap .mcp.json", "Every server of the file."},
                     {"mcp-reaper unwrap --server playwright .mcp.json", "One of them."}};
    page.exit_codes = common_exit_codes();
    return {std::move(page), run_unwrap, {}};
}

}  // namespace reaper::cli
