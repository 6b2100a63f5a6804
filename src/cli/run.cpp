// mcp-reaper run: reads the policy, and becomes the guard of one server.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include "classify/classifier.h"
#include "classify/command_line.h"
#include "cli/command.h"
#include "cli/guard_cage.h"
#include "cli/guard_setting.h"
#include "cli/output.h"
#include "cli/policy_option.h"
#include "guard/settings_words.h"
#include "pass/places.h"
#include "pass/private_directory.h"
#include "report/redact.h"

namespace reaper::cli {
namespace {

constexpr const char* kGuard = "mcp-reaper-guard";

/// A mistake in a policy takes no session's server away: it is told, and the built-in policy holds.
std::optional<policy::LoadedPolicy> policy_for(const std::optional<std::string>& file) {
    auto chosen = pass::choose_policy(file);
    if (chosen) return std::move(chosen->loaded);
    complain(chosen.error());
    if (file) return std::nullopt;  // Asked for in so many words.
    complain("the built-in policy holds instead");
    auto builtin = policy::default_policy();
    if (builtin) return std::move(*builtin);
    complain(builtin.error());
    return std::nullopt;
}

guard::Among among(policy::Scope scope) {
    switch (scope) {
        case policy::Scope::host:
            return guard::Among::host;
        case policy::Scope::user:
            return guard::Among::user;
        case policy::Scope::client:
            break;
    }
    return guard::Among::client;
}

/// A directory for us alone; empty, after a complaint, where there is none to be had.
std::string private_place(const Result<std::string>& place) {
    if (!place) return {};
    const auto made = pass::make_private_directory(*place);
    if (made) return *place;
    complain(made.error().message());
    return {};
}

void choose_places(guard::Task& task) {
    const pass::Places places = pass::our_places();
    task.state = private_place(places.state);
    task.runtime = private_place(places.runtime);
    // In a container, say: it is read with care, a reboot cannot make it wrong.
    if (task.runtime.empty()) task.runtime = task.state;
}

/// What the policy's own clients may take of the guard's command line, which a scan reads to 64 KiB.
constexpr std::size_t kMostOfClients = 16 * 1024;

/// A client's pattern that fits the server's own command too would have the guard spare the server.
bool fits_itself(const policy::ClientProgram& client, const std::vector<std::string>& command) {
    const auto alone = classify::Classifier::compile({}, {{client.name, client.match}});
    const auto is_client = [&](const classify::CommandLine& line) {
        return alone && alone->classify(line).role == classify::Role::client;
    };
    if (is_client(classify::CommandLine::from_argv(command))) return true;
    // A shell is no client, whatever it runs.
    const auto script = std::ranges::find(command, "-c");
    return script != command.end() && script + 1 != command.end() &&
           is_client(classify::CommandLine::from_text(*(script + 1)));
}

/// Patterns of those whom the policy calls clients.
std::vector<std::string> clients_to_spare(const policy::Policy& policy,
                                          const std::vector<std::string>& command) {
    std::vector<std::string> patterns;
    std::size_t size = 0;
    for (const policy::ClientProgram& client : policy.clients) {
        if (fits_itself(client, command)) {
            complain("the policy's client '" + report::printable(client.name) +
                     "' fits the server's own command too, so the guard ends what fits it: match: "
                     "needs more of its path, as in '(^|/)name( |$)'");
            continue;
        }
        patterns.push_back(client.match);
        size += client.match.size();
    }
    if (size <= kMostOfClients) return patterns;
    complain("the policy's clients: are too long for a guard, which spares those that are built in");
    return {};
}

Parsed<guard::Task> make_task(const Arguments& arguments, const policy::LoadedPolicy& loaded) {
    guard::Task task;
    task.command = arguments.operands();
    const auto line = classify::CommandLine::from_argv(task.command);
    const classify::Classification what = loaded.classifier.classify(line);
    task.type = arguments.value("type").value_or(what.role == classify::Role::client ? std::string()
                                                                                     : what.type);
    task.name = arguments.value("name").value_or("");
    task.clients = clients_to_spare(loaded.policy, task.command);
    task.settings = loaded.policy.guard_for(task.type);
    for (const std::string& setting : arguments.values("set")) {
        if (auto set = apply_guard_setting(setting, task.settings); !set)
            return tl::unexpected(set.error());
    }
    if (!task.type.empty()) task.limit = loaded.policy.limits_for(task.type).max_instances_per_type;
    task.among = among(loaded.policy.rule(policy::Rule::duplicate).per);
    // A policy that only observes refuses nobody.
    if (loaded.policy.mode == policy::Mode::observe) task.settings.at_limit = guard::AtLimit::allow;
    choose_places(task);
    return task;
}

/// Where a program of ours is that is not for people: beside us (a build tree), else where it is
/// installed.
std::string guard_program() {
    std::array<char, 4096> own{};
    const ssize_t length = ::readlink("/proc/self/exe", own.data(), own.size() - 1);
    const std::string self(own.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
    const std::string directory = self.substr(0, self.rfind('/'));
    const std::string beside = directory + '/' + kGuard;
    if (::access(beside.c_str(), X_OK) == 0) return beside;
    return directory + "/../libexec/mcp-reaper/" + kGuard;
}

/// Returns only where that fails.
ExitCode become_guard(const guard::Task& task) {
    std::vector<std::string> words = guard::to_words(task);
    words.insert(words.begin(), kGuard);
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const std::string program = guard_program();
    std::signal(SIGPIPE, SIG_DFL);
    std::signal(SIGXFSZ, SIG_DFL);
    ::execv(program.c_str(), argv.data());
    return failure(Error::from_errno("execute", program, errno));
}

void limit_at_birth(const guard::Task& task) {
    enforce::CageLimits limits;
    limits.cpu = task.settings.cpu;
    limits.memory_max = task.settings.memory;
    limits.pids_max = task.settings.pids;
    if (limits.none()) return;
    const auto caged = enter_guard_cage(task.type, limits);
    if (!caged) complain("the server runs without its limits: " + caged.error().message());
}

ExitCode run(const Arguments& arguments) {
    if (arguments.operands().empty()) return usage_error("run", {"the command to run is missing"});
    const auto loaded = policy_for(arguments.value("policy"));
    if (!loaded) return ExitCode::usage;
    const auto task = make_task(arguments, *loaded);
    if (!task) return usage_error("run", task.error());
    limit_at_birth(*task);
    return become_guard(*task);
}

}  // namespace

Command run_command() {
    Page page;
    page.name = "run";
    page.summary = "run one server so that it cannot leak, hang or crash unnoticed";
    page.usage = {"mcp-reaper run [OPTION]... -- COMMAND [ARGUMENT]..."};
    page.description = {
        "Starts an MCP server that speaks over stdin and stdout, and stands between it and its client: "
        "write this before the command in the client's configuration. Messages pass unchanged. What is "
        "different is what happens when something goes wrong.",
        "When the client closes the channel or dies, in whatever way, the server is ended with all that "
        "it "
        "has started: its stdin is closed, then SIGTERM, then SIGKILL. That holds also where this "
        "program is killed.",
        "A server that crashes is started again (after 1 s, 2 s, 4 s), and told what was agreed with "
        "the "
        "one before; requests that were lost are answered with an error. So is one that does not answer "
        "any more. One that fails again and again is left alone for five minutes. One that cannot be "
        "started at all is told of, with what it said.",
        "What is dropped: lines of the server that are no JSON, and messages that are too large. The "
        "server's standard error goes to the client's, and into a file.",
        "The policy's guard: says how, for all servers and for single types."};
    page.options = {{"type", 0, "TYPE", "The server's type, where its command does not tell it."},
                    {"name", 0, "NAME", "What people call it: in messages, logs and lists."},
                    {"set", 0, "KEY=VALUE",
                     "A key of the policy's guard: for this server, as --set restarts=5. May be given "
                     "several times.",
                     true},
                    policy_option()};
    page.sections = {
        {"Files",
         {"/var/lib/mcp-reaper/guard/, ~/.local/state/mcp-reaper/guard/  What servers wrote to their "
          "standard error (the last 50), and below crashes/ the crash reports.",
          "/run/mcp-reaper/guards/, $XDG_RUNTIME_DIR/mcp-reaper/guards/  What runs now."}}};
    page.examples = {
        {"mcp-reaper run -- npx -y @playwright/mcp@latest", "As it stands in a client's configuration."},
        {"mcp-reaper run --set memory_max_mb=2GB --set call_timeout_seconds=120 -- uvx mcp-server-git",
         "With limits of its own."}};
    page.exit_codes = {
        "0  The server has ended with this status; any other code is the server's too, 128 and "
        "more being the number of a signal.",
        "1  The server could not be started, or is not allowed to be.",
        "2  Wrong use, or the policy that was given has mistakes."};
    return {std::move(page), run, {}};
}

}  // namespace reaper::cli
