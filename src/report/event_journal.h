// Events in systemd's journal, with fields of their own: `journalctl MCP_REAPER_EVENT=action`.
// docs/events.md lists the fields.
//
// The journal's native protocol is spoken here and not by sd_journal_sendv(), which waits for a full
// queue: with a journald that was stopped it hung at the 11th entry (systemd 252, max_dgram_qlen 10). A
// daemon must not hang with its host's log. This sends without waiting, and counts what was not taken.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/unique_fd.h"
#include "report/event.h"

namespace reaper::report {

/// Names and values, a name more than once where there are several values. Pure.
///
/// There is no OBJECT_PID among them: journald would add OBJECT_CMDLINE by itself, with every secret
/// that is on that command line (systemd.journal-fields(7)).
using JournalFields = std::vector<std::pair<std::string, std::string>>;
JournalFields journal_fields(const Event& event);

/// What is sent for them: "NAME=value\n", and with its length before it where a value has newlines.
std::string journal_datagram(const JournalFields& fields);

/// syslog(3)'s, LOG_ERR to LOG_INFO.
int journal_priority(const Event& event);

/// The MESSAGE_ID of the family that a kind belongs to: 32 hexadecimal digits. These never change.
std::string_view journal_message_id(EventKind kind);

inline constexpr const char* kJournalSocket = "/run/systemd/journal/socket";

class EventJournal {
  public:
    explicit EventJournal(std::string socket = kJournalSocket);

    /// Never waits. Where there is no journal nothing happens.
    void write(const Event& event);

    /// Whether there was one at the last write().
    [[nodiscard]] bool there() const { return there_; }

    /// What went wrong since it was last asked, or that it goes on and how many events are missing; in a
    /// sentence, nothing where all is as it was.
    std::optional<std::string> trouble();

  private:
    void note(int code);

    std::string socket_;
    UniqueFd fd_;
    bool there_ = false;
    std::uint64_t missing_ = 0;
    std::optional<std::string> trouble_;
};

}  // namespace reaper::report
