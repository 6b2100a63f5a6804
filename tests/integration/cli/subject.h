// Processes that look like MCP servers: this test program itself, under another command line.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace reaper::cli_test {

/// What main() does where it is started as a subject: nothing, until it is killed.
bool is_subject();
[[noreturn]] void be_subject();

/// A process with this command line. Its stdin and stdout are pipes to us until hang_up.
class Subject {
  public:
    explicit Subject(std::vector<std::string> command_line);
    Subject(const Subject&) = delete;
    Subject& operator=(const Subject&) = delete;
    ~Subject();

    [[nodiscard]] pid_t pid() const { return pid_; }
    /// Closes our ends of its channel, as a client does that was killed.
    void hang_up();

  private:
    pid_t pid_ = -1;
    int in_ = -1;
    int out_ = -1;
};

/// The type of our subjects. No other process has it, not even another run of this test beside it.
std::string subject_type();
/// The command line of a server of that type, with a secret in it.
std::vector<std::string> server_command_line();

}  // namespace reaper::cli_test
