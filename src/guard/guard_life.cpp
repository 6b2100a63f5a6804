// The life of a guard's server: started, watched, started again, ended.
#include <poll.h>
#include <sys/wait.h>

#include <utility>

#include "guard/diagnosis.h"
#include "guard/guard.h"
#include "guard/program_file.h"
#include "report/redact.h"

namespace reaper::guard {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// An end so soon, before anything was answered, is a mistake in the configuration.
constexpr seconds kStart{5};
/// So soon, its stderr says it all.
constexpr milliseconds kAtOnce{100};
/// From the end of its output to its own.
constexpr milliseconds kStatusWait{500};
/// For a request to come that can be told why there is no server.
constexpr seconds kFirstRequest{5};
/// What is asked when the client closes our stdin may still be answered, if it reads.
constexpr seconds kBusy{20};
/// While somebody else makes room.
constexpr milliseconds kAdmitAgain{50};
/// Of a parked one that has found none.
constexpr seconds kNoRoom{1};
constexpr std::size_t kShownErrors = 1500;

int exit_code_of(std::optional<int> status) {
    if (!status) return 0;
    return WIFSIGNALED(*status) ? 128 + WTERMSIG(*status) : WEXITSTATUS(*status);
}

/// What keeps a program from being started for a while, and is no mistake in its configuration.
bool may_pass(int code) {
    return code == EAGAIN || code == ENOMEM || code == EMFILE || code == ENFILE || code == ETXTBSY;
}

/// A pipe that nobody reads any more.
bool has_no_reader(int fd) {
    pollfd end{fd, 0, 0};
    return fd >= 0 && ::poll(&end, 1, 0) == 1 && (end.revents & POLLERR) != 0;
}

std::string seconds_text(milliseconds time) {
    if (time < seconds(10)) {
        return std::to_string(time.count() / 1000) + '.' + std::to_string(time.count() % 1000 / 100) +
               " s";
    }
    return std::to_string(time.count() / 1000) + " s";
}

}  // namespace

void Guard::admit() {
    const MonotonicTime time = now();
    admit_at_.reset();
    switch (admission_.ask(wall_ms())) {
        case Admission::Answer::admitted:
            admit_until_.reset();
            start_server();
            write_record();
            return admission_.done();
        case Admission::Answer::wait:
            if (!admit_until_)
                admit_until_ = time + task_.settings.close_wait + task_.settings.grace + kAdmitAgain;
            state_ = State::queued;
            if (time < *admit_until_) {
                admit_at_ = time + kAdmitAgain;
                return;
            }
            [[fallthrough]];
        case Admission::Answer::refused:
            admit_until_.reset();
            if (served_) return stay_parked();
            refuse("the server '" + task_.shown_name() + "' is not started: " + admission_.why(),
                   "limit", 1);
    }
}

/// There is no room to come back. The next that is asked, a little later, tries again.
void Guard::stay_parked() {
    state_ = State::parked;
    refusal_ = "the server '" + task_.shown_name() +
               "' was ended to make room, and is not started again now: " + admission_.why();
    refusal_reason_ = "limit";
    no_room_until_ = now() + kNoRoom;
    changed();
}

void Guard::start_server() {
    // Also where it comes to nothing: a failure then is none of the process before it.
    recovery_.started(now());
    const bool again = served_ || restarted_ > 0;
    ++started_;
    auto path = find_program(task_.command.front());
    if (!path) {
        const int code = path.error().errno_code == EACCES ? 126 : 127;
        // npm and uv replace what they install.
        if (again) return plan_restart({"start", path.error().message(), std::nullopt}, now());
        return refuse(path.error().message(), "not_started", code);
    }
    launch_.path = std::move(*path);
    ServerPipes pipes;
    auto run = ServerRun::start(launch_, pipes, now());
    if (!run) return plan_restart({"start", run.error().message(), std::nullopt}, now());
    server_ = std::make_unique<ServerRun>(std::move(*run));
    relay_.attach_server(std::move(pipes.input), std::move(pipes.output));
    errors_.begin();
    errors_.attach(std::move(pipes.errors));
    state_ = State::running;
    dead_ = evicted_ = answered_ = false;
    hang_.clear();
    status_until_.reset();
    server_since_ms_ = wall_ms();
    changed();
    if (again) return replay();
    become_ready();
}

void Guard::watch_server() {
    if (!server_) return;
    const auto due = server_->due();
    if (std::exchange(server_news_, false) || (due && now() >= *due)) server_->step(now());
    if (!dead_) {
        if (const auto code = server_->not_started()) {
            dead_ = true;
            status_until_.reset();
            ready_until_.reset();
            relay_.detach_server();
            const Error error = Error::from_errno("start", launch_.path, *code);
            liveness_.end();
            exit_code_ = *code == ENOENT ? 127 : 126;
            // npm and uv replace what they install, interpreters too.
            if (!closing_ && (may_pass(*code) || served_ || restarted_ > 0)) {
                plan_restart({"start", error.message(), std::nullopt}, now());
            } else {
                refuse(error.message(), "not_started", exit_code_);
            }
        } else if (server_->keeper_killed()) {
            hang_ = "its keeper was killed";
            server_died(server_->status());
        } else if (server_->over()) {
            server_died(server_->status());
        } else if (server_->status()) {
            // A wrapper may go before its server: whoever still reads and writes is the server.
            if (relay_.server_ended() || has_no_reader(relay_.server_input_fd()))
                server_died(server_->status());
        } else if (relay_.server_ended()) {
            if (!status_until_) status_until_ = now() + kStatusWait;
            if (now() >= *status_until_) server_died(std::nullopt);
        }
    }
    if (!dead_ && ready_until_ && now() >= *ready_until_) {
        ready_until_.reset();
        hang_ = "it did not answer when it was started again";
        server_->end(Ending::From::sigkill, now());
    }
    if (!server_->over()) return;
    server_.reset();
    if (closing_) over_ = true;
}

void Guard::server_died(std::optional<int> status) {
    const MonotonicTime time = now();
    dead_ = true;
    status_until_.reset();
    ready_until_.reset();
    replay_id_.clear();
    relay_.drain_server();
    errors_.detach(time);
    relay_.detach_server();
    liveness_.end();
    exchanges_.server_gone();
    server_->end(Ending::From::sigterm, time);
    if (closing_) {
        exit_code_ = exit_code_of(status);
        return;
    }
    changed();
    if (evicted_) {
        state_ = State::parked;
        return;
    }
    const std::string how = hang_.empty() ? how_it_ended(status) : hang_;
    if (!served_ && hang_.empty() && time - server_->started() < kStart)
        return give_up_on_start(status, time);
    plan_restart({hang_.empty() ? "running" : "hang",
                  how + " after " + seconds_text(time - server_->started()), status},
                 time);
}

void Guard::give_up_on_start(std::optional<int> status, MonotonicTime time) {
    const auto ran = time - server_->started();
    std::string why =
        "the server '" + task_.shown_name() + "' could not be started: " + how_it_ended(status);
    why += " after " + (ran < seconds(1) ? std::to_string(ran.count()) + " ms" : seconds_text(ran));
    const std::string meaning = usual_meaning(status, errors_.tail());
    if (!meaning.empty()) why += "; usually: " + meaning;
    note_crash({"start", how_it_ended(status), status},
               "it is not started again: a mistake in its configuration");
    const std::string_view errors = last_lines(errors_.tail(), kShownErrors);
    if (!errors.empty()) {
        why += ran < kAtOnce ? ". It said: " : ". The last it said: ";
        why += report::redact_line(errors);
    }
    refuse(why, "not_started", exit_code_of(status) == 0 ? 1 : exit_code_of(status));
}

void Guard::plan_restart(const Failure& failure, MonotonicTime time) {
    const std::string name = "the server '" + task_.shown_name() + "'";
    const Recovery::Next next = recovery_.failed(time);
    start_at_ = next.at;
    ready_ = false;
    const std::string when = seconds_text(next.at - time);
    // Its report is there when the client is told.
    note_crash(failure, next.restart ? "it is started again in " + when
                                     : "it failed too often; it is tried again in " + when);
    if (next.restart) {
        state_ = State::waiting;
        say(name + ": " + failure.how + "; it is started again in " + when + " (" +
            std::to_string(recovery_.restarts()) + " of " + std::to_string(task_.settings.restarts) +
            ")");
        refusal_ = name + " is being restarted, in " + when + ": " + failure.how;
        refusal_reason_ = "restarting";
        return fail_pending(
            name + " was restarted while it worked on this request (" + failure.how + "); send it again",
            "restarted");
    }
    state_ = State::resting;
    say(name + ": " + failure.how + "; that was too often, it is tried again in " + when);
    refusal_ = name + " has failed too often and is tried again in " + when +
               " at the earliest. The last time: " + failure.how;
    const std::string_view errors = last_lines(errors_.tail(), kShownErrors);
    if (!errors.empty()) refusal_ += ". The last it said: " + report::redact_line(errors);
    refusal_reason_ = "failed";
    fail_pending(refusal_, refusal_reason_);
}

void Guard::restart_if_due() {
    if (server_ || now() < start_at_) return;
    if (state_ == State::resting) recovery_.try_once();
    if (state_ != State::resting && state_ != State::waiting) return;
    ++restarted_;
    start_server();
}

void Guard::server_hangs(MonotonicTime time) {
    if (!server_ || dead_) return;
    const Recovery::Measure measure = recovery_.hung(time);
    hang_ = "it did not answer any more";
    liveness_.end();
    ready_ = false;
    const std::string name = "the server '" + task_.shown_name() + "'";
    fail_pending(name + " did not answer any more and is restarted; send this request again", "hung",
                 true);
    if (measure == Recovery::Measure::restart_gently) {
        say(name + " does not answer; it is ended and started again");
        relay_.close_server_input();
        server_->end(Ending::From::closed_stdin, time);
        return;
    }
    say(name + " does not answer, again; it is killed" +
        (measure == Recovery::Measure::give_up ? "" : " and started again"));
    server_->end(Ending::From::sigkill, time);
}

void Guard::close(Ending::From from, std::string_view why) {
    const MonotonicTime time = now();
    if (closing_) {
        if (server_ && from == Ending::From::sigterm) {
            busy_until_.reset();
            server_->end(from, time);
        }
        return;
    }
    closing_ = true;
    changed();
    static_cast<void>(why);
    if (!server_) {
        over_ = true;
        return;
    }
    if (dead_) return;  // Its rest is on its way out.
    relay_.close_server_input();
    if (from == Ending::From::closed_stdin && exchanges_.count() > 0 && !relay_.client_deaf()) {
        busy_until_ = time + kBusy;
    } else {
        server_->end(from, time);
    }
}

void Guard::hurry_close() {
    if (!busy_until_ || !server_) return;
    if (exchanges_.count() > 0 && !relay_.client_deaf() && now() < *busy_until_) return;
    busy_until_.reset();
    server_->end(Ending::From::closed_stdin, now());
}

void Guard::park() {
    const bool idle = exchanges_.count() == 0 && now() - last_message_ >= task_.settings.idle;
    if (closing_ || !idle || state_ != State::running || !ready_ || dead_ || !served_) return;
    say("ended to make room, as it was idle; it is started again when it is asked something");
    evicted_ = true;
    ready_ = false;
    liveness_.end();
    relay_.close_server_input();
    server_->end(Ending::From::closed_stdin, now());
}

void Guard::refuse(std::string why, std::string reason, int exit_code) {
    say(why);
    state_ = State::refused;
    changed();
    refusal_ = std::move(why);
    refusal_reason_ = std::move(reason);
    exit_code_ = exit_code;
    const bool somebody_asked = exchanges_.count() > 0;
    fail_pending(refusal_, refusal_reason_);
    refused_until_ = somebody_asked ? now() : now() + kFirstRequest;
}

}  // namespace reaper::guard
