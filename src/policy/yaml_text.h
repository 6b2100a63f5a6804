// What a text must be before a YAML parser may see it, and how its complaints read to people.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/yaml_document.h"

namespace reaper::policy {

/// The lines of a text, for places by line and column. The text must outlive it.
class YamlLines {
  public:
    explicit YamlLines(std::string_view text);

    /// A place that counts from 0 and in bytes, as yaml-cpp gives it, for people. Cheap where it is
    /// asked for in the order of the text: a line may be a megabyte long and hold 100,000 values.
    [[nodiscard]] YamlMark mark(int line, int byte_column);

    /// The offset of such a place, at most the text's size.
    [[nodiscard]] std::size_t offset(int line, int byte_column) const;

    /// A line counted from 0, without its end; empty past the last one.
    [[nodiscard]] std::string_view line(int index) const;

    [[nodiscard]] std::string_view text() const { return text_; }

  private:
    std::string_view text_;
    std::vector<std::size_t> starts_;
    int counted_line_ = 0;            ///< The last place asked for, and
    std::size_t counted_offset_ = 0;  ///< how far its line was counted,
    int counted_characters_ = 0;      ///< with what result.
};

/// The first byte that is not UTF-8, or a control character that YAML does not know.
std::optional<YamlMistake> find_foreign_byte(std::string_view text);

/// Where in the text a quoted scalar begins that is never closed: at `offset`, if there.
bool never_closed(std::string_view text, std::size_t offset);

/// What yaml-cpp complains of at a place (counted as yaml-cpp does), said for people.
YamlMistake explain_syntax(YamlLines& lines, int line, int byte_column, const std::string& complaint);

}  // namespace reaper::policy
