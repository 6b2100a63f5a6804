// What the guest offers to tests: its users, their sessions, and servers that systemd starts. The tests
// themselves run as root, in a system service (guest/run-tests.service).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"
#include "manager_bus.h"
#include "program.h"

namespace reaper::vm {

/// The users that image-hook.sh makes.
struct User {
    std::string_view name;
    uid_t uid;
};
inline constexpr User kLingerer{"lingerer", 2001};  ///< Has a manager of its own, session or not.
inline constexpr User kVisitor{"visitor", 2002};    ///< Never has one: user@2002.service is masked.

struct Ran {
    int status = -1;     ///< -1: ended by a signal, or not in time.
    std::string output;  ///< All that it said, without the last newline.
};

/// A login of a user: a shell that logind put into a session scope, below its slice.
class Session {
  public:
    explicit Session(const User& user);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    /// Logs out, after all that start() started has been ended.
    ~Session();

    /// Runs a line in its shell. Its stderr is in the output.
    Ran run(const std::string& line);

    /// Starts a program in its background, without a channel.
    pid_t start(const std::string& command);

    /// "/user.slice/user-2001.slice/session-3.scope"
    [[nodiscard]] std::string cgroup();

  private:
    integration::Program shell_;
    std::vector<UniqueFd> started_;
};

/// Runs a line in a shell of root's, within the service that the tests are. Its stderr is in the output.
Ran run_as_root(const std::string& line);

/// A service of one manager, stopped with us.
class Service {
  public:
    Service(Manager manager, std::string name, const std::vector<std::string>& argv,
            const std::map<std::string, std::string>& environment = {});
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;
    ~Service();

    [[nodiscard]] pid_t main_pid();

  private:
    ManagerBus bus_;
    std::string name_;
};

/// An MCP server by its looks: a program named mcp-server-TYPE that does nothing, or the hog (hog.cpp).
/// It says "ready" on stdout.
std::string server_program(const std::string& type, const char* program = REAPER_SUBJECT);

/// The cgroup of a process: "/system.slice/x.service".
std::string cgroup_of(pid_t pid);

/// A file of a cgroup: cgroup_file("/system.slice", "cpu.max"); "" where there is none.
std::string cgroup_file(const std::string& cgroup, const std::string& file);

/// A number of such a file: cgroup_value("/system.slice", "cpu.stat", "usage_usec"). Fails the test
/// where it is not there.
std::uint64_t cgroup_value(const std::string& cgroup, const std::string& file, const std::string& key);

/// Whether its CPU has a quota. systemd takes the controller away, and the file with it, where nobody
/// has a limit any more.
bool has_quota(const std::string& cgroup);

/// Whether all that is in it stands still.
bool is_frozen(const std::string& cgroup);

}  // namespace reaper::vm
