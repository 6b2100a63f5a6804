#include "scan/protection.h"

#include "scan/browser.h"

namespace reaper::scan {

bool is_never_ended(const Process& process, const classify::Classification& what) {
    return what.role == classify::Role::client || is_terminal_multiplexer(process) ||
           is_personal_browser(process.cmdline);
}

bool is_terminal_multiplexer(const Process& process) {
    // "tmux: server" and "tmux: client" are what tmux calls itself.
    return process.comm.starts_with("tmux") || process.comm == "screen" || process.comm == "SCREEN" ||
           process.comm == "zellij" || process.comm == "byobu" || process.comm == "abduco" ||
           process.comm == "dtach";
}

}  // namespace reaper::scan
