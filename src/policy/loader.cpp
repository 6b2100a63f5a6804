#include "policy/loader.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "policy/cross_checks.h"
#include "policy/policy_file.h"
#include "policy/policy_reader.h"
#include "policy/yaml_document.h"
#include "policy/yaml_text.h"

namespace reaper::policy {
namespace {

constexpr const char* kDefaultName = "built-in default.yaml";

/// A mistake is told in one line, whatever the key or value that it quotes: another one would look like
/// one more mistake.
std::string one_line(const std::string& text) {
    std::string line;
    for (const char c : text) {
        if (c == '\n') {
            line += "\\n";
        } else {
            line += c;
        }
    }
    return line;
}

PolicyErrors in_file(std::vector<YamlMistake> mistakes, const std::string& file) {
    std::stable_sort(mistakes.begin(), mistakes.end(),
                     [](const YamlMistake& a, const YamlMistake& b) { return a.mark < b.mark; });
    PolicyErrors errors;
    for (YamlMistake& mistake : mistakes) {
        if (errors.size() == kMaxMistakes) {
            errors.push_back(
                {file, mistake.mark.line, mistake.mark.column,
                 "more than " + std::to_string(kMaxMistakes) + " mistakes; the rest is not shown"});
            break;
        }
        errors.push_back({file, mistake.mark.line, mistake.mark.column, one_line(mistake.what)});
    }
    return errors;
}

tl::unexpected<PolicyErrors> refuse(const std::string& file, YamlMark mark, const std::string& what) {
    return tl::unexpected(PolicyErrors{{file, mark.line, mark.column, one_line(what)}});
}

template <typename T>
void add_origins(Origins& origins, const ReadPolicy& read, const std::string& file,
                 const std::string& path, std::span<const Field<T>> fields, const T& target) {
    for (const Field<T>& field : fields) {
        if (std::holds_alternative<std::monostate>(field.get(target))) continue;
        const std::string key = path + std::string(field.key.name);
        const auto mark = read.marks.find(key);
        origins[key] = mark == read.marks.end() ? Origin{} : Origin{file, mark->second.line};
    }
}

/// Every value in force; a limit that is absent has no value but may still have been set, to none.
Origins origins_of(const ReadPolicy& read, const std::string& file) {
    Origins origins;
    for (const auto& [path, mark] : read.marks) origins[path] = {file, mark.line};
    const Policy& policy = read.policy;
    add_origins(origins, read, file, "", policy_fields(), policy);
    add_origins(origins, read, file, "daemon.", daemon_fields(), policy.daemon);
    for (const Field<Limits>& field : limit_fields()) {
        origins.try_emplace("limits." + std::string(field.key.name));
        origins.try_emplace("pressure.limits." + std::string(field.key.name));
    }
    for (const Rule rule : kRules) {
        add_origins(origins, read, file, "rules." + std::string(to_string(rule)) + ".",
                    rule_fields(rule), policy.rule(rule));
    }
    visit_settings(policy, [&](const std::string& name, auto fields, const auto& settings) {
        add_origins(origins, read, file, name + ".", fields, settings);
    });
    for (const ServerType& server : policy.servers) {
        add_origins(origins, read, file, "servers." + server.type + ".", server_fields(), server);
    }
    return origins;
}

std::string name_from(const std::string& file) {
    std::string stem = std::filesystem::path(file).stem().string();
    const bool one_line = stem.find_first_of("\t\r\n") == std::string::npos;
    return stem.empty() || !one_line || find_foreign_byte(stem) ? "policy" : stem;
}

ReadPolicy read_and_check(const YamlNode& root, const std::string& file, PatternCheck check) {
    ReadPolicy read = read_policy(root, check);
    if (!read.marks.contains("name")) read.policy.name = name_from(file);
    if (read.mistakes.empty()) read.mistakes = cross_check(read);
    return read;
}

/// The built-in types without limits of their own: a limit that the user's file sets counts for all.
std::vector<ServerType> builtin_types() {
    const auto root = read_yaml(default_policy_text());
    if (!root) return {};  // Cannot be: a test loads it.
    std::vector<ServerType> types =
        read_and_check(*root, kDefaultName, PatternCheck::later).policy.servers;
    for (ServerType& type : types) type.limits = {};
    return types;
}

/// Whether every server pattern is good without a look at each: the classifier took them, and none
/// fits the empty slot. Patterns for whole lines are not among those that can be asked for slots.
bool surely_good(const Policy& policy, const Result<classify::Classifier>& classifier) {
    const bool lines = std::any_of(policy.servers.begin(), policy.servers.end(),
                                   [](const ServerType& server) { return server.match_line; });
    return classifier && !lines && !classifier->match_slot("");
}

/// Every mistake there is, each pattern looked at; empty where there is none.
PolicyErrors all_mistakes(const YamlNode& root, const std::string& file) {
    return in_file(read_and_check(root, file, PatternCheck::each).mistakes, file);
}

}  // namespace

std::string PolicyError::message() const {
    if (line == 0) return file + ": " + what;
    return file + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " + what;
}

LoadResult load_policy(const std::string& path, const Environment& environment) {
    const auto text = read_policy_file(path);
    if (!text) return refuse(path, {}, text.error());
    return parse_policy(*text, path, environment);
}

LoadResult parse_policy(std::string_view text, const std::string& file, const Environment& environment) {
    auto root = read_yaml(text);
    if (!root) return refuse(file, root.error().mark, root.error().what);
    auto unset = expand(*root, environment);
    if (!unset.empty()) return tl::unexpected(in_file(std::move(unset), file));
    ReadPolicy read = read_and_check(*root, file, PatternCheck::later);
    if (!read.mistakes.empty()) return tl::unexpected(all_mistakes(*root, file));
    if (!read.lists_servers) read.policy.servers = builtin_types();
    auto classifier = compile_patterns(read.policy);
    if (!surely_good(read.policy, classifier)) {
        PolicyErrors errors = all_mistakes(*root, file);
        if (!errors.empty()) return tl::unexpected(std::move(errors));
    }
    if (!classifier) {
        const Error& error = classifier.error();
        const std::string subject = error.subject.empty() ? "" : error.subject + ": ";
        return refuse(file, mark_of_subject(read, error.subject), subject + error.reason);
    }
    Origins origins = origins_of(read, file);
    return LoadedPolicy{std::move(read.policy), std::move(*classifier), std::move(origins), file,
                        std::string(text)};
}

LoadResult default_policy() {
    return parse_policy(default_policy_text(), kDefaultName);
}

}  // namespace reaper::policy
