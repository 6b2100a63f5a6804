// mcp-reaper restore: puts a client's configuration back to what it was before it was changed.
#include <charconv>

#include "base/clocks.h"
#include "cli/acting.h"
#include "cli/command.h"
#include "cli/config_files.h"
#include "cli/output.h"
#include "cli/terminal.h"
#include "clients/real_path.h"
#include "clients/restoring.h"
#include "clients/shown_diff.h"
#include "pass/interrupts.h"
#include "report/humanize.h"
#include "report/moment.h"
#include "report/redact.h"
#include "report/text_width.h"

namespace reaper::cli {
namespace {

using clients::KeptBackup;
using clients::Restoring;

Parsed<clients::RestoreOptions> read_options(const Arguments& arguments) {
    clients::RestoreOptions options;
    if (const auto fits = arguments.expect_operands(1, 1, "the file"); !fits)
        return tl::unexpected(fits.error());
    options.even_if_edited = arguments.has("force");
    if (const auto text = arguments.value("backup")) {
        unsigned number = 0;
        const auto read = std::from_chars(text->data(), text->data() + text->size(), number);
        if (read.ec != std::errc{} || read.ptr != text->data() + text->size() || number == 0) {
            return tl::unexpected(UsageError{"--backup: '" + report::printable(*text, 80) +
                                             "' is no number that --list shows"});
        }
        options.number = number;
    }
    return options;
}

std::string row(const KeptBackup& one) {
    const std::string number = report::pad(std::to_string(one.number), 6, report::Align::right);
    if (!one.backup) return number + "  " + report::printable(one.backup.error().reason) + '\n';
    const clients::Backup& backup = *one.backup;
    return number + "  " + report::local_time(backup.taken) + "  before " +
           report::pad(report::printable(backup.reason, 20), 7, report::Align::left) + "  " +
           report::counted(backup.size, "byte", "bytes") + '\n';
}

ExitCode list(const std::string& path, const clients::Backups& backups) {
    const auto real = clients::real_path(path);
    if (!real) return failure(real.error());
    const auto kept = backups.of(real->path());
    if (!kept) return failure(kept.error());
    std::string out =
        kept->empty() ? "There is no backup of " + report::printable(path) + ".\n" : "Backup  Taken\n";
    bool all = true;
    for (const KeptBackup& one : *kept) {
        out += row(one);
        all = all && one.backup;
    }
    return print(out, all ? ExitCode::ok : ExitCode::failed);
}

ExitCode restore(const Restoring& restoring, const Arguments& arguments,
                 const clients::Backups& backups) {
    const std::string name = report::printable(restoring.path);
    const std::string number = "backup " + std::to_string(restoring.backup.number);
    const std::string present = restoring.file ? restoring.file->text() : "";
    if (restoring.file && present == restoring.backup.text)
        return print(name + " is what " + number + " has: there is nothing to restore.\n");
    const std::string diff =
        clients::shown_diff(restoring.path, present, restoring.backup.text, table_options());
    if (const ExitCode code = print(diff); code != ExitCode::ok || arguments.has("dry-run")) return code;
    const Result<pass::Interrupts> interrupts = pass::Interrupts::block();
    if (!interrupts) return failure(interrupts.error());
    if (!confirmed("Restore it?", arguments.has("yes"), *interrupts)) {
        complain("nothing was written");
        return ExitCode::failed;
    }
    const auto done = carry_out(restoring, backups, wall_now());
    if (!done) return failure(done.error());
    return print(name + ": restored from " + number + '\n');
}

ExitCode run(const Arguments& arguments) {
    const auto options = read_options(arguments);
    if (!options) return usage_error("restore", options.error());
    const Result<clients::Backups> backups = our_backups();
    if (!backups) return failure(backups.error());
    const std::string& path = arguments.operands().front();
    if (arguments.has("list")) return list(path, *backups);
    if (arguments.has("dry-run") && arguments.has("yes"))
        return usage_error("restore", {"--dry-run does nothing that --yes could agree to"});
    const auto nobody = nobody_to_ask(arguments.has("yes") || arguments.has("dry-run"));
    if (nobody) return usage_error("restore", *nobody);
    const auto restoring = clients::plan_restoring(path, *backups, *options);
    if (!restoring) return failure(restoring.error());
    return restore(*restoring, arguments, *backups);
}

}  // namespace

Command restore_command() {
    Page page;
    page.name = "restore";
    page.summary = "put a client's configuration back to what it was";
    page.usage = {"mcp-reaper restore FILE [OPTION]..."};
    page.description = {
        "Before mcp-reaper wrap, unwrap and restore write a file they keep what it was: the last ten of "
        "each file, with a checksum, in the state directory. This puts one of them back, after showing "
        "the change and asking. A damaged backup is refused.",
        "A file that somebody else has edited since is refused as well, as that would be lost: unwrap "
        "takes back only what wrap has done."};
    page.options = {{"list", 0, "", "Only list the backups of FILE, the newest first."},
                    {"backup", 0, "N", "The backup with this number. Without it: the newest."},
                    {"force", 0, "", "Also where FILE has been edited since."},
                    {"dry-run", 0, "", "Show the change and write nothing."},
                    {"yes", 0, "", "Do not ask. Needed where there is no terminal to ask on."}};
    page.sections = {{"Files",
                      {"/var/lib/mcp-reaper/backups  root's; a user's: "
                       "$XDG_STATE_HOME/mcp-reaper/backups, else below ~/.local/state."}}};
    page.examples = {{"mcp-reaper restore ~/.claude.json --list", "What there is."},
                     {"mcp-reaper restore ~/.claude.json --backup 3", "That one."}};
    page.exit_codes = {"0  It is what it was, or the backups were listed.",
                       "1  It is not: the text on standard error says why. Nothing was written.",
                       "2  Wrong use; nothing was done."};
    return {std::move(page), run, {}};
}

}  // namespace reaper::cli
