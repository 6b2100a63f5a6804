#include "actor.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

namespace reaper::integration {
namespace {

namespace fs = std::filesystem;

/// The program, where every user may run it: strace has to find it as that user.
std::string program_for_all() {
    static const Scratch scratch;
    static const fs::path copy = [] {
        fs::path path = scratch.path() / "mcp-reaper";
        fs::copy_file(REAPER_BINARY, path);
        return path;
    }();
    return copy.string();
}

}  // namespace

const char* const kQuickPolicy =
    "version: 1\n"
    "name: test\n"
    "rules:\n"
    "  orphan: { after_seconds: 0, action: terminate }\n"
    "terminate: { grace_seconds: 1 }\n"
    "budget: { kills_per_minute: 1000 }\n";
const char* const kPatientPolicy =
    "version: 1\n"
    "name: test\n"
    "rules:\n"
    "  orphan: { after_seconds: 0, action: terminate }\n"
    "terminate: { grace_seconds: 10 }\n";

std::string why_no_strace() {
    return which("strace").empty() ? "strace is not installed" : "";
}

Actor::Actor(const std::string& policy, std::optional<uid_t> user) : user_(user) {
    for (const char* name : {"run", "state", "trace"}) {
        const fs::path directory = scratch_.path() / name;
        fs::create_directory(directory);
        fs::permissions(directory, fs::perms::owner_all);
        if (user && chown(directory.c_str(), *user, *user) != 0) {
            throw std::system_error(errno, std::generic_category(), "chown");
        }
    }
    std::ofstream(scratch_.path() / "policy.yaml") << policy;
}

Program Actor::start(const std::vector<std::string>& arguments,
                     const std::vector<std::string>& strace) const {
    std::vector<std::string> argv = strace_into(scratch_.path() / "trace/log");
    argv.insert(argv.end(), strace.begin(), strace.end());
    argv.push_back(user_ ? program_for_all() : REAPER_BINARY);
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    argv.insert(argv.end(), {"--policy", (scratch_.path() / "policy.yaml").string()});
    StartOptions options;
    options.user = user_;
    options.file = which("strace");
    options.environment = {{"RUNTIME_DIRECTORY", (scratch_.path() / "run").string()},
                           {"STATE_DIRECTORY", (scratch_.path() / "state").string()},
                           // LeakSanitizer traces too, and a process has one tracer only.
                           {"ASAN_OPTIONS", "detect_leaks=0"}};
    Program program(argv, options);
    program.close_input();
    return program;
}

Acted Actor::finish(Program& program) const {
    Acted acted;
    const std::string output = program.read_all();
    const auto status = program.wait();
    if (status && WIFEXITED(*status)) acted.exit_code = WEXITSTATUS(*status);
    acted.report = json::parse(output, nullptr, false);
    if (acted.report.is_discarded()) acted.report = output;
    acted.trace = read_trace(scratch_.path() / "trace/log");
    EXPECT_EQ(acted.trace.forbidden, std::vector<std::string>());
    return acted;
}

std::vector<std::string> Actor::scan_of(const std::set<pid_t>& pids) {
    std::vector<std::string> arguments = {"scan", "--yes", "--window", "0s", "--format", "json"};
    for (const pid_t pid : pids) arguments.insert(arguments.end(), {"--pid", std::to_string(pid)});
    return arguments;
}

Acted Actor::scan(const std::set<pid_t>& pids) const {
    Program program = start(scan_of(pids));
    return finish(program);
}

json outcome_of(const Acted& acted, pid_t pid) {
    if (acted.report.is_object()) {
        std::string id;
        for (const json& server : acted.report.at("servers")) {
            for (const json& member : server.at("pids")) {
                if (member == pid) id = server.at("id");
            }
        }
        for (const json& outcome : acted.report.at("outcomes")) {
            if (outcome.at("server") == id) return outcome;
        }
    }
    ADD_FAILURE() << "nothing became of the server of process " << pid << ":\n"
                  << acted.report.dump(2).substr(0, 4000);
    return nullptr;
}

}  // namespace reaper::integration
