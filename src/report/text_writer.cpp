#include "report/text_writer.h"

#include <utility>

#include "report/text_width.h"

namespace reaper::report {
namespace {

/// Room for the longest name of a field and a gap.
constexpr std::size_t kFieldColumn = 13;

std::string_view escape_of(Style style) {
    switch (style) {
        case Style::plain:
            return "";
        case Style::bold:
            return "\x1b[1m";
        case Style::red:
            return "\x1b[31m";
        case Style::bold_red:
            return "\x1b[1;31m";
        case Style::yellow:
            return "\x1b[33m";
        case Style::green:
            return "\x1b[32m";
        case Style::cyan:
            return "\x1b[36m";
        case Style::dim:
            return "\x1b[2m";
    }
    return "";
}

}  // namespace

std::string styled(std::string_view text, Style style, bool colour) {
    const std::string_view escape = escape_of(style);
    if (!colour || escape.empty()) return std::string(text);
    std::string out(escape);
    out += text;
    out += "\x1b[0m";
    return out;
}

void TextWriter::heading(std::string_view text) {
    if (!out_.empty()) out_ += '\n';
    for (const std::string& wrapped : wrap(text, options_.width)) {
        out_ += styled(wrapped, Style::bold, options_.colour);
        out_ += '\n';
    }
}

void TextWriter::line(std::string_view text, std::size_t indent, std::size_t hang) {
    std::string first(indent, ' ');
    first += text;
    for (const std::string& wrapped : wrap(first, options_.width, indent + hang)) {
        out_ += wrapped;
        out_ += '\n';
    }
}

void TextWriter::field(std::string_view name, std::string_view value) {
    // Where the column would leave too little to read in, the value hangs below the name.
    const bool narrow = options_.width != 0 && options_.width < 3 * kFieldColumn;
    if (narrow) {
        line(name);
        line(value, 2, 2);
        return;
    }
    std::string column = pad(name, kFieldColumn, Align::left);
    for (const std::string& wrapped :
         wrap(value, options_.width == 0 ? 0 : options_.width - kFieldColumn)) {
        out_ += column;
        out_ += wrapped;
        out_ += '\n';
        column.assign(kFieldColumn, ' ');
    }
}

}  // namespace reaper::report
