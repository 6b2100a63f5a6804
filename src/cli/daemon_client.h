// Speaks with a running daemon over its control socket (docs/control-api.md).
//
// Blocking, with a limit to every wait. A daemon is only spoken to where the system says that it is
// root's or our own.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "cli/command.h"
#include "daemon/control_json.h"
#include "pass/interrupts.h"

namespace reaper::cli {

/// Which one is meant where two run: root's, which governs everybody's servers, and our own.
enum class Whose {
    ours_first,
    roots_first,
};

class DaemonClient {
  public:
    /// Nothing where none is running.
    static Result<std::optional<DaemonClient>> find(Whose whose);

    struct Request {
        std::string method = "GET";
        std::string target;  ///< "/status"
        std::string body{};
        std::chrono::milliseconds patience = std::chrono::seconds(10);
        const pass::Interrupts* interrupts = nullptr;  ///< Waiting ends with a signal too.
    };

    /// The body of an answer that is no refusal.
    tl::expected<std::string, daemon::Refusal> ask(const Request& request);

    /// Each line of an answer as it comes, until its end, or until `take` says false. Heartbeats too.
    tl::expected<void, daemon::Refusal> follow(const std::string& target,
                                               const std::function<bool(std::string_view)>& take);

    /// Whether it is run by root: it governs everybody's servers.
    [[nodiscard]] bool is_roots() const { return roots_; }

  private:
    DaemonClient(UniqueFd fd, bool roots) : fd_(std::move(fd)), roots_(roots) {}
    static Result<std::optional<DaemonClient>> connect(const std::string& path);

    UniqueFd fd_;
    bool roots_;
};

/// Complains that there is no daemon, and says how to start one.
ExitCode no_daemon();

/// Complains with what the daemon said, and what would help.
ExitCode refused(const daemon::Refusal& refusal);

/// One request to the daemon that is found first; nothing, after a complaint, where there is none or it
/// refuses.
std::optional<std::string> ask_daemon(const DaemonClient::Request& request);

}  // namespace reaper::cli
