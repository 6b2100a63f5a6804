#include "guard/envelope.h"

#include <simdjson.h>

#include <charconv>
#include <cmath>
#include <optional>

namespace reaper::guard {
namespace {

namespace ondemand = simdjson::ondemand;
static_assert(kPadding >= simdjson::SIMDJSON_PADDING);

constexpr std::string_view kBlanks = " \t\r\n";
/// What a parser for a longer line has taken is given back by relax().
constexpr std::size_t kKeptCapacity = 64 * 1024;

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// A value as written. False where it is none.
bool text_of(ondemand::value value, std::string_view& text) {
    ondemand::json_type type{};
    if (value.type().get(type) != simdjson::SUCCESS) return false;
    if (type == ondemand::json_type::object) {
        ondemand::object object;
        return value.get_object().get(object) == simdjson::SUCCESS &&
               object.raw_json().get(text) == simdjson::SUCCESS;
    }
    if (type == ondemand::json_type::array) {
        ondemand::array array;
        return value.get_array().get(array) == simdjson::SUCCESS &&
               array.raw_json().get(text) == simdjson::SUCCESS;
    }
    text = trimmed(value.raw_json_token());
    return !text.empty();
}

std::string_view without_quotes(std::string_view text) {
    if (text.size() < 2 || text.front() != '"' || text.back() != '"') return {};
    return text.substr(1, text.size() - 2);
}

/// False where it is no whole object.
bool read_object(ondemand::object object, Envelope& envelope) {
    for (auto field : object) {
        ondemand::value value;
        ondemand::raw_json_string key;
        if (field.key().get(key) != simdjson::SUCCESS) return false;
        if (field.value().get(value) != simdjson::SUCCESS) return false;
        std::string_view text;
        if (key == "id") {
            if (!text_of(value, envelope.id)) return false;
        } else if (key == "method") {
            if (!text_of(value, text)) return false;
            envelope.method = without_quotes(text);
        } else if (key == "result") {
            envelope.has_result = true;
        } else if (key == "error") {
            envelope.has_error = true;
        }
    }
    return true;
}

bool read_array(ondemand::array array, std::vector<Envelope>& all) {
    for (auto element : array) {
        ondemand::object object;
        if (element.get_object().get(object) != simdjson::SUCCESS) return false;
        if (!read_object(object, all.emplace_back())) return false;
    }
    return true;
}

bool read_document(ondemand::document& document, Envelopes& envelopes) {
    ondemand::json_type type{};
    if (document.type().get(type) != simdjson::SUCCESS) return false;
    envelopes.batch = type == ondemand::json_type::array;
    if (envelopes.batch) {
        ondemand::array array;
        if (document.get_array().get(array) != simdjson::SUCCESS) return false;
        if (!read_array(array, envelopes.all)) return false;
    } else {
        ondemand::object object;
        if (type != ondemand::json_type::object) return false;
        if (document.get_object().get(object) != simdjson::SUCCESS) return false;
        if (!read_object(object, envelopes.all.emplace_back())) return false;
    }
    // Nothing behind the last brace.
    return document.current_location().error() == simdjson::OUT_OF_BOUNDS;
}

/// A walk over the beginning of an object that may break off anywhere.
class HeadScanner {
  public:
    explicit HeadScanner(std::string_view text) : text_(text) {}

    /// The value of the member "id" of the outermost object, if it is a number or a string.
    std::string_view id() {
        if (!take('{')) return {};
        for (;;) {
            const std::optional<std::string_view> key = member();
            if (!key) return {};
            const std::size_t from = (skip_blanks(), at_);
            if (!value()) return {};
            if (*key == "\"id\"") return trimmed(text_.substr(from, at_ - from));
            if (!take(',')) return {};
        }
    }

    Kind kind() {
        if (!take('{')) return Kind::unknown;
        for (;;) {
            const std::optional<std::string_view> key = member();
            if (!key) return Kind::unknown;
            if (*key == "\"method\"" || *key == "\"params\"") return Kind::asks;
            if (*key == "\"result\"" || *key == "\"error\"") return Kind::answers;
            if (!value() || !take(',')) return Kind::unknown;
        }
    }

  private:
    void skip_blanks() { at_ = std::min(text_.find_first_not_of(kBlanks, at_), text_.size()); }

    bool take(char c) {
        skip_blanks();
        if (at_ >= text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }

    /// The name of the next one, with its quotes.
    std::optional<std::string_view> member() {
        const std::optional<std::string_view> key = string();
        return key && take(':') ? key : std::nullopt;
    }

    std::optional<std::string_view> string() {
        skip_blanks();
        const std::size_t from = at_;
        if (!take('"')) return std::nullopt;
        for (; at_ < text_.size(); ++at_) {
            if (text_[at_] == '\\') {
                ++at_;
            } else if (text_[at_] == '"') {
                ++at_;
                return text_.substr(from, at_ - from);
            }
        }
        return std::nullopt;
    }

    /// Over one whole value; false where it breaks off.
    bool value() {
        int depth = 0;
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '"') {
                if (!string()) return false;
                if (depth == 0) return at_ < text_.size();
                continue;
            }
            if (c == '{' || c == '[') ++depth;
            if (c == '}' || c == ']') {
                if (depth == 0) return true;  // Of the object around it.
                if (--depth == 0) {
                    ++at_;
                    return true;
                }
            }
            if (c == ',' && depth == 0) return true;
            ++at_;
        }
        return false;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

/// `… ,"id":7}` and `… ,"id":7,"jsonrpc":"2.0"}`: only one brace may follow, so it is the outermost's.
std::string_view id_at_end(std::string_view tail) {
    constexpr std::string_view kId = "\"id\"";
    const std::size_t found = tail.rfind(kId);
    if (found == std::string_view::npos || found == 0) return {};
    const char before = tail[found - 1];
    if (before != ',' && before != '{' && kBlanks.find(before) == std::string_view::npos) return {};
    std::string_view rest = trimmed(tail.substr(found + kId.size()));
    if (!rest.starts_with(':') || !rest.ends_with('}')) return {};
    rest = trimmed(rest.substr(1, rest.size() - 2));
    const std::size_t version = rest.rfind("\"jsonrpc\"");
    if (version != std::string_view::npos) {
        rest = trimmed(rest.substr(0, version));
        if (!rest.ends_with(',')) return {};
        rest = trimmed(rest.substr(0, rest.size() - 1));
    }
    if (rest.empty()) return {};
    if (rest.front() == '"') {
        const bool plain =
            rest.size() >= 2 && rest.back() == '"' && rest.find_first_of("\"\\", 1) == rest.size() - 1;
        return plain ? rest : std::string_view{};
    }
    return rest.find_first_not_of("0123456789+-.eE") == std::string_view::npos ? rest
                                                                               : std::string_view{};
}

/// Calls read(object) with the object that `line` is, by a parser of its own: for what is seldom asked.
template <typename Read>
std::string of_object(std::string_view line, const Read& read) {
    ondemand::parser parser;
    const simdjson::padded_string text(line);
    ondemand::document document;
    ondemand::object object;
    if (parser.iterate(text).get(document) != simdjson::SUCCESS) return {};
    if (document.get_object().get(object) != simdjson::SUCCESS) return {};
    return read(object);
}

}  // namespace

struct EnvelopeReader::Parser {
    ondemand::parser parser;
};

EnvelopeReader::EnvelopeReader() = default;
EnvelopeReader::~EnvelopeReader() = default;

const Envelopes* EnvelopeReader::read(std::string_view line) {
    if (!parser_) parser_ = std::make_unique<Parser>();
    envelopes_.all.clear();
    ondemand::document document;
    const simdjson::padded_string_view padded(line.data(), line.size(), line.size() + kPadding);
    const bool whole = parser_->parser.iterate(padded).get(document) == simdjson::SUCCESS &&
                       read_document(document, envelopes_);
    return whole ? &envelopes_ : nullptr;
}

void EnvelopeReader::relax() {
    if (parser_ && parser_->parser.capacity() > kKeptCapacity) parser_.reset();
}

std::string canonical_id(std::string_view id) {
    if (id.find_first_of("\\.eE") == std::string_view::npos) return std::string(id);
    if (id.front() != '"') {
        double number = 0;
        const auto read = std::from_chars(id.data(), id.data() + id.size(), number);
        const bool whole = read.ec == std::errc{} && read.ptr == id.data() + id.size() &&
                           number == std::floor(number) && std::fabs(number) < 9e15;
        return whole ? std::to_string(static_cast<long long>(number)) : std::string(id);
    }
    if (id.find('\\') == std::string_view::npos) return std::string(id);
    ondemand::parser parser;
    const simdjson::padded_string text(id);
    ondemand::document document;
    std::string_view unescaped;
    if (parser.iterate(text).get(document) != simdjson::SUCCESS) return std::string(id);
    if (document.get_string().get(unescaped) != simdjson::SUCCESS) return std::string(id);
    return '"' + std::string(unescaped) + '"';
}

Kind kind_at_beginning(std::string_view head) {
    return HeadScanner(head).kind();
}

std::string_view id_at_either_end(std::string_view head, std::string_view tail) {
    if (const std::string_view id = HeadScanner(head).id(); !id.empty()) return id;
    return id_at_end(tail);
}

std::string protocol_version(std::string_view line) {
    return of_object(line, [](ondemand::object& object) -> std::string {
        std::string_view version;
        if (object["result"]["protocolVersion"].get_string().get(version) != simdjson::SUCCESS)
            return {};
        return std::string(version);
    });
}

std::string resource_address(std::string_view line) {
    return of_object(line, [](ondemand::object& object) -> std::string {
        std::string_view address;
        if (object["params"]["uri"].get_string().get(address) != simdjson::SUCCESS) return {};
        return std::string(address);
    });
}

std::string result_text(std::string_view line) {
    return of_object(line, [](ondemand::object& object) -> std::string {
        ondemand::value value;
        std::string_view text;
        if (object["result"].get(value) != simdjson::SUCCESS || !text_of(value, text)) return {};
        return std::string(text);
    });
}

}  // namespace reaper::guard
