#include "clients/shown_diff.h"

#include <algorithm>

#include "clients/line_diff.h"
#include "clients/redacted_text.h"
#include "report/redact.h"
#include "report/text_writer.h"

namespace reaper::clients {
namespace {

using report::Style;
using Lines = std::vector<std::string_view>;

constexpr std::size_t kAround = 3;
/// A file without line breaks is one line: of that only so much is shown.
constexpr std::size_t kLongLine = 1000;
constexpr std::size_t kBesideChange = 200;

struct Side {
    Lines lines;           ///< As they are: what is compared.
    std::string redacted;  ///< Without the values that its structure calls secret.
    Lines shown;           ///< Its lines: the same number.
};

Side side_of(const std::string& text) {
    Side side;
    side.lines = lines_of(text);
    const auto json = JsonText::read(text);
    side.redacted = json ? redacted(*json) : text;
    side.shown = lines_of(side.redacted);
    return side;
}

/// Harmless to a terminal, as tabs are.
std::string harmless(std::string_view line, std::size_t max_bytes) {
    std::string out;
    while (true) {
        const std::size_t tab = std::min(line.find('\t'), line.size());
        out += report::printable(line.substr(0, tab), max_bytes);
        if (tab == line.size()) return out;
        out += '\t';
        line.remove_prefix(tab + 1);
    }
}

/// What is common to the beginnings of two lines, without that much of it.
std::size_t cut_before(std::string_view line, std::string_view other) {
    const auto end = std::mismatch(line.begin(), line.end(), other.begin(), other.end()).first;
    const auto common = static_cast<std::size_t>(end - line.begin());
    return common > kBesideChange ? common - kBesideChange : 0;
}

class Writer {
  public:
    Writer(const Side& before, const Side& after, bool colour)
        : before_(before), after_(after), colour_(colour) {}

    /// Changes that are near to each other: lines [first, last) of them.
    void hunk(const ChangedLines* first, const ChangedLines* last) {
        const ChangedLines& end = *(last - 1);
        const std::size_t lead = std::min(kAround, first->old_begin);
        const std::size_t tail = std::min(kAround, before_.shown.size() - end.old_end);
        head(first->old_begin - lead, end.old_end + tail, first->new_begin - lead, end.new_end + tail);
        std::size_t at = first->old_begin - lead;
        for (const ChangedLines* change = first; change != last; ++change) {
            for (; at < change->old_begin; ++at) line(' ', before_.shown[at], {});
            for (; at < change->old_end; ++at)
                line('-', before_.shown[at], counterpart(after_, change->new_begin, change->new_end));
            for (std::size_t added = change->new_begin; added < change->new_end; ++added)
                line('+', after_.shown[added], counterpart(before_, change->old_begin, change->old_end));
        }
        for (const std::size_t stop = at + tail; at < stop; ++at) line(' ', before_.shown[at], {});
    }
    void title(char sign, const std::string& file) {
        add(std::string(3, sign) + ' ' + report::printable(file), Style::bold);
    }
    std::string take() { return std::move(out_); }

  private:
    static std::string_view counterpart(const Side& side, std::size_t begin, std::size_t end) {
        return begin < end ? side.shown[begin] : std::string_view();
    }
    static std::string range(std::size_t begin, std::size_t end) {
        // diff(1): an empty range is named by the line before it.
        const std::size_t line = begin == end ? begin : begin + 1;
        return std::to_string(line) + (end - begin == 1 ? "" : ',' + std::to_string(end - begin));
    }
    void head(std::size_t old_begin, std::size_t old_end, std::size_t new_begin, std::size_t new_end) {
        add("@@ -" + range(old_begin, old_end) + " +" + range(new_begin, new_end) + " @@", Style::cyan);
    }
    void line(char sign, std::string_view text, std::string_view other) {
        if (text.ends_with('\r')) text.remove_suffix(1);
        const std::string line = report::redact_line(text);
        std::string shown(1, sign);
        if (line.size() > kLongLine) {
            const std::size_t cut = cut_before(line, report::redact_line(other));
            if (cut > 0) shown += "…";
            shown += harmless(line.substr(cut, kLongLine), kLongLine);
            if (cut + kLongLine < line.size()) shown += "…";
        } else {
            shown += harmless(line, kLongLine * 4);
        }
        add(shown, sign == '-' ? Style::red : sign == '+' ? Style::green : Style::plain);
    }
    void add(const std::string& text, Style style) {
        out_ += report::styled(text, style, colour_) + '\n';
    }

    const Side& before_;
    const Side& after_;
    bool colour_;
    std::string out_;
};

}  // namespace

std::string shown_diff(const std::string& file, const std::string& before, const std::string& after,
                       const report::TableOptions& options) {
    const Side old_side = side_of(before);
    const Side new_side = side_of(after);
    const std::vector<ChangedLines> changes = changed_lines(old_side.lines, new_side.lines);
    if (changes.empty()) return "";
    Writer writer(old_side, new_side, options.colour);
    writer.title('-', file);
    writer.title('+', file);
    const ChangedLines* const end = changes.data() + changes.size();
    for (const ChangedLines* first = changes.data(); first != end;) {
        const ChangedLines* last = first + 1;
        while (last != end && last->old_begin - (last - 1)->old_end <= 2 * kAround) ++last;
        writer.hunk(first, last);
        first = last;
    }
    return writer.take();
}

}  // namespace reaper::clients
