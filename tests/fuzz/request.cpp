// The control API over a real connection: whatever is sent, what comes back is HTTP, and nothing reaches
// the daemon that is out of bounds or not for who asks.
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <charconv>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "check.h"
#include "daemon/control_core.h"
#include "daemon/control_session.h"
#include "support/child.h"
#include "support/control_host.h"

using namespace reaper;
using namespace reaper::daemon;
using fuzz::check;

namespace {

/// Holds what it is asked against what it may be asked.
class Watched : public test::StandInDaemon {
  public:
    Watched() {
        publish("a1", "first");
        publish("a2", "second");
    }

    bool governs = false;

    Status status(const Peer& peer) override {
        check(peer.governs == governs, "who asks is who is connected");
        return status_value;
    }
    Figures figures() override {
        check(governs, "figures are for who governs");
        return StandInDaemon::figures();
    }
    void history(const Peer& peer, const report::HistoryQuery& query,
                 std::function<void(Body)> answer) override {
        check(query.limit >= 1 && query.limit <= 10'000 && query.types.size() <= 100,
              "a query is bounded");
        check(!query.server || *query.server > 0, "a query is for a process");
        StandInDaemon::history(peer, query, std::move(answer));
    }
    void act(const Peer&, const ActionRequest& request, std::function<void(Outcomes)> answer) override {
        check(request.servers.size() <= kMostServersInARequest, "so many servers are named");
        check(request.servers.empty() == request.all, "servers are named, or all are meant");
        const auto again = action_from_json(to_json(request));
        check(again && *again == request, "a request is read back", to_json(request));
        answer(outcomes);
    }
    void reload(std::function<void(Agreed)> answer) override {
        check(governs, "reload is for who governs");
        StandInDaemon::reload(std::move(answer));
    }
    Agreed pause(std::optional<std::chrono::seconds> time) override {
        check(governs, "pause is for who governs");
        check(!time || (time->count() >= 1 && time->count() <= 7 * 24 * 3600), "a pause is bounded");
        return {};
    }
    Agreed resume() override {
        check(governs, "resume is for who governs");
        return {};
    }
};

class Host {
  public:
    Host() {
        ControlOptions options = usual_control_options(0);
        options.bounds.header_bytes = 1024;  // Small ones, so that they are met.
        options.bounds.body_bytes = 2048;
        options.bounds.requests_per_minute = 20;
        options.wall_time = [] { return WallTime(std::chrono::hours(24 * 365 * 56)); };
        options.steady_time = [] { return PeerLimits::Moment(std::chrono::hours(1)); };
        auto socket = ControlSocket::bind(directory_.path("control.sock"), Reach::everybody);
        check(socket.has_value(), "there is a socket");
        core_ = std::make_shared<ControlServer::Core>(loop_, std::move(*socket), backend_, options);
    }

    /// All that is answered to a connection that `parts` come in on, one after the other.
    std::string answers(std::vector<std::string_view> parts, bool governs) {
        core_->counts = {};
        core_->limits = PeerLimits(core_->options.bounds);
        backend_.governs = governs;
        test::Pair pair = test::make_socketpair(SOCK_STREAM | SOCK_NONBLOCK);
        client_ = std::move(pair.second);
        text_.clear();
        ended_ = false;
        loop_.restart();
        std::make_shared<ControlSession>(
            core_,
            ControlServer::Core::Socket(loop_, boost::asio::local::stream_protocol(),
                                        pair.first.release()),
            Peer{governs ? 0U : 1000U, 4711, governs})
            ->start();
        for (const std::string_view part : parts) send(part);
        ::shutdown(client_.get(), SHUT_WR);
        settle();
        check(ended_, "a connection ends when nothing more can come", text_);
        return std::exchange(text_, "");
    }

  private:
    void send(std::string_view part) {
        while (!part.empty() && !ended_) {
            const ssize_t n = ::send(client_.get(), part.data(), part.size(), MSG_NOSIGNAL);
            if (n > 0) part.remove_prefix(static_cast<std::size_t>(n));
            settle();
            if (n < 0 && errno != EAGAIN) return;
        }
    }

    /// Until the session does nothing more by itself. Nothing here waits for time.
    void settle() {
        while (loop_.poll() > 0 || drain()) {
        }
    }

    bool drain() {
        char buffer[16 * 1024];
        const ssize_t n = ::recv(client_.get(), buffer, sizeof buffer, 0);
        if (n > 0) text_.append(buffer, static_cast<std::size_t>(n));
        if (n == 0 || (n < 0 && errno != EAGAIN)) ended_ = true;
        return n > 0;
    }

    test::TemporaryDirectory directory_;
    boost::asio::io_context loop_;
    Watched backend_;
    std::shared_ptr<ControlServer::Core> core_;
    UniqueFd client_;
    std::string text_;
    bool ended_ = false;
};

struct Received {
    unsigned status = 0;
    std::string type;
    std::string body;

    bool operator==(const Received&) const = default;
};

/// The next header of `text`, which it is cut from, as an answer; its body's length, where it says one.
std::pair<Received, std::optional<std::size_t>> take_header(std::string_view& text) {
    const std::size_t end = text.find("\r\n\r\n");
    check(end != std::string_view::npos && text.starts_with("HTTP/1.1 "), "an answer is HTTP", text);
    const std::string_view header = text.substr(0, end + 2);
    text.remove_prefix(end + 4);
    Received answer;
    std::from_chars(header.data() + 9, header.data() + 12, answer.status);
    check(answer.status == 100 || (answer.status >= 200 && answer.status < 600),
          "an answer has a status", header);
    const auto field = [&](std::string_view name) {
        const std::size_t at = header.find(name);
        if (at == std::string_view::npos) return std::string();
        const std::size_t begin = at + name.size();
        return std::string(header.substr(begin, header.find('\r', begin) - begin));
    };
    answer.type = field("\r\nContent-Type: ");
    check(answer.status != 429 || !field("\r\nRetry-After: ").empty(), "429 says when to come back");
    check(answer.status != 405 || !field("\r\nAllow: ").empty(), "405 says what there is");
    const std::string length = field("\r\nContent-Length: ");
    return {answer, length.empty() ? std::nullopt : std::optional(std::stoul(length))};
}

void check_body(const Received& answer) {
    if (answer.type != "application/json") return;
    const auto body = nlohmann::json::parse(answer.body, nullptr, false);
    check(body.is_object(), "JSON is JSON", answer.body);
    if (answer.status < 400 || (answer.status == 503 && !body.contains("error"))) return;
    const auto error = body.find("error");
    check(error != body.end() && error->is_string() && !error->get_ref<const std::string&>().empty(),
          "a refusal says why", answer.body);
    fuzz::check_printable(error->get_ref<const std::string&>(), "a refusal is printable");
    check(to_json(refusal_from_json(answer.status, answer.body)) == answer.body,
          "a refusal is read back", answer.body);
}

/// Takes the answers apart. `heads`: some may be to HEAD, without their bodies.
std::vector<Received> read_answers(std::string_view text, bool heads) {
    std::vector<Received> all;
    while (!text.empty()) {
        auto [answer, length] = take_header(text);
        if (answer.status == 100) continue;
        const bool no_body = heads && (text.empty() || text.starts_with("HTTP/1.1 "));
        if (!length) {  // An event stream, till the end.
            answer.body = text;
            text = {};
        } else if (!no_body) {
            check(text.size() >= *length, "a body is as long as it is said to be", text);
            answer.body = text.substr(0, *length);
            text.remove_prefix(*length);
            check_body(answer);
        }
        all.push_back(std::move(answer));
    }
    return all;
}

/// Without what is said of something that is no HTTP: of several mistakes the parser tells the one that
/// it comes to first, and of one that shows only in what would follow it tells nothing.
std::vector<Received> well_formed(std::vector<Received> answers) {
    if (answers.empty()) return answers;
    const Received& last = answers.back();
    if (last.status == 431 || last.body.find("this is not HTTP/1.1") != std::string::npos)
        answers.pop_back();
    return answers;
}

std::string shown(const std::vector<Received>& answers) {
    std::string text;
    for (const Received& answer : answers) text += std::to_string(answer.status) + ' ' + answer.body;
    return text;
}

/// Another user gets the same, or is refused.
void check_stranger(const std::vector<Received>& root, const std::vector<Received>& stranger) {
    check(root.size() == stranger.size(), "everybody is answered");
    for (std::size_t i = 0; i < root.size(); ++i) {
        check(stranger[i] == root[i] || stranger[i].status == 403,
              "another user gets the same or is refused", stranger[i].body);
        check(root[i].status != 403, "root is refused nothing", root[i].body);
    }
}

void check_bodies(std::string_view body) {
    if (const auto request = action_from_json(body)) {
        const auto again = action_from_json(to_json(*request));
        check(again && *again == *request, "a request is read back", to_json(*request));
    }
    const auto time = pause_from_json(body);
    check(!time || !*time || ((*time)->count() >= 1 && (*time)->count() <= 7 * 24 * 3600),
          "a pause is bounded", body);
    static_cast<void>(nothing_from_json(body));
    fuzz::check_printable(refusal_from_json(400, body).error, "what a client is told is printable");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Host host;
    const std::string_view text = fuzz::text_of(data, size);
    check_bodies(text);

    const bool heads = text.find("HEAD") != std::string_view::npos;
    const auto root = read_answers(host.answers({text}, true), heads);
    check_stranger(root, read_answers(host.answers({text}, false), heads));

    // In two parts, wherever the border is.
    const std::size_t border = size == 0 ? 0 : data[size / 2] % size;
    const auto parted =
        read_answers(host.answers({text.substr(0, border), text.substr(border)}, true), heads);
    const bool streams = std::any_of(root.begin(), root.end(), [](const Received& answer) {
        return answer.type == "application/x-ndjson";
    });
    check(streams || well_formed(parted) == well_formed(root),
          "the answer is the same however the bytes arrive", shown(root) + "-- " + shown(parted));
    return 0;
}
