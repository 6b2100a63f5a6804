#include "cli/daemon_client.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "cli/daemon_wire.h"
#include "cli/output.h"
#include "pass/places.h"

namespace reaper::cli {
namespace {

constexpr const char* kRootsSocket = "/run/mcp-reaper/control.sock";
/// Twice the heartbeat of an event stream: a daemon that is silent for longer is in trouble.
constexpr std::chrono::seconds kSilence{75};
constexpr std::chrono::seconds kPatienceToConnect{5};

/// Where daemons may be, the one that is meant first.
std::vector<std::string> sockets(Whose whose) {
    std::vector<std::string> paths;
    if (const auto runtime = pass::our_places().runtime) paths.push_back(*runtime + "/control.sock");
    if (::geteuid() == 0) return paths;
    paths.emplace_back(kRootsSocket);
    if (whose == Whose::roots_first) std::reverse(paths.begin(), paths.end());
    return paths;
}

/// Where the daemon's queue is full the kernel lets us stand in line with all who knock: who only asks
/// again and again never gets a place before those.
int connect_patiently(int fd, const sockaddr_un& address) {
    const timeval patience{kPatienceToConnect.count(), 0};
    ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    while (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        if (errno != EINTR) return errno;
    }
    return ::fcntl(fd, F_SETFL, O_NONBLOCK) == 0 ? 0 : errno;
}

daemon::Refusal trouble(const Error& error) {
    return {0, error.message(), "", {}, {}};
}

}  // namespace

Result<std::optional<DaemonClient>> DaemonClient::connect(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return std::nullopt;  // Nobody can listen there.
    std::memcpy(address.sun_path, path.data(), path.size());
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd) return fail_errno("make a socket", "", errno);
    const int error = connect_patiently(fd.get(), address);
    if (error == ENOENT || error == ENOTDIR || error == ECONNREFUSED) return std::nullopt;
    // Where root's directory may not be passed through, root has no daemon: that opens it for all.
    const std::string directory = path.substr(0, path.rfind('/'));
    if (error == EACCES && ::access(directory.c_str(), X_OK) != 0) return std::nullopt;
    if (error != 0) return fail_errno("connect to the daemon at", path, error);
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return fail_errno("learn who listens at", path, errno);
    if (peer.uid != 0 && peer.uid != ::geteuid()) {
        return fail("trust the daemon at", path, "it is run by uid " + std::to_string(peer.uid));
    }
    return DaemonClient(std::move(fd), peer.uid == 0);
}

Result<std::optional<DaemonClient>> DaemonClient::find(Whose whose) {
    std::optional<Error> problem;
    for (const std::string& path : sockets(whose)) {
        auto client = connect(path);
        if (client && *client) return client;
        if (!client && !problem) problem = client.error();
    }
    if (problem) return tl::unexpected(*problem);
    return std::nullopt;
}

tl::expected<std::string, daemon::Refusal> DaemonClient::ask(const Request& request) {
    DaemonWire wire(fd_.get(), request.interrupts);
    wire.set_deadline(pass::now() + request.patience);
    if (const auto sent = wire.send(request.method, request.target, request.body); !sent)
        return tl::unexpected(trouble(sent.error()));
    const auto whole = wire.receive([](std::string&) { return true; });
    if (!whole) return tl::unexpected(trouble(whole.error()));
    if (wire.status() >= 300)
        return tl::unexpected(daemon::refusal_from_json(wire.status(), wire.body()));
    return std::move(wire.body());
}

tl::expected<void, daemon::Refusal> DaemonClient::follow(
    const std::string& target, const std::function<bool(std::string_view)>& take) {
    DaemonWire wire(fd_.get(), nullptr);
    wire.set_deadline(pass::now() + kSilence);
    if (const auto sent = wire.send("GET", target, ""); !sent)
        return tl::unexpected(trouble(sent.error()));
    const auto take_lines = [&](std::string& body) {
        wire.set_deadline(pass::now() + kSilence);
        if (wire.status() >= 300) return true;
        std::size_t begin = 0;
        for (std::size_t end; (end = body.find('\n', begin)) != std::string::npos; begin = end + 1) {
            if (!take(std::string_view(body).substr(begin, end - begin))) return false;
        }
        body.erase(0, begin);
        return true;
    };
    const auto whole = wire.receive(take_lines);
    if (!whole) return tl::unexpected(trouble(whole.error()));
    if (wire.status() >= 300)
        return tl::unexpected(daemon::refusal_from_json(wire.status(), wire.body()));
    return {};
}

ExitCode no_daemon() {
    complain("no daemon is running");
    remark(
        "To start one: systemctl enable --now mcp-reaper, or without root: systemctl --user enable "
        "--now mcp-reaper");
    return ExitCode::failed;
}

ExitCode refused(const daemon::Refusal& refusal) {
    complain(refusal.error);
    if (!refusal.remedy.empty()) remark("what helps: " + refusal.remedy);
    return ExitCode::failed;
}

std::optional<std::string> ask_daemon(const DaemonClient::Request& request) {
    auto client = DaemonClient::find(Whose::ours_first);
    if (!client) {
        failure(client.error());
        return std::nullopt;
    }
    if (!*client) {
        no_daemon();
        return std::nullopt;
    }
    auto answer = (*client)->ask(request);
    if (!answer) {
        refused(answer.error());
        return std::nullopt;
    }
    return *std::move(answer);
}

}  // namespace reaper::cli
