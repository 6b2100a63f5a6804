#include "cli/help.h"

#include <algorithm>

#include "report/text_width.h"

namespace reaper::cli {
namespace {

constexpr std::size_t kIndent = 2;
constexpr std::size_t kWidestLeft = 24;  // A longer left side gets a line of its own.

void heading(std::string& out, const std::string& title) {
    if (!out.empty()) out += '\n';
    out += title + '\n';
}

std::string left_of(const Option& option) {
    std::string text = option.letter != 0 ? std::string("-") + option.letter + ", " : std::string();
    text += "--" + option.name;
    if (!option.argument.empty()) text += ' ' + option.argument;
    return text;
}

void add_options(std::string& out, const std::vector<Option>& options, std::size_t width) {
    std::size_t left_width = 0;
    for (const Option& option : options) {
        left_width = std::max(left_width, std::min(left_of(option).size(), kWidestLeft));
    }
    for (const Option& option : options) {
        out += definition(left_of(option), option.help, left_width, width);
    }
}

void add_examples(std::string& out, const std::vector<Example>& examples, std::size_t width) {
    for (const Example& example : examples) {
        out += std::string(kIndent, ' ') + example.command + '\n';
        out += wrap(example.meaning, width, kIndent + 4);
    }
}

}  // namespace

std::string wrap(const std::string& text, std::size_t width, std::size_t indent) {
    std::string out;
    for (const std::string& line : report::wrap(text, width - indent)) {
        out += std::string(indent, ' ') + line + '\n';
    }
    return out;
}

std::string definition(const std::string& left, const std::string& right, std::size_t left_width,
                       std::size_t width) {
    const std::size_t column = kIndent + left_width + 2;
    // On a narrow terminal a column of its own would hold a word a line.
    if (width < column + 24) {
        return std::string(kIndent, ' ') + left + '\n' + wrap(right, width, kIndent + 4);
    }
    std::string text = wrap(right, width, column);
    std::string head = std::string(kIndent, ' ') + left;
    if (left.size() > left_width || text.size() < column) return head + '\n' + text;
    head.resize(column, ' ');
    return head + text.substr(column);
}

std::string format(const Page& page, std::size_t width) {
    std::string out;
    for (const std::string& usage : page.usage) {
        out += (out.empty() ? "Usage: " : "       ") + usage + '\n';
    }
    for (const std::string& paragraph : page.description) {
        out += '\n' + wrap(paragraph, width, 0);
    }
    if (!page.options.empty()) {
        heading(out, "Options:");
        add_options(out, page.options, width);
    }
    for (const Section& section : page.sections) {
        heading(out, section.title + ':');
        for (const std::string& paragraph : section.paragraphs) {
            const std::size_t gap = paragraph.find("  ");
            out += gap == std::string::npos
                       ? wrap(paragraph, width, kIndent)
                       : definition(paragraph.substr(0, gap), paragraph.substr(gap + 2), 10, width);
        }
    }
    if (!page.examples.empty()) {
        heading(out, "Examples:");
        add_examples(out, page.examples, width);
    }
    if (!page.exit_codes.empty()) {
        heading(out, "Exit codes:");
        for (const std::string& code : page.exit_codes) {
            out += definition(code.substr(0, 1), code.substr(3), 1, width);
        }
    }
    return out;
}

}  // namespace reaper::cli
