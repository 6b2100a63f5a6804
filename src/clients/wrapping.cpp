#include "clients/wrapping.h"

#include <algorithm>

namespace reaper::clients {
namespace {

constexpr std::string_view kName = "mcp-reaper";
constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::size_t npos = std::string_view::npos;

std::string_view file_name(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

bool starts_us(const ServerEntry& entry, const GuardCommand& guard) {
    return entry.words.front() == guard.program || file_name(entry.words.front()) == kName;
}

/// Where the server's own command stands among the words; nothing where no guard is in front.
std::optional<std::size_t> own_command(const ServerEntry& entry, const GuardCommand& guard) {
    const std::vector<std::string>& words = entry.words;
    if (words.size() < 2 || !starts_us(entry, guard) || words[1] != "run") return std::nullopt;
    const auto dashes = std::find(words.begin() + 2, words.end(), "--");
    if (words.end() - dashes < 2) return std::nullopt;
    return static_cast<std::size_t>(dashes - words.begin()) + 1;
}

/// The line break and the indentation before a place, where it begins a line; else a blank.
std::string layout_before(const JsonText& json, std::size_t place) {
    const std::string_view before = std::string_view(json.text()).substr(0, place);
    const std::size_t last = before.find_last_not_of(kBlanks);
    const std::size_t blanks = last == npos ? 0 : last + 1;
    std::size_t newline = before.rfind('\n');
    if (newline == npos || newline < blanks) return " ";
    if (newline > blanks && before[newline - 1] == '\r') --newline;
    return std::string(before.substr(newline));
}

/// The words before the server's arguments, its own command as it was spelled.
std::string guard_words(const JsonText& json, const ServerEntry& entry, const GuardCommand& guard) {
    std::string words = R"("run")";
    // What looks like an option would be taken for one.
    if (!entry.name.empty() && entry.name.front() != '-') {
        words += R"(, "--name", )";
        words += json.text(entry.member.key);
    }
    if (guard.type) words += R"(, "--type", )" + quoted(*guard.type);
    words += R"(, "--", )";
    words += json.text(entry.command.value.span);
    return words;
}

bool has_comment(std::string_view text) {
    return text.find('/') != npos;
}

/// What a reader would miss between words that go: the comments, with the white space around them.
class Remains {
  public:
    explicit Remains(const JsonText& json) : json_(json) {}

    /// The text between two words, its comma left out.
    void between(std::size_t begin, std::size_t end) {
        std::string trivia(json_.text({begin, end}));
        any_ = any_ || has_comment(trivia);
        // No comment can stand before it that holds a comma: the first one outside of comments counts.
        for (std::size_t at = 0; at < trivia.size(); ++at) {
            if (trivia.compare(at, 2, "//") == 0)
                at = std::min(trivia.find('\n', at), trivia.size() - 1);
            if (trivia.compare(at, 2, "/*") == 0) at = trivia.find("*/", at) + 1;
            if (trivia[at] != ',') continue;
            trivia.erase(at, 1);
            break;
        }
        text_ += trivia;
    }
    [[nodiscard]] std::string text() const { return any_ ? text_ : std::string(); }

  private:
    const JsonText& json_;
    std::string text_;
    bool any_ = false;
};

/// `args` that wrapping made: right behind the command, with the blank that says so.
bool args_were_added(const JsonText& json, const ServerEntry& entry, const JsonValue& first) {
    if (first.span.begin != entry.args->value.span.begin + 2) return false;
    if (json.text()[first.span.begin - 1] != ' ') return false;
    const std::size_t command_end = entry.command.value.span.end;
    if (entry.args->key.begin < command_end) return false;
    const std::string_view between = json.text({command_end, entry.args->key.begin});
    return between.find_first_not_of(" \t\r\n,") == npos;
}

}  // namespace

Guarding guarding_of(const ServerEntry& entry, const GuardCommand& guard) {
    if (own_command(entry, guard)) return Guarding::guarded;
    return starts_us(entry, guard) ? Guarding::ours : Guarding::unguarded;
}

std::vector<std::string> guarded_words(const ServerEntry& entry, const GuardCommand& guard) {
    const auto begin = static_cast<std::ptrdiff_t>(own_command(entry, guard).value_or(0));
    return {entry.words.begin() + begin, entry.words.end()};
}

std::vector<Edit> wrapping_of(const JsonText& json, const ServerEntry& entry,
                              const GuardCommand& guard) {
    const Span command = entry.command.value.span;
    std::vector<Edit> edits = {{command, quoted(guard.program)}};
    const std::string words = guard_words(json, entry, guard);
    if (!entry.args) {
        const std::string layout = layout_before(json, entry.command.key.begin);
        edits.front().text += ',' + layout + R"("args": [ )" + words + " ]";
        return edits;
    }
    const std::vector<JsonValue> args = json.elements(entry.args->value);
    if (args.empty()) {
        const std::size_t inside = entry.args->value.span.begin + 1;
        edits.push_back({{inside, inside}, words});
        return edits;
    }
    const std::size_t first = args.front().span.begin;
    edits.push_back({{first, first}, words + ',' + layout_before(json, first)});
    return edits;
}

std::vector<Edit> unwrapping_of(const JsonText& json, const ServerEntry& entry,
                                const GuardCommand& guard) {
    const auto own = own_command(entry, guard);
    if (!own || !entry.args) return {};
    const std::vector<JsonValue> args = json.elements(entry.args->value);
    const std::size_t last = *own - 1;  // Among the args, where the command itself is none.
    const Span command = entry.command.value.span;
    const std::string spelling(json.text(args[last].span));
    std::vector<Edit> edits = {{command, spelling}};

    Remains remains(json);
    for (std::size_t i = 0; i < last; ++i) remains.between(args[i].span.end, args[i + 1].span.begin);
    const bool more = last + 1 < args.size();
    Span gone{args.front().span.begin, args[last].span.end};
    if (more) {
        gone.end = args[last + 1].span.begin;
        remains.between(args[last].span.end, gone.end);
    } else {
        // A formatter may have put a comma there.
        const std::size_t close = entry.args->value.span.end - 1;
        const std::string_view rest = json.text({gone.end, close});
        const std::size_t comma = rest.find_first_not_of(kBlanks);
        if (comma != npos && rest[comma] == ',') gone.end += comma + 1;
    }
    const std::string kept = remains.text();
    const Span array = entry.args->value.span;
    if (!more && kept.empty() && args_were_added(json, entry, args.front()) &&
        !has_comment(json.text({gone.end, array.end}))) {
        edits.front().span.end = array.end;
        return edits;
    }
    edits.push_back({gone, kept});
    return edits;
}

}  // namespace reaper::clients
