#include "report/explanation.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "classify/command_line.h"
#include "policy/wording.h"
#include "report/command_text.h"
#include "report/explained_server.h"
#include "report/judged_servers.h"
#include "report/nearest_pattern.h"
#include "report/redact.h"
#include "report/text_writer.h"

namespace reaper::report {
namespace {

using classify::Classification;
using classify::LauncherKind;
using classify::Role;
using classify::TypeSource;
using scan::Process;
using scan::Sample;

constexpr std::size_t kMaxAncestors = 32;

const Process* find(const Sample& sample, pid_t pid) {
    const auto found =
        std::lower_bound(sample.processes.begin(), sample.processes.end(), pid,
                         [](const Process& process, pid_t wanted) { return process.id.pid < wanted; });
    return found == sample.processes.end() || found->id.pid != pid ? nullptr : &*found;
}

std::string state_in_words(char state) {
    switch (state) {
        case 'R':
            return "running";
        case 'S':
            return "sleeping";
        case 'D':
            return "waiting for a device";
        case 'Z':
            return "zombie: it has ended, its parent has not asked for its exit status";
        case 'X':
            return "dead";
        case 'T':
            return "stopped";
        case 't':
            return "stopped by a debugger";
        case 'I':
            return "idle";
        default:
            return "state " + printable(std::string_view(&state, 1));
    }
}

std::string text_or(const std::string& text, const char* otherwise) {
    return text.empty() ? otherwise : printable(text, 1000);
}

std::string ancestors_of(const Process& process, const Sample& sample) {
    std::string text;
    std::set<pid_t> seen{process.id.pid};
    pid_t pid = process.parent;
    while (pid > 0 && seen.insert(pid).second) {
        if (!text.empty()) text += ", ";
        if (seen.size() > kMaxAncestors) return text + "and more";
        const Process* const parent = find(sample, pid);
        text += fmt::format("{} {}", pid, parent == nullptr ? "(gone)" : printable(parent->comm, 64));
        pid = parent == nullptr ? 0 : parent->parent;
    }
    return text.empty() ? "none" : text;
}

void tell_process(const Process& process, const Sample& sample, TextWriter& out) {
    out.heading(fmt::format("Process {} ({})", process.id.text(), text_or(process.comm, "no name")));
    const auto age =
        std::chrono::duration_cast<std::chrono::seconds>(sample.since_boot - process.id.start);
    out.field("State", fmt::format("{}; uid {}; {} old", state_in_words(process.state), process.uid,
                                   policy::in_words(std::max(age, std::chrono::seconds(0)))));
    const std::string command = shown_command(process.cmdline);
    out.field("Command line", command.empty() ? "none" : command);
    if (process.detail) {
        out.field("Executable", text_or(process.detail->exe, "may not be read"));
        out.field("Directory", text_or(process.detail->cwd, "may not be read"));
        if (!process.detail->cgroup.empty())
            out.field("Cgroup", printable(process.detail->cgroup, 1000));
    }
    out.field("Parents", ancestors_of(process, sample));
}

std::string launcher_in_words(const Classification& seen) {
    const std::string name = printable(seen.command.launcher_name, 100);
    switch (seen.command.launcher) {
        case LauncherKind::none:
            return "none: the program is run directly";
        case LauncherKind::wrapper:
            return name + ", a wrapper: starts its program once";
        case LauncherKind::supervisor:
            return name + ", a supervisor: starts its program again when it ends";
        case LauncherKind::container:
            return name + ", a container: the program is no descendant of it";
    }
    return name;
}

std::string role_in_words(const Classification& seen) {
    const std::string type = printable(seen.type, 120);
    switch (seen.role) {
        case Role::server:
            return "server of type " + type;
        case Role::launcher:
            return type.empty() ? "launcher" : "launcher of a server of type " + type;
        case Role::client:
            return "client: " + type;
        case Role::none:
            return seen.undecided ? "not to be told from the command line" : "none of interest";
    }
    return "";
}

void tell_reading(const Classification& seen, const ExplainInput& input, TextWriter& out) {
    out.heading("How its command line is read");
    out.field("Launcher", launcher_in_words(seen));
    const std::string program = shown_program(seen.command);
    out.field("Program", program.empty() ? "none" : program);
    const std::string arguments = shown_arguments(seen.command);
    out.field("Arguments", arguments.empty() ? "none" : arguments);
    out.field("Role", role_in_words(seen));
    if (!seen.rule.empty()) out.field("Decided by", printable(redact_line(seen.rule), 1000));
    if (seen.type_source == TypeSource::pattern || seen.role == Role::client ||
        seen.command.program.empty())
        return;

    const auto nearest = nearest_patterns(seen.command.program, input.classifier.types(), 3);
    std::string text =
        fmt::format("none of the policy's {} matches the program", input.classifier.types().size());
    for (const classify::TypePattern* pattern : nearest) {
        text += fmt::format("{} {} ({})", pattern == nearest.front() ? "; nearest:" : ",",
                            printable(pattern->pattern, 200), printable(pattern->type, 100));
    }
    out.field("Patterns", text);
}

const scan::Server* server_of(const scan::Snapshot& snapshot, const ProcessId& id) {
    for (const scan::Server& server : snapshot.servers) {
        for (const scan::Member& member : server.members) {
            if (member.id == id) return &server;
        }
    }
    return nullptr;
}

std::string servers_used_by(const scan::Snapshot& snapshot, const ProcessId& id) {
    std::string text;
    for (const scan::Server& server : snapshot.servers) {
        if (!server.client || server.client->id != id) continue;
        text += (text.empty() ? "" : ", ") + name_of(server);
    }
    return text;
}

/// Why a process is part of no server.
std::string why_no_server(const Process& process, const Classification& seen) {
    if (process.kernel_thread) return "It is a kernel thread; these are never looked at.";
    if (process.zombie() && process.cmdline.empty()) {
        return "It is a zombie with nothing left to tell what it was, and none of the servers seen is "
               "its parent.";
    }
    switch (seen.role) {
        case Role::client:
            return "It is a client: it uses servers, and is never ended.";
        case Role::launcher:
            return "It starts servers, but none that it started is there.";
        case Role::server:
            return "Its command line is a server's, but what is around it says that it is none, or it "
                   "was seen only "
                   "after the servers had been counted.";
        case Role::none:
            break;
    }
    if (seen.wraps != LauncherKind::none) return "It only starts something else, and that is no server.";
    if (seen.undecided) {
        return "Its command line does not tell what it is, and its stdin and stdout are not connected "
               "to a known "
               "client the way a server's are.";
    }
    return "No pattern of the policy knows its program, its name is not that of an MCP server, and it "
           "is not connected "
           "to a known client the way a server is.";
}

const policy::Verdict& verdict_of(const policy::Plan& plan, const ProcessId& server) {
    static const policy::Verdict kNone;
    for (const policy::Verdict& verdict : plan.verdicts) {
        if (verdict.server == server) return verdict;
    }
    return kNone;
}

}  // namespace

std::string explain(const ExplainInput& input, pid_t pid, const TableOptions& options) {
    const Process* const process = find(input.sample, pid);
    if (process == nullptr) return "";
    classify::Surroundings surroundings;
    if (process->detail) surroundings = {process->detail->exe, process->detail->cwd};
    const Classification seen =
        input.classifier.classify(classify::CommandLine::from_proc(process->cmdline), surroundings);

    TextWriter out(options);
    tell_process(*process, input.sample, out);
    if (!process->cmdline.empty()) tell_reading(seen, input, out);
    const std::string used = servers_used_by(input.snapshot, process->id);
    if (!used.empty()) {
        out.heading("Servers that it uses");
        out.line(used, 2, 0);
    }

    const scan::Server* const server = server_of(input.snapshot, process->id);
    if (server == nullptr) {
        out.heading("Verdict");
        out.line("Part of no server. " + why_no_server(*process, seen), 0, 0);
        return out.take();
    }
    const ServerCase one{input.sample, input.snapshot, *server, verdict_of(input.plan, server->id),
                         input.plan,   input.policy};
    tell_tree(one, process->id, out);
    tell_evidence(one, out);
    tell_limits(one, out);
    tell_rules(one, out);
    out.heading("Verdict");
    out.line(verdict_sentence(one), 0, 0);
    return out.take();
}

}  // namespace reaper::report
