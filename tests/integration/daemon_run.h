// The daemon as a test runs it: with directories and a policy of the test's own, told when it is ready
// as a service manager is.
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "program.h"
#include "scratch.h"

namespace reaper::integration {

using nlohmann::json;

/// Looks and passes every second; an orphan is one for a second before it is ended.
extern const std::string kEverySecond;
/// The same; kEverySecond has a grace time of one second.
std::string every_second(std::chrono::seconds grace);

/// What is different for one test.
struct DaemonSettings {
    std::map<std::string, std::string> environment;
    /// Done with its directory, in which there are `run`, `state` and `log`, before it is started.
    std::function<void(const std::filesystem::path&)> prepare;
};

class DaemonRun {
  public:
    /// Begun at once. Acts on whatever the host has: only in a pid namespace of the test's own.
    explicit DaemonRun(const std::string& policy, DaemonSettings settings = {});
    ~DaemonRun();

    /// Waits until it says that it is ready; false where it ends or the time is up.
    bool await_ready();
    /// The daemon that was there has ended; another one on the same directories.
    void start_again();
    Program& program() { return *program_; }

    void write_policy(const std::string& text) const;
    [[nodiscard]] std::string policy_file() const { return (scratch_.path() / "policy.yaml").string(); }
    [[nodiscard]] std::filesystem::path directory() const { return scratch_.path(); }

    /// The next event of that kind in its log, of those since the last call; null, with a test failure,
    /// where there is none in time. With `fits` only one that fits.
    json await_event(const std::string& kind, const std::function<bool(const json&)>& fits = {},
                     std::chrono::milliseconds within = 60s);
    /// `mcp-reaper ARGUMENTS`, beside it.
    struct Said {
        int exit_code = -1;
        std::string output;
        std::string complaint;  ///< Of standard error.
    };
    [[nodiscard]] Said run(const std::vector<std::string>& arguments) const;
    /// The same, begun: its complaints are the test's.
    [[nodiscard]] Program start(const std::vector<std::string>& arguments) const;
    [[nodiscard]] json status() const;
    [[nodiscard]] std::string socket() const { return (scratch_.path() / "run/control.sock").string(); }
    /// What it has written on standard error, in all its runs.
    [[nodiscard]] std::string said() const;

    /// SIGTERM; its exit status, as waitpid gives it.
    std::optional<int> end();

  private:
    [[nodiscard]] StartOptions options() const;
    [[nodiscard]] std::string said_file() const { return (scratch_.path() / "said").string(); }
    void listen_to_notices();
    void read_log();

    Scratch scratch_;
    DaemonSettings settings_;
    UniqueFd notices_;
    std::optional<Program> program_;
    std::size_t read_ = 0;     ///< Bytes of the log.
    std::deque<json> unseen_;  ///< Read, and not looked at by await_event() yet.
};

/// Of an event: it is about the server of this process.
std::function<bool(const json&)> about(pid_t pid);

}  // namespace reaper::integration
