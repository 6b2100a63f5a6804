// Runs the program under test as a child and gathers what it said.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace reaper::cli_test {

struct Outcome {
    int code = -1;  ///< Exit code; 128 + signal where a signal ended it.
    std::string out;
    std::string err;
};

/// Where standard output goes.
enum class StdOut { gathered, full_disk, closed_pipe, closed, terminal };

struct Call {
    std::vector<std::string> arguments;
    std::string input;  ///< Standard input; then its end.
    StdOut out = StdOut::gathered;
    std::map<std::string, std::string> environment;  ///< Over a UTF-8 locale and no home.
    unsigned short columns = 80;                     ///< StdOut::terminal.
    std::function<void()> in_child;  ///< Called in the child before it becomes the program.
};

Outcome run(const Call& call);
Outcome run(std::vector<std::string> arguments, std::string input = "");

/// The program, still running, with pipes to it. Killed, should it still run, when this goes.
class Running {
  public:
    explicit Running(std::vector<std::string> arguments);
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running();

    void write(const std::string& text) const;
    void close_input();
    /// One line of standard output; fails the test after ten seconds.
    std::string read_line();
    /// Until it sleeps in clock_nanosleep(2); fails the test after ten seconds.
    void wait_until_asleep() const;
    void signal(int number) const;
    Outcome wait();

  private:
    pid_t pid_ = -1;
    int in_ = -1;
    int out_ = -1;
    int err_ = -1;
    std::string unread_;
};

/// A directory of its own that goes when this does.
class TemporaryDirectory {
  public:
    TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory();
    [[nodiscard]] std::string file(const std::string& name) const { return path_ + '/' + name; }
    /// Writes a file and returns its path.
    [[nodiscard]] std::string with(const std::string& name, const std::string& text) const;

  private:
    std::string path_;
};

std::string contents(const std::string& path);
std::vector<std::string> lines(const std::string& text);

/// Without the escape sequences of colours.
std::string without_colours(const std::string& text);

}  // namespace reaper::cli_test
