// Writes text for a terminal: wrapped to its width, with colours where they are wanted.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "report/scan_report.h"

namespace reaper::report {

enum class Style { plain, bold, red, bold_red, yellow, green, cyan, dim };

/// `text` between the escape sequences of `style`; as it is where colours are off.
std::string styled(std::string_view text, Style style, bool colour);

class TextWriter {
  public:
    explicit TextWriter(const TableOptions& options) : options_(options) {}

    /// A line set apart by an empty one before it, unless it is the first.
    void heading(std::string_view text);

    /// One paragraph. Its lines begin `indent` columns in, those after the first `hang` further.
    void line(std::string_view text, std::size_t indent = 0, std::size_t hang = 2);

    /// "name      value": the value wrapped in a column of its own, under each other.
    void field(std::string_view name, std::string_view value);

    void blank() { out_ += '\n'; }

    /// Text that is laid out already.
    void raw(std::string_view text) { out_ += text; }

    [[nodiscard]] const TableOptions& options() const { return options_; }
    [[nodiscard]] std::string take() { return std::move(out_); }

  private:
    TableOptions options_;
    std::string out_;
};

}  // namespace reaper::report
