#include "guard/relay.h"

#include <sys/ioctl.h>

#include <utility>

namespace reaper::guard {
namespace {

/// While so much waits for one side, nothing more is read from the other.
constexpr std::size_t kMostWaiting = 256 * 1024;
/// Read at a time, before the others get their turn.
constexpr std::size_t kTurn = 1024 * 1024;

}  // namespace

void Relay::Run::add(const Line& line) {
    const char* const at = line.text.data();
    if (!bytes_.empty() && bytes_.data() + bytes_.size() != at) flush();
    const std::size_t length = line.text.size() + 1;  // With its newline.
    bytes_ = bytes_.empty() ? std::string_view(at, length)
                            : std::string_view(bytes_.data(), bytes_.size() + length);
}

void Relay::Run::flush() {
    if (!bytes_.empty()) outlet_.push(std::exchange(bytes_, {}));
}

Relay::Relay(const Settings& settings, Listener& listener, Stream client_in, Stream client_out)
    : listener_(listener),
      client_in_(std::move(client_in)),
      client_out_(std::move(client_out)),
      from_client_(settings.max_request),
      from_server_(settings.max_response) {}

void Relay::attach_server(UniqueFd input, UniqueFd output) {
    server_in_ = Outlet(Stream::own(std::move(input)));
    server_out_ = Stream::own(std::move(output));
    server_ended_ = false;
    close_input_ = false;
}

void Relay::detach_server() {
    server_in_.close();
    server_out_.close();
    from_server_.abandon();
    server_ended_ = true;
}

void Relay::close_server_input() {
    close_input_ = true;
    flush_server();
}

int Relay::client_to_read() const {
    const bool takes = !client_ended_ && listener_.takes() && server_in_.waiting() < kMostWaiting;
    return takes ? client_in_.fd() : -1;
}

int Relay::client_to_write() const {
    return client_out_.waiting() > 0 && !client_out_.over() ? client_out_.fd() : -1;
}

int Relay::server_to_read() const {
    return !server_ended_ && client_out_.waiting() < kMostWaiting ? server_out_.fd() : -1;
}

int Relay::server_to_write() const {
    return server_in_ && server_in_.waiting() > 0 && !server_in_.over() ? server_in_.fd() : -1;
}

void Relay::flush_server() {
    if (!server_in_) return;
    server_in_.flush();
    if (close_input_ && (server_in_.waiting() == 0 || server_in_.over())) server_in_.close();
}

void Relay::relax() {
    client_out_.relax();
    server_in_.relax();
    from_client_.relax();
    from_server_.relax();
    reader_.relax();
}

void Relay::to_client(std::string_view line) {
    to_client_run_.flush();
    client_out_.push(line);
}

void Relay::to_server(std::string_view line) {
    to_server_run_.flush();
    if (server_in_) server_in_.push(line);
}

void Relay::pump_client() {
    // What was read while the server was away.
    bool goes_on = lines_of_client();
    for (std::size_t taken = 0; goes_on && taken < kTurn;) {
        const std::span<char> room = from_client_.room();
        const Stream::Moved moved = client_in_.read(room);
        from_client_.filled(moved.bytes);
        taken += moved.bytes;
        read_of_client_ += moved.bytes;
        // Less than there was room for: that was all, for now.
        goes_on = lines_of_client() && moved.bytes == room.size();
        if (!moved.over) continue;
        client_ended_ = true;
        if (server_in_) server_in_.push(from_client_.abandon());
    }
}

/// False where no more may be read now.
bool Relay::lines_of_client() {
    std::optional<Line> line;
    holds_ = false;
    while (!holds_ && (line = from_client_.next())) {
        take_from_client(*line);
        holds_ = !listener_.takes() && !from_client_.between_lines();
    }
    to_server_run_.flush();
    return client_to_read() >= 0;
}

void Relay::take_from_client(const Line& line) {
    if (line.too_long) {
        ++counts_.over_long;
        to_server_run_.flush();
        return listener_.over_long_from_client(line);
    }
    const Envelopes* const envelopes = reader_.read(line.text);
    bool pass = true;
    if (envelopes != nullptr) {
        for (const Envelope& message : envelopes->all) {
            ++counts_.from_client;
            pass = listener_.from_client(line.text, message) || envelopes->batch;
        }
    }
    // What is no JSON is for the server to refuse.
    if (pass && server_in_) to_server_run_.add(line);
}

void Relay::pump_server() {
    std::size_t taken = 0;
    while (server_to_read() >= 0 && taken < kTurn && read_server(taken)) {
    }
}

void Relay::drain_server() {
    // No more than a pipe can hold: somebody else may write into it without end.
    std::size_t taken = 0;
    while (!server_ended_ && taken < kTurn && read_server(taken)) {
    }
}

bool Relay::read_server(std::size_t& taken) {
    const std::span<char> room = from_server_.room();
    const Stream::Moved moved = server_out_.read(room);
    from_server_.filled(moved.bytes);
    taken += moved.bytes;
    lines_of_server();
    if (moved.over) server_ended_ = true;
    return moved.bytes == room.size();
}

std::size_t Relay::unread_of_client() const {
    int bytes = 0;
    const bool told = client_in_ && ::ioctl(client_in_.fd(), FIONREAD, &bytes) == 0 && bytes > 0;
    return told ? static_cast<std::size_t>(bytes) : 0;
}

void Relay::lines_of_server() {
    while (const std::optional<Line> line = from_server_.next()) take_from_server(*line);
    to_client_run_.flush();
}

void Relay::take_from_server(const Line& line) {
    if (line.too_long) {
        ++counts_.over_long;
        return listener_.over_long_from_server(line);
    }
    const Envelopes* const envelopes = reader_.read(line.text);
    if (envelopes == nullptr) {
        ++counts_.garbage;
        return listener_.garbage_from_server(line.text);
    }
    bool pass = !envelopes->all.empty();
    for (const Envelope& message : envelopes->all) {
        ++counts_.from_server;
        pass = listener_.from_server(line.text, message) || envelopes->batch;
    }
    if (pass) to_client_run_.add(line);
}

}  // namespace reaper::guard
