#include "report/outcome_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "report/humanize.h"
#include "report/judged_servers.h"
#include "report/redact.h"
#include "report/text_width.h"

namespace reaper::report {
namespace {

using enforce::Effect;

std::string span(std::chrono::microseconds took) {
    if (took < std::chrono::seconds(1)) return fmt::format("{} ms", took.count() / 1000);
    return fmt::format("{:.1f} s", std::chrono::duration<double>(took).count());
}

std::string figures(const enforce::Outcome& outcome) {
    if (outcome.effect != Effect::ended && outcome.effect != Effect::killed) return "";
    return fmt::format(": {}, {}, {}", counted(outcome.ended.size(), "process", "processes"),
                       human_bytes(outcome.freed), span(outcome.took));
}

std::string left_over(const enforce::Outcome& outcome) {
    constexpr std::size_t kMost = 10;
    if (outcome.left.empty()) return "";
    std::string text = "still there:";
    for (std::size_t i = 0; i < std::min(outcome.left.size(), kMost); ++i) {
        text += fmt::format(" {}", outcome.left[i].pid);
    }
    if (outcome.left.size() > kMost) text += fmt::format(" and {} more", outcome.left.size() - kMost);
    return text;
}

}  // namespace

Style style_of(Effect effect) {
    switch (effect) {
        case Effect::failed:
        case Effect::unkillable:
            return Style::bold_red;
        case Effect::refused:
        case Effect::deferred:
        case Effect::cancelled:
            return Style::yellow;
        case Effect::ended:
        case Effect::killed:
        case Effect::throttled:
        case Effect::frozen:
        case Effect::released:
        case Effect::gone:
            break;
    }
    return Style::green;
}

void tell_outcome(const Done& done, TextWriter& out) {
    constexpr std::size_t kColumn = 10;
    const std::string word = pad(enforce::to_string(done.outcome.effect), kColumn, Align::left);
    const std::string rest = ' ' + name_of(done.order.server) + figures(done.outcome);
    const std::size_t width = out.options().width;
    if (width == 0 || 2 + display_width(word + rest) <= width) {
        out.raw("  " + styled(word, style_of(done.outcome.effect), out.options().colour) + rest + '\n');
    } else {
        out.line(word + rest, 2, kColumn + 1);
    }
    if (!done.outcome.why.empty()) out.line(printable(done.outcome.why, 1000), 6);
    if (const std::string left = left_over(done.outcome); !left.empty()) out.line(left, 6);
    if (!done.outcome.remedy.empty()) out.line("what helps: " + printable(done.outcome.remedy, 1000), 6);
}

void tell_outcomes(const std::vector<Done>& done, TextWriter& out) {
    std::size_t ended = 0;
    std::size_t processes = 0;
    Bytes memory;
    std::array<std::size_t, enforce::kEffects> others{};
    for (const Done& one : done) {
        const Effect effect = one.outcome.effect;
        processes += one.outcome.ended.size();
        if (effect != Effect::ended && effect != Effect::killed) {
            ++others.at(static_cast<std::size_t>(effect));
            continue;
        }
        ++ended;
        memory += one.outcome.freed;
    }
    std::string text;
    if (ended > 0) {
        text = fmt::format("{} ended: {}, {} given back.", counted(ended, "server", "servers"),
                           counted(processes, "process", "processes"), human_bytes(memory));
    }
    for (std::size_t i = 0; i < others.size(); ++i) {
        if (others.at(i) == 0) continue;
        text += fmt::format("{}{} {}.", text.empty() ? "" : " ", others.at(i),
                            enforce::to_string(static_cast<Effect>(i)));
    }
    out.line(text, 0, 0);
}

}  // namespace reaper::report
