#include "clients/redacted_text.h"

#include "clients/edits.h"
#include "clients/server_entries.h"
#include "report/redact.h"
#include "report/secret_names.h"

namespace reaper::clients {
namespace {

using Edits = std::vector<Edit>;

/// "${TOKEN}", "${input:key}", "Bearer ${TOKEN}" tell where the secret is, not what it is.
bool names_variable(std::string_view value) {
    const std::size_t blank = value.find(' ');
    if (blank != std::string_view::npos && report::is_auth_scheme(value.substr(0, blank)))
        value.remove_prefix(blank + 1);
    return value.starts_with("${") && value.find('}') == value.size() - 1 &&
           value.find(":-") == std::string_view::npos;
}

void hide_values(const JsonText& json, const JsonValue& object, Edits& edits) {
    for (const JsonMember& member : json.members(object)) {
        if (member.value.kind != JsonKind::string) continue;
        const std::string value = json.decoded(member.value.span);
        if (!value.empty() && !names_variable(value)) edits.push_back({member.value.span, "\"***\""});
    }
}

/// The words of a server, each with the one before it in view: "--token", "x".
void hide_words(const JsonText& json, const ServerEntry& entry, Edits& edits) {
    std::vector<Span> places = {entry.command.value.span};
    if (entry.args) {
        for (const JsonValue& word : json.elements(entry.args->value)) places.push_back(word.span);
    }
    const std::vector<std::string> shown = report::redact(entry.words);
    for (std::size_t i = 0; i < places.size() && i < shown.size(); ++i) {
        if (shown[i] != entry.words[i]) edits.push_back({places[i], quoted(shown[i])});
    }
}

}  // namespace

std::string redacted(const JsonText& json) {
    Edits edits;
    for (const ServerEntry& entry : server_entries(json)) {
        if (entry.transport == Transport::stdio) hide_words(json, entry, edits);
        for (const JsonMember& member : json.members(entry.member.value)) {
            const std::string key = json.decoded(member.key);
            if (key == "env" || key == "headers") hide_values(json, member.value, edits);
        }
    }
    return edited(json.text(), std::move(edits));
}

}  // namespace reaper::clients
