// What passes through a guard, and what does not.
#include "guard/answers.h"
#include "guard/diagnosis.h"
#include "guard/guard.h"
#include "report/redact.h"

namespace reaper::guard {
namespace {

/// A server that is back so soon is waited for; else what is asked is answered with an error.
constexpr std::chrono::seconds kWorthWaiting{10};
constexpr std::size_t kShownBytes = 200;
/// Messages are told of in our record, but not each of them.
constexpr std::chrono::seconds kRecordDelay{5};
/// A line that needs more memory than is kept anyway.
constexpr std::size_t kLarge = 64 * 1024;

/// The id of `"params": {"requestId": …}`, by a look at the text: cancellations are small and plain.
std::string_view cancelled_id(std::string_view line) {
    constexpr std::string_view kName = "\"requestId\"";
    const std::size_t at = line.find(kName);
    if (at == std::string_view::npos) return {};
    const std::size_t from = line.find_first_not_of(" \t:", at + kName.size());
    if (from == std::string_view::npos) return {};
    const std::size_t end =
        line[from] == '"' ? line.find('"', from + 1) + 1 : line.find_first_of(",} \t", from);
    return end == std::string_view::npos || end <= from ? std::string_view{}
                                                        : line.substr(from, end - from);
}

}  // namespace

bool Guard::takes() const {
    if (!rate_.may(now())) return false;
    switch (state_) {
        case State::running:
            // What is said before the program runs is not lost where it cannot be started at once.
            return ready_ && server_ && server_->server();
        case State::waiting:
            return start_at_ - now() > kWorthWaiting;
        case State::resting:
        case State::refused:
            return true;
        case State::parked:
            return no_room_until_ && now() < *no_room_until_;
        case State::queued:
            break;
    }
    return false;
}

void Guard::note_traffic(std::size_t bytes) {
    last_message_ = now();
    if (!record_at_) record_at_ = last_message_ + kRecordDelay;
    if (bytes > kLarge && !relax_at_) relax_at_ = last_message_ + std::chrono::seconds(1);
}

bool Guard::from_client(std::string_view line, const Envelope& message) {
    note_traffic(line.size());
    // Whoever it is, it lives: unless this was said before it seemed gone.
    if (client_until_ && relay_.read_of_client() > said_by_client_) client_until_.reset();
    // That it is initialized is told to the process that comes, too.
    if (message.tells()) handshake_.client_said(line, message);
    if (state_ != State::running) {
        if (message.asks()) refuse_request(message.id);
        return false;
    }
    // To a request of a process of the server that is no more, the answer is nobody's.
    if (message.answers()) return exchanges_.server_answered(message.id) || started_ <= 1;
    if (message.asks()) client_asks(line, message);
    if (message.method == "notifications/cancelled") exchanges_.cancelled(cancelled_id(line));
    return true;
}

void Guard::client_asks(std::string_view line, const Envelope& message) {
    handshake_.client_said(line, message);
    rate_.passed(last_message_);
    standing_.client_asks(line, message);
    exchanges_.asked(message.id, message.method, std::chrono::steady_clock::now());
    check_at_.reset();  // There may be something to wait for now.
}

bool Guard::from_server(std::string_view line, const Envelope& message) {
    liveness_.heard(now());
    if (message.answers()) {
        if (message.id.starts_with(id_prefix_)) {
            answer_to_us(line, message);
            return false;
        }
        if (const auto pending = exchanges_.answered(message.id, std::chrono::steady_clock::now())) {
            server_answers(line, message, *pending);
        } else if (exchanges_.abandoned(message.id)) {
            return false;
        }
    } else if (message.asks()) {
        exchanges_.server_asked(message.id);
    }
    note_traffic(line.size());
    return true;
}

void Guard::server_answers(std::string_view line, const Envelope& message, const Pending& pending) {
    handshake_.server_answered(pending.method, line, message);
    standing_.server_answers(pending.id, message.has_result);
    served_ = true;
    if (!answered_) recovery_.answered();
    answered_ = true;
    if (pending.method == "initialize" && message.has_result) become_ready();
}

void Guard::answer_to_us(std::string_view line, const Envelope& message) {
    if (message.id == tools_id_) {
        if (message.has_result && handshake_.tools_differ(line)) relay_.to_client(tools_changed());
        return;
    }
    if (message.id != replay_id_) return;  // To a ping, or to what stands.
    replay_id_.clear();
    ready_until_.reset();
    if (!message.has_result) {
        say("the restarted server does not accept what was agreed with the one before it");
        server_->end(Ending::From::sigkill, now());
        return;
    }
    relay_.to_server(handshake_.initialized());
    if (handshake_.knows_tools()) {
        tools_id_ = own_id("tools");
        relay_.to_server(list_tools(tools_id_));
    }
    for (const std::string& request : standing_.again([this] { return own_id("again"); }))
        relay_.to_server(request);
    answered_ = true;
    recovery_.answered();
    become_ready();
}

/// A new process of the server is told what the client has told the one before it.
void Guard::replay() {
    replay_id_ = own_id("initialize");
    const auto initialize = handshake_.initialize_again(replay_id_);
    if (!initialize) {
        replay_id_.clear();
        become_ready();
        return;
    }
    ready_ = false;
    ready_until_ = now() + task_.settings.request_timeout.value_or(std::chrono::seconds(60));
    relay_.to_server(*initialize);
}

void Guard::become_ready() {
    ready_ = true;
    liveness_.begin(now(), has_ping(handshake_.revision()));
    check_at_.reset();
    changed();
}

void Guard::over_long_from_client(const Line& line) {
    last_message_ = now();
    const std::string why = "the message has " + std::to_string(line.length) + " bytes; more than " +
                            std::to_string(task_.settings.max_request.value) + " are not passed on";
    say("dropped from the client: " + why);
    const std::string_view id = id_at_either_end(line.text, line.tail);
    const Kind kind = kind_at_beginning(line.text);
    if (id.empty()) return;
    // Both sides count their requests from 0 or 1: the same id is another thing in each direction.
    if (kind != Kind::asks && exchanges_.server_answered(id)) {
        relay_.to_server(error_answer(id, kServerGone, why, "too_large"));
    } else if (kind != Kind::answers) {
        relay_.to_client(error_answer(id, kInvalidRequest, why, "too_large"));
    }
}

void Guard::over_long_from_server(const Line& line) {
    liveness_.heard(now());
    const Kind kind = kind_at_beginning(line.text);
    const std::string why = (kind == Kind::asks ? "the message has " : "the answer has ") +
                            std::to_string(line.length) + " bytes; more than " +
                            std::to_string(task_.settings.max_response.value) + " are not passed on";
    say("dropped from the server: " + why);
    const std::string_view id = id_at_either_end(line.text, line.tail);
    if (id.empty()) return;
    if (kind == Kind::asks) {
        relay_.to_server(error_answer(id, kInvalidRequest, why, "too_large"));
        return;
    }
    if (const auto pending = exchanges_.answered(id, std::chrono::steady_clock::now()))
        relay_.to_client(error_answer(pending->id, kServerGone, why, "too_large"));
}

void Guard::garbage_from_server(std::string_view line) {
    liveness_.heard(now());
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) return;
    say("dropped from the server's stdout, where only JSON-RPC may stand: " +
        report::printable(report::redact_line(line.substr(0, kShownBytes)), kShownBytes));
}

void Guard::fail_pending(std::string_view why, std::string_view reason, bool may_come) {
    standing_.forget_unanswered();
    for (const Pending& pending : may_come ? exchanges_.give_up_all() : exchanges_.take_all()) {
        relay_.to_client(error_answer(pending.id, kServerGone, why, reason));
    }
}

void Guard::refuse_request(std::string_view id) {
    relay_.to_client(error_answer(id, kServerGone, refusal_, refusal_reason_));
    if (state_ == State::refused) over_ = true;
}

std::string Guard::own_id(std::string_view what) {
    return id_prefix_ + std::string(what) + '-' + std::to_string(++ids_) + '"';
}

void Guard::say(std::string_view sentence) {
    errors_.say(sentence, now());
}

}  // namespace reaper::guard
