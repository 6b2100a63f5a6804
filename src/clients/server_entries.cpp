#include "clients/server_entries.h"

#include <algorithm>

namespace reaper::clients {
namespace {

using Entries = std::vector<ServerEntry>;

std::size_t count_of(const JsonText& json, const JsonValue& object, std::string_view key) {
    const auto members = json.members(object);
    return static_cast<std::size_t>(
        std::count_if(members.begin(), members.end(),
                      [&](const JsonMember& member) { return json.decoded(member.key) == key; }));
}

std::string text_of(const JsonText& json, const std::optional<JsonMember>& member) {
    const bool is_text = member && member->value.kind == JsonKind::string;
    return is_text ? json.decoded(member->value.span) : std::string();
}

/// "npx -y @acme/mcp": some take that for a path, some for a line to be split. "/opt/My Tools/x" is a
/// path.
bool is_whole_line(const std::string& command) {
    const std::size_t blank = command.find_first_of(" \t\r\n");
    return blank != std::string::npos && blank < command.find('/');
}

/// Reads what is to be started; why it is not clear, or "".
std::string read_command(const JsonText& json, ServerEntry& entry) {
    const JsonValue& object = entry.member.value;
    for (const char* const key : {"command", "args"}) {
        if (count_of(json, object, key) > 1) return std::string("it has '") + key + "' twice";
    }
    const auto command = member_of(json, object, "command");
    if (!command) return "it has neither a command nor a url";
    if (command->value.kind != JsonKind::string) return "its command is not a string";
    entry.command = *command;
    entry.words = {json.decoded(command->value.span)};
    if (entry.words.front().empty()) return "its command is empty";
    if (is_whole_line(entry.words.front()))
        return "its command is a whole line: write the words behind the first into args";
    entry.args = member_of(json, object, "args");
    if (!entry.args) return "";
    if (entry.args->value.kind != JsonKind::array) return "its args are not an array";
    for (const JsonValue& word : json.elements(entry.args->value)) {
        if (word.kind != JsonKind::string) return "its args hold something that is not a string";
        entry.words.push_back(json.decoded(word.span));
    }
    return "";
}

void read_environment(const JsonText& json, ServerEntry& entry) {
    const auto env = member_of(json, entry.member.value, "env");
    if (!env) return;
    for (const JsonMember& variable : json.members(env->value)) {
        entry.environment[json.decoded(variable.key)] = text_of(json, variable);
    }
}

ServerEntry read_entry(const JsonText& json, const JsonMember& member, const std::string& project) {
    ServerEntry entry;
    entry.name = json.decoded(member.key);
    entry.project = project;
    entry.member = member;
    if (member.value.kind != JsonKind::object) {
        entry.why_unclear = "it is not an object";
        return entry;
    }
    const std::string type = text_of(json, member_of(json, member.value, "type"));
    const bool has_url = member_of(json, member.value, "url").has_value();
    if (has_url || (!type.empty() && type != "stdio")) {
        entry.transport = Transport::remote;
        return entry;
    }
    entry.why_unclear = read_command(json, entry);
    if (entry.why_unclear.empty()) entry.transport = Transport::stdio;
    read_environment(json, entry);
    return entry;
}

/// Those of each member `key` of an object.
void collect(const JsonText& json, const JsonValue& object, std::string_view key,
             const std::string& project, Entries& entries) {
    for (const JsonMember& servers : json.members(object)) {
        if (json.decoded(servers.key) != key) continue;
        for (const JsonMember& server : json.members(servers.value)) {
            entries.push_back(read_entry(json, server, project));
        }
    }
}

}  // namespace

std::optional<JsonMember> member_of(const JsonText& json, const JsonValue& object,
                                    std::string_view key) {
    std::optional<JsonMember> found;
    for (const JsonMember& member : json.members(object)) {
        if (json.decoded(member.key) == key) found = member;
    }
    return found;
}

std::vector<ServerEntry> server_entries(const JsonText& json) {
    Entries entries;
    for (const JsonMember& member : json.members(json.root())) {
        const std::string key = json.decoded(member.key);
        if (key == "mcp") collect(json, member.value, "servers", "", entries);
        if (key != "projects") continue;
        for (const JsonMember& project : json.members(member.value)) {
            collect(json, project.value, "mcpServers", json.decoded(project.key), entries);
        }
    }
    collect(json, json.root(), "mcpServers", "", entries);
    collect(json, json.root(), "servers", "", entries);
    std::sort(entries.begin(), entries.end(), [](const ServerEntry& a, const ServerEntry& b) {
        return a.member.key.begin < b.member.key.begin;
    });
    return entries;
}

}  // namespace reaper::clients
