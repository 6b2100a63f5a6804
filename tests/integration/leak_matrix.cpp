// The leak matrix: runs all of it, and writes docs/leak-matrix.md.
//
//   leak_matrix [--rounds N] [--output FILE] [WORD...]
//
// With words only the cells whose names have them all ("guarded, puppeteer, page open, SIGKILL"), and
// then no document unless --output asks for one. Ends with 1 where a guarded cell left something, or a
// cell could not be run.
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string_view>

#include "guardian.h"
#include "leak_report.h"

namespace reaper::integration {
namespace {

struct Request {
    int rounds = 2;
    std::string output;
    std::vector<std::string> words;
};

[[noreturn]] void leave(std::string_view why) {
    std::cerr << "leak_matrix: " << why << '\n';
    std::exit(2);
}

Request parse(const std::vector<std::string>& arguments) {
    Request request;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& argument = arguments[i];
        if (!argument.starts_with("--")) {
            request.words.push_back(argument);
            continue;
        }
        if (i + 1 == arguments.size()) leave(argument + " takes a value");
        const std::string& value = arguments[++i];
        if (argument == "--output") {
            request.output = value;
        } else if (argument == "--rounds") {
            request.rounds = std::atoi(value.c_str());
            if (request.rounds < 1) leave("--rounds takes a number");
        } else {
            leave("there is no option " + argument);
        }
    }
    if (request.words.empty() && request.output.empty())
        request.output = REAPER_SOURCE_DIR "/docs/leak-matrix.md";
    return request;
}

bool is_wanted(const Cell& cell, const std::vector<std::string>& words) {
    const std::string name = name_of(cell);
    return std::ranges::all_of(
        words, [&](const std::string& word) { return name.find(word) != std::string::npos; });
}

/// The servers of one way run together: guarded ones, then those that are not.
std::vector<std::vector<Cell>> batches(const Request& request) {
    std::vector<std::vector<Cell>> result;
    for (int round = 0; round < request.rounds; ++round) {
        for (Cell& cell : cells_of_round(round)) {
            if (!is_wanted(cell, request.words)) continue;
            const bool goes_with_last = !result.empty() && result.back().back().way == cell.way &&
                                        result.back().back().guarded == cell.guarded &&
                                        result.back().back().client == cell.client;
            if (!goes_with_last) result.emplace_back();
            result.back().push_back(std::move(cell));
        }
    }
    return result;
}

bool is_bad(const Outcome& outcome) {
    return !outcome.error.empty() || (outcome.cell.guarded && !outcome.left.empty());
}

int run(const Request& request) {
    const auto begun = std::chrono::steady_clock::now();
    std::vector<Outcome> outcomes;
    bool bad = false;
    for (const std::vector<Cell>& cells : batches(request)) {
        BatchOutcome batch = run_together(cells);
        for (Outcome& outcome : batch.cells) {
            std::cout << name_of(outcome.cell) << ": " << sentence_of(outcome) << std::endl;
            bad = bad || is_bad(outcome);
            outcomes.push_back(std::move(outcome));
        }
        for (const LeftProcess& process : batch.unknown) {
            std::cout << "of one of these, nobody knows which: " << process.comm << " is left"
                      << std::endl;
            bad = true;
        }
    }
    if (outcomes.empty()) leave("no cell has such a name");
    const auto took = std::chrono::ceil<std::chrono::minutes>(std::chrono::steady_clock::now() - begun);
    const std::string report = report_of(outcomes, took);
    if (request.output.empty()) {
        std::cout << '\n' << report.substr(report.find("## Result"));
    } else {
        std::ofstream(request.output) << report;
        std::cout << "written: " << request.output << '\n';
    }
    std::cout.flush();
    return bad ? 1 : 0;
}

}  // namespace
}  // namespace reaper::integration

int main(int argc, char** argv) {
    using namespace reaper::integration;
    const Request request = parse({argv + 1, argv + argc});
    if (const std::string why = why_no_npm(); !why.empty()) leave(why);
    start_guardian();
    signal(SIGPIPE, SIG_IGN);
    return run(request);
}
