#include "policy/describe.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "policy/keys.h"
#include "policy/value_text.h"

namespace reaper::policy {
namespace {

/// Where the comments stand, unless a value reaches further.
constexpr std::size_t kCommentColumn = 44;

class Description {
  public:
    explicit Description(const LoadedPolicy& loaded)
        : policy_(loaded.policy), origins_(loaded.origins) {}

    std::string write() {
        write_fields(policy_fields(), policy_, "", "");
        open("daemon");
        write_fields(daemon_fields(), policy_.daemon, "  ", "daemon.");
        open("limits");
        write_limits(policy_.limits, "  ", "limits.");
        open("rules");
        for (const Rule rule : kRules) {
            const std::string name(to_string(rule));
            text_ += "  " + name + ":\n";
            write_fields(rule_fields(rule), policy_.rule(rule), "    ", "rules." + name + ".");
        }
        visit_settings(policy_, [&](const std::string& name, auto fields, const auto& settings) {
            open(name);
            write_fields(fields, settings, "  ", name + ".");
            if (name == "pressure") {
                text_ += "  limits:\n";
                write_limits(policy_.pressure.limits, "    ", "pressure.limits.");
            }
        });
        open_list("hooks", policy_.hooks.empty());
        for (std::size_t i = 0; i < policy_.hooks.size(); ++i) {
            write_entry(hook_fields(), policy_.hooks[i], "hooks[" + std::to_string(i) + "].");
        }
        open_list("servers", policy_.servers.empty());
        for (const ServerType& server : policy_.servers) write_server(server);
        open_list("clients", policy_.clients.empty());
        for (const ClientProgram& client : policy_.clients) {
            write_entry(client_fields(), client, "clients." + client.name + ".");
        }
        write_exemptions("exempt", exempt_fields(), policy_.exempt);
        write_exemptions("protect", protect_fields(), policy_.protect);
        return std::move(text_);
    }

  private:
    void open(std::string_view section) { text_ += "\n" + std::string(section) + ":\n"; }

    void open_list(std::string_view section, bool empty) {
        text_ += "\n" + std::string(section) + (empty ? ": []\n" : ":\n");
    }

    void write_line(std::string line, const std::string& path) {
        line.resize(std::max(line.size() + 1, kCommentColumn), ' ');
        const auto origin = origins_.find(path);
        const bool given = origin != origins_.end() && origin->second.line > 0;
        text_ += line + (given ? "# " + printable(origin->second.file) + ":" +
                                     std::to_string(origin->second.line)
                               : "# built in");
        text_ += '\n';
    }

    /// A file's name must not be able to end the comment.
    static std::string printable(std::string text) {
        std::replace_if(
            text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, '?');
        return text;
    }

    void write_value_lines(const std::string& start, const Key& key, const Value& value,
                           const std::string& path) {
        const auto* list = std::get_if<std::vector<std::string>>(&value);
        if (key.shape != Shape::patterns || !list || list->size() < 2) {
            write_line(start + " " + write_value(key, value), path);
            return;
        }
        write_line(start, path);
        for (const std::string& pattern : *list) text_ += "      - " + single_quoted(pattern) + "\n";
    }

    /// Returns whether anything was written.
    template <typename T>
    bool write_fields(std::span<const Field<T>> fields, const T& target, const std::string& indent,
                      const std::string& path) {
        std::string start = indent;
        bool any = false;
        for (const Field<T>& field : fields) {
            const Value value = field.get(target);
            if (std::holds_alternative<std::monostate>(value)) continue;
            const std::string name(field.key.name);
            write_value_lines(start + name + ":", field.key, value, path + name);
            any = true;
            if (start.ends_with("- ")) start.replace(start.size() - 2, 2, "  ");
        }
        return any;
    }

    /// Limits that are not a type's are all written: an absent one is `none`.
    void write_limits(const Limits& limits, const std::string& indent, const std::string& path) {
        for (const Field<Limits>& field : limit_fields()) {
            const Value value = field.get(limits);
            const bool absent = std::holds_alternative<std::monostate>(value);
            const std::string name(field.key.name);
            write_line(indent + name + ": " + write_value(field.key, absent ? Value{NoLimit{}} : value),
                       path + name);
        }
    }

    template <typename T>
    void write_entry(std::span<const Field<T>> fields, const T& entry, const std::string& path) {
        write_fields(fields, entry, "  - ", path);
    }

    void write_server(const ServerType& server) {
        const std::string path = "servers." + server.type + ".";
        write_entry(server_fields(), server, path);
        if (server.health) {
            text_ += "    health:\n";
            write_fields(health_fields(), *server.health, "      ", path + "health.");
        }
        if (server.guard) write_guard(*server.guard, path + "guard.");
        const std::size_t before = text_.size();
        if (write_fields(limit_fields(), server.limits, "      ", path + "limits.")) {
            text_.insert(before, "    limits:\n");
        }
    }

    /// Of a type's guard only what it says itself, or differs from the policy's.
    void write_guard(const GuardSettings& guard, const std::string& path) {
        text_ += "    guard:\n";
        for (const Field<GuardSettings>& field : guard_fields()) {
            const std::string name(field.key.name);
            const Value value = field.get(guard);
            if (value == field.get(policy_.guard) && !origins_.contains(path + name)) continue;
            write_line("      " + name + ": " + write_value(field.key, value), path + name);
        }
    }

    void write_exemptions(const std::string& list, std::span<const Field<Exemption>> fields,
                          const std::vector<Exemption>& exemptions) {
        open_list(list, exemptions.empty());
        for (std::size_t i = 0; i < exemptions.size(); ++i) {
            write_entry(fields, exemptions[i], list + "[" + std::to_string(i) + "].");
        }
    }

    const Policy& policy_;
    const Origins& origins_;
    std::string text_;
};

}  // namespace

std::string describe(const LoadedPolicy& loaded) {
    return Description(loaded).write();
}

}  // namespace reaper::policy
