// mcp-reaper replay: what a policy would have done over a recording.
#include <sys/stat.h>

#include <cerrno>
#include <fstream>
#include <iostream>
#include <optional>
#include <string>
#include <utility>

#include "cli/command.h"
#include "cli/output.h"
#include "cli/policy_option.h"
#include "cli/terminal.h"
#include "cli/timeline.h"
#include "cli/timeline_report.h"
#include "report/recording.h"

namespace reaper::cli {
namespace {

constexpr const char* kRead = "read the recording";

Result<std::ifstream> open_recording(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) return fail_errno(kRead, path, errno);
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode))
        return fail_errno(kRead, path, EISDIR);
    return in;
}

/// Reads `in` to its end into `maker`; returns the reader's note.
Result<std::string> replay(std::istream& in, const std::string& name, TimelineMaker& maker) {
    report::RecordingReader reader(in, name);
    if (const Result<void> opened = reader.open(); !opened) return tl::unexpected(opened.error());
    for (;;) {
        Result<std::optional<scan::Sample>> sample = reader.next();
        if (!sample) return tl::unexpected(std::move(sample.error()));
        if (!*sample) return reader.note();
        maker.add(std::move(**sample));
    }
}

Result<std::string> replay_file(const std::string& path, TimelineMaker& maker) {
    if (path == "-") return replay(std::cin, "standard input", maker);
    Result<std::ifstream> in = open_recording(path);
    if (!in) return tl::unexpected(std::move(in.error()));
    return replay(*in, path, maker);
}

ExitCode run(const Arguments& arguments) {
    if (const auto fits = arguments.expect_operands(1, 1, "the recording to replay"); !fits) {
        return usage_error("replay", fits.error());
    }
    const auto format = arguments.choice("format", {"table", "json"});
    if (!format) return usage_error("replay", format.error());
    const std::optional<ChosenPolicy> policy = choose_policy(arguments.value("policy"));
    if (!policy) return ExitCode::usage;

    const std::string& file = arguments.operands().front();
    TimelineMaker maker(policy->loaded.policy, policy->loaded.classifier);
    const Result<std::string> note = replay_file(file, maker);
    if (!note) return failure(note.error());
    if (!note->empty()) complain(file + ": " + *note);
    const ReplayContext context{file, policy->name, policy->loaded.policy.mode, *note};
    return print(*format == "json" ? to_json(maker.timeline(), context)
                                   : to_text(maker.timeline(), context, table_options()));
}

}  // namespace

Command replay_command() {
    Page page;
    page.name = "replay";
    page.summary = "tell what a policy would have done over a recording";
    page.usage = {"mcp-reaper replay FILE [OPTION]..."};
    page.description = {
        "Runs the policy over the samples of a recording, just as it would have run on the host, and "
        "tells when "
        "each action would first have been due, on which server and why; then what was still pending at "
        "the end, "
        "and the totals. Nothing of this host is looked at but the names of its users.",
        "A recording shows what happened without these actions: later samples still hold a server that "
        "would have "
        "been ended. Each action is therefore told once.",
        "FILE is a recording by 'mcp-reaper record'; '-' is standard input. A last line that is cut "
        "off, because "
        "the recorder was killed, is left out with a note on standard error."};
    page.options = {policy_option(),
                    {"format", 0, "FORMAT",
                     "'table' for people (the default) or 'json' for programs "
                     "(docs/recording.md describes it)."}};
    page.examples = {
        {"mcp-reaper replay host.jsonl --policy strict.yaml", "Try a policy before trusting it."},
        {"zstdcat host.jsonl.zst | mcp-reaper replay - --format json | jq .summary",
         "The totals of a compressed recording."}};
    page.exit_codes = {"0  The recording was replayed.",
                       "1  It is no recording, broken, or cannot be read.",
                       "2  Wrong use, or the policy has mistakes."};
    return {std::move(page), run, {}};
}

}  // namespace reaper::cli
