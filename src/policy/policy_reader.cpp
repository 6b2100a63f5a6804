#include "policy/policy_reader.h"

#include <algorithm>
#include <optional>
#include <type_traits>
#include <utility>

#include "policy/suggestion.h"

namespace reaper::policy {
namespace {

using Names = std::vector<std::string_view>;

std::string quoted(std::string_view word) {
    return "'" + std::string(word.substr(0, 60)) + "'";
}

std::string joined(const auto& words) {
    std::string text;
    for (const auto& word : words) {
        if (!text.empty()) text += ", ";
        text += word;
    }
    return text;
}

template <typename T>
void append_names(Names& names, std::span<const Field<T>> fields) {
    for (const Field<T>& field : fields) names.push_back(field.key.name);
}

/// What to say of a key that does not belong into this mapping.
std::string about_unknown_key(const std::string& key, const Names& allowed, const std::string& where) {
    const std::string unknown = "unknown key " + quoted(key) + (where.empty() ? "" : " in " + where);
    if (key == "<<") return "merge keys (<<) are not supported in a policy; repeat the values";
    if (const auto meant = nearest(key, allowed))
        return unknown + "; did you mean " + quoted(*meant) + "?";
    const std::vector<std::string> places = places_of(key);
    if (!places.empty()) {
        return unknown + "; it belongs to " + joined(places) + " (here: " + joined(allowed) + ")";
    }
    if (const auto meant = nearest(key, all_key_names())) {
        return unknown + "; did you mean " + quoted(*meant) + " of " + joined(places_of(*meant)) + "?";
    }
    return unknown + "; known here: " + joined(allowed);
}

class Reader {
  public:
    explicit Reader(PatternCheck check) : check_(check) {}

    ReadPolicy read(const YamlNode& root) {
        if (root.kind != YamlNode::Kind::mapping) {
            complain(root.mark, "a policy is a mapping of keys to values, such as 'version: 1'");
            return std::move(result_);
        }
        Names allowed;
        append_names(allowed, policy_fields());
        for (const Section& section : sections()) allowed.push_back(section.name);
        check_keys(root, allowed, "");
        read_fields(root, policy_fields(), result_.policy, "");
        read_section(root, "daemon", daemon_fields(), result_.policy.daemon);
        read_section(root, "limits", limit_fields(), result_.policy.limits);
        // At the top there is nothing to lift a limit from: `none` is an absent limit.
        result_.policy.limits = without_lifted(result_.policy.limits);
        read_rules(root);
        visit_settings(result_.policy, [&](const std::string& name, auto fields, auto& settings) {
            read_section(root, name, fields, settings);
        });
        read_hooks(root);
        read_servers(root);
        read_clients(root);
        read_exemptions(root, "exempt", exempt_fields(), result_.policy.exempt);
        read_exemptions(root, "protect", protect_fields(), result_.policy.protect);
        return std::move(result_);
    }

  private:
    [[nodiscard]] bool is_full() const { return result_.mistakes.size() > kMaxMistakes; }

    void complain(YamlMark mark, std::string what) {
        if (!is_full()) result_.mistakes.push_back({mark, std::move(what)});
    }

    static const YamlEntry* find(const YamlNode& mapping, std::string_view key) {
        for (const YamlEntry& entry : mapping.entries) {
            if (entry.key.kind == YamlNode::Kind::scalar && entry.key.text == key) return &entry;
        }
        return nullptr;
    }

    void check_keys(const YamlNode& mapping, const Names& allowed, const std::string& where) {
        std::map<std::string_view, int> seen;
        for (const YamlEntry& entry : mapping.entries) {
            if (is_full()) return;
            if (entry.key.kind != YamlNode::Kind::scalar) {
                complain(entry.key.mark, "a key must be a word");
                continue;
            }
            const std::string& key = entry.key.text;
            const auto [first, is_first] = seen.emplace(key, entry.key.mark.line);
            if (!is_first) {
                complain(entry.key.mark, "key " + quoted(key) + " is given twice; first in line " +
                                             std::to_string(first->second));
            } else if (std::find(allowed.begin(), allowed.end(), key) == allowed.end()) {
                complain(entry.key.mark, about_unknown_key(key, allowed, where));
            }
        }
    }

    template <typename T>
    void read_fields(const YamlNode& mapping, std::span<const Field<T>> fields, T& target,
                     const std::string& path) {
        for (const Field<T>& field : fields) {
            const YamlEntry* entry = find(mapping, field.key.name);
            if (!entry) {
                if (field.key.required) complain(mapping.mark, missing(field.key.name, path));
                continue;
            }
            if (is_full()) return;
            result_.marks[path + std::string(field.key.name)] = entry->value.mark;
            auto value = read_value(field.key, entry->value, check_);
            if (value) {
                field.set(target, *value);
            } else {
                for (YamlMistake& mistake : value.error())
                    complain(mistake.mark, std::move(mistake.what));
            }
        }
    }

    static std::string missing(std::string_view key, const std::string& path) {
        const std::string text = "key " + quoted(key) + " is missing";
        return path.empty() ? text : text + " in " + path.substr(0, path.size() - 1);
    }

    /// The mapping under a key; nothing where it is absent, empty or something else (which is said).
    const YamlNode* mapping_of(const YamlNode& parent, std::string_view key) {
        const YamlEntry* entry = find(parent, key);
        if (!entry || entry->value.kind == YamlNode::Kind::null) return nullptr;
        if (entry->value.kind == YamlNode::Kind::mapping) return &entry->value;
        complain(entry->value.mark, std::string(key) + " must be a mapping of keys to values");
        return nullptr;
    }

    template <typename T>
    void read_section(const YamlNode& root, std::string_view name, std::span<const Field<T>> fields,
                      T& target) {
        const YamlNode* mapping = mapping_of(root, name);
        if (!mapping) return;
        const std::string path(name);
        Names allowed;
        append_names(allowed, fields);
        constexpr bool kHasLimits = std::is_same_v<T, PressureSettings>;
        if (kHasLimits) allowed.push_back(kPressureLimits.name);
        check_keys(*mapping, allowed, path);
        read_fields(*mapping, fields, target, path + ".");
        if constexpr (kHasLimits) {
            read_limits(*mapping, target.limits, path);
            target.limits = without_lifted(target.limits);
        }
    }

    /// `limits:` of a mapping that has others beside it.
    void read_limits(const YamlNode& parent, Limits& target, const std::string& path) {
        const YamlNode* mapping = mapping_of(parent, "limits");
        if (!mapping) return;
        Names allowed;
        append_names(allowed, limit_fields());
        check_keys(*mapping, allowed, path + ".limits");
        read_fields(*mapping, limit_fields(), target, path + ".limits.");
    }

    void read_health(const YamlNode& entry, std::optional<HealthRequest>& target,
                     const std::string& path) {
        const YamlNode* mapping = mapping_of(entry, kServerHealth.name);
        if (!mapping) return;
        Names allowed;
        append_names(allowed, health_fields());
        check_keys(*mapping, allowed, path + ".health");
        read_fields(*mapping, health_fields(), target.emplace(), path + ".health.");
    }

    void read_guard(const YamlNode& entry, std::optional<GuardSettings>& target,
                    const std::string& path) {
        const YamlNode* mapping = mapping_of(entry, kServerGuard.name);
        if (!mapping) return;
        Names allowed;
        append_names(allowed, guard_fields());
        check_keys(*mapping, allowed, path + ".guard");
        read_fields(*mapping, guard_fields(), target.emplace(result_.policy.guard), path + ".guard.");
    }

    void read_hooks(const YamlNode& root) {
        Names allowed;
        append_names(allowed, hook_fields());
        for (const YamlNode* entry : list_of(root, "hooks")) {
            Hook& hook = result_.policy.hooks.emplace_back();
            const std::string path = "hooks[" + std::to_string(result_.policy.hooks.size() - 1) + "]";
            check_keys(*entry, allowed, path);
            read_fields(*entry, hook_fields(), hook, path + ".");
        }
    }

    void read_rules(const YamlNode& root) {
        const YamlNode* mapping = mapping_of(root, "rules");
        if (!mapping) return;
        Names allowed;
        for (const Rule rule : kRules) allowed.push_back(to_string(rule));
        check_keys(*mapping, allowed, "rules");
        for (const Rule rule : kRules) {
            const YamlNode* settings = mapping_of(*mapping, to_string(rule));
            if (!settings) continue;
            const std::string path = "rules." + std::string(to_string(rule));
            Names keys;
            append_names(keys, rule_fields(rule));
            check_keys(*settings, keys, path);
            read_fields(*settings, rule_fields(rule), result_.policy.rule(rule), path + ".");
        }
    }

    /// The mappings of a list; what is none is complained of.
    std::vector<const YamlNode*> list_of(const YamlNode& root, std::string_view key) {
        const YamlEntry* entry = find(root, key);
        if (!entry || entry->value.kind == YamlNode::Kind::null) return {};
        const YamlNode& list = entry->value;
        if (list.kind != YamlNode::Kind::sequence) {
            complain(list.mark, std::string(key) + " must be a list; begin each entry with '- '");
            return {};
        }
        if (static_cast<double>(list.items.size()) > kMaxEntries) {
            complain(list.items[static_cast<std::size_t>(kMaxEntries)].mark,
                     std::string(key) + " has more than 1000 entries");
            return {};
        }
        std::vector<const YamlNode*> entries;
        for (const YamlNode& item : list.items) {
            if (item.kind == YamlNode::Kind::mapping) {
                entries.push_back(&item);
            } else {
                complain(item.mark,
                         "an entry of " + std::string(key) + " must be a mapping of keys to values");
            }
        }
        return entries;
    }

    /// The name that an entry is known by in paths: its own where it has one, else its number.
    static std::string entry_path(const YamlNode& entry, std::string_view list, std::string_view key,
                                  std::size_t number) {
        const YamlEntry* name = find(entry, key);
        const bool named =
            name && name->value.kind == YamlNode::Kind::scalar && !name->value.text.empty();
        if (named) return std::string(list) + "." + name->value.text.substr(0, 60);
        return std::string(list) + "[" + std::to_string(number) + "]";
    }

    void read_servers(const YamlNode& root) {
        const YamlEntry* list = find(root, "servers");
        result_.lists_servers = list && list->value.kind != YamlNode::Kind::null;
        Names allowed;
        append_names(allowed, server_fields());
        allowed.push_back(kServerLimits.name);
        allowed.push_back(kServerHealth.name);
        allowed.push_back(kServerGuard.name);
        for (const YamlNode* entry : list_of(root, "servers")) {
            ServerType& server = result_.policy.servers.emplace_back();
            const std::string path =
                entry_path(*entry, "servers", "type", result_.policy.servers.size() - 1);
            check_keys(*entry, allowed, path);
            complain_of_repeated(*entry, "type", types_, path);
            read_fields(*entry, server_fields(), server, path + ".");
            read_limits(*entry, server.limits, path);
            read_health(*entry, server.health, path);
            read_guard(*entry, server.guard, path);
        }
    }

    void complain_of_repeated(const YamlNode& entry, std::string_view key,
                              std::map<std::string, int>& seen, const std::string& path) {
        const YamlEntry* name = find(entry, key);
        if (!name || name->value.kind != YamlNode::Kind::scalar) return;
        const auto [first, is_first] = seen.emplace(name->value.text, name->value.mark.line);
        if (is_first) return;
        complain(name->value.mark,
                 path + " is given twice; first in line " + std::to_string(first->second));
    }

    void read_clients(const YamlNode& root) {
        Names allowed;
        append_names(allowed, client_fields());
        for (const YamlNode* entry : list_of(root, "clients")) {
            ClientProgram& client = result_.policy.clients.emplace_back();
            const std::string path =
                entry_path(*entry, "clients", "name", result_.policy.clients.size() - 1);
            check_keys(*entry, allowed, path);
            complain_of_repeated(*entry, "name", clients_, path);
            read_fields(*entry, client_fields(), client, path + ".");
        }
    }

    void read_exemptions(const YamlNode& root, const std::string& list,
                         std::span<const Field<Exemption>> fields, std::vector<Exemption>& target) {
        Names allowed;
        append_names(allowed, fields);
        for (const YamlNode* entry : list_of(root, list)) {
            Exemption& exemption = target.emplace_back();
            const std::string path = list + "[" + std::to_string(target.size() - 1) + "]";
            check_keys(*entry, allowed, path);
            read_fields(*entry, fields, exemption, path + ".");
            const bool selects =
                std::any_of(fields.begin(), fields.end(), [&](const Field<Exemption>& field) {
                    return field.key.shape != Shape::rules && find(*entry, field.key.name) != nullptr;
                });
            if (!selects) complain(entry->mark, selects_everything(path, list == "exempt"));
        }
    }

    static std::string selects_everything(const std::string& path, bool exempt) {
        const std::string text =
            path + " fits every server: give at least one of type, client, user, cgroup, match";
        return exempt ? text + "; to switch a rule off, set rules.<rule>.enabled to false" : text;
    }

    PatternCheck check_;
    ReadPolicy result_{builtin_defaults(), {}, false, {}};
    std::map<std::string, int> types_;
    std::map<std::string, int> clients_;
};

}  // namespace

ReadPolicy read_policy(const YamlNode& root, PatternCheck check) {
    return Reader(check).read(root);
}

}  // namespace reaper::policy
