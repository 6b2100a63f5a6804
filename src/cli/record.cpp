// mcp-reaper record: samples of this host in a file, to try policies on.
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <optional>
#include <string>

#include "cli/command.h"
#include "cli/output.h"
#include "cli/policy_option.h"
#include "cli/recording_file.h"
#include "cli/status_line.h"
#include "pass/interrupts.h"
#include "policy/wording.h"
#include "report/humanize.h"
#include "report/recording.h"
#include "scan/scanner.h"

namespace reaper::cli {
namespace {

using std::chrono::milliseconds;

struct RecordOptions {
    std::string file;
    bool overwrite = false;
    milliseconds span{0};
    milliseconds interval{0};
};

Parsed<RecordOptions> read_options(const Arguments& arguments) {
    if (const auto fits = arguments.expect_operands(0, 0, ""); !fits)
        return tl::unexpected(fits.error());
    const auto file = arguments.value("output");
    if (!file) return tl::unexpected(UsageError{"the file to write is missing: give -o FILE"});
    const auto span =
        arguments.duration("for", std::chrono::minutes(10), milliseconds(0), std::chrono::hours(24 * 7));
    if (!span) return tl::unexpected(span.error());
    const auto interval = arguments.duration("interval", std::chrono::seconds(5), milliseconds(100),
                                             std::chrono::hours(1));
    if (!interval) return tl::unexpected(interval.error());
    return RecordOptions{*file, arguments.has("force"), *span, *interval};
}

/// What happened so far, and how it is shown while it happens.
class Progress {
  public:
    explicit Progress(const RecordOptions& options) : options_(options), begin_(pass::now()) {}

    void sample_written(const RecordingFile& file) {
        ++samples_;
        last_ = pass::now();
        line_.draw(text(file) + " of " + policy::in_words(seconds(options_.span)));
    }

    void finish(const RecordingFile& file, std::string_view how) {
        line_.erase();
        remark(std::string(how) + ' ' + text(file));
    }

    void erase() { line_.erase(); }

  private:
    static std::chrono::seconds seconds(milliseconds span) {
        return std::chrono::round<std::chrono::seconds>(span);
    }

    [[nodiscard]] std::string text(const RecordingFile& file) const {
        return report::counted(samples_, "sample", "samples") + " (" + report::human_bytes(file.size()) +
               ") over " + policy::in_words(seconds(last_ - begin_));
    }

    const RecordOptions& options_;
    MonotonicTime begin_;
    MonotonicTime last_ = begin_;
    std::size_t samples_ = 0;
    StatusLine line_;
};

const char* name_of(int signal) {
    switch (signal) {
        case SIGINT:
            return "SIGINT";
        case SIGTERM:
            return "SIGTERM";
        default:
            return "SIGHUP";
    }
}

/// The first moment of the raster that has not passed: a slow sample leaves out its successors
/// instead of being followed by a burst.
MonotonicTime next_moment(MonotonicTime last, milliseconds interval) {
    const milliseconds late = std::max(pass::now() - last, milliseconds(0));
    return last + interval * (late / interval + 1);
}

ExitCode record(const classify::Classifier& classifier, const RecordOptions& options,
                RecordingFile& file) {
    const Result<pass::Interrupts> interrupts = pass::Interrupts::block();
    if (!interrupts) return failure(interrupts.error());
    Result<Written> written = file.append(report::recording_header());
    Progress progress(options);
    MonotonicTime moment = pass::now();
    const MonotonicTime end = moment + options.span;
    std::string how = "recorded";
    while (written && *written == Written::whole) {
        const Result<scan::Sample> sample = scan::read_host(classifier, scan::Depth::recording);
        if (!sample) {
            progress.erase();
            return failure(sample.error());
        }
        written = file.append(report::to_line(*sample));
        if (!written || *written == Written::reader_gone) break;
        progress.sample_written(file);
        moment = next_moment(moment, options.interval);
        if (moment > end) break;
        if (const std::optional<int> signal = interrupts->wait_until(moment)) {
            how = std::string("stopped by ") + name_of(*signal) + ", recorded";
            break;
        }
    }
    progress.finish(file, how);
    return written ? ExitCode::ok : failure(written.error());
}

ExitCode run(const Arguments& arguments) {
    const Parsed<RecordOptions> options = read_options(arguments);
    if (!options) return usage_error("record", options.error());
    const std::optional<ChosenPolicy> policy = choose_policy(arguments.value("policy"));
    if (!policy) return ExitCode::usage;
    Result<RecordingFile> file = RecordingFile::create(options->file, options->overwrite);
    if (!file) return failure(file.error());
    if (::geteuid() != 0) {
        complain("recording as an ordinary user: what belongs to others is recorded as unknown");
    }
    return record(policy->loaded.classifier, *options, *file);
}

}  // namespace

Command record_command() {
    Page page;
    page.name = "record";
    page.summary = "write samples of this host to a file";
    page.usage = {"mcp-reaper record -o FILE [OPTION]..."};
    page.description = {
        "Writes what is seen of this host to FILE, one sample a line (JSON Lines, described in "
        "docs/recording.md). 'mcp-reaper replay FILE' then tells what a policy would have done: a "
        "policy can be "
        "tried before it is trusted.",
        "Every process is in it, not only those that this policy takes for servers. Secrets in command "
        "lines are "
        "replaced by *** before anything is written, and only you may read the file (mode 0600). A "
        "quiet host "
        "with 300 processes takes roughly 200 KiB a sample.",
        "Ctrl-C, SIGTERM and SIGHUP end the recording early and in good order. Every line is written "
        "whole: what "
        "is in the file stays good if the disk fills up."};
    page.options = {
        {"output", 'o', "FILE", "The file to write; '-' is standard output. Required."},
        {"for", 0, "TIME",
         "How long to record (default 10m, at most 168h); with 0s one sample is written."},
        {"interval", 0, "TIME", "Time from sample to sample (default 5s, from 100ms to 1h)."},
        {"force", 0, "", "Overwrite FILE if it exists."},
        policy_option()};
    page.examples = {
        {"sudo mcp-reaper record -o host.jsonl --for 1h --interval 10s", "An hour of this host."},
        {"mcp-reaper record -o - | zstd > host.jsonl.zst", "Compressed."}};
    page.exit_codes = {"0  The recording is complete, or was ended by a signal.",
                       "1  FILE exists or cannot be written, or the host cannot be read.",
                       "2  Wrong use, or the policy has mistakes."};
    return {std::move(page), run, {}};
}

}  // namespace reaper::cli
