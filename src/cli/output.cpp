#include "cli/output.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "report/redact.h"

namespace reaper::cli {
namespace {

/// Waits for a descriptor whose other holder made it non-blocking (node does that to terminals).
void wait_until_writable(int fd) {
    pollfd waiting{fd, POLLOUT, 0};
    ::poll(&waiting, 1, -1);
}

void say(std::string_view prefix, std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        out += prefix;
        out += report::printable(text.substr(0, end));
        out += '\n';
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    // There is nobody left to tell that this failed.
    static_cast<void>(write_all(STDERR_FILENO, out, "standard error"));
}

}  // namespace

Result<Written> write_all(int fd, std::string_view text, const std::string& name) {
    while (!text.empty()) {
        const ssize_t written = ::write(fd, text.data(), text.size());
        if (written >= 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EAGAIN) {
            wait_until_writable(fd);
        } else if (errno == EPIPE) {
            return Written::reader_gone;
        } else if (errno != EINTR) {
            return fail_errno("write", name, errno);
        }
    }
    return Written::whole;
}

ExitCode print(std::string_view text, ExitCode code) {
    const Result<Written> written = write_all(STDOUT_FILENO, text, "standard output");
    return written ? code : failure(written.error());
}

void complain(std::string_view text) {
    say("mcp-reaper: ", text);
}

void remark(std::string_view text) {
    say("", text);
}

ExitCode usage_error(std::string_view command, const UsageError& error) {
    const std::string name = "mcp-reaper" + (command.empty() ? "" : ' ' + std::string(command));
    say(name + ": ", error.what);
    say("", "Try '" + name + " --help'.");
    return ExitCode::usage;
}

ExitCode failure(const Error& error) {
    complain(error.message());
    return ExitCode::failed;
}

void occupy_standard_descriptors() {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
        if (::fcntl(fd, F_GETFD) >= 0) continue;
        // Read-only for output and write-only for input: using them is the error it was before.
        const int flags = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;
        // open(2) gives the lowest free number: fd itself, as those below are taken by now.
        static_cast<void>(::open("/dev/null", flags));
    }
}

}  // namespace reaper::cli
