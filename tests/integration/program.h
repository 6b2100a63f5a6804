// A program that a test starts: its standard input and output are ours, over pipes or a terminal.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"

namespace reaper::integration {

using namespace std::chrono_literals;

struct StartOptions {
    std::map<std::string, std::string> environment{};  ///< Added to our own.
    std::string directory{};                           ///< To start in; empty: ours.
    std::string file{};                                ///< What to execute; empty: argv[0], from PATH.
    std::optional<uid_t> user{};                       ///< To start as; the group has the same number.
    std::size_t stack_limit = 0;  ///< RLIMIT_STACK, on which the size of argv depends.
    bool on_terminal = false;     ///< In the foreground of a terminal of its own, in place of the pipes.
};

class Program {
  public:
    /// Throws std::system_error where there is no process to be had. A program that cannot be executed
    /// ends with status 127 and its reason on stderr.
    Program(const std::vector<std::string>& argv, const StartOptions& options = {});
    Program(Program&&) noexcept = default;
    Program& operator=(Program&&) = delete;
    ~Program();

    [[nodiscard]] pid_t pid() const { return pid_; }

    /// The next line of its output; nothing at its end or when the time is up.
    std::optional<std::string> read_line(std::chrono::milliseconds within = 120s);
    /// All of its output up to the end.
    std::string read_all(std::chrono::milliseconds within = 120s);
    void write_line(std::string_view line);
    void close_input() { input_.close(); }
    void close_output() { output_.close(); }
    /// Its window, so to say.
    void close_terminal();

    /// SIGKILL, and waits for its end.
    void kill();
    /// Its exit status, as waitpid gives it; nothing when it is still there after that time.
    std::optional<int> wait(std::chrono::milliseconds within = 60s);

  private:
    bool fill(std::chrono::steady_clock::time_point deadline);

    pid_t pid_ = 0;
    UniqueFd process_;
    UniqueFd input_;
    UniqueFd output_;
    std::string unread_;
    std::optional<int> status_;
};

}  // namespace reaper::integration
