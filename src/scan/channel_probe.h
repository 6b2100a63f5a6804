// Finds out what is on two descriptors of a process (0 and 1 of a server) and whether anybody is at the
// other end, without changing anything about them (docs/architecture.md, safety rule 10): a duplicate
// lives only inside a call, and its flags, which it shares with the process, are not touched.
//
// Internal to scan/.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "base/result.h"
#include "base/unique_fd.h"
#include "scan/channel.h"
#include "scan/process_dir.h"
#include "scan/sock_diag.h"
#include "scan/socket_table.h"

namespace reaper::scan {

/// The descriptors that a process reads from and writes to.
struct ChannelNumbers {
    int in;
    int out;
};
inline constexpr ChannelNumbers kStandardChannel{0, 1};
/// What Chromium talks over with --remote-debugging-pipe (content/browser/devtools).
inline constexpr ChannelNumbers kDebuggingPipe{3, 4};

/// Both ends of a channel.
struct ChannelEnds {
    ChannelEnd in;
    ChannelEnd out;
};

/// Lives as long as one sample.
class ChannelProbe {
  public:
    ChannelProbe(SockDiag& diag, const SocketTable& sockets) : diag_(diag), sockets_(sockets) {}

    /// Kind and inode of both ends, from their links. The state of what may have a peer stays unknown.
    /// Fails only where the process is gone: what may not be looked at is an unknown end.
    Result<ChannelEnds> look(const ProcessDir& process, ChannelNumbers numbers = kStandardChannel);

    /// Kind, inode and state of both ends: by a duplicate of the descriptor and poll or, where that is
    /// refused, by opening the pipe once more or by asking sock_diag. Fails as look() does.
    Result<ChannelEnds> probe(const ProcessDir& process, ChannelNumbers numbers = kStandardChannel);

    /// Whether descriptor `number` of this process is the same pipe or socket that was found `before`
    /// by a duplicate, and its state is the same. Takes 3 µs, where probe() takes 40.
    [[nodiscard]] static bool unchanged(int pidfd, int number, const ChannelEnd& before);

  private:
    /// A pidfd, opened when the first end asks for it.
    struct Subject {
        const ProcessDir& process;
        Result<UniqueFd> pidfd = fail("open a pidfd of", "", "not asked for");
        bool asked = false;
    };

    [[nodiscard]] Result<ChannelEnd> look_at(const ProcessDir& process, int number);
    [[nodiscard]] Result<ChannelEnd> probe_end(Subject& subject, int number);
    [[nodiscard]] Result<ChannelEnd> ask_around(const ProcessDir& process, int number, ChannelEnd end,
                                                const std::string& why);
    [[nodiscard]] EndKind kind_of_socket(const ProcessDir& process, std::uint64_t inode);

    SockDiag& diag_;
    const SocketTable& sockets_;
    std::unordered_map<std::uint64_t, EndKind> socket_kinds_;
};

}  // namespace reaper::scan
