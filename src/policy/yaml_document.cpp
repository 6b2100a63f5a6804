#include "policy/yaml_document.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <exception>
#include <limits>
#include <optional>
#include <sstream>
#include <utility>

#include "policy/yaml_text.h"

namespace reaper::policy {
namespace {

/// Thrown through yaml-cpp, which offers no other way to stop; caught in read_yaml.
struct Refused {
    YamlMistake mistake;
};

/// Builds the tree from yaml-cpp's events. Its parser recurses once a level, and asks here before it
/// does: the depth allowed here is the depth of its stack.
class TreeBuilder : public YAML::EventHandler {
  public:
    explicit TreeBuilder(YamlLines& lines) : lines_(lines) {}

    std::optional<YamlNode> take() { return std::move(root_); }

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (++documents_ > 1) refuse(mark, "a second document begins here; a policy is one");
    }
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
        add(node(YamlNode::Kind::null, mark));
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
        refuse(mark,
               "aliases (*name) are not allowed in a policy; repeat the value, and put text that "
               "begins with '*' in quotes");
    }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                  const std::string& value) override {
        YamlNode scalar = node(YamlNode::Kind::scalar, mark);
        scalar.text = value;
        scalar.quoted = tag == "!";
        if (!scalar.quoted) refuse_tag(mark, tag);
        if (scalar.quoted && never_closed(lines_.text(), lines_.offset(mark.line, mark.column))) {
            refuse(mark, "the quote that opens here is never closed");
        }
        add(std::move(scalar));
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                         YAML::EmitterStyle::value /*style*/) override {
        open(YamlNode::Kind::sequence, mark, tag);
    }
    void OnSequenceEnd() override { close(); }

    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                    YAML::EmitterStyle::value /*style*/) override {
        open(YamlNode::Kind::mapping, mark, tag);
    }
    void OnMapEnd() override { close(); }

  private:
    struct Open {
        YamlNode node;
        std::optional<YamlNode> key;  ///< Of a mapping: read, its value still to come.
    };

    [[noreturn]] void refuse(const YAML::Mark& mark, std::string what) {
        throw Refused{{lines_.mark(mark.line, mark.column), std::move(what)}};
    }

    void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
        if (!tag.empty() && tag != "?" && tag != "!") {
            refuse(mark, "tags are not used in a policy; text that begins with '!' must be in quotes");
        }
    }

    YamlNode node(YamlNode::Kind kind, const YAML::Mark& mark) {
        if (++nodes_ > kMaxYamlNodes) {
            refuse(mark, "more than " + std::to_string(kMaxYamlNodes) + " values; this is no policy");
        }
        YamlNode made;
        made.kind = kind;
        made.mark = lines_.mark(mark.line, mark.column);
        return made;
    }

    void open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag) {
        refuse_tag(mark, tag);
        if (open_.size() >= kMaxYamlDepth) {
            refuse(mark, "nested more than " + std::to_string(kMaxYamlDepth) +
                             " levels deep; no key of a policy is");
        }
        open_.push_back({node(kind, mark), std::nullopt});
    }

    void close() {
        YamlNode done = std::move(open_.back().node);
        open_.pop_back();
        add(std::move(done));
    }

    void add(YamlNode child) {
        if (open_.empty()) {
            root_ = std::move(child);
            return;
        }
        Open& parent = open_.back();
        if (parent.node.kind == YamlNode::Kind::sequence) {
            parent.node.items.push_back(std::move(child));
        } else if (!parent.key) {
            parent.key = std::move(child);
        } else {
            // yaml-cpp places a value that is not there where the next thing stands.
            if (child.kind == YamlNode::Kind::null) child.mark = parent.key->mark;
            parent.node.entries.push_back({std::move(*parent.key), std::move(child)});
            parent.key.reset();
        }
    }

    YamlLines& lines_;
    std::vector<Open> open_;
    std::optional<YamlNode> root_;
    std::size_t nodes_ = 0;
    int documents_ = 0;
};

bool all_digits(std::string_view text, int base) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [base](unsigned char c) {
        if (base == 16) return std::isxdigit(c) != 0;
        return c >= '0' && c < '0' + base;
    });
}

/// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool is_decimal(std::string_view text) {
    const auto skip_digits = [&text] {
        const std::size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
        text.remove_prefix(count);
        return count;
    };
    const auto skip_any = [&text](std::string_view set) {
        const bool there = !text.empty() && set.find(text.front()) != std::string_view::npos;
        if (there) text.remove_prefix(1);
        return there;
    };
    skip_any("+-");
    const std::size_t whole = skip_digits();
    const std::size_t fraction = skip_any(".") ? skip_digits() : 0;
    if (whole + fraction == 0) return false;
    if (skip_any("eE")) {
        skip_any("+-");
        if (skip_digits() == 0) return false;
    }
    return text.empty();
}

constexpr std::array<std::string_view, 6> kBooleans = {"true",  "True",  "TRUE",
                                                       "false", "False", "FALSE"};
constexpr std::array<std::string_view, 3> kInfinities = {".inf", ".Inf", ".INF"};
constexpr std::array<std::string_view, 3> kNaNs = {".nan", ".NaN", ".NAN"};

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& words) {
    return std::find(words.begin(), words.end(), text) != words.end();
}

std::string_view without_sign(std::string_view text) {
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    return text;
}

double in_base(std::string_view digits, int base) {
    double value = 0;
    for (const char c : digits) {
        const int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
        value = value * base + digit;
    }
    return value;
}

}  // namespace

tl::expected<YamlNode, YamlMistake> read_yaml(std::string_view text) {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    if (auto foreign = find_foreign_byte(text)) return tl::unexpected(std::move(*foreign));
    YamlLines lines(text);
    TreeBuilder builder(lines);
    try {
        std::istringstream stream{std::string(text)};
        YAML::Parser parser(stream);
        while (parser.HandleNextDocument(builder)) {
        }
    } catch (const Refused& refused) {
        return tl::unexpected(refused.mistake);
    } catch (const YAML::Exception& error) {
        return tl::unexpected(explain_syntax(lines, error.mark.line, error.mark.column, error.msg));
    } catch (const std::exception& error) {
        return tl::unexpected(
            YamlMistake{{1, 1}, std::string("this is not valid YAML: ") + error.what()});
    }
    std::optional<YamlNode> root = builder.take();
    if (root) return std::move(*root);
    const bool blank = text.find_first_not_of(" \t\r\n") == std::string_view::npos;
    return tl::unexpected(
        YamlMistake{{1, 1}, blank ? "the file is empty" : "the file holds only comments"});
}

ScalarType scalar_type(const YamlNode& scalar) {
    const std::string_view text = scalar.text;
    if (scalar.quoted || scalar.from_environment || text.empty()) return ScalarType::text;
    if (is_one_of(text, kBooleans)) return ScalarType::boolean;
    if (is_decimal(text) || is_one_of(text, kNaNs) || is_one_of(without_sign(text), kInfinities)) {
        return ScalarType::number;
    }
    if (text.starts_with("0x") && all_digits(text.substr(2), 16)) return ScalarType::number;
    if (text.starts_with("0o") && all_digits(text.substr(2), 8)) return ScalarType::number;
    return ScalarType::text;
}

double number_of(const YamlNode& scalar) {
    const std::string_view text = scalar.text;
    if (text.starts_with("0x")) return in_base(text.substr(2), 16);
    if (text.starts_with("0o")) return in_base(text.substr(2), 8);
    const std::string_view digits = text.starts_with('+') ? text.substr(1) : text;
    double value = std::numeric_limits<double>::quiet_NaN();
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error == std::errc::result_out_of_range) return std::numeric_limits<double>::infinity();
    return value;
}

}  // namespace reaper::policy
