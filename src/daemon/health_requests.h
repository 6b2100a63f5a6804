// Asks standalone servers whose type names a health request (policy: `servers: [{ health: {…} }]`)
// whether they still answer.
//
// One thread: all of it happens in the calls here and on the loop, which must outlive this. Nothing
// blocks. At most 16 requests are under way at once; the first of each server comes at a time of its own
// within its interval, so that a hundred servers are not asked in one moment.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "base/process_id.h"
#include "policy/policy.h"
#include "scan/snapshot.h"

namespace reaper::daemon {

class HealthRequests {
  public:
    static constexpr std::size_t kMaxAtOnce = 16;

    /// Whether a process is in our own network namespace: 127.0.0.1 of another one is another host.
    using InOurNetwork = std::function<bool(pid_t)>;

    explicit HealthRequests(boost::asio::io_context& loop);
    HealthRequests(boost::asio::io_context& loop, InOurNetwork in_our_network);
    ~HealthRequests();  ///< Drops what is under way.
    HealthRequests(const HealthRequests&) = delete;
    HealthRequests& operator=(const HealthRequests&) = delete;

    /// Whom to ask from now on, and how: the servers of this snapshot. One that is not in it is
    /// forgotten; one that is asked otherwise than before begins anew. Only what a server itself listens
    /// on is asked; of several sockets one that answers is enough.
    void ask(const scan::Snapshot& snapshot, const policy::Policy& policy);

    /// Who has failed as many requests in a row as its type allows.
    [[nodiscard]] std::map<ProcessId, scan::Unresponsive> unresponsive() const;

    /// Requests that have failed since the start.
    [[nodiscard]] std::uint64_t failed() const;

  private:
    class Work;
    std::shared_ptr<Work> work_;
};

}  // namespace reaper::daemon
