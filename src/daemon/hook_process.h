// One run of a hook's command.
//
// Internal to daemon/hooks.
#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>  // Boost 1.74 with g++ 12: before anything of Asio.
#include <vector>

#include "base/result.h"
#include "policy/policy.h"

namespace reaper::daemon {

/// What is run, for which event.
struct HookRun {
    std::shared_ptr<const policy::Hook> hook;
    std::string event;  ///< "action"
    std::string id;     ///< The event's.
    std::shared_ptr<const std::string> line;
};

/// The process leads a session and a group of its own. On a time-out, and when it has ended by itself,
/// signals go to that group: the one place where this program signals by pid and to a group. The number
/// can be nobody else's: it is our own child, which is not waited for before that.
///
/// stdin is a sealed file in memory with the event's line, so that nobody can fail to read it; stdout is
/// /dev/null; the beginning of stderr is kept for the reason of a failure; other descriptors are closed,
/// no signal is blocked or ignored, the directory is /, the environment has PATH, MCP_REAPER_EVENT and
/// MCP_REAPER_EVENT_ID.
///
/// Nobody else in this program may wait for children that are not theirs (waitpid(-1), SIGCHLD ignored).
class HookProcess : public std::enable_shared_from_this<HookProcess> {
  public:
    /// Why it failed; empty where it did not.
    using Ended = std::function<void(std::string why)>;

    /// `ended` is called once from the loop, unless it is destroyed or killed before. From SIGTERM at
    /// the time-out to SIGKILL it is `kill_after`.
    static Result<std::shared_ptr<HookProcess>> start(boost::asio::io_context& loop, const HookRun& run,
                                                      std::chrono::milliseconds kill_after, Ended ended);
    ~HookProcess();
    HookProcess(const HookProcess&) = delete;
    HookProcess& operator=(const HookProcess&) = delete;

    /// At once and for good; `ended` is not called.
    void kill();

    [[nodiscard]] pid_t pid() const { return pid_; }

  private:
    HookProcess(boost::asio::io_context& loop, const HookRun& run, std::chrono::milliseconds kill_after,
                Ended ended);
    Result<void> spawn(const HookRun& run);
    void watch();
    void wait_for_end();
    void listen();
    bool read_stderr();
    void timed_out();
    void exited();
    void close();
    void signal_group(int number) const;
    [[nodiscard]] std::string failure(int code, int status) const;

    std::shared_ptr<const policy::Hook> hook_;
    std::chrono::milliseconds kill_after_;
    Ended ended_;
    boost::asio::posix::stream_descriptor process_;  ///< A pidfd.
    boost::asio::posix::stream_descriptor errors_;   ///< Our end of its stderr.
    boost::asio::steady_timer timer_;
    pid_t pid_ = 0;  ///< 0 once it has been waited for.
    bool late_ = false;
    std::string said_;  ///< The beginning of its stderr.
};

}  // namespace reaper::daemon
