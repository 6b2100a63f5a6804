#include "report/event_journal.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "report/redact.h"

namespace reaper::report {
namespace {

/// Families of MESSAGE_ID; docs/events.md tells them.
constexpr std::string_view kDaemonId = "d691e9ed3aa94b9d8be3b52665a68922";
constexpr std::string_view kServerId = "9267c32cd8264e058b040f5afd561bc5";
constexpr std::string_view kFindingId = "963e1943d2e04cb4bcd7894d2bb9a132";
constexpr std::string_view kActionId = "ff67b82c19814872990011b4db04a731";
constexpr std::string_view kHostId = "aa415906a36643ee899009d297b595b6";
constexpr std::string_view kTroubleId = "9ae3409f1f2c474ea2cf3db8e2335784";

struct Told {
    std::string_view message_id;
    int priority;
};

Told told(EventKind kind) {
    switch (kind) {
        case EventKind::daemon_started:
        case EventKind::daemon_stopping:
        case EventKind::policy_reloaded:
        case EventKind::paused:
        case EventKind::resumed:
            return {kDaemonId, LOG_NOTICE};
        case EventKind::policy_refused:
            return {kDaemonId, LOG_ERR};
        case EventKind::server_started:
        case EventKind::server_stopped:
            return {kServerId, LOG_INFO};
        case EventKind::finding:
        case EventKind::limit_exceeded:
        case EventKind::health_check_failed:
            return {kFindingId, LOG_WARNING};
        case EventKind::finding_cleared:
        case EventKind::health_check_recovered:
            return {kFindingId, LOG_INFO};
        case EventKind::action:
        case EventKind::breaker_closed:
            return {kActionId, LOG_NOTICE};
        case EventKind::breaker_opened:
            return {kActionId, LOG_WARNING};
        case EventKind::collector_changed:
            return {kHostId, LOG_NOTICE};
        case EventKind::pressure:
        case EventKind::late:
            return {kHostId, LOG_WARNING};
        case EventKind::hook_failed:
            return {kTroubleId, LOG_WARNING};
        case EventKind::look_trouble:
        case EventKind::history_trouble:
        case EventKind::log_trouble:
            break;
    }
    return {kTroubleId, LOG_ERR};
}

/// The text under `key`, or the texts where it is a list.
std::vector<std::string> texts_of(const nlohmann::ordered_json& detail, const char* key) {
    std::vector<std::string> texts;
    const auto found = detail.find(key);
    if (found == detail.end()) return texts;
    if (found->is_string()) texts.push_back(found->get<std::string>());
    if (!found->is_array()) return texts;
    for (const auto& one : *found) {
        if (one.is_string()) texts.push_back(one.get<std::string>());
    }
    return texts;
}

void append_length(std::string& out, std::uint64_t length) {
    for (int shift = 0; shift < 64; shift += 8) out += static_cast<char>((length >> shift) & 0xff);
}

}  // namespace

std::string_view journal_message_id(EventKind kind) {
    return told(kind).message_id;
}

int journal_priority(const Event& event) {
    const int priority = told(event.kind).priority;
    if (event.kind != EventKind::action) return priority;
    const std::vector<std::string> effect = texts_of(event.detail, "effect");
    const bool wrong = !effect.empty() && (effect.front() == "failed" || effect.front() == "unkillable");
    return wrong ? LOG_WARNING : priority;
}

JournalFields journal_fields(const Event& event) {
    JournalFields fields = {
        {"MESSAGE", printable(event.message)},
        {"PRIORITY", std::to_string(journal_priority(event))},
        {"SYSLOG_IDENTIFIER", "mcp-reaper"},
        {"MESSAGE_ID", std::string(journal_message_id(event.kind))},
        {"MCP_REAPER_EVENT", std::string(to_string(event.kind))},
        {"MCP_REAPER_EVENT_ID", event.id},
        {"MCP_REAPER_UID", std::to_string(event.uid)},
    };
    if (event.server) {
        fields.emplace_back("MCP_REAPER_SERVER", event.server->text());
        fields.emplace_back("MCP_REAPER_SERVER_PID", std::to_string(event.server->pid));
    }
    if (!event.type.empty()) fields.emplace_back("MCP_REAPER_SERVER_TYPE", printable(event.type));
    if (!event.detail.is_object()) return fields;
    for (std::string& rule : texts_of(event.detail, "rule")) {
        fields.emplace_back("MCP_REAPER_RULE", std::move(rule));
    }
    for (std::string& rule : texts_of(event.detail, "rules")) {
        fields.emplace_back("MCP_REAPER_RULE", std::move(rule));
    }
    for (std::string& deed : texts_of(event.detail, "action")) {
        fields.emplace_back("MCP_REAPER_ACTION", std::move(deed));
    }
    for (std::string& effect : texts_of(event.detail, "effect")) {
        fields.emplace_back("MCP_REAPER_EFFECT", std::move(effect));
    }
    if (!event.detail.empty()) {
        std::string detail =
            event.detail.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
        if (detail.size() <= kLongestEventLine) {
            fields.emplace_back("MCP_REAPER_DETAIL", std::move(detail));
        }
    }
    return fields;
}

std::string journal_datagram(const JournalFields& fields) {
    std::string out;
    for (const auto& [name, value] : fields) {
        out += name;
        if (value.find('\n') == std::string::npos) {
            out += '=';
        } else {
            out += '\n';
            append_length(out, value.size());
        }
        out += value;
        out += '\n';
    }
    return out;
}

EventJournal::EventJournal(std::string socket) : socket_(std::move(socket)) {}

void EventJournal::write(const Event& event) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (socket_.size() >= sizeof(address.sun_path)) return note(ENAMETOOLONG);
    std::copy(socket_.begin(), socket_.end(), address.sun_path);
    if (!fd_) {
        fd_ = UniqueFd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        if (!fd_) return note(errno);
    }
    const std::string datagram = journal_datagram(journal_fields(event));
    // Addressed each time and never connected: a journald that is started again is found.
    const ssize_t sent =
        ::sendto(fd_.get(), datagram.data(), datagram.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                 reinterpret_cast<const sockaddr*>(&address), sizeof(address));
    note(sent < 0 ? errno : 0);
}

void EventJournal::note(int code) {
    there_ = code != ENOENT && code != ECONNREFUSED && code != ENOTDIR;
    if (!there_) return;
    if (code != 0) {
        if (missing_++ > 0) return;
        const std::string why =
            code == EAGAIN ? "its queue is full" : std::generic_category().message(code);
        trouble_ = fmt::format("the journal takes no events: {}; they are missing in it for now", why);
    } else if (missing_ > 0) {
        trouble_ = fmt::format("the journal takes events again; {} missing in it",
                               missing_ == 1 ? "1 is" : fmt::format("{} are", missing_));
        missing_ = 0;
    }
}

std::optional<std::string> EventJournal::trouble() {
    return std::exchange(trouble_, std::nullopt);
}

}  // namespace reaper::report
