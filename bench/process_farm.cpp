// process_farm N: N processes that look like those of a developer's host (host_lines.h).
//
// Writes "ready N" when all are there, and ends them when its standard input ends. They only wait;
// servers have real pipes and sockets to their client. None can outlive it: each dies with its parent.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "disguise.h"
#include "host_lines.h"

namespace reaper::bench {
namespace {

constexpr int kReady = 3;  // Where each process writes a byte when it is there.
constexpr int kNull = 2;   // Standard error of all of them, and what they have open beside.

/// The server's ends: what it reads and what it writes.
struct Channel {
    int server_in = -1;
    int server_out = -1;
};

/// The client's own ends stay open for as long as it lives.
Channel open_channel(bool over_pipes) {
    std::array<int, 2> in{};
    std::array<int, 2> out{};
    const int made = over_pipes ? ::pipe(in.data()) + ::pipe(out.data())
                                : ::socketpair(AF_UNIX, SOCK_STREAM, 0, in.data()) +
                                      ::socketpair(AF_UNIX, SOCK_STREAM, 0, out.data());
    if (made != 0) ::_exit(1);
    return {in[0], out[1]};
}

class Farm {
  public:
    explicit Farm(const Disguise& disguise) : disguise_(disguise) {}

    /// Forks a process that dies with this one and does `body` before it waits for its end.
    template <typename Body>
    pid_t plant(const Line& line, const Body& body) const {
        const pid_t parent = ::getpid();
        const pid_t child = ::fork();
        if (child != 0) return child;
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent || !disguise_.wear(line.bytes(), line.comm)) ::_exit(1);
        body();
        for (unsigned open = 3; open < line.descriptors; ++open) {
            if (::dup(kNull) < 0) ::_exit(1);
        }
        if (::write(kReady, "", 1) != 1) ::_exit(1);
        ::close(kReady);
        while (true) ::pause();
    }

    pid_t plant(const Family& family) const {
        return plant(family.head, [&] {
            ::close_range(kReady + 1, ~0U, 0);  // What the farm itself has open.
            // Who cannot fork exits, so that its byte is missed and nobody waits for it.
            for (const Line& line : family.children) {
                if (plant(line, [] {}) < 0) ::_exit(1);
            }
            for (const Launch& launch : family.launches) {
                const Channel channel = open_channel(launch.over_pipes);
                if (plant_chain(launch.chain, channel) < 0) ::_exit(1);
                ::close(channel.server_in);
                ::close(channel.server_out);
            }
        });
    }

  private:
    pid_t plant_chain(std::span<const Line> chain, Channel channel) const {
        return plant(chain.front(), [&] {
            if (channel.server_in != 0) {
                ::dup2(channel.server_in, 0);
                ::dup2(channel.server_out, 1);
                ::close_range(kReady + 1, ~0U, 0);  // The client's ends of this and other channels.
            }
            if (chain.size() > 1 && plant_chain(chain.subspan(1), {0, 1}) < 0) ::_exit(1);
        });
    }

    const Disguise& disguise_;
};

/// Counts the bytes that come; fewer than `expected` where somebody died before it was ready.
std::size_t count_ready(int fd, std::size_t expected) {
    std::array<char, 4096> buffer{};
    std::size_t ready = 0;
    while (ready < expected) {
        const ssize_t n = ::read(fd, buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        ready += static_cast<std::size_t>(n);
    }
    return ready;
}

/// Ends the heads; what they leave dies by its death signal, comes here (we adopt it) and is waited for.
void end_all(const std::vector<pid_t>& heads) {
    for (const pid_t head : heads) ::kill(head, SIGKILL);  // Ours and not yet waited for: its own pid.
    while (::waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {
    }
}

/// Standard input, output and error of the farm itself, out of the way: its processes have 0 to 3.
struct Streams {
    UniqueFd in, out, err;

    void say(const UniqueFd& to, const std::string& text) const {
        if (::write(to.get(), text.data(), text.size()) < 0) std::_Exit(EXIT_FAILURE);
    }
    [[nodiscard]] int failed(const std::string& why) const {
        say(err, "process_farm: " + why + '\n');
        return EXIT_FAILURE;
    }
};

UniqueFd moved_up(int fd) {
    constexpr int kOutOfTheWay = 10;
    return UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, kOutOfTheWay));
}

/// Puts what all processes inherit on 0 to 3; the other end of kReady is the result.
Result<UniqueFd> lay_out_descriptors() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("make a pipe", {}, errno);
    UniqueFd ready = moved_up(ends[0]);
    const UniqueFd tell = moved_up(ends[1]);
    for (const int end : ends) ::close(end);
    const UniqueFd null = moved_up(UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC)).get());
    if (!ready || !tell || !null) return fail_errno("open", "/dev/null", errno);
    for (int fd = 0; fd <= kNull; ++fd) ::dup2(null.get(), fd);
    ::dup2(tell.get(), kReady);
    return ready;
}

int run(std::size_t processes) {
    const Streams streams{moved_up(STDIN_FILENO), moved_up(STDOUT_FILENO), moved_up(STDERR_FILENO)};
    const auto disguise = Disguise::prepare();
    if (!disguise) return streams.failed(disguise.error().message());
    const auto ready = lay_out_descriptors();
    if (!ready) return streams.failed(ready.error().message());
    // Its heads stand where a desktop's programs stand: right below what adopts their user's orphans.
    ::prctl(PR_SET_NAME, "systemd");
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);

    const Farm farm(*disguise);
    std::vector<pid_t> heads;
    for (const Family& family : host_families(processes)) {
        const pid_t head = farm.plant(family);
        if (head < 0) break;
        heads.push_back(head);
    }
    ::close(kReady);
    const std::size_t there = count_ready(ready->get(), processes);
    if (there == processes) {
        streams.say(streams.out, "ready " + std::to_string(there) + '\n');
        char byte = 0;
        while (::read(streams.in.get(), &byte, 1) > 0) {
        }
    }
    end_all(heads);
    if (there == processes) return EXIT_SUCCESS;
    return streams.failed("only " + std::to_string(there) + " of " + std::to_string(processes) +
                          " processes could be started; see ulimit -u, /proc/sys/kernel/pid_max and the "
                          "pids limit of the cgroup");
}

}  // namespace
}  // namespace reaper::bench

int main(int argc, char** argv) {
    std::size_t processes = 0;
    const char* const text = argc == 2 ? argv[1] : "";
    const char* const end = text + std::strlen(text);
    if (std::from_chars(text, end, processes).ptr != end || processes == 0) {
        std::fputs(
            "usage: process_farm COUNT\nWrites \"ready COUNT\" and ends all when its input ends.\n",
            stderr);
        return 2;
    }
    return reaper::bench::run(processes);
}
