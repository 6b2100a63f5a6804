#include "policy/cross_checks.h"

#include <string>
#include <utility>

#include "policy/value_text.h"

namespace reaper::policy {
namespace {

using Marks = std::map<std::string, YamlMark, std::less<>>;

const Field<Limits>& limit_field(std::string_view name) {
    for (const Field<Limits>& field : limit_fields()) {
        if (field.key.name == name) return field;
    }
    return limit_fields().front();
}

/// A limit in force for a type, with where it was given.
struct InForce {
    const Field<Limits>& field;
    Value value;
    YamlMark mark;
    bool own = false;  ///< The type's, not the policy's.
};

InForce in_force(const ReadPolicy& read, const ServerType* type, std::string_view key) {
    const Field<Limits>& field = limit_field(key);
    const auto mark = [&](const std::string& path) {
        const auto found = read.marks.find(path);
        return found == read.marks.end() ? YamlMark{} : found->second;
    };
    const std::string name(key);
    if (type) {
        Value own = field.get(type->limits);
        if (!std::holds_alternative<std::monostate>(own)) {
            return {field, std::move(own), mark("servers." + type->type + ".limits." + name), true};
        }
    }
    return {field, field.get(read.policy.limits), mark("limits." + name), false};
}

class CrossCheck {
  public:
    explicit CrossCheck(const ReadPolicy& read) : read_(read) {}

    std::vector<YamlMistake> run() {
        check_warnings(nullptr);
        for (const ServerType& type : read_.policy.servers) check_warnings(&type);
        check_pressure("warning_cpu_percent", "max_cpu_percent");
        check_pressure("warning_memory_mb", "max_memory_mb");
        for (const Rule rule : kRules) check_else(rule);
        return std::move(mistakes_);
    }

  private:
    void check_warnings(const ServerType* type) {
        check_warning(type, "warning_cpu_percent", "max_cpu_percent");
        check_warning(type, "warning_memory_mb", "max_memory_mb");
    }

    void check_warning(const ServerType* type, std::string_view warning_key, std::string_view max_key) {
        const InForce warning = in_force(read_, type, warning_key);
        const InForce max = in_force(read_, type, max_key);
        if (type && !warning.own && !max.own) return;  // Said of the policy's own limits already.
        const double* threshold = std::get_if<double>(&warning.value);
        const double* limit = std::get_if<double>(&max.value);
        if (!threshold || !limit || *threshold < *limit) return;
        const bool at_warning = warning.own || !max.own;
        const InForce& here = at_warning ? warning : max;
        const InForce& other = at_warning ? max : warning;
        mistakes_.push_back({here.mark, (type ? "servers." + type->type + ": " : std::string{}) +
                                            shown(warning, here) + " must be below " + shown(max, here) +
                                            (type && !other.own ? remedy(other) : std::string{})});
    }

    /// Only against each other: what pressure leaves out is the ordinary limit, which may be any.
    void check_pressure(std::string_view warning_key, std::string_view max_key) {
        const Limits& limits = read_.policy.pressure.limits;
        const Field<Limits>& warning = limit_field(warning_key);
        const Field<Limits>& max = limit_field(max_key);
        const Value threshold = warning.get(limits);
        const Value limit = max.get(limits);
        const bool given =
            std::holds_alternative<double>(threshold) && std::holds_alternative<double>(limit);
        if (!given || std::get<double>(threshold) < std::get<double>(limit)) return;
        const auto mark = read_.marks.find("pressure.limits." + std::string(warning_key));
        mistakes_.push_back({mark == read_.marks.end() ? YamlMark{} : mark->second,
                             "pressure.limits: " + std::string(warning_key) + " (" +
                                 write_value(warning.key, threshold) + ") must be below " +
                                 std::string(max_key) + " (" + write_value(max.key, limit) + ")"});
    }

    /// "max_memory_mb (500)", with its line where that is not the one complained of.
    static std::string shown(const InForce& limit, const InForce& here) {
        const std::string value = write_value(limit.field.key, limit.value);
        const bool elsewhere = &limit != &here;
        const std::string line = elsewhere ? ", line " + std::to_string(limit.mark.line) : std::string{};
        return std::string(limit.field.key.name) + " (" + value + line + ")";
    }

    /// A type that changes one of the two often forgets the other.
    static std::string remedy(const InForce& forgotten) {
        return "; give this type its own " + std::string(forgotten.field.key.name) + ", or none";
    }

    void check_else(Rule rule) {
        const RuleSettings& settings = read_.policy.rule(rule);
        if (settings.otherwise <= settings.action) return;
        const std::string path = "rules." + std::string(to_string(rule));
        const auto mark = read_.marks.find(path + ".else");
        mistakes_.push_back({mark == read_.marks.end() ? YamlMark{} : mark->second,
                             path + ": else (" + std::string(to_string(settings.otherwise)) +
                                 ") must not be harsher than action (" +
                                 std::string(to_string(settings.action)) + ")"});
    }

    const ReadPolicy& read_;
    std::vector<YamlMistake> mistakes_;
};

}  // namespace

std::vector<YamlMistake> cross_check(const ReadPolicy& read) {
    return CrossCheck(read).run();
}

Result<classify::Classifier> compile_patterns(const Policy& policy) {
    std::vector<classify::TypePattern> types;
    for (const ServerType& server : policy.servers) {
        for (const std::string& pattern : server.match) {
            types.push_back({server.type, pattern, server.match_line});
        }
    }
    std::vector<classify::ClientPattern> clients;
    clients.reserve(policy.clients.size());
    for (const ClientProgram& client : policy.clients) clients.push_back({client.name, client.match});
    return classify::Classifier::compile(std::move(types), std::move(clients));
}

YamlMark mark_of_subject(const ReadPolicy& read, const std::string& subject) {
    for (const char* list : {"servers.", "clients."}) {
        const auto found = read.marks.find(list + subject + ".match");
        if (found != read.marks.end()) return found->second;
    }
    return {};
}

}  // namespace reaper::policy
