#include "daemon/running_daemon.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "daemon/control_socket.h"
#include "daemon/daemon_events.h"
#include "daemon/service.h"

namespace reaper::daemon {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// For the hooks of the last events.
constexpr seconds kForLastHooks{3};

EventsSetup events_setup(WallTime started) {
    EventsSetup setup;
    setup.stamp = report::event_stamp(started, ::getpid());
    setup.wall = wall_now;
    setup.steady = pass::now;
    return setup;
}

}  // namespace

RunningDaemon::RunningDaemon(const DaemonOptions& options, PolicyKeeper keeper, pass::Places places)
    : options_(options),
      places_(std::move(places)),
      keeper_(std::move(keeper)),
      events_(loop_, events_setup(started_at_)),
      health_requests_(loop_),
      watcher_(loop_, keeper_.policy(), watching()),
      policy_watch_(loop_, [this] { static_cast<void>(reload()); }),
      pressure_watch_(loop_, [this] { pressed(); }),
      signals_(loop_),
      watchdog_(loop_),
      drain_(loop_) {}

Watcher::Told RunningDaemon::watching() {
    return {.looked = [this](const Look& look) { looked(look); },
            .failed =
                [this](const Error& error) {
                    // Once: it is tried again at every tick.
                    if (!std::exchange(blind_, true)) events_.publish(look_trouble(error.message()));
                    judge_health(watcher_.governor().now());
                    backend_->failed(error);
                },
            .collector_changed =
                [this](const CollectorStatus& now) {
                    events_.publish(collector_changed(now.name, now.why));
                },
            .stretched =
                [this](milliseconds interval) {
                    events_.publish(late(watcher_.last_took(), interval, watcher_.pacing().wanted()));
                },
            .unresponsive = [this] { return health_requests_.unresponsive(); },
            .circumstances = [this] { return policy::Circumstances{under_pressure()}; }};
}

Result<void> RunningDaemon::start() {
    if (!keeper_.trouble().empty()) options_.say(keeper_.trouble());
    if (auto acting = start_acting(); !acting) return acting;
    if (auto control = start_control(); !control) return control;
    configure();
    listen_to_signals();
    keep_watchdog();
    watcher_.start();
    return {};
}

/// Being the only one who acts comes first: a second daemon ends here, and has changed nothing.
Result<void> RunningDaemon::start_acting() {
    UniqueFd stop(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!stop) return fail_errno("make an eventfd", "", errno);
    // Both come from the actor's thread.
    const auto say = [this](const std::string& text) {
        boost::asio::post(loop_, [this, text] { events_.publish(history_trouble(text)); });
    };
    auto acting = pass::Acting::prepare(keeper_.policy(), stop.get(), pass::kPatience, {say, say, {}},
                                        pass::ActorKind::daemon);
    if (!acting) return tl::unexpected(acting.error());
    cages_ = (*acting)->cages();
    Pause pause;
    if (places_.runtime) {
        const std::string file = *places_.runtime + "/paused";
        auto stored = Pause::load(file);
        if (!stored)
            options_.say(stored.error().message() + "; it counts as paused until it is resumed");
        pause = stored ? std::move(*stored) : Pause::unknown(file);
    }
    // What a rule of a run before this one holds is judged anew: nothing stays frozen unnoticed.
    for (const enforce::UndoEntry& entry : (*acting)->held()) {
        if (entry.origin == enforce::Origin::rule && entry.state == enforce::UndoState::held) {
            static_cast<void>((*acting)->release(entry, enforce::Origin::rule));
        }
    }
    auto held = (*acting)->held();
    actor_.emplace(loop_, std::move(*acting), std::move(stop));
    enforcement_.emplace(*actor_, std::move(pause), std::move(held),
                         [this](const report::Done& done) { tell(done); });
    return {};
}

Result<void> RunningDaemon::start_control() {
    if (!places_.runtime) return tl::unexpected(places_.runtime.error());
    auto socket = ControlSocket::bind(*places_.runtime + "/control.sock",
                                      ::geteuid() == 0 ? Reach::everybody : Reach::owner);
    if (!socket) return tl::unexpected(socket.error());
    backend_.emplace(loop_, watcher_, *enforcement_, events_, whole());
    ControlOptions options = usual_control_options(::geteuid());
    options.tell = options_.say;
    control_.emplace(loop_, std::move(*socket), *backend_, std::move(options));
    return {};
}

Backend::Whole RunningDaemon::whole() {
    return {.status = [this] { return status_of(overview()); },
            .figures = [this] { return figures_of(overview()); },
            .reload = [this] { return reload(); },
            .pause = [this](std::optional<seconds> time) { return pause(time); },
            .resume = [this] { return resume(); },
            .history_file = places_.state ? pass::history_file(*places_.state) : ""};
}

Overview RunningDaemon::overview() {
    return {.version = options_.version,
            .started_at = started_at_,
            .uptime = std::chrono::duration_cast<seconds>(pass::now() - started_),
            .keeper = keeper_,
            .watcher = watcher_,
            .enforcement = *enforcement_,
            .events = events_,
            .cost = cost_,
            .health = health_,
            .done = done_,
            .pressure = {.watched = rules().pressure.enabled && no_pressure_.empty(),
                         .why = no_pressure_,
                         .active = under_pressure()},
            .cages = cages_.backend.empty() ? cages_.why_none : cages_.backend,
            .connections = control_ ? control_->figures().connections : 0};
}

/// What the policy says about the daemon itself.
void RunningDaemon::configure() {
    for (const std::string& why : events_.configure(rules().events, rules().hooks)) options_.say(why);
    if (const auto watched = policy_watch_.watch(keeper_.files()); !watched) {
        options_.say(watched.error().message() + "; changes of the policy take mcp-reaper reload");
    }
    // Not for every edit: with Asio 1.74 what is reported of a descriptor that was just closed may be
    // taken for the next one's.
    const CpuPercent stall = rules().pressure.enabled ? rules().pressure.stall : CpuPercent{};
    if (stall == pressure_stall_) return;
    pressure_stall_ = stall;
    pressure_watch_.stop();
    no_pressure_.clear();
    if (!rules().pressure.enabled) return;
    if (const auto watched = pressure_watch_.watch(rules().pressure.stall); !watched) {
        no_pressure_ = watched.error().message();
    }
}

void RunningDaemon::listen_to_signals() {
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) signals_.add(number);
    const auto listen = [this](const auto& again) -> void {
        signals_.async_wait([this, again](const boost::system::error_code& error, int number) {
            if (error) return;
            if (number == SIGHUP) {
                static_cast<void>(reload());
            } else {
                stop(number == SIGTERM ? "SIGTERM" : "SIGINT");
            }
            again(again);
        });
    };
    listen(listen);
}

/// Twice as often as it wants to hear of us. By the loop itself: one that hangs is silent.
void RunningDaemon::keep_watchdog() {
    const auto interval = watchdog_interval();
    if (!interval) return;
    tell_alive();
    watchdog_.expires_after(*interval / 2);
    watchdog_.async_wait([this](const boost::system::error_code& error) {
        if (!error) keep_watchdog();
    });
}

Agreed RunningDaemon::reload() {
    tell_reloading();
    const bool was_refused = keeper_.status().refused.has_value();
    const auto reloaded = keeper_.reload(wall_now());
    if (!keeper_.trouble().empty()) options_.say(keeper_.trouble());
    if (!reloaded) {
        ++done_.policy_refusals;
        events_.publish(policy_refused(keeper_.status().file, keeper_.status().refused->errors));
        judge_health(watcher_.governor().now());
        tell_ready(status_line());
        std::string all;
        for (const policy::PolicyError& error : reloaded.error()) {
            all += (all.empty() ? "" : "\n") + error.message();
        }
        return tl::unexpected(Refusal{422, all, "the last good policy stays in force"});
    }
    if (*reloaded) {
        ++done_.policy_reloads;
        actor_->revoke();
        watcher_.go_by(keeper_.policy());
        actor_->go_by(keeper_.policy());
        configure();
        next_pass_ = {};
    }
    // Also where the file says again what has been in force all the time: who was told that it was
    // refused is told that this is over.
    if (*reloaded || was_refused) {
        events_.publish(policy_reloaded(keeper_.policy()->name, keeper_.status().checksum));
    }
    judge_health(watcher_.governor().now());
    tell_ready(status_line());
    return {};
}

Agreed RunningDaemon::pause(std::optional<seconds> time) {
    actor_->revoke();
    const auto stored = enforcement_->pause().begin(time, boot_now());
    events_.publish(paused(time));
    if (stored) return {};
    return tl::unexpected(Refusal{
        500, "it is paused, but a restart of the daemon would end that: " + stored.error().message(),
        ""});
}

Agreed RunningDaemon::resume() {
    const bool was = enforcement_->pause().in_force(boot_now());
    if (const auto resumed_now = enforcement_->pause().resume(); !resumed_now) {
        options_.say(resumed_now.error().message());
    }
    if (was) events_.publish(resumed("by hand"));
    next_pass_ = {};
    watcher_.look_soon();
    return {};
}

/// What has been begun is finished, what is held is released, what is to be told is told. After the
/// drain time nothing is waited for any more: the next start releases what is held then.
void RunningDaemon::stop(std::string_view why) {
    if (std::exchange(stopping_, true)) return;
    tell_stopping();
    events_.publish(daemon_stopping(why));
    watcher_.stop();
    drain_.expires_after(rules().daemon.drain);
    drain_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        options_.say("what was begun has not come to an end in time; the next start releases it");
        std::quick_exit(1);
    });
    actor_->stop([this](Came came) {
        for (const report::Done& done : came.done) tell(done);
        control_->stop();
        events_.finish(kForLastHooks, [this] { loop_.stop(); });
    });
}

}  // namespace reaper::daemon
