#include "cli/terminal.h"

#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <string_view>

namespace reaper::cli {
namespace {

std::string_view environment(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? std::string_view() : std::string_view(value);
}

std::optional<std::size_t> columns_variable() {
    const std::string_view text = environment("COLUMNS");
    std::size_t columns = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), columns);
    const bool whole = read.ec == std::errc{} && read.ptr == text.data() + text.size();
    return whole && columns > 0 ? std::optional(columns) : std::nullopt;
}

/// 0: no limit.
std::size_t columns() {
    constexpr std::size_t kUsual = 80;
    if (::isatty(STDOUT_FILENO) == 0) return columns_variable().value_or(0);
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    return columns_variable().value_or(kUsual);
}

}  // namespace

bool is_live_terminal(int fd) {
    const std::string_view term = environment("TERM");
    return ::isatty(fd) == 1 && !term.empty() && term != "dumb";
}

report::TableOptions table_options() {
    report::TableOptions options;
    options.width = columns();
    options.colour = is_live_terminal(STDOUT_FILENO) && environment("NO_COLOR").empty();
    options.utf8 = std::string_view(::nl_langinfo(CODESET)) == "UTF-8";
    return options;
}

std::size_t help_width() {
    constexpr std::size_t kNarrowest = 30;
    constexpr std::size_t kWidest = 100;
    constexpr std::size_t kUsual = 80;
    const std::size_t width = columns();
    return width == 0 ? kUsual : std::clamp(width, kNarrowest, kWidest);
}

}  // namespace reaper::cli
