// Command lines: what a process leaves in /proc/PID/cmdline, classified, and what of it is shown.
#include "classify/command_line.h"

#include <algorithm>
#include <string>

#include "check.h"
#include "classify/classifier.h"
#include "policy/loader.h"
#include "report/command_text.h"

using namespace reaper;
using classify::Classification;
using classify::CommandLine;
using fuzz::check;

namespace {

const classify::Classifier& classifier() {
    static const policy::LoadResult kPolicy = policy::default_policy();
    check(kPolicy.has_value(), "the built-in policy loads");
    return kPolicy->classifier;
}

bool is_type_name(std::string_view type) {
    return !type.empty() && std::all_of(type.begin(), type.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    });
}

bool same(const Classification& a, const Classification& b) {
    return a.role == b.role && a.type == b.type && a.type_source == b.type_source && a.rule == b.rule &&
           a.wraps == b.wraps && a.undecided == b.undecided && a.command.program == b.command.program &&
           a.command.arguments == b.command.arguments && a.command.launcher == b.command.launcher &&
           a.command.launcher_name == b.command.launcher_name;
}

void check_classified(const CommandLine& line, std::string_view cwd) {
    const classify::Surroundings surroundings{.exe = "/usr/bin/node", .cwd = cwd};
    for (const auto& where : {classify::Surroundings(), surroundings}) {
        const Classification what = classifier().classify(line, where);
        check(same(what, classifier().classify(line, where)), "classified twice, the same", line.text());
        if (classify::names_a_server(what)) {
            check(is_type_name(what.type), "a server has a type, and that is a name", what.type);
            check(what.type_source != classify::TypeSource::none, "a type comes from somewhere");
        }
        check((what.role == classify::Role::launcher) <= (what.wraps != classify::LauncherKind::none),
              "a launcher launches", line.text());
        check(what.command.program.size() <= classify::kMaxCommandLineBytes, "a slot is bounded");
        // Whatever is shown of it is safe on a terminal.
        fuzz::check_printable(report::shown_program(what.command), "a program is shown printable");
        fuzz::check_printable(report::shown_arguments(what.command), "arguments are shown printable");
    }
}

void check_bounds(const CommandLine& line) {
    std::size_t bytes = 0;
    for (const std::string& token : line.tokens()) bytes += token.size();
    check(bytes <= classify::kMaxCommandLineBytes, "a command line is cut");
}

/// A secret of a well-known shape behind whatever stands before it.
void check_redacted(std::string bytes) {
    const std::string secret = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
    bytes += '\0';
    bytes += secret;
    const std::string shown = report::shown_command(bytes);
    check(!shown.ends_with(secret), "no secret is shown", shown);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes = fuzz::text_of(data, size);
    const CommandLine line = CommandLine::from_proc(bytes);
    check_bounds(line);
    check(CommandLine::from_proc(std::string(bytes) + std::string(3, '\0')).tokens() == line.tokens() ||
              bytes.size() > classify::kMaxCommandLineBytes,
          "NULs behind a command line are padding", bytes);
    check_classified(line, "/home/dev/work");
    const CommandLine text = CommandLine::from_text(bytes);
    check_bounds(text);
    check_classified(text, bytes);

    const std::string shown = report::shown_command(bytes);
    fuzz::check_printable(shown, "a command line is shown printable");
    check(shown.size() <= 2000, "a shown command line is cut", shown);
    fuzz::check_printable(report::printable(report::redact_line(bytes)), "a line is shown printable");
    check_redacted(std::string(bytes));
    return 0;
}
