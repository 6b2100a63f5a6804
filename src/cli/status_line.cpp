#include "cli/status_line.h"

#include <unistd.h>

#include "cli/output.h"
#include "cli/terminal.h"
#include "report/redact.h"
#include "report/text_width.h"

namespace reaper::cli {

StatusLine::StatusLine() : live_(is_live_terminal(STDERR_FILENO)) {}

void StatusLine::draw(const std::string& text) {
    if (!live_) return;
    const std::string shown = report::shorten(report::printable(text), help_width() - 1, "...");
    static_cast<void>(write_all(STDERR_FILENO, "\r\x1b[K" + shown, "standard error"));
    drawn_ = true;
}

void StatusLine::erase() {
    if (!drawn_) return;
    static_cast<void>(write_all(STDERR_FILENO, "\r\x1b[K", "standard error"));
    drawn_ = false;
}

}  // namespace reaper::cli
