// Who listens where, by socket inode, once per network namespace.
//
// Our own namespace is asked by netlink; another one is read from /proc/PID/net of a process in it.
// Lives as long as one sample: what is remembered is as old as the first question about a namespace.
//
// Internal to scan/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "scan/process_dir.h"
#include "scan/sock_diag.h"

namespace reaper::scan {

class SocketTable {
  public:
    explicit SocketTable(SockDiag& diag);

    /// What this process itself listens on in its own network namespace, in a fixed order. Fails
    /// where its descriptors may not be read or its namespace's sockets may not.
    Result<std::vector<std::string>> listening(const ProcessDir& process);

    /// Whether it is in our network namespace; nothing where that may not be seen.
    std::optional<bool> shares_our_network(const ProcessDir& process) const;

  private:
    using ByInode = std::unordered_map<std::uint64_t, std::string>;
    Result<const ByInode*> table_of(const ProcessDir& process);
    [[nodiscard]] Result<ByInode> read_table(const ProcessDir& process, bool ours);

    SockDiag& diag_;
    std::string our_network_;  ///< "net:[4026531840]"; empty where /proc/self may not be seen.
    std::unordered_map<std::string, Result<ByInode>> tables_;
};

/// The listening sockets in the text of /proc/PID/net/tcp (v6: tcp6) and unix. Lines that are in no
/// known form are passed over.
std::vector<ListeningSocket> parse_net_tcp(std::string_view text);
std::vector<ListeningSocket> parse_net_unix(std::string_view text);

}  // namespace reaper::scan
