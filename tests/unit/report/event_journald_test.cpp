// The real journald, in a mount namespace with a /run of its own.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "report/event_journal.h"
#include "support/child.h"

namespace reaper::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kJournald = "/lib/systemd/systemd-journald";
constexpr int kCannot = 77;
constexpr int kPatience = 20'000;  // milliseconds

Event an_action() {
    Event event;
    event.id = "journald-test-0000000001";
    event.kind = EventKind::action;
    event.uid = 1000;
    event.message = "playwright: ended";
    event.server =
        ProcessId{::getpid(), Ticks(1)};  // There is such a process, and it has a command line.
    event.type = "playwright";
    event.detail["action"] = "terminate";
    event.detail["rules"] = {"orphan", "over_cpu"};
    event.detail["effect"] = "ended";
    event.detail["why"] = "two\nlines";
    return event;
}

pid_t start(const std::vector<const char*>& command) {
    const pid_t pid = ::fork();
    if (pid != 0) return pid;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::vector<char*> words;
    for (const char* word : command) words.push_back(const_cast<char*>(word));
    words.push_back(nullptr);
    ::execv(words.front(), words.data());
    ::_exit(127);
}

bool ends_well(pid_t pid) {
    int status = -1;
    return ::waitpid(pid, &status, 0) == pid && status == 0;
}

/// True when the service has said that it is ready (sd_notify(3)).
bool says_ready(int socket) {
    std::array<char, 4096> buffer;
    pollfd waiting{socket, POLLIN, 0};
    while (::poll(&waiting, 1, kPatience) > 0) {
        const ssize_t n = ::recv(socket, buffer.data(), buffer.size(), 0);
        if (n < 0) return false;
        if (std::string(buffer.data(), static_cast<std::size_t>(n)).find("READY=1") !=
            std::string::npos) {
            return true;
        }
    }
    return false;
}

UniqueFd notify_socket(const std::string& path) {
    UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) return {};
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    return fd;
}

/// In a process of its own: writes the event to a journald and what that has of it to `out`.
int write_and_read(const Event& event, const std::string& directory, int out) {
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("reaper-test", "/run", "tmpfs", 0, nullptr) != 0) {
        return kCannot;
    }
    ::mkdir("/run/log", 0755);
    ::mkdir("/run/log/journal", 0755);
    ::mkdir("/run/systemd", 0755);
    ::mkdir("/run/systemd/journal", 0755);
    const UniqueFd notify = notify_socket(directory + "/notify");
    const pid_t journald = start({kJournald});
    ::unsetenv("NOTIFY_SOCKET");
    if (!notify || !says_ready(notify.get())) return kCannot;

    EventJournal journal;
    journal.write(event);
    if (!journal.there() || journal.trouble()) return 2;
    if (!ends_well(start({"/usr/bin/journalctl", "--sync"}))) return 3;
    ::dup2(out, STDOUT_FILENO);
    const bool read =
        ends_well(start({"/usr/bin/journalctl", "--directory=/run/log/journal", "--output=export",
                         "MCP_REAPER_EVENT_ID=journald-test-0000000001"}));
    ::kill(journald, SIGTERM);
    ::waitpid(journald, nullptr, 0);
    return read ? 0 : 4;
}

TEST(Journald, HasTheEventWithItsFieldsAndNoCommandLine) {
    if (::geteuid() != 0) GTEST_SKIP() << "a /run of one's own takes root";
    if (::access(kJournald, X_OK) != 0) GTEST_SKIP() << "there is no journald here";
    const test::TemporaryDirectory directory;
    const UniqueFd out(::open(directory.path("out").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    const Event event = an_action();
    const pid_t child = ::fork();
    if (child == 0) ::_exit(write_and_read(event, directory.path(), out.get()));
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    if (WEXITSTATUS(status) == kCannot) GTEST_SKIP() << "journald does not run here";
    ASSERT_EQ(WEXITSTATUS(status), 0);

    std::array<char, 65536> buffer;
    const ssize_t n = ::pread(out.get(), buffer.data(), buffer.size(), 0);
    const std::string entry(buffer.data(), static_cast<std::size_t>(n < 0 ? 0 : n));
    for (const auto& [name, value] : journal_fields(event)) {
        EXPECT_THAT(entry, HasSubstr("\n" + name + "=" + value + "\n"));
    }
    EXPECT_THAT(entry, HasSubstr("\n_TRANSPORT=journal\n"));
    EXPECT_THAT(entry, Not(HasSubstr("OBJECT_")));
}

}  // namespace
}  // namespace reaper::report
