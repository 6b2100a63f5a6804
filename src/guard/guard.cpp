#include "guard/guard.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <utility>

#include "guard/answers.h"
#include "guard/kept_files.h"
#include "scan/children.h"

namespace reaper::guard {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// What it takes to say the last words to a client that reads slowly.
constexpr seconds kLastWords{2};
/// After so long without a message the memory of large ones is given back.
constexpr seconds kQuiet{1};
/// By a client that seems gone.
constexpr seconds kForAnAnswer{20};
constexpr std::size_t kKeptLogs = 50;

bool is_ignored(int number) {
    struct sigaction action {};
    return ::sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

/// What a client has its programs ignore (nohup, a job in the background) the server would ignore too:
/// it is no reason to end it.
sigset_t our_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : {SIGCHLD, SIGUSR2}) sigaddset(&set, number);
    for (const int number : {SIGTERM, SIGHUP, SIGINT}) {
        if (!is_ignored(number)) sigaddset(&set, number);
    }
    return set;
}

std::string random_word() {
    std::array<unsigned char, 8> bytes{};
    static_cast<void>(!::getrandom(bytes.data(), bytes.size(), 0));
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string word;
    for (const unsigned char byte : bytes) {
        word += kHex[byte >> 4];
        word += kHex[byte & 15];
    }
    return word;
}

std::string log_path(const Task& task) {
    if (task.state.empty()) return {};
    const std::string directory = task.state + "/guard";
    // With this one, of this guard and of those before it.
    keep_newest(directory, ".log", kKeptLogs - 1);
    return directory + '/' + as_file_name(task.shown_name()) + '-' + std::to_string(::getpid()) + ".log";
}

void earlier(std::optional<MonotonicTime>& due, std::optional<MonotonicTime> other) {
    if (other) due = std::min(due.value_or(*other), *other);
}

}  // namespace

Guard::Guard(const Task& task)
    : task_(task),
      self_(scan::identify(::getpid()).value_or(ProcessId{::getpid(), Ticks{0}})),
      log_(log_path(task)),
      errors_(task.settings, log_, Stream::inherited(STDERR_FILENO, true)),
      relay_(task.settings, *this, Stream::inherited(STDIN_FILENO, false),
             Stream::inherited(STDOUT_FILENO, true)),
      liveness_(task.settings),
      recovery_(task.settings),
      rate_(task.settings.requests_per_second),
      client_(ClientWatch::parent()),
      admission_(task_, self_, client_.id()),
      since_ms_(wall_ms()),
      id_prefix_("\"mcp-reaper-" + random_word() + '-') {
    launch_.command = task_.command;
    launch_.times = {task_.settings.close_wait, task_.settings.grace};
    launch_.clients = task_.clients;
    launch_.open_files = task_.settings.open_files;
}

Guard::~Guard() = default;

int Guard::run() {
    ::signal(SIGPIPE, SIG_IGN);
    // Where it is ignored the kernel collects our children, and we never hear how they ended.
    launch_.ignores_children = is_ignored(SIGCHLD);
    ::signal(SIGCHLD, SIG_DFL);
    const sigset_t ours = our_signals();
    ::sigprocmask(SIG_BLOCK, &ours, nullptr);
    signals_ = UniqueFd(::signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK));
    // Should the keeper be killed, what it leaves becomes ours.
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    last_message_ = now();
    admit();
    while (!over_) wait_for_something();
    say_last_words();
    forget_record();
    return exit_code_;
}

/// As long as the client reads on.
void Guard::say_last_words() {
    std::size_t waiting = relay_.waiting_for_client();
    MonotonicTime until = now() + kLastWords;
    while (waiting > 0 && !relay_.client_deaf() && now() < until) {
        pollfd client{relay_.client_to_write(), POLLOUT, 0};
        ::poll(&client, 1, 100);
        relay_.flush_client();
        if (relay_.waiting_for_client() < waiting) until = now() + kLastWords;
        waiting = relay_.waiting_for_client();
    }
}

void Guard::wait_for_something() {
    enum {
        kSignals,
        kKeeper,
        kServerOut,
        kErrors,
        kClientIn,
        kServerIn,
        kClientOut,
        kErrorsOut,
        kClient
    };
    std::array<pollfd, 9> wait{};
    wait[kSignals] = {signals_.get(), POLLIN, 0};
    wait[kKeeper] = {server_ ? server_->fd() : -1, POLLIN, 0};
    wait[kServerOut] = {relay_.server_to_read(), POLLIN, 0};
    wait[kErrors] = {errors_.to_read(), POLLIN, 0};
    wait[kClientIn] = {relay_.client_to_read(), POLLIN, 0};
    // Not to be read now; but whether it is still there is to be seen, and whether it wakes us.
    const bool only_watched = wait[kClientIn].fd < 0 && !relay_.client_ended() && !client_hung_up_;
    if (only_watched) {
        const bool wakes = state_ == State::parked && !server_ && rate_.may(now());
        wait[kClientIn] = {relay_.client_fd(), static_cast<short>(wakes ? POLLIN : 0), 0};
    }
    wait[kServerIn] = {relay_.server_to_write(), POLLOUT, 0};
    wait[kClientOut] = {relay_.client_to_write(), POLLOUT, 0};
    wait[kErrorsOut] = {errors_.to_write(), POLLOUT, 0};
    wait[kClient] = {client_.fd(), POLLIN, 0};

    int timeout = -1;
    if (const auto due = next_due()) {
        const auto left = std::max(milliseconds(0), *due - now());
        timeout = static_cast<int>(std::min<std::int64_t>(left.count(), 3'600'000));
    }
    if (::poll(wait.data(), wait.size(), timeout) < 0) return;

    server_news_ = wait[kSignals].revents != 0 || wait[kKeeper].revents != 0;
    if (wait[kSignals].revents != 0) hear_signals();
    if (wait[kServerOut].revents != 0) relay_.pump_server();
    if (wait[kClientIn].revents != 0) {
        if (only_watched) {
            watch_client(wait[kClientIn].revents);
        } else {
            relay_.pump_client();
        }
    }
    if (wait[kServerIn].revents != 0) relay_.flush_server();
    if (wait[kClientOut].revents != 0) relay_.flush_client();
    if (wait[kErrors].revents != 0) errors_.pump(now());
    if (wait[kErrorsOut].revents != 0) errors_.flush();
    if (wait[kClient].revents != 0) client_seems_gone();
    do_what_is_due();
}

void Guard::watch_client(short events) {
    const bool hung_up = (events & (POLLHUP | POLLERR)) != 0;
    const bool unread = relay_.unread_of_client() > 0;
    if (unread && state_ == State::parked && !server_ && rate_.may(now())) return admit();
    if (unread && !hung_up) return;
    // It has gone. What it has said before waits until the server takes it, which one that is there may
    // never do.
    client_hung_up_ = true;
    const bool may_be_taken = unread || relay_.holds();
    if (!may_be_taken || (state_ == State::running && takes()))
        close(Ending::From::closed_stdin, "the client closed our stdin");
}

void Guard::hear_signals() {
    signalfd_siginfo heard{};
    while (::read(signals_.get(), &heard, sizeof heard) == sizeof heard) {
        switch (static_cast<int>(heard.ssi_signo)) {
            case SIGCHLD:
                break;
            case SIGUSR2:
                park();
                break;
            default:
                close(Ending::From::sigterm, "we were asked to end");
        }
    }
    for (;;) {
        int status = 0;
        const pid_t pid = ::waitpid(-1, &status, WNOHANG);
        if (pid <= 0) break;
        if (server_) server_->child_ended(pid, status);
    }
}

void Guard::client_seems_gone() {
    if (client_.follow_maker(STDIN_FILENO)) return;
    client_.stop();
    // Its channel may still be open: who holds the other end may show that it lives.
    client_until_ = now() + 2 * task_.settings.close_wait;
    answer_awaited_ = false;
    said_by_client_ = relay_.read_of_client() + relay_.unread_of_client();
}

void Guard::do_what_is_due() {
    const MonotonicTime time = now();
    if (relay_.client_ended() && !closing_)
        close(Ending::From::closed_stdin, "the client closed our stdin");
    if (relay_.client_deaf() && !closing_)
        close(Ending::From::closed_stdin, "the client closed our stdout");
    if (client_until_ && time >= *client_until_) {
        // Whoever holds its end waits for an answer, perhaps, before it says more.
        if (exchanges_.count() > 0 && !std::exchange(answer_awaited_, true)) {
            client_until_ = time + kForAnAnswer;
        } else {
            client_until_.reset();
            close(Ending::From::closed_stdin, "the client has ended");
        }
    }
    watch_server();
    if (record_at_ && now() >= *record_at_) write_record();
    if (relax_at_ && time >= *relax_at_) {
        relax_at_.reset();
        if (time - last_message_ < kQuiet) {
            relax_at_ = last_message_ + kQuiet;
        } else {
            relay_.relax();
        }
    }
    if (admit_at_ && time >= *admit_at_) admit();
    time_out_calls();
    if (closing_) return hurry_close();
    if (relay_.holds() && takes()) relay_.pump_client();
    restart_if_due();
    // What was read already, and what hung up, wakes nobody.
    const bool asked = client_hung_up_ || relay_.holds();
    if (state_ == State::parked && !server_ && asked && !takes() && rate_.may(time)) admit();
    // Nor is it seen any more that it has gone, where the server does not take what it said before.
    const bool stuck = state_ == State::running && takes() && relay_.client_to_read() < 0;
    if (client_hung_up_ && stuck && !relay_.client_ended())
        close(Ending::From::closed_stdin, "the client closed our stdin");
    check_liveness();
    if (refused_until_ && time >= *refused_until_) over_ = true;
}

std::optional<MonotonicTime> Guard::next_due() {
    std::optional<MonotonicTime> due;
    earlier(due, client_until_);
    earlier(due, record_at_);
    earlier(due, relax_at_);
    earlier(due, status_until_);
    earlier(due, ready_until_);
    if (server_) earlier(due, server_->due());
    if (const auto limit = task_.settings.call_timeout) {
        if (const auto oldest = exchanges_.oldest("tools/call"))
            earlier(due, std::chrono::time_point_cast<milliseconds>(*oldest + *limit) + milliseconds(1));
    }
    // Nobody does the rest of it once we are closing.
    earlier(due, closing_ ? busy_until_ : admit_at_);
    if (closing_) return due;
    earlier(due, refused_until_);
    earlier(due, check_at_);
    if (!server_ && (state_ == State::waiting || state_ == State::resting)) earlier(due, start_at_);
    if (task_.settings.requests_per_second) earlier(due, rate_.next(now()));
    return due;
}

void Guard::time_out_calls() {
    const auto limit = task_.settings.call_timeout;
    if (!limit || exchanges_.count() == 0) return;
    for (const Pending& call :
         exchanges_.give_up("tools/call", std::chrono::steady_clock::now() - *limit)) {
        const std::string why =
            "the server has not answered within " + std::to_string(limit->count()) + " ms";
        relay_.to_client(error_answer(call.id, kTimedOut, why, "timeout"));
        relay_.to_server(cancelled(call.id, why));
    }
}

void Guard::check_liveness() {
    const MonotonicTime time = now();
    if (check_at_ && time < *check_at_) return;
    std::optional<MonotonicTime> oldest;
    if (const auto since = exchanges_.oldest())
        oldest = std::chrono::time_point_cast<milliseconds>(*since);
    const Liveness::Due due = liveness_.check(time, oldest);
    check_at_ = due.next;
    if (due.ping) relay_.to_server(ping(own_id("ping")));
    if (due.hung) server_hangs(time);
}

}  // namespace reaper::guard
