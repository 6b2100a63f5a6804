#include "leak_report.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <ctime>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "processes.h"
#include "program.h"

namespace reaper::integration {
namespace {

using std::chrono::milliseconds;
using Outcomes = std::vector<const Outcome*>;
using Line = std::vector<std::string>;

constexpr std::string_view kHead = R"(# The leak matrix

*Written by `./dev matrix`, not by hand.*

Does a server end with its client? Real servers from npm are started by real clients, as people have them in their
configurations (`npx -y PACKAGE`), with [the guard](guard.md) (`mcp-reaper run -- npx -y PACKAGE`) and without it. Each has
a client of its own. When it has answered (`initialize`, `tools/list`, and the tool that opens a page where it says *page
open*), its client is ended in one of these ways:

| way             | what is done                                                                             |
|-----------------|------------------------------------------------------------------------------------------|
| close           | the official SDK's `close()`: end of file, 2 s later SIGTERM, 2 s later SIGKILL to npm   |
| exit            | the client ends by itself, without `close()`                                             |
| SIGTERM         | to the client                                                                            |
| SIGKILL         | to the client                                                                            |
| terminal closed | the client runs in the foreground of a terminal, and its window is closed                |
| wrapper killed  | SIGKILL to `npm exec`, while the client lives on                                         |
| guard killed    | SIGKILL to the guard; the client lives on                                                |

and what is left is counted after 15 s: every process of the tree that was held by a pidfd before the end, every one that
carries the run's own directory in its environment or command line, and every other descendant of the measuring program, a
subreaper. Where it does not say *page open* the server is idle, and has no browser.

Without the guard a client loses its server with the wrapper: node closes the channel of a child that has ended. With it the
server goes on: it must answer once more, and then the client calls `close()`, from which on the time counts.

    ./dev matrix                          # all of it, about {} minutes, then this document
    ./dev matrix --rounds 5               # more runs of each
    ./dev matrix guarded puppeteer        # only those whose name has these words; writes no document

`./dev test` runs a sample of 20 with the guard (`npm_leaks`).

## Result

)";

constexpr std::string_view kLegend = R"(
## The matrix

With the guard, and without it below. A time is how long it took until nothing was left, in the slowest run, while all
servers of a column ended at once. **Bold** is what was left after 15 s, in the worst run: processes and their share of memory
(PSS); *1 of 2* is how many runs left something, where not all did. `everything` ends by itself within 15 s of its client where
its next log message, one every 15 s, finds no reader.

)";

std::string seconds_text(milliseconds time) {
    return fmt::format("{:.{}f} s", static_cast<double>(time.count()) / 1000, time < 1s ? 2 : 1);
}

long kib_of(const Outcome& outcome) {
    long kib = 0;
    for (const LeftProcess& process : outcome.left) kib += process.pss_kib;
    return kib;
}

std::string mib_text(long kib) {
    return fmt::format("{} MiB", (kib + 512) / 1024);
}

Outcomes those(const std::vector<Outcome>& outcomes, const std::function<bool(const Cell&)>& wanted) {
    Outcomes result;
    for (const Outcome& outcome : outcomes) {
        if (outcome.error.empty() && wanted(outcome.cell)) result.push_back(&outcome);
    }
    return result;
}

Outcomes with_left(const Outcomes& outcomes) {
    Outcomes result;
    std::ranges::copy_if(outcomes, std::back_inserter(result),
                         [](const Outcome* outcome) { return !outcome->left.empty(); });
    return result;
}

/// In order; of those runs that left nothing.
std::vector<milliseconds> times_of(const Outcomes& outcomes) {
    std::vector<milliseconds> times;
    for (const Outcome* outcome : outcomes) {
        if (outcome->gone_after) times.push_back(*outcome->gone_after);
    }
    std::ranges::sort(times);
    return times;
}

/// What the matrix says of a cell's runs.
std::string text_of_cell(const Outcomes& runs) {
    if (runs.empty()) return "";
    const Outcomes left = with_left(runs);
    if (left.empty()) return seconds_text(times_of(runs).back());
    const Outcome& worst = **std::ranges::max_element(
        left, {}, [](const Outcome* one) { return std::pair(one->left.size(), kib_of(*one)); });
    const std::string some =
        left.size() == runs.size() ? "" : fmt::format(" ({} of {})", left.size(), runs.size());
    return fmt::format("**{}, {}**{}", worst.left.size(), mib_text(kib_of(worst)), some);
}

/// A table that can be read in a terminal, too.
std::string table(const std::vector<Line>& lines) {
    std::vector<std::size_t> widths(lines.at(0).size());
    for (const Line& line : lines) {
        for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
    }
    std::string text;
    for (std::size_t row = 0; row < lines.size(); ++row) {
        for (std::size_t i = 0; i < widths.size(); ++i)
            text += fmt::format("| {:<{}} ", lines[row][i], widths[i]);
        text += "|\n";
        if (row != 0) continue;
        for (const std::size_t width : widths) text += '|' + std::string(width + 2, '-');
        text += "|\n";
    }
    return text;
}

Line totals_of(const std::string& name, const Outcomes& runs) {
    const Outcomes left = with_left(runs);
    std::size_t processes = 0;
    long kib = 0;
    for (const Outcome* outcome : left) {
        processes += outcome->left.size();
        kib += kib_of(*outcome);
    }
    const std::vector<milliseconds> times = times_of(runs);
    const bool none = times.empty();
    return {name,
            fmt::format("{} of {}", left.size(), runs.size()),
            std::to_string(processes),
            mib_text(kib),
            none ? "" : seconds_text(times[times.size() / 2]),
            none ? "" : seconds_text(times.back())};
}

std::string totals(const std::vector<Outcome>& outcomes) {
    return table(
        {{"", "runs that left something", "processes left", "memory", "else gone after, median",
          "longest"},
         totals_of("with the guard", those(outcomes, [](const Cell& cell) { return cell.guarded; })),
         totals_of("without", those(outcomes, [](const Cell& cell) { return !cell.guarded; }))});
}

std::string matrix(const std::vector<Outcome>& outcomes) {
    std::vector<Line> lines = {{"server", ""}};
    for (const Way way : kWays) lines[0].push_back(name_of(way));
    for (const Launch& row : rows_of_the_matrix()) {
        for (const bool guarded : {true, false}) {
            Line line = {guarded ? row.name : "", guarded ? "guard" : "direct"};
            for (const Way way : kWays) {
                line.push_back(text_of_cell(those(outcomes, [&](const Cell& cell) {
                    return cell.launch.name == row.name && cell.guarded == guarded && cell.way == way;
                })));
            }
            const bool was_run = std::any_of(line.begin() + 2, line.end(),
                                             [](const std::string& text) { return !text.empty(); });
            if (was_run) lines.push_back(std::move(line));
        }
    }
    return table(lines);
}

std::string said_by(const std::vector<std::string>& argv) {
    Program program(argv, npm_start_options());
    return program.read_line(20s).value_or("unknown");
}

/// Debian's starter has something to say on stderr, too.
std::string chromium_version() {
    const std::string said = said_by({"sh", "-c", "exec \"$0\" --version 2>/dev/null", chromium()});
    return said.substr(0, said.find(" built"));
}

std::string machine() {
    utsname system{};
    uname(&system);
    std::istringstream cpu(text_of("/proc/cpuinfo"));
    std::string model = "unknown";
    for (std::string line; std::getline(cpu, line);) {
        if (line.starts_with("model name")) model = line.substr(line.find(": ") + 2);
    }
    const std::time_t now = std::time(nullptr);
    std::tm date{};
    gmtime_r(&now, &date);
    return fmt::format("{:04}-{:02}-{:02}, {}, {} x {}, Linux {}, node {}, {}", date.tm_year + 1900,
                       date.tm_mon + 1, date.tm_mday, said_by({REAPER_BINARY, "--version"}),
                       std::thread::hardware_concurrency(), model, system.release,
                       said_by({"node", "--version"}),
                       chromium().empty() ? "no chromium" : chromium_version());
}

/// "npx -y PACKAGE …": the package.
std::string package_of(const Launch& launch) {
    return launch.argv.at(2);
}

std::string versions() {
    std::vector<Line> lines = {{"server", "package", "version"}};
    for (const Launch& row : rows_of_the_matrix()) {
        if (row.name != row.type) continue;
        const json package =
            json::parse(text_of(in_npm_install("node_modules/" + package_of(row) + "/package.json")),
                        nullptr, false);
        lines.push_back({row.type, package_of(row), package.value("version", "unknown")});
    }
    return table(lines);
}

}  // namespace

std::string sentence_of(const Outcome& outcome) {
    if (!outcome.error.empty()) return "could not be run: " + outcome.error;
    if (outcome.gone_after) return "gone after " + seconds_text(*outcome.gone_after);
    std::map<std::string, int> names;
    for (const LeftProcess& process : outcome.left) ++names[process.comm];
    std::string text =
        fmt::format("{} processes left, {}:", outcome.left.size(), mib_text(kib_of(outcome)));
    for (const auto& [name, count] : names) text += fmt::format(" {} x {}", count, name);
    return text;
}

std::string report_of(const std::vector<Outcome>& outcomes, std::chrono::minutes took) {
    std::string text = fmt::format(kHead, took.count());
    text += totals(outcomes);
    text += kLegend;
    text += matrix(outcomes);
    text += "\n## What it was measured with\n\n" + machine() + ".\n\n";
    text +=
        "The client is one on the official SDK (`tests/npm/client.mjs`, socket pairs), in every second "
        "round "
        "one in Python\n(`tests/npm/client.py`, pipes) for all ways but close and wrapper killed.\n\n";
    text += versions();
    return text;
}

}  // namespace reaper::integration
