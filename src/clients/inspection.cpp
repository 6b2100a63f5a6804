#include "clients/inspection.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "clients/change.h"
#include "clients/misspelling.h"
#include "clients/program_search.h"
#include "clients/variables.h"
#include "policy/suggestion.h"
#include "report/humanize.h"
#include "report/redact.h"

namespace reaper::clients {
namespace {

using report::CheckPoint;
using report::Standing;

/// What servers are started with: near to these, a command that is not there is a slip.
constexpr auto kUsualCommands =
    std::to_array<std::string_view>({"npx", "node", "npm", "bunx", "bun", "pnpm", "deno", "uvx", "uv",
                                     "pipx", "python3", "python", "docker", "podman", "mcp-reaper"});

/// They fetch a package by its name, unless one is named with its version the newest.
constexpr auto kPackageRunners = std::to_array<std::string_view>(
    {"npx", "npm exec", "bunx", "pnpx", "pnpm dlx", "yarn dlx", "uvx", "uv tool run", "pipx run"});

std::string shown(const std::string& text) {
    return report::redact_line(report::printable(text, 200));
}

class FileInspection {
  public:
    FileInspection(const FoundFile& found, const Examiner& examiner)
        : found_(found), examiner_(examiner) {}

    /// Those that it names for wherever its client is started; known once it has been run.
    [[nodiscard]] std::set<std::string> names_everywhere() const {
        std::set<std::string> result;
        for (const auto& [project, name] : names_)
            if (project.empty()) result.insert(name);
        return result;
    }

    std::vector<CheckPoint> run() {
        const auto file = ConfigFile::read(found_.path);
        if (!file) {
            trouble(file.error().message(), "its servers are not known here", "");
            return std::move(points_);
        }
        const auto json = JsonText::read(file->text());
        if (!json) {
            trouble(found_.path + ':' + json.error().message(), "its client starts no server of it", "");
            return std::move(points_);
        }
        const std::vector<ServerEntry> entries = server_entries(*json);
        for (const ServerEntry& entry : entries) inspect(*json, entry);
        points_.insert(points_.begin(), summary(tally_of(*json, examiner_.guard)));
        return std::move(points_);
    }

  private:
    void trouble(const std::string& finding, std::string follows, std::string remedy) {
        points_.push_back({std::string(to_string(found_.client)), Standing::limited, shown(finding),
                           std::move(follows), std::move(remedy), false});
    }
    void trouble_of(const ServerEntry& entry, const std::string& what, std::string follows,
                    std::string remedy) {
        const std::string where = entry.project.empty() ? "" : " (" + entry.project + ')';
        trouble(found_.path + where + ": server '" + entry.name + "': " + what, std::move(follows),
                std::move(remedy));
    }

    CheckPoint summary(const Tally& tally) const {
        const std::size_t all = tally.guarded + tally.unguarded + tally.remote + tally.other;
        std::string text = found_.path + ": " + report::counted(all, "server", "servers");
        if (all > 0) text += ", " + std::to_string(tally.guarded) + " wrapped";
        for (std::size_t i = 0; i < unpinned_.size(); ++i)
            text += (i == 0 ? "; takes the newest version of " : ", ") + unpinned_[i];
        return {std::string(to_string(found_.client)), Standing::ok, shown(text), "", "", false};
    }

    void inspect(const JsonText& json, const ServerEntry& entry) {
        if (!names_.insert({entry.project, entry.name}).second)
            trouble_of(entry, "another one before it has this name", "its client takes the last",
                       "give it another name");
        if (entry.transport == Transport::unclear)
            trouble_of(entry, entry.why_unclear, "its client may not start it", "");
        check_variables(json, entry);
        if (entry.transport != Transport::stdio) return;
        check_command(entry, entry.words.front());
        const std::vector<std::string> words = guarded_words(entry, examiner_.guard);
        if (words.size() < entry.words.size()) check_command(entry, words.front());
        check_package(entry, words);
    }

    std::string path_of(const ServerEntry& entry) const {
        const auto own = entry.environment.find("PATH");
        if (own != entry.environment.end()) return own->second;
        return examiner_.environment("PATH").value_or("");
    }

    void check_command(const ServerEntry& entry, const std::string& command) {
        // What a client puts in for a variable, and where it starts its servers, is its own matter.
        const bool relative = !command.starts_with('/') && command.find('/') != std::string::npos;
        const std::string path = path_of(entry);
        if (relative || command.find("${") != std::string::npos ||
            path.find("${") != std::string::npos || find_program(command, path)) {
            return;
        }
        const auto meant =
            command.starts_with('/') ? std::nullopt : policy::nearest(command, kUsualCommands);
        const bool misspelt = meant && *meant != command;
        trouble_of(
            entry, "command '" + command + "' is not found", "its client cannot start it",
            misspelt ? "did you mean '" + std::string(*meant) + "'?" : "install it, or write its path");
    }

    void check_variables(const JsonText& json, const ServerEntry& entry) {
        std::set<std::string> missing;
        const auto look = [&](const std::string& value) {
            for (const std::string& name : variables_in(value, found_.client)) {
                if (!examiner_.environment(name)) missing.insert(name);
            }
        };
        each_string(json, entry.member.value, look);
        for (const std::string& name : missing) {
            trouble_of(entry, "variable " + name + " is not set here",
                       "where its client has none either, it gets no value",
                       "set it where the client is started");
        }
    }

    template <typename Use>
    static void each_string(const JsonText& json, const JsonValue& value, const Use& use) {
        if (value.kind == JsonKind::string) use(json.decoded(value.span));
        for (const JsonMember& member : json.members(value)) each_string(json, member.value, use);
        for (const JsonValue& element : json.elements(value)) each_string(json, element, use);
    }

    void check_package(const ServerEntry& entry, const std::vector<std::string>& words) {
        if (examiner_.classifier == nullptr) return;
        const classify::ParsedCommand command =
            examiner_.classifier->classify(classify::CommandLine::from_argv(words)).command;
        if (std::find(kPackageRunners.begin(), kPackageRunners.end(), command.launcher_name) ==
            kPackageRunners.end()) {
            return;
        }
        const std::string package = command.program.substr(0, command.program.find(' '));
        const auto word = std::find_if(words.begin() + 1, words.end(), [&](const std::string& one) {
            return !package.empty() && one.starts_with(package);
        });
        if (word == words.end()) return;
        const std::string version = word->substr(package.size());
        if (version.empty() || version == "@latest") unpinned_.push_back(entry.name);
        if (const auto meant = meant_package(*examiner_.classifier, package)) {
            trouble_of(entry, "package '" + package + "' is not a known one, but near to one",
                       "what is fetched by that name may be anybody's",
                       "did you mean '" + *meant + "'?");
        }
    }

    const FoundFile& found_;
    const Examiner& examiner_;
    std::vector<CheckPoint> points_;
    std::vector<std::string> unpinned_;
    std::set<std::pair<std::string, std::string>> names_;
};

/// Claude Code (code.claude.com/docs/en/mcp, "Scope hierarchy and precedence") and Cursor read the
/// user's file and the project's. VS Code has a file for each of its profiles, of which one is in use.
bool reads_both_files(Client client) {
    return client != Client::vscode;
}

constexpr std::size_t kTwoPaths = 1'000;

CheckPoint named_twice(const FoundFile& file, const std::string& name, const std::string& other) {
    const std::string text = "server '" + name + "' is in two files: " + other + " and " + file.path;
    return {std::string(to_string(file.client)),
            Standing::limited,
            report::redact_line(report::printable(text, kTwoPaths)),
            "its client starts only one of them",
            "give one of them another name, or remove it",
            false};
}

}  // namespace

std::vector<CheckPoint> inspect(const std::vector<FoundFile>& files, const Examiner& examiner) {
    std::vector<CheckPoint> points;
    struct Read {
        std::string path;
        std::set<std::string> names;
    };
    // Of each client the user's file and the nearest project's.
    std::map<std::pair<Client, bool>, Read> read;
    for (const FoundFile& file : files) {
        FileInspection inspection(file, examiner);
        std::vector<CheckPoint> of_file = inspection.run();
        points.insert(points.end(), std::make_move_iterator(of_file.begin()),
                      std::make_move_iterator(of_file.end()));
        if (!reads_both_files(file.client)) continue;
        const auto [own, first] = read.try_emplace({file.client, file.of_project});
        if (!first) continue;
        own->second = {file.path, inspection.names_everywhere()};
        const auto other = read.find({file.client, !file.of_project});
        if (other == read.end()) continue;
        for (const std::string& name : own->second.names)
            if (other->second.names.contains(name))
                points.push_back(named_twice(file, name, other->second.path));
    }
    return points;
}

}  // namespace reaper::clients
