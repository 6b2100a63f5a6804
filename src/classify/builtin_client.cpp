#include "classify/builtin_client.h"

#include "classify/known_programs.h"
#include "classify/program.h"
#include "classify/subcommand.h"

namespace reaper::classify {
namespace {

/// The client that the line runs; empty where it runs none, or one that serves (`claude mcp serve`).
std::string_view client_in(const Reading& reading) {
    if (reading.launcher_name.ends_with(" -c")) return {};
    std::string_view found;
    for (const Program& program : reading.programs) {
        const std::string_view client = client_name(program);
        if (client.empty()) continue;
        if (!serving_subcommand(program, client).empty()) return {};
        if (found.empty()) found = client;
    }
    return found;
}

bool serves(const Reading& reading) {
    for (const Program& program : reading.programs) {
        if (!serving_subcommand(program, client_name(program)).empty()) return true;
    }
    return false;
}

}  // namespace

Classification builtin_client(const CommandLine& line, std::string_view exe) {
    Classification result;
    if (line.empty()) return result;
    const Reading reading = read_command(line.tokens());
    std::string_view client = client_in(reading);
    if (client.empty() && !serves(reading)) client = client_at(exe);
    if (client.empty()) return result;
    result.role = Role::client;
    result.type = client;
    return result;
}

}  // namespace reaper::classify
