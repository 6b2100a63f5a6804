// Who is at the other end of the control socket, and what they may.
#pragma once

#include <sys/types.h>

namespace reaper::daemon {

/// As the kernel knows them (SO_PEERCRED, unix(7)): nothing that a request says can change it.
struct Peer {
    uid_t uid = 0;
    pid_t pid = 0;
    /// root, or the user whose daemon this is: sees everything and may everything. Others see and act on
    /// what is theirs.
    bool governs = false;

    bool operator==(const Peer&) const = default;
};

inline Peer peer_of(uid_t uid, pid_t pid, uid_t owner_of_daemon) {
    return {uid, pid, uid == 0 || uid == owner_of_daemon};
}

/// Whether what belongs to `owner` is this peer's to see and to act on.
inline bool is_theirs(const Peer& peer, uid_t owner) {
    return peer.governs || peer.uid == owner;
}

}  // namespace reaper::daemon
