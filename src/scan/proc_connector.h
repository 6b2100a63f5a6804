// The kernel's process connector (netlink, cn_proc): it tells of forks, execs, changes of name and ends
// as they happen, for the whole host.
//
// Works only in the host's own pid and user namespaces, and with CAP_NET_ADMIN.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"

namespace reaper::scan {

/// What happened to a process. Threads begin and end unnoticed.
struct ProcessEvent {
    enum class Kind { began, executed, renamed, user_changed, session_changed, ended };
    Kind kind = Kind::began;
    pid_t pid = 0;

    bool operator==(const ProcessEvent&) const = default;
};

/// What one datagram of the connector says. Pure: whatever else the bytes are, they are passed over.
struct ConnectorText {
    std::vector<ProcessEvent> events;
    std::optional<std::uint32_t> confirms;  ///< The request of this number was heard, and granted.
};
/// Adds to `text`.
void parse_connector(std::span<const std::byte> datagram, ConnectorText& text);

class ProcConnector {
  public:
    static constexpr Bytes kReceiveBuffer = Bytes::from_mib(8);
    static constexpr std::chrono::milliseconds kPatience{200};  // The answer comes within one.

    /// Returns when the kernel has confirmed that it will tell us: in a container it may let us bind
    /// and then never say a word.
    static Result<ProcConnector> open(Bytes receive_buffer = kReceiveBuffer);

    ProcConnector(ProcConnector&&) noexcept;
    ProcConnector& operator=(ProcConnector&&) = delete;
    /// Tells the kernel not to go on making events for nobody.
    ~ProcConnector();

    [[nodiscard]] int fd() const { return socket_.get(); }

    struct Received {
        std::size_t datagrams = 0;
        bool lost = false;  ///< The buffer has overflowed: events are missing (ENOBUFS).
    };
    /// Adds to `text` what is waiting, at most so many datagrams; never blocks. Only what the kernel
    /// itself has sent counts.
    Received receive(ConnectorText& text, std::size_t most);

  private:
    struct Batch;
    explicit ProcConnector(UniqueFd socket);

    UniqueFd socket_;
    std::unique_ptr<Batch> batch_;
};

}  // namespace reaper::scan
