#include "policy/exemptions.h"

#include <re2/re2.h>

#include <algorithm>
#include <optional>
#include <string_view>

namespace reaper::policy {
namespace {

/// A pattern that is compiled when it is first asked: most passes have nothing to spare.
class LazyPattern {
  public:
    explicit LazyPattern(const std::optional<std::string>& pattern) : pattern_(pattern) {}

    /// Found anywhere in the text, without regard to case; true where there is no pattern, or none
    /// that can be compiled.
    [[nodiscard]] bool fits(std::string_view text) {
        if (!pattern_) return true;
        if (!compiled_) {
            RE2::Options options(RE2::Quiet);
            options.set_case_sensitive(false);
            compiled_.emplace(*pattern_, options);
        }
        return !compiled_->ok() || RE2::PartialMatch({text.data(), text.size()}, *compiled_);
    }

  private:
    const std::optional<std::string>& pattern_;
    std::optional<RE2> compiled_;
};

/// What the line asks for, as people read it.
std::string in_words(const Exemption& exemption) {
    std::string text;
    const auto add = [&](std::string_view key, const std::optional<std::string>& value) {
        if (!value) return;
        if (!text.empty()) text += ", ";
        text.append(key).append(1, ' ').append(*value);
    };
    add("type", exemption.type);
    add("client", exemption.client);
    add("user", exemption.user);
    add("cgroup", exemption.cgroup);
    add("program", exemption.program);
    return text.empty() ? "every server" : text;
}

bool is_number(const std::string& text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

struct Exemptions::Entry {
    explicit Entry(const Exemption& from)
        : exemption(from), cgroup(from.cgroup), program(from.program) {}

    const Exemption& exemption;
    LazyPattern cgroup;
    LazyPattern program;
};

Exemptions::Exemptions(const Policy& policy, const UserNames& users) : users_(users) {
    for (const Exemption& one : policy.protect) protect_.push_back(std::make_unique<Entry>(one));
    for (const Exemption& one : policy.exempt) exempt_.push_back(std::make_unique<Entry>(one));
}

Exemptions::~Exemptions() = default;

std::string Exemptions::protects(const scan::Server& server) const {
    for (const auto& entry : protect_) {
        if (fits(*entry, server)) return in_words(entry->exemption);
    }
    return "";
}

std::string Exemptions::exempts(const scan::Server& server, Rule rule) const {
    for (const auto& entry : exempt_) {
        const std::vector<Rule>& rules = entry->exemption.rules;
        if (!rules.empty() && std::find(rules.begin(), rules.end(), rule) == rules.end()) continue;
        if (fits(*entry, server)) return in_words(entry->exemption);
    }
    return "";
}

bool Exemptions::fits(Entry& entry, const scan::Server& server) const {
    const Exemption& wanted = entry.exemption;
    if (wanted.type && *wanted.type != server.type) return false;
    if (wanted.client && (!server.client || *wanted.client != server.client->name)) return false;
    if (wanted.user && !fits_user(*wanted.user, server.uid)) return false;
    return entry.program.fits(server.program) && entry.cgroup.fits(server.cgroup);
}

bool Exemptions::fits_user(const std::string& user, uid_t uid) const {
    if (is_number(user)) return user == std::to_string(uid);
    if (users_.empty()) return true;
    const auto name = users_.find(uid);
    return name != users_.end() && name->second == user;
}

}  // namespace reaper::policy
