// mcp-reaper throttle: limits what servers named by hand may use, until they are released.
#include <charconv>
#include <cmath>

#include "cli/command.h"
#include "cli/hand.h"

namespace reaper::cli {
namespace {

/// A number and what stands behind it.
struct Figure {
    double value = 0;
    std::string unit;
};

std::optional<Figure> parse_figure(const std::string& text) {
    Figure figure;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, figure.value, std::chars_format::fixed);
    if (read.ec != std::errc{} || !std::isfinite(figure.value)) return std::nullopt;
    figure.unit.assign(read.ptr, end);
    return figure;
}

Parsed<CpuPercent> parse_cpu(const std::string& text) {
    constexpr double kMost = 1024 * 100;
    const auto figure = parse_figure(text);
    if (!figure || (!figure->unit.empty() && figure->unit != "%") || figure->value < 1 ||
        figure->value > kMost) {
        return tl::unexpected(UsageError{
            "--cpu: '" + text + "' is no percentage of one core from 1 on; write for instance 20%"});
    }
    return CpuPercent{figure->value};
}

Parsed<Bytes> parse_memory(const std::string& text) {
    constexpr double kMib = 1024 * 1024;
    const auto figure = parse_figure(text);
    const bool giga = figure && (figure->unit == "GB" || figure->unit == "G");
    const bool mega = figure && (figure->unit.empty() || figure->unit == "MB" || figure->unit == "M");
    if ((!giga && !mega) || figure->value < 1 || figure->value > 16 * kMib) {
        return tl::unexpected(
            UsageError{"--memory-max: '" + text + "' is no size; write for instance 500MB or 2GB"});
    }
    return Bytes{static_cast<std::uint64_t>(figure->value * kMib * (giga ? 1024 : 1))};
}

Parsed<unsigned> parse_count(const std::string& option, const std::string& text, unsigned least,
                             unsigned most) {
    unsigned count = 0;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, count);
    if (read.ec != std::errc{} || read.ptr != end || count < least || count > most) {
        return tl::unexpected(UsageError{"--" + option + ": '" + text + "' is no number from " +
                                         std::to_string(least) + " to " + std::to_string(most)});
    }
    return count;
}

Parsed<void> read_limits(const Arguments& arguments, enforce::CageLimits& limits) {
    if (const auto text = arguments.value("cpu")) {
        const auto cpu = parse_cpu(*text);
        if (!cpu) return tl::unexpected(cpu.error());
        limits.cpu = *cpu;
    }
    if (const auto text = arguments.value("weight")) {
        const auto weight = parse_count("weight", *text, 1, 10'000);
        if (!weight) return tl::unexpected(weight.error());
        limits.cpu_weight = *weight;
    }
    if (const auto text = arguments.value("memory-max")) {
        const auto memory = parse_memory(*text);
        if (!memory) return tl::unexpected(memory.error());
        limits.memory_max = *memory;
    }
    if (const auto text = arguments.value("pids-max")) {
        const auto pids = parse_count("pids-max", *text, 1, 4'000'000);
        if (!pids) return tl::unexpected(pids.error());
        limits.pids_max = *pids;
    }
    if (limits.none()) limits.cpu = CpuPercent{20};
    return {};
}

ExitCode run(const Arguments& arguments) {
    return act_by_hand("throttle", arguments, enforce::Deed::throttle,
                       [&](enforce::Order& order) { return read_limits(arguments, order.limits); });
}

}  // namespace

Command throttle_command() {
    Page page;
    page.name = "throttle";
    page.summary = "limit what servers may use until they are released";
    page.usage = {"mcp-reaper throttle SERVER|PID... [--cpu 20%] [OPTION]..."};
    page.description = {
        "Puts all processes of the server into a cgroup of their own and limits that: --cpu 20% where "
        "nothing "
        "is said. It goes on until mcp-reaper release, also when this program has long ended. Giving "
        "other "
        "limits to a server that is throttled already takes the place of those it had.",
        "A CPU weight (--weight) only takes effect when others want the CPU too, and may be given to a "
        "server "
        "that is in use without --even-in-use.",
        "A memory limit counts only what the server takes from then on: what it holds already is not "
        "charged to its new cgroup. When it reaches the limit the kernel ends a process of it."};
    page.options = {
        {"cpu", 0, "PERCENT", "CPU for the whole server, in percent of one core: 20%, 150%."},
        {"weight", 0, "N", "CPU weight from 1 to 10000, beside 100 of everybody else."},
        {"memory-max", 0, "SIZE", "Memory for what it takes from now on: 500MB, 2GB."},
        {"pids-max", 0, "N", "Processes and threads."}};
    for (Option& option : hand_options()) page.options.push_back(std::move(option));
    page.examples = {{"sudo mcp-reaper throttle 4711", "A fifth of a core for it."},
                     {"sudo mcp-reaper throttle 4711 --weight 10", "Only what others leave."}};
    page.exit_codes = hand_exit_codes();
    return {std::move(page), run, {}};
}

}  // namespace reaper::cli
