#include "classify/classifier.h"

#include <algorithm>
#include <array>
#include <utility>

#include "classify/known_programs.h"
#include "classify/name.h"
#include "classify/pattern_set.h"
#include "classify/program.h"
#include "classify/subcommand.h"

namespace reaper::classify {
namespace {

using std::string_view;

/// What one program of a command line turned out to be.
struct Judgement {
    Role role = Role::none;
    std::string type;
    TypeSource source = TypeSource::none;
    std::string rule;
    std::string slot;
    bool undecided = false;
};

std::string lower(string_view text) {
    std::string result(text);
    for (char& c : result) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return result;
}

/// By what name the program might be a tool; an image ("mcp/git") is none whatever it is called.
std::string tool_name_of(const Program& program) {
    if (program.kind == NameOf::image) return {};
    return program.kind == NameOf::package ? lower(program.slot) : program_name(program.path);
}

/// What a package is asked to do to itself instead of serving.
bool asks_for_no_server(string_view word) {
    constexpr auto kWords = std::to_array<string_view>(
        {"install", "uninstall", "login", "logout", "init", "setup", "help", "version", "update",
         "upgrade", "doctor", "--help", "-h", "--version", "-V"});
    return word.starts_with("install") || std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

/// ".../clawcode-mcp-servers/python/brave_search.py": a script in a directory of servers, but not in
/// one of scripts about them.
bool stands_among_servers(const Program& program) {
    if (!program.interpreted || program.kind != NameOf::script) return false;
    if (starts_with_chore(words_of(program.slot))) return false;
    string_view rest = program.path;
    for (int up = 0; up < 4; ++up) {
        const std::size_t slash = rest.rfind('/');
        if (slash == string_view::npos) return false;
        rest = rest.substr(0, slash);
        const std::size_t before = rest.rfind('/');
        const std::vector<std::string> words =
            words_of(rest.substr(before == string_view::npos ? 0 : before + 1));
        const auto has = [&](string_view word) {
            return std::find(words.begin(), words.end(), word) != words.end();
        };
        if (has("mcp") && has("servers")) return true;
        if (has("scripts") || has("test") || has("tests") || has("tools") || has("clients") ||
            has("docs")) {
            return false;
        }
    }
    return false;
}

/// ".../mcp/server.py", "apps/mcp/dist/index.js", "dist/mcp/state-server.js": called a server in a
/// directory that is called MCP.
bool stands_in_mcp(const Program& program) {
    const std::size_t slash = program.path.rfind('/');
    if (!program.interpreted || slash == std::string::npos) return false;
    string_view file = string_view(program.path).substr(slash + 1);
    file = file.substr(0, file.find('.'));
    const std::vector<std::string> words = words_of(file);
    if (!is_general_stem(file) && std::find(words.begin(), words.end(), "server") == words.end())
        return false;
    string_view rest = string_view(program.path).substr(0, slash);
    for (int up = 0; up < 3 && !rest.empty(); ++up) {
        const std::size_t before = rest.rfind('/');
        const string_view name = rest.substr(before == string_view::npos ? 0 : before + 1);
        if (name == "mcp") return true;
        if (name != "dist" && name != "build" && name != "src" && name != "bin" && name != "lib")
            return false;
        rest = before == string_view::npos ? string_view() : rest.substr(0, before);
    }
    return false;
}

/// A title, not a command: "sshd: mcp [priv]", "postgres: mcp mcpdb idle".
bool is_title(const Program& program) {
    return !program.interpreted && program.path.ends_with(':');
}

/// A part of a server's own package that is not the server: chrome-devtools-mcp's telemetry watchdog.
bool is_package_helper(const Program& program) {
    if (program.kind != NameOf::package) return false;
    const std::size_t inside = program.path.rfind("node_modules/");
    return inside != std::string::npos && program.path.find("/watchdog/", inside) != std::string::npos;
}

Judgement derived(std::string type, std::string rule, std::string slot) {
    return {Role::server, std::move(type), TypeSource::derived, std::move(rule), std::move(slot), false};
}

/// The best type where the name itself is too general ("mcp-server.js").
std::string better_type(std::string type, const Program& program) {
    if (type != kGenericType) return type;
    for (const std::string& name : program.also) {
        if (is_general_stem(name)) continue;
        if (std::string other = derive_type(name); other != kGenericType) return other;
    }
    return program.directory.empty() ? type : derive_type(program.directory);
}

/// What names alone say.
Judgement judge_by_name(const Program& program, std::string slot) {
    if (const NameVerdict verdict = judge_name(program.slot, program.kind); verdict.server) {
        return derived(better_type(verdict.type, program), "name " + program.slot, std::move(slot));
    }
    if (!starts_with_chore(words_of(program.slot))) {
        for (const std::string& name : program.also) {
            if (judge_name(name, NameOf::directory).server) {
                const std::string type = is_general_stem(program.slot) || program.kind != NameOf::package
                                             ? derive_type(name)
                                             : derive_type(program.slot);
                return derived(better_type(type, program), "name " + name, std::move(slot));
            }
        }
    }
    if (stands_in_mcp(program)) {
        std::string type =
            program.directory.empty() ? derive_type(program.slot) : derive_type(program.directory);
        return derived(std::move(type), "stands in " + program.path, std::move(slot));
    }
    if (stands_among_servers(program)) {
        return derived(derive_type(program.slot), "among servers " + program.path, std::move(slot));
    }
    // "node server.js mcp-server-fetch": a runner of the server that it is told.
    if (program.interpreted && is_general_stem(program.slot)) {
        const string_view first = argument(program, 0);
        if (first.starts_with("mcp-server-") && judge_name(first, NameOf::binary).server) {
            return derived(derive_type(first), "name " + std::string(first), std::string(first));
        }
    }
    return {};
}

}  // namespace

struct Classifier::Compiled {
    std::vector<TypePattern> types;
    std::vector<ClientPattern> clients;
    PatternSet slots;
    PatternSet lines;
    PatternSet client_slots;

    [[nodiscard]] std::string client_of(const Program& program) const {
        if (const string_view name = client_name(program); !name.empty()) return std::string(name);
        const auto match = client_slots.first_match(string_view(program.slot).substr(0, kMaxSlotBytes));
        return match ? clients[*match].name : std::string();
    }

    [[nodiscard]] std::optional<std::size_t> match(const Program& program, string_view slot) const {
        std::optional<std::size_t> found = slots.first_match(slot.substr(0, kMaxSlotBytes));
        for (auto name = program.also.begin(); !found && name != program.also.end(); ++name) {
            found = slots.first_match(string_view(*name).substr(0, kMaxSlotBytes));
        }
        return found;
    }

    [[nodiscard]] Judgement by_pattern(std::size_t index, std::string slot) const {
        const TypePattern& type = types[index];
        return {Role::server,    type.type, TypeSource::pattern, "pattern " + type.pattern,
                std::move(slot), false};
    }

    [[nodiscard]] Judgement judge(const Program& program, string_view line) const {
        const std::string tool_name = tool_name_of(program);
        if (is_common_tool(tool_name) || is_language_server(tool_name) || is_package_helper(program) ||
            is_title(program)) {
            return {Role::none, {}, TypeSource::none, "not a server: " + tool_name, program.slot, false};
        }
        const std::string client = client_of(program);
        const std::string subcommand = serving_subcommand(program, client);
        // Patterns see the sub-command where it decides ("shadcn mcp"), not how the server is to talk.
        const bool decides =
            !subcommand.empty() && subcommand != "stdio" && !subcommand.starts_with("--");
        const std::string slot = decides ? program.slot + ' ' + subcommand : program.slot;
        if (!client.empty() && subcommand.empty()) {
            return {Role::client, client, TypeSource::none, "client " + client, slot, false};
        }
        if (asks_for_no_server(argument(program, 0))) {
            return {Role::none,
                    {},
                    TypeSource::none,
                    "not a server: sub-command " + std::string(argument(program, 0)),
                    slot,
                    false};
        }
        if (argument(program, 0) == "mcp" && subcommand.empty()) {
            return {Role::none, {}, TypeSource::none, "not a server: manages servers", slot, false};
        }
        if (const auto index = match(program, slot)) return by_pattern(*index, slot);
        if (const auto index = lines.first_match(line.substr(0, kMaxMatchLineBytes))) {
            return by_pattern(*index, slot);
        }
        if (Judgement named = judge_by_name(program, slot); named.role == Role::server) {
            if (const auto index = slots.first_match(named.slot)) return by_pattern(*index, named.slot);
            return named;
        }
        if (!subcommand.empty() && !starts_with_chore(words_of(program.slot))) {
            return derived(better_type(derive_type(program.slot), program), "sub-command " + subcommand,
                           slot);
        }
        Judgement nothing;
        nothing.slot = slot;
        nothing.undecided = program.interpreted && !starts_with_chore(words_of(program.slot));
        return nothing;
    }

    /// The first program that is a server, else the first that is a client, else the first.
    [[nodiscard]] std::pair<Judgement, const Program*> judge_all(const Reading& reading,
                                                                 string_view line) const {
        std::pair<Judgement, const Program*> best{{}, nullptr};
        for (const Program& program : reading.programs) {
            Judgement judgement = judge(program, line);
            const bool better = best.second == nullptr || judgement.role == Role::server ||
                                (judgement.role == Role::client && best.first.role == Role::none);
            if (better) best = {std::move(judgement), &program};
            if (best.first.role == Role::server) break;
        }
        return best;
    }
};

Classifier::Classifier(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
Classifier::Classifier(Classifier&&) noexcept = default;
Classifier& Classifier::operator=(Classifier&&) noexcept = default;
Classifier::~Classifier() = default;

Result<Classifier> Classifier::compile(std::vector<TypePattern> types,
                                       std::vector<ClientPattern> clients) {
    constexpr string_view kAction = "compile the pattern of";
    if (types.size() + clients.size() > kMaxPatterns) {
        return fail("compile the patterns", {},
                    "there are more than " + std::to_string(kMaxPatterns) + " of them");
    }
    auto compiled = std::make_unique<Compiled>();
    std::string why;
    const auto add = [&](PatternSet& set, const std::string& pattern, std::size_t index) {
        if (pattern.size() > kMaxPatternLength) {
            why = "it is longer than " + std::to_string(kMaxPatternLength) + " characters";
            return false;
        }
        return set.add(pattern, index, why);
    };
    for (std::size_t i = 0; i < types.size(); ++i) {
        PatternSet& set = types[i].match_line ? compiled->lines : compiled->slots;
        if (!add(set, types[i].pattern, i)) return fail(std::string(kAction), types[i].type, why);
    }
    for (std::size_t i = 0; i < clients.size(); ++i) {
        if (!add(compiled->client_slots, clients[i].pattern, i)) {
            return fail(std::string(kAction), clients[i].name, why);
        }
    }
    if (!compiled->slots.compile() || !compiled->lines.compile() || !compiled->client_slots.compile()) {
        return fail("compile the patterns", {},
                    "together they are too large for RE2; write simpler or fewer");
    }
    compiled->types = std::move(types);
    compiled->clients = std::move(clients);
    return Classifier(std::move(compiled));
}

std::optional<std::size_t> Classifier::match_slot(string_view slot) const {
    return compiled_->slots.first_match(slot.substr(0, kMaxSlotBytes));
}

const std::vector<TypePattern>& Classifier::types() const {
    return compiled_->types;
}

Classification Classifier::classify(const CommandLine& line, const Surroundings& surroundings) const {
    Classification result;
    if (line.empty()) return result;
    Reading reading = read_command(line.tokens());
    result.wraps = reading.wraps;
    result.command.launcher = reading.wraps;
    result.command.launcher_name = reading.launcher_name;

    const std::string text = compiled_->lines.empty() ? std::string() : line.text();
    auto [judgement, program] = compiled_->judge_all(reading, text);
    Program resolved;
    const bool relative =
        program != nullptr && program->kind != NameOf::module && !program->path.starts_with('/');
    if (judgement.undecided && relative && !surroundings.cwd.empty()) {
        // `node dist/index.js` in …/node_modules/@modelcontextprotocol/server-filesystem
        string_view path = program->path;
        while (path.starts_with("./")) path.remove_prefix(2);
        resolved = program_at(std::string(surroundings.cwd) + '/' + std::string(path), program->kind);
        resolved.arguments = program->arguments;
        resolved.interpreted = true;
        Judgement again = compiled_->judge(resolved, text);
        if (again.role == Role::server) {
            again.rule += " (by its working directory)";
            judgement = std::move(again);
            program = &resolved;
        }
    }
    if (program != nullptr) {
        result.command.program = judgement.slot;
        result.command.arguments = program->arguments;
    }
    result.undecided = judgement.undecided;
    result.rule = judgement.rule;
    const bool shell = reading.launcher_name.ends_with(" -c");
    if (judgement.role == Role::server) {
        result.role = reading.wraps == LauncherKind::none ? Role::server : Role::launcher;
        result.type = judgement.type;
        result.type_source = judgement.source;
    } else if (judgement.role == Role::client && !shell) {
        result.role = Role::client;
        result.type = judgement.type;
    } else if (const string_view client = client_at(surroundings.exe); !client.empty()) {
        result.role = Role::client;
        result.type = client;
        result.rule = "client by its executable";
    }
    return result;
}

}  // namespace reaper::classify
