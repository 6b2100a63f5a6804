#include "daemon/hooks.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>

#include "daemon/hook_trust.h"
#include "report/humanize.h"
#include "report/redact.h"

namespace reaper::daemon {
namespace {

using boost::system::error_code;
using report::EventKind;

/// A hook that fails for its own failure would fail for ever.
constexpr auto kNever = static_cast<std::size_t>(EventKind::hook_failed);

std::string name_of(const policy::Hook& hook) {
    return hook.command.empty() ? "" : report::printable(hook.command.front(), 200);
}

}  // namespace

Hooks::Hooks(boost::asio::io_context& loop, Tell tell, HookBounds bounds)
    : loop_(loop), tell_(std::move(tell)), bounds_(bounds), patience_(loop), quiet_(loop) {}

Hooks::~Hooks() {
    for (const auto& process : running_) process->kill();
}

std::vector<std::string> Hooks::configure(const std::vector<policy::Hook>& hooks) {
    std::vector<std::string> refused;
    hooks_.clear();
    for (const policy::Hook& hook : hooks) {
        Hook& made = hooks_.emplace_back();
        made.hook = std::make_shared<const policy::Hook>(hook);
        if (hook.events.empty()) made.kinds.set();
        for (const std::string& word : hook.events) {
            if (const auto kind = report::event_kind_from(word)) {
                made.kinds.set(static_cast<std::size_t>(*kind));
            } else {
                refused.push_back(fmt::format("the hook {}: no event is called {}", name_of(hook),
                                              report::printable(word, 100)));
            }
        }
        made.kinds.reset(kNever);
        if (const std::string why = untrusted_command(hook, ::geteuid() == 0); !why.empty()) {
            refused.push_back(
                fmt::format("the hook {} is not run: {}", name_of(hook), report::printable(why)));
        }
    }
    return refused;
}

void Hooks::run(const report::Event& event, const std::shared_ptr<const std::string>& line) {
    if (finishing_) return;
    for (const Hook& one : hooks_) {
        if (!one.kinds.test(static_cast<std::size_t>(event.kind))) continue;
        waiting_.push_back({one.hook, std::string(to_string(event.kind)), event.id, line});
    }
    start_waiting();
    while (waiting_.size() > bounds_.waiting) {
        ++figures_.dropped;
        ++dropped_;
        const std::string program = name_of(*waiting_.front().hook);
        waiting_.pop_front();
        note_failure(program, "too many were waiting");
    }
}

void Hooks::start_waiting() {
    while (running_.size() < bounds_.running && !waiting_.empty()) {
        const HookRun next = std::move(waiting_.front());
        waiting_.pop_front();
        start(next);
    }
    finish_if_idle();
}

void Hooks::start(const HookRun& next) {
    ++figures_.run;
    std::string why = untrusted_command(*next.hook, ::geteuid() == 0);
    if (why.empty()) {
        // The process is known only when it runs; by then nothing has been called yet.
        const auto self = std::make_shared<std::weak_ptr<HookProcess>>();
        auto started = HookProcess::start(
            loop_, next, bounds_.kill_after,
            [this, self, next](const std::string& failure) { ended(self->lock(), next, failure); });
        if (started) {
            *self = *started;
            running_.push_back(std::move(*started));
            return;
        }
        why = started.error().message();
    }
    ++figures_.failed;
    ++failed_;
    note_failure(name_of(*next.hook), why);
}

void Hooks::ended(const std::shared_ptr<HookProcess>& process, const HookRun& run,
                  const std::string& why) {
    std::erase(running_, process);
    if (!why.empty()) {
        ++figures_.failed;
        ++failed_;
        note_failure(name_of(*run.hook), why);
    }
    start_waiting();
}

/// The first at once, the others together when it has been quiet for long enough.
void Hooks::note_failure(const std::string& program, const std::string& why) {
    program_ = program;
    why_ = why;
    if (!is_quiet_) tell();
}

void Hooks::tell() {
    report::Event event;
    event.kind = EventKind::hook_failed;
    const std::string why = report::printable(why_);
    event.message = fmt::format("the hook {} failed: {}", program_, why);
    if (failed_ > 1) event.message += fmt::format(" ({} failures)", failed_);
    if (dropped_ > 0) {
        event.message += fmt::format("; {} dropped", report::counted(dropped_, "run was", "runs were"));
    }
    event.detail["program"] = program_;
    event.detail["why"] = why;
    event.detail["failed"] = std::exchange(failed_, 0);
    event.detail["dropped"] = std::exchange(dropped_, 0);
    is_quiet_ = true;
    quiet_.expires_after(bounds_.tell_every);
    quiet_.async_wait([this, here = std::weak_ptr(here_)](const error_code& failed) {
        if (failed || here.expired()) return;
        is_quiet_ = false;
        if (failed_ > 0 || dropped_ > 0) tell();
    });
    if (tell_) tell_(std::move(event));
}

void Hooks::finish(std::chrono::milliseconds patience, std::function<void()> done) {
    finishing_ = true;
    done_ = std::move(done);
    patience_.expires_after(patience);
    patience_.async_wait([this, here = std::weak_ptr(here_)](const error_code& failed) {
        if (!failed && !here.expired()) give_up();
    });
    finish_if_idle();
}

void Hooks::give_up() {
    for (const HookRun& run : waiting_) {
        ++dropped_;
        program_ = name_of(*run.hook);
    }
    figures_.dropped += waiting_.size();
    failed_ += running_.size();
    figures_.failed += running_.size();
    for (const auto& process : running_) process->kill();
    waiting_.clear();
    running_.clear();
    why_ = "the daemon ends";
    finish_if_idle();
}

void Hooks::finish_if_idle() {
    if (!finishing_ || !waiting_.empty() || !running_.empty() || !done_) return;
    patience_.cancel();
    quiet_.cancel();
    if (failed_ > 0 || dropped_ > 0) tell();
    quiet_.cancel();
    boost::asio::post(loop_, std::exchange(done_, nullptr));
}

HookFigures Hooks::figures() const {
    HookFigures figures = figures_;
    figures.running = running_.size();
    figures.waiting = waiting_.size();
    return figures;
}

}  // namespace reaper::daemon
