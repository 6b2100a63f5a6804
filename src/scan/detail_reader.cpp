#include "scan/detail_reader.h"

#include <optional>
#include <string>
#include <utility>

#include "scan/browser.h"
#include "scan/process_dir.h"

namespace reaper::scan {
namespace {

/// What was read, or nothing where it may not be read. A process that is gone is an error all the same:
/// `gone` takes it, and the rest need not be asked.
template <typename Value>
std::optional<Value> if_readable(Result<Value> read, std::optional<Error>& gone) {
    if (read) return std::move(*read);
    if (says_gone(read.error()) && !gone) gone = std::move(read.error());
    return std::nullopt;
}

}  // namespace

Result<void> DetailReader::read(Process& process, Look look) {
    if (look == Look::none) return {};
    const auto dir = ProcessDir::open(process.id);
    if (!dir) {
        if (says_gone(dir.error())) return tl::unexpected(dir.error());
        return {};  // It is there, but may not be looked at.
    }
    ProcessDetail detail;
    const auto done = refresh(*dir, look, {}, process.cmdline, detail);
    auto line = dir->command_line();
    if (line && *line != process.cmdline) {
        process.cmdline = std::move(*line);
        const auto now = dir->stat();
        if (now) process.comm = now->comm;
    }
    if (done) {
        process.detail = std::move(detail);
        return {};
    }
    // It is dying. As a zombie it is still a row; with its files gone but not yet a zombie, what could
    // not be read of it stays unknown.
    const auto left = dir->stat();
    if (!left) return tl::unexpected(left.error());
    process.state = left->state;
    return {};
}

Result<void> DetailReader::refresh(const ProcessDir& dir, Look look, DetailParts parts,
                                   std::string_view cmdline, ProcessDetail& detail) {
    std::optional<Error> gone;
    if (parts.program) {
        detail.exe = if_readable(dir.link("exe"), gone).value_or("");
        detail.cwd = if_readable(dir.link("cwd"), gone).value_or("");
        if (look == Look::full) detail.cgroup = if_readable(dir.cgroup(), gone).value_or("");
    }
    if (parts.memory) detail.anonymous = if_readable(dir.anonymous(), gone);
    if (parts.swap) detail.swapped = if_readable(dir.swapped(), gone);
    if (gone) return tl::unexpected(std::move(*gone));

    if (parts.channel) {
        if (auto done = read_channels(dir, look, cmdline, detail); !done) return done;
    }
    if (look == Look::full) {
        if (parts.sockets) detail.listening = if_readable(sockets_.listening(dir), gone);
        if (parts.unit) detail.main_of_unit = units_.main_of_unit(dir.id().pid, detail.cgroup);
    }
    if (!parts.program && !parts.channel && !parts.unit) return {};
    // Whoever was asked about its pid was asked about this process only if it is still there.
    const auto now = dir.stat();
    if (!now) gone = now.error();
    if (now && (now->state == 'Z' || now->state == 'X'))
        gone = Error::from_errno("look at process", dir.id().text(), ESRCH);
    if (gone) return tl::unexpected(std::move(*gone));
    return {};
}

Result<void> DetailReader::read_channels(const ProcessDir& dir, Look look, std::string_view cmdline,
                                         ProcessDetail& detail) {
    auto ends = look == Look::full ? probe_.probe(dir) : probe_.look(dir);
    if (!ends) return tl::unexpected(std::move(ends.error()));
    detail.in = std::move(ends->in);
    detail.out = std::move(ends->out);
    if (look != Look::full || !names_debugging_pipe(cmdline)) return {};
    ends = probe_.probe(dir, kDebuggingPipe);
    if (!ends) return tl::unexpected(std::move(ends.error()));
    detail.debug_in = std::move(ends->in);
    detail.debug_out = std::move(ends->out);
    return {};
}

}  // namespace reaper::scan
