#include "daemon/control_server.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "base/clocks.h"
#include "daemon/control_core.h"
#include "daemon/control_session.h"
#include "daemon/http_text.h"

namespace reaper::daemon {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

std::optional<ucred> credentials(int fd) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
    return peer;
}

}  // namespace

ControlOptions usual_control_options(uid_t owner) {
    ControlOptions options;
    options.owner = owner;
    options.wall_time = wall_now;
    options.steady_time = [] { return std::chrono::steady_clock::now(); };
    options.tell = [](const std::string&) {};
    return options;
}

ControlServer::Core::Core(asio::io_context& loop_, ControlSocket socket, ControlBackend& backend_,
                          ControlOptions options_)
    : loop(loop_),
      backend(backend_),
      options(std::move(options_)),
      limits(options.bounds),
      socket_(std::move(socket)),
      acceptor_(loop),
      pause_(loop) {}

void ControlServer::Core::start() {
    // The acceptor closes the descriptor that it is given, and so does the socket: each has its own.
    error_code error;
    const int own = ::fcntl(socket_->fd(), F_DUPFD_CLOEXEC, 0);
    if (own >= 0) acceptor_.assign(asio::local::stream_protocol(), own, error);
    if (own < 0 || error) return trouble("cannot listen for control requests");
    accept();
}

void ControlServer::Core::stop() {
    if (std::exchange(stopped_, true)) return;
    error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
    socket_.reset();
    for (const auto& session : std::set<std::shared_ptr<ControlSession>>(sessions_))
        session->close(false);
    sessions_.clear();
}

void ControlServer::Core::forget(const std::shared_ptr<ControlSession>& session, const Peer& peer,
                                 bool dropped) {
    if (sessions_.erase(session) == 0) return;
    limits.disconnect(peer.uid);
    counts.connections = limits.connections();
    if (dropped) ++counts.dropped;
}

void ControlServer::Core::accept() {
    acceptor_.async_accept([self = shared_from_this()](error_code error, Socket socket) {
        if (self->stopped_ || error == asio::error::operation_aborted) return;
        if (error) {
            self->trouble("cannot take control connections: " + error.message());
            return self->accept_after(self->options.bounds.accept_pause);
        }
        if (std::exchange(self->in_trouble_, false))
            self->options.tell("control connections are taken again");
        self->welcome(std::move(socket));
    });
}

void ControlServer::Core::accept_after(std::chrono::milliseconds pause) {
    pause_.expires_after(pause);
    pause_.async_wait([self = shared_from_this()](error_code error) {
        if (!error && !self->stopped_) self->accept();
    });
}

void ControlServer::Core::trouble(const std::string& why) {
    if (!std::exchange(in_trouble_, true)) options.tell(why);
}

void ControlServer::Core::welcome(Socket socket) {
    const auto who = credentials(socket.native_handle());
    if (!who) {
        refuse(socket, {401, "the system does not say who you are", "", {}, {}});
        return accept_after(options.bounds.refusal_pause);
    }
    const Peer peer = peer_of(who->uid, who->pid, options.owner);
    if (options.owner != 0 && !peer.governs) {
        refuse(socket, {403, "this is the daemon of uid " + std::to_string(options.owner), "", {}, {}});
        return accept_after(options.bounds.refusal_pause);
    }
    if (const auto refusal = limits.connect(peer.uid, options.steady_time())) {
        refuse(socket, *refusal);
        return accept_after(options.bounds.refusal_pause);
    }
    const auto session = std::make_shared<ControlSession>(shared_from_this(), std::move(socket), peer);
    sessions_.insert(session);
    counts.connections = limits.connections();
    session->start();
    accept();
}

/// The answer fits into the empty buffer of a new socket: written at once or not at all.
void ControlServer::Core::refuse(Socket& socket, const Refusal& refusal) {
    ++counts.refused;
    const std::string answer = to_text(answer_of(refusal), false, false);
    static_cast<void>(
        ::send(socket.native_handle(), answer.data(), answer.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
}

ControlServer::ControlServer(asio::io_context& loop, ControlSocket socket, ControlBackend& backend,
                             ControlOptions options)
    : core_(std::make_shared<Core>(loop, std::move(socket), backend, std::move(options))) {
    core_->start();
}

ControlServer::~ControlServer() {
    stop();
}

void ControlServer::stop() {
    core_->stop();
}

ControlFigures ControlServer::figures() const {
    return core_->counts;
}

}  // namespace reaper::daemon
