// The MCP servers that a client's configuration names, and where each stands in the text.
//
//   mcpServers                Claude Code (.mcp.json, ~/.claude.json), Cursor (mcp.json)
//   projects.*.mcpServers     Claude Code (~/.claude.json): what holds in one directory
//   servers                   VS Code (mcp.json)
//   mcp.servers               VS Code (settings.json, before it had a file for them)
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "clients/json_text.h"

namespace reaper::clients {

enum class Transport {
    stdio,    ///< A command that the client starts.
    remote,   ///< An address; nothing is started.
    unclear,  ///< Neither, or not as clients read it: `why_unclear`.
};

struct ServerEntry {
    std::string name;
    std::string project;  ///< The directory that it holds in; empty: everywhere.
    JsonMember member;    ///< Its name and its object.
    Transport transport = Transport::unclear;
    std::string why_unclear;
    // Of a stdio server:
    JsonMember command;
    std::optional<JsonMember> args;
    std::vector<std::string> words;  ///< The command and its arguments, as they are started.
    std::map<std::string, std::string> environment;
};

/// All of them in order, those with the same name too: a client takes the last.
std::vector<ServerEntry> server_entries(const JsonText& json);

/// The last member with this name: the one that readers of JSON take.
std::optional<JsonMember> member_of(const JsonText& json, const JsonValue& object, std::string_view key);

}  // namespace reaper::clients
