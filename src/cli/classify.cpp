// mcp-reaper classify: what command lines say, one JSON answer a line.
#include <unistd.h>

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "classify/classifier.h"
#include "classify/command_line.h"
#include "cli/command.h"
#include "cli/line_reader.h"
#include "cli/output.h"
#include "cli/policy_option.h"
#include "report/redact.h"

namespace reaper::cli {
namespace {

using nlohmann::json;

/// A line of input may be this long before it is cut: a command line of the greatest length that is
/// looked at, with every byte of it written as an escape in JSON, and some room.
constexpr std::size_t kMaxInputBytes = 8 * classify::kMaxCommandLineBytes;
/// Answers are held back up to this size while more input is at hand.
constexpr std::size_t kMaxHeldBack = 64 * 1024;

/// A command line as it came in: with its arguments, or as text.
struct Question {
    classify::CommandLine line;
    std::string redacted;
};

std::string joined(const std::vector<std::string>& tokens) {
    std::string text;
    for (const std::string& token : tokens) text += (text.empty() ? "" : " ") + token;
    return text;
}

Question from_tokens(classify::CommandLine line) {
    std::string redacted = joined(report::redact(line.tokens()));
    return {std::move(line), std::move(redacted)};
}

Question from_text(std::string_view text) {
    text = text.substr(0, classify::kMaxCommandLineBytes);
    // NULs are argument borders: this is a copy of /proc/PID/cmdline.
    if (text.find('\0') != std::string_view::npos) {
        return from_tokens(classify::CommandLine::from_proc(text));
    }
    return {classify::CommandLine::from_text(text), report::redact_line(text)};
}

/// Nothing where `line` is no JSON object of the two forms that are read.
std::optional<Question> from_json(const std::string& line) {
    if (!line.starts_with('{')) return std::nullopt;
    const json object = json::parse(line, nullptr, false);
    if (!object.is_object()) return std::nullopt;
    if (const auto text = object.find("cmdline"); text != object.end() && text->is_string()) {
        return from_text(text->get_ref<const std::string&>());
    }
    const auto argv = object.find("argv");
    if (argv == object.end() || !argv->is_array()) return std::nullopt;
    std::vector<std::string> arguments;
    for (const json& argument : *argv) {
        if (!argument.is_string()) return std::nullopt;
        arguments.push_back(argument.get<std::string>());
    }
    return from_tokens(classify::CommandLine::from_argv(arguments));
}

std::string answer(const std::string& line, const classify::Classifier& classifier) {
    const std::optional<Question> object = from_json(line);
    const Question question = object ? *object : from_text(line);
    const classify::Classification found = classifier.classify(question.line);
    nlohmann::ordered_json out;
    out["cmdline"] = question.redacted;
    out["role"] = classify::to_string(found.role);
    out["type"] = nullptr;
    if (!found.type.empty()) out["type"] = found.type;
    out["rule"] = report::redact_line(found.rule);
    out["program"] = report::redact_line(found.command.program);
    // ASCII only: what is no UTF-8 becomes U+FFFD, and no byte of the input can act on a terminal.
    return out.dump(-1, ' ', true, json::error_handler_t::replace) + '\n';
}

/// Standard output with the answers that have not been written yet.
class Answers {
  public:
    void add(const std::string& text) {
        held_back_ += text;
        if (held_back_.size() >= kMaxHeldBack) flush();
    }
    void flush() {
        if (over()) return;
        const Result<Written> written = write_all(STDOUT_FILENO, held_back_, "standard output");
        held_back_.clear();
        reader_gone_ = written && *written == Written::reader_gone;
        if (!written) error_ = written.error();
    }
    [[nodiscard]] bool over() const { return reader_gone_ || error_.has_value(); }
    [[nodiscard]] const std::optional<Error>& error() const { return error_; }

  private:
    std::string held_back_;
    bool reader_gone_ = false;
    std::optional<Error> error_;
};

ExitCode answer_all(const classify::Classifier& classifier) {
    Answers answers;
    LineReader reader(STDIN_FILENO, kMaxInputBytes, [&] { answers.flush(); });
    while (!answers.over()) {
        const Result<std::optional<std::string>> line = reader.next();
        if (!line) return failure(line.error());
        if (!*line) break;
        answers.add(answer(**line, classifier));
    }
    answers.flush();
    return answers.error() ? failure(*answers.error()) : ExitCode::ok;
}

ExitCode run(const Arguments& arguments) {
    if (const auto fits = arguments.expect_operands(0, 0, ""); !fits) {
        return usage_error("classify", fits.error());
    }
    const std::optional<ChosenPolicy> policy = choose_policy(arguments.value("policy"));
    return policy ? answer_all(policy->loaded.classifier) : ExitCode::usage;
}

}  // namespace

Command classify_command() {
    Page page;
    page.name = "classify";
    page.summary = "tell what command lines are: server, launcher, client or none";
    page.usage = {"mcp-reaper classify [--policy FILE] < LINES"};
    page.description = {
        "Reads command lines from standard input, one a line, and answers each with one line of JSON on "
        "standard output, in the same order: {\"cmdline\", \"role\", \"type\", \"rule\", \"program\"}.",
        "A line is plain text as ps shows it, or a JSON object: {\"cmdline\": \"npx -y some-mcp\"} or "
        "{\"argv\": [\"npx\", \"-y\", \"some-mcp\"]}. A line that is no such object is taken as text; "
        "bytes of value 0 "
        "in it are argument borders, as in /proc/PID/cmdline. What is longer than 64 KiB is cut.",
        "The role is 'server', 'launcher' (only starts a server), 'client' (uses servers) or 'none'. "
        "The type "
        "is null where there is none; for a client it is the client's name. The rule says what decided, "
        "the "
        "program is what the patterns were matched against. Secrets in command lines are shown as ***."};
    page.options = {policy_option()};
    page.examples = {
        {"ps -eo args= | mcp-reaper classify | jq -c 'select(.role == \"server\")'",
         "The servers among the running processes, by their command lines alone."},
        {"echo 'npx -y @playwright/mcp@latest' | mcp-reaper classify", "One command line."}};
    page.exit_codes = {"0  Every line was answered.",
                       "1  Input could not be read or answers not be written.",
                       "2  Wrong use, or the policy has mistakes."};
    return {std::move(page), run, {}};
}

}  // namespace reaper::cli
