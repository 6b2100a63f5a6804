#include "policy/environment.h"

#include <cstddef>
#include <cstdlib>
#include <utility>

#include "policy/loader.h"
#include "policy/policy_reader.h"
#include "policy/yaml_text.h"

namespace reaper::policy {
namespace {

bool begins_name(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

bool continues_name(char c) {
    return begins_name(c) || (c >= '0' && c <= '9');
}

/// NAME where `text` begins with ${NAME}; empty where it does not.
std::string_view reference_at(std::string_view text) {
    constexpr std::string_view kOpening = "${";
    if (!text.starts_with(kOpening)) return {};
    text.remove_prefix(kOpening.size());
    std::size_t length = 0;
    while (length < text.size() && continues_name(text[length])) ++length;
    const bool closed = length < text.size() && text[length] == '}';
    return closed && length > 0 && begins_name(text.front()) ? text.substr(0, length)
                                                             : std::string_view{};
}

/// Of a name in a text: with "${" and "}".
constexpr std::size_t kAround = 3;

class Expansion {
  public:
    explicit Expansion(const Environment& environment) : environment_(environment) {}

    void expand_values(YamlNode& node) {
        if (node.kind == YamlNode::Kind::scalar) expand_scalar(node);
        for (YamlNode& item : node.items) expand_values(item);
        for (YamlEntry& entry : node.entries) expand_values(entry.value);
    }

    std::vector<YamlMistake> take_mistakes() { return std::move(mistakes_); }

  private:
    void expand_scalar(YamlNode& node) {
        if (node.text.find("${") == std::string::npos) return;
        std::string made;
        const std::string_view text = node.text;
        for (std::size_t at = 0; at < text.size();) {
            const std::string_view rest = text.substr(at);
            const std::string_view escaped = reference_at(rest.substr(1));
            const std::string_view name = reference_at(rest);
            if (rest.front() == '$' && !escaped.empty()) {
                made += rest.substr(1, escaped.size() + kAround);
                at += 1 + escaped.size() + kAround;
            } else if (!name.empty()) {
                made += value_of(std::string(name), node);
                at += name.size() + kAround;
            } else {
                made += rest.front();
                ++at;
            }
        }
        node.text = std::move(made);
    }

    std::string value_of(const std::string& name, YamlNode& node) {
        node.from_environment = true;
        const std::optional<std::string> value = environment_(name);
        if (!value) {
            complain(node.mark, "the environment variable " + name + " is not set; ${" + name +
                                    "} stands for its value ($${" + name + "} for this text)");
            return {};
        }
        // A variable may be large, and a policy may name it in 100,000 places.
        expanded_ += value->size();
        if (expanded_ > kMaxPolicyBytes) {
            complain(node.mark, "with the value of ${" + name + "} the policy is larger than " +
                                    std::to_string(kMaxPolicyBytes / 1024) + " KiB");
            return {};
        }
        if (find_foreign_byte(*value)) {
            complain(node.mark, "the value of the environment variable " + name + " is no text");
            return {};
        }
        return *value;
    }

    void complain(YamlMark mark, std::string what) {
        if (mistakes_.size() <= kMaxMistakes) mistakes_.push_back({mark, std::move(what)});
    }

    const Environment& environment_;
    std::vector<YamlMistake> mistakes_;
    std::size_t expanded_ = 0;
};

}  // namespace

std::optional<std::string> process_environment(const std::string& name) {
    const char* const value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
}

std::vector<YamlMistake> expand(YamlNode& root, const Environment& environment) {
    Expansion expansion(environment);
    expansion.expand_values(root);
    return expansion.take_mistakes();
}

std::string unexpanded(std::string_view text) {
    std::string made;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (!reference_at(text.substr(at)).empty()) made += '$';
        made += text[at];
    }
    return made;
}

}  // namespace reaper::policy
