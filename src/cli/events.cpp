// mcp-reaper events: what the daemon tells, as it happens.
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/daemon_client.h"
#include "cli/output.h"
#include "cli/terminal.h"
#include "report/moment.h"
#include "report/redact.h"
#include "report/text_width.h"
#include "report/text_writer.h"

namespace reaper::cli {
namespace {

using nlohmann::json;

/// The longest name of an event is "health_check_recovered".
constexpr std::size_t kKindColumn = 22;

std::string text_at(const json& event, const char* key) {
    const auto found = event.find(key);
    return found != event.end() && found->is_string() ? report::printable(found->get<std::string>())
                                                      : std::string();
}

report::Style style_of(const std::string& kind) {
    if (kind == "policy_refused" || kind == "breaker_opened" || kind == "late" ||
        kind.ends_with("_trouble") || kind.ends_with("_failed")) {
        return report::Style::red;
    }
    if (kind == "finding" || kind == "limit_exceeded" || kind == "pressure")
        return report::Style::yellow;
    if (kind == "action") return report::Style::bold;
    return report::Style::plain;
}

/// "2026-11-20 12:33:19  finding  message"
std::string in_a_line(const json& event, const report::TableOptions& options) {
    const auto at = report::moment_from(text_at(event, "at"));
    const std::string kind = text_at(event, "event");
    const std::string when = at ? report::local_time(*at) : text_at(event, "at");
    const std::string head = when + "  " + report::pad(kind, kKindColumn, report::Align::left);
    const std::string line = head + "  " + text_at(event, "message");
    report::TextWriter out(options);
    if (options.width != 0 && report::display_width(line) > options.width) {
        out.line(when + "  " + kind, 0, 0);
        out.line(text_at(event, "message"), 4, 0);
    } else {
        const std::string coloured =
            report::styled(head.substr(when.size() + 2), style_of(kind), options.colour);
        out.raw(when + "  " + coloured + "  " + text_at(event, "message") + '\n');
    }
    return out.take();
}

struct EventOptions {
    bool follow = false;
    bool json = false;
    std::string after;
};

/// Prints events, and remembers the last: a stream that ends goes on behind it.
class Printer {
  public:
    explicit Printer(EventOptions options) : options_(std::move(options)) {}

    /// False where nobody reads any more.
    bool take(std::string_view line) {
        const json event = json::parse(line, nullptr, /*allow_exceptions=*/false);
        if (!event.is_object() || !event.contains("id")) return true;  // A heartbeat.
        options_.after = text_at(event, "id");
        const std::string text =
            options_.json ? std::string(line) + '\n' : in_a_line(event, table_options());
        const auto written = write_all(STDOUT_FILENO, text, "standard output");
        if (!written) code_ = failure(written.error());
        return written && *written == Written::whole;
    }
    [[nodiscard]] std::string target() const {
        std::string target = options_.follow ? "/events?follow=1&after=" : "/events?after=";
        constexpr std::string_view kHex = "0123456789ABCDEF";
        for (const char c : options_.after) {
            const auto byte = static_cast<unsigned char>(c);
            if (std::isalnum(byte) != 0 || c == '-') {
                target += c;
            } else {
                target += '%';
                target += kHex[byte / 16];
                target += kHex[byte % 16];
            }
        }
        return target;
    }
    [[nodiscard]] ExitCode code() const { return code_; }

  private:
    EventOptions options_;
    ExitCode code_ = ExitCode::ok;
};

/// A stream of the daemon ends after an hour, in an orderly way: it is asked for what comes then.
ExitCode show(const EventOptions& options) {
    Printer printer(options);
    for (bool again = false;; again = true) {
        auto client = DaemonClient::find(Whose::ours_first);
        if (!client) return failure(client.error());
        if (!*client) {
            if (!again) return no_daemon();
            complain("the daemon has ended");
            return ExitCode::failed;
        }
        bool enough = false;
        const auto followed = (*client)->follow(printer.target(), [&](std::string_view line) {
            enough = !printer.take(line);
            return !enough;
        });
        if (!followed) return refused(followed.error());
        if (enough || !options.follow) return printer.code();
    }
}

ExitCode run(const Arguments& arguments) {
    if (const auto fits = arguments.expect_operands(0, 0, ""); !fits)
        return usage_error("events", fits.error());
    const auto format = arguments.choice("format", {"table", "json"});
    if (!format) return usage_error("events", format.error());
    return show({arguments.has("follow"), *format == "json", arguments.value("after").value_or("")});
}

}  // namespace

Command events_command() {
    Page page;
    page.name = "events";
    page.summary = "show what the daemon has seen and done, or follow it";
    page.usage = {"mcp-reaper events [--follow] [OPTION]..."};
    page.description = {
        "Shows the events that the daemon still remembers, oldest first: servers that came and went, "
        "findings, actions, policies that were loaded or refused. With --follow it goes on with each as "
        "it happens.",
        "An event has one id wherever it goes: the journal, a log, hooks and here. An ordinary user "
        "sees "
        "what is about their own servers. What was done is also in mcp-reaper history, for longer."};
    page.options = {{"follow", 'f', "", "Go on with each event as it happens, until interrupted."},
                    {"after", 0, "ID", "Only what came after the event with this id."},
                    {"format", 0, "FORMAT",
                     "'table' for people (the default) or 'json' for programs, an object a line."}};
    page.examples = {{"mcp-reaper events --follow", "What happens."},
                     {"mcp-reaper events --format json | jq -r 'select(.event == \"action\").message'",
                      "What was done lately."}};
    page.exit_codes = {"0  They were shown.", "1  No daemon is running, or it has ended.",
                       "2  Wrong use."};
    return {std::move(page), run, {}};
}

}  // namespace reaper::cli
