// mcp-reaper policy: check, show and describe policy files.
#include "policy/policy.h"

#include "cli/command.h"
#include "cli/output.h"
#include "cli/policy_option.h"
#include "policy/describe.h"
#include "policy/loader.h"
#include "policy/schema.h"
#include "report/humanize.h"
#include "report/redact.h"

namespace reaper::cli {
namespace {

std::string summary(const std::string& file, const policy::LoadedPolicy& loaded) {
    const policy::Policy& policy = loaded.policy;
    return report::printable(file) + ": ok: policy '" + report::printable(policy.name) + "', mode " +
           (policy.mode == policy::Mode::enforce ? "enforce" : "observe") + ", " +
           report::counted(policy.servers.size(), "server type", "server types") + " with " +
           report::counted(loaded.classifier.types().size(), "pattern", "patterns") + ", " +
           report::counted(policy.exempt.size(), "exemption", "exemptions") + ", " +
           report::counted(policy.protect.size(), "protection", "protections") + '\n';
}

ExitCode run_check(const Arguments& arguments) {
    if (const auto fits = arguments.expect_operands(1, 1, "the policy file to check"); !fits) {
        return usage_error("policy check", fits.error());
    }
    const std::string& file = arguments.operands().front();
    const policy::LoadResult loaded = policy::load_policy(file);
    if (!loaded) {
        complain(loaded.error());
        return ExitCode::usage;
    }
    return print(summary(file, *loaded));
}

ExitCode run_show(const Arguments& arguments) {
    if (const auto fits = arguments.expect_operands(0, 1, ""); !fits) {
        return usage_error("policy show", fits.error());
    }
    if (const auto format = arguments.choice("format", {"yaml"}); !format) {
        return usage_error("policy show", format.error());
    }
    const std::vector<std::string>& files = arguments.operands();
    const auto policy = choose_policy(files.empty() ? std::nullopt : std::optional(files.front()));
    if (!policy) return ExitCode::usage;
    return print(policy::describe(policy->loaded));
}

ExitCode run_schema(const Arguments& arguments) {
    if (const auto fits = arguments.expect_operands(0, 0, ""); !fits) {
        return usage_error("policy schema", fits.error());
    }
    std::string schema = policy::policy_schema();
    if (!schema.ends_with('\n')) schema += '\n';
    return print(schema);
}

Command check_command() {
    Page page;
    page.name = "policy check";
    page.summary = "find every mistake in a policy file";
    page.usage = {"mcp-reaper policy check FILE"};
    page.description = {
        "Reads FILE completely and tells every mistake in it on standard error, one a line, as "
        "FILE:LINE:COLUMN: what is wrong, with what may have been meant. A file without mistakes is "
        "summed "
        "up in one line on standard output.",
        "The same checks stand before every command that takes --policy: a policy with a mistake is "
        "never "
        "used in part."};
    page.examples = {{"mcp-reaper policy check my-policy.yaml", "Before it is installed."}};
    page.exit_codes = {"0  No mistakes.", "1  The summary could not be written.",
                       "2  Mistakes, or no readable file."};
    return {std::move(page), run_check, {}};
}

Command show_command() {
    Page page;
    page.name = "policy show";
    page.summary = "show the values in force, each with where it came from";
    page.usage = {"mcp-reaper policy show [FILE] [--format yaml]"};
    page.description = {
        "Shows every value of the policy that would be in force with FILE, as YAML that loads to the "
        "same "
        "policy. Behind each value a comment says where it came from: FILE and line, or built in.",
        "Without FILE it shows the policy that scan would use here without --policy."};
    page.options = {{"format", 0, "FORMAT", "Only 'yaml', the default."}};
    page.examples = {{"mcp-reaper policy show", "What holds on this host."},
                     {"mcp-reaper policy show > my-policy.yaml", "A file to start from."}};
    page.exit_codes = {"0  The policy was shown.", "1  It could not be written.",
                       "2  The policy has mistakes."};
    return {std::move(page), run_show, {}};
}

Command schema_command() {
    Page page;
    page.name = "policy schema";
    page.summary = "print the JSON Schema of policy files";
    page.usage = {"mcp-reaper policy schema"};
    page.description = {
        "Prints the JSON Schema (draft 7) of policy files. Editors with a YAML language server complete "
        "and "
        "check policies by it: begin the file with '# yaml-language-server: "
        "$schema=policy.schema.json'."};
    page.examples = {
        {"mcp-reaper policy schema > policy.schema.json", "Beside your policy, for the editor."}};
    page.exit_codes = {"0  The schema was printed.", "1  It could not be written."};
    return {std::move(page), run_schema, {}};
}

}  // namespace

Command policy_command() {
    Page page;
    page.name = "policy";
    page.summary = "check and show policies, print their schema";
    page.usage = {"mcp-reaper policy check FILE", "mcp-reaper policy show [FILE]",
                  "mcp-reaper policy schema"};
    page.description = {
        "A policy is a YAML file that says which servers there are, what they may use, and what is done "
        "about "
        "those that are leaked or over their limits. See 'mcp-reaper help policy check' and the like."};
    page.examples = {{"mcp-reaper policy check my-policy.yaml", "Every mistake, with line and column."}};
    page.exit_codes = {"0  Fine.", "1  It failed.", "2  Wrong use, or a policy with mistakes."};
    return {std::move(page), nullptr, {check_command(), show_command(), schema_command()}};
}

}  // namespace reaper::cli
