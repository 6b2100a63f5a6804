// mcp-reaper freeze: stops servers named by hand until they are released.
#include "cli/command.h"
#include "cli/hand.h"

namespace reaper::cli {
namespace {

ExitCode run(const Arguments& arguments) {
    return act_by_hand("freeze", arguments, enforce::Deed::freeze,
                       [](enforce::Order&) -> Parsed<void> { return {}; });
}

}  // namespace

Command freeze_command() {
    Page page;
    page.name = "freeze";
    page.summary = "stop servers until they are released";
    page.usage = {"mcp-reaper freeze SERVER|PID... [OPTION]..."};
    page.description = {
        "Puts all processes of the server into a cgroup of their own and freezes it: they use no CPU, "
        "keep their "
        "memory and connections, and notice nothing. mcp-reaper release lets them go on.",
        "What is frozen is noted first, in /run/mcp-reaper (a user's: $XDG_RUNTIME_DIR/mcp-reaper), so "
        "that "
        "it can be undone whatever becomes of this program. Where that cannot be noted, or this host "
        "has no "
        "cgroups for us, it is refused: see mcp-reaper doctor."};
    page.options = hand_options();
    page.examples = {{"sudo mcp-reaper freeze 4711", "The server that process 4711 is part of."}};
    page.exit_codes = hand_exit_codes();
    return {std::move(page), run, {}};
}

}  // namespace reaper::cli
