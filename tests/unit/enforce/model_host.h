// A host that does not exist: processes that behave as badly as is asked of them, cages that fail at any
// call, a clock that only moves in wait(). Real processes cannot be made to end, fork and give their pid
// away between any two calls of ours; these do. All that is done to them is logged, with whose they are.
#pragma once

#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "enforce/host.h"
#include "support/snapshot_builder.h"

namespace reaper::test {

using std::chrono::milliseconds;

inline constexpr int kNobodys = -1;  ///< Of no server.

struct ModelProcess {
    ProcessId id;
    pid_t parent = 1;
    int server = kNobodys;  ///< Whose it is in truth; what it forks is of the same.
    scan::Member::Part part = scan::Member::Part::helper;
    bool supervisor = false;  ///< Starts its child again when that has ended.
    bool original = true;     ///< There from the beginning; a member of its server.

    // How it behaves.
    std::optional<milliseconds> heeds = milliseconds(1);  ///< So long after SIGTERM; never.
    unsigned terms_needed = 1;
    bool forks_on_term = false;
    bool double_forks_on_term = false;         ///< The child has no parent, and a session of its own.
    unsigned forks_every_calls = 0;            ///< Between our calls, as fast as it can.
    std::optional<unsigned> ends_after_calls;  ///< And its pid is taken by an innocent process at once.
    bool asleep = false;                       ///< State D: nothing reaches it.
    bool untouchable = false;                  ///< EPERM.
    std::string protected_as;
    bool was_stopped = false;

    // What has become of it.
    bool alive = true;
    bool stopped = false;
    bool term_pending = false;
    bool kill_pending = false;
    unsigned terms = 0;
    unsigned calls = 0;
    std::optional<MonotonicTime> dies_at;
    std::string cage;
};

struct Event {
    enum class Kind { signal, move, limit };
    Kind kind;
    MonotonicTime at;
    ProcessId process;
    int server;
    int number;
};

/// The first signal that was meant for a server; the process may have ended that moment.
struct FirstSignal {
    milliseconds after_look;  ///< How old the evidence was.
    bool original;            ///< Of a process that was looked at.
};

class ModelHost : public enforce::Host, public enforce::Cages {
  public:
    struct Server {
        scan::Server description;  ///< But for its members.
        std::function<void(scan::Server&)> at_second_look;
    };
    struct Cage {
        bool frozen = false;
        enforce::CageLimits limits;
    };

    // The model itself.
    std::vector<ModelProcess> all;
    std::vector<Server> servers;
    std::map<std::string, Cage> cages_there;
    std::vector<Event> log;
    std::map<int, FirstSignal> first_signals;
    enforce::CageAbilities can{.backend = "model",
                               .why_none = "",
                               .cpu_quota = true,
                               .cpu_weight = true,
                               .memory = true,
                               .pids = true,
                               .freeze = true};
    std::function<bool()> cage_call_fails = [] { return false; };
    bool a_cage_call_failed = false;
    bool kill_waits_for_thaw = true;  ///< As with the freezer of cgroup v1.
    std::function<void(const ProcessId&)> on_death;
    std::function<void()> on_signal;
    std::function<void()> on_limit;  ///< Not when limits are lifted.
    milliseconds put_takes{0};
    milliseconds processes_takes{0};
    bool freezer_calls_fail = false;
    unsigned freezes_that_time_out = 0;  ///< Somebody in the cage whom nobody sees does not stand still.
    uid_t viewer_uid = 0;
    unsigned most_forks = 8;
    MonotonicTime clock = support::kStart;
    bool stop = false;

    ProcessId add(ModelProcess process) {
        if (process.id.pid == 0) process.id.pid = next_pid_++;
        next_pid_ = std::max(next_pid_, process.id.pid + 1);
        if (process.id.start.count() == 0) process.id.start = tick();
        process.stopped = process.was_stopped;
        all.push_back(process);
        return process.id;
    }

    [[nodiscard]] ModelProcess* living(const ProcessId& id) {
        for (ModelProcess& process : all) {
            if (process.alive && process.id == id) return &process;
        }
        return nullptr;
    }
    [[nodiscard]] bool frozen(const ModelProcess& process) const {
        if (process.cage.empty()) return false;
        const auto cage = cages_there.find(process.cage);
        return cage != cages_there.end() && cage->second.frozen;
    }
    [[nodiscard]] std::size_t alive_of(int server) const {
        return static_cast<std::size_t>(std::count_if(
            all.begin(), all.end(),
            [&](const ModelProcess& process) { return process.alive && process.server == server; }));
    }

    /// The server as a scan finds it now.
    [[nodiscard]] std::optional<scan::Server> scanned(int index) const {
        scan::Server found = servers[static_cast<std::size_t>(index)].description;
        found.members.clear();
        std::set<pid_t> pids;
        bool has_main = false;
        for (bool more = true; more;) {
            more = false;
            for (const ModelProcess& process : all) {
                if (!process.alive || pids.contains(process.id.pid)) continue;
                const bool below = pids.contains(process.parent);
                const bool own = process.server == index && (process.original || below);
                if (!own) continue;
                if (!process.protected_as.empty()) {
                    found.contains_protected = process.protected_as;
                    continue;
                }
                pids.insert(process.id.pid);
                more = true;
                found.members.push_back({process.id, process.parent, process.part,
                                         process.supervisor ? classify::LauncherKind::supervisor
                                         : process.part == scan::Member::Part::launcher
                                             ? classify::LauncherKind::wrapper
                                             : classify::LauncherKind::none,
                                         false, found.uid, "node"});
                has_main = has_main || process.id == found.id;
            }
        }
        if (found.members.empty()) return std::nullopt;
        if (!has_main) {
            found.id = found.members.front().id;
            found.server_process.reset();
        }
        return found;
    }

    // Host.
    [[nodiscard]] MonotonicTime now() const override { return clock; }
    [[nodiscard]] BootTime since_boot() const override {
        return support::kStartSinceBoot + (clock - support::kStart);
    }

    Result<scan::Snapshot> look_again(std::span<const scan::Server>) override {
        mischief();
        looked_at_ = clock;
        scan::Snapshot snapshot;
        snapshot.viewer = {viewer_uid, viewer_uid == 0};
        snapshot.monotonic = clock;
        snapshot.since_boot = since_boot();
        for (std::size_t i = 0; i < servers.size(); ++i) {
            auto server = scanned(static_cast<int>(i));
            if (!server) continue;
            if (servers[i].at_second_look) servers[i].at_second_look(*server);
            snapshot.servers.push_back(std::move(*server));
        }
        std::ranges::sort(snapshot.servers, {}, &scan::Server::id);
        mischief();
        return snapshot;
    }

    Result<std::unique_ptr<enforce::Held>> hold(ProcessId id) override {
        mischief();
        const ModelProcess* const process = living(id);
        if (process == nullptr) return fail_errno("hold process", id.text(), ESRCH);
        if (process->untouchable) return fail_errno("hold process", id.text(), EPERM);
        return std::make_unique<HeldModel>(*this, id);
    }

    std::vector<enforce::Found> with_descendants(std::span<const ProcessId> ids,
                                                 const std::set<ProcessId>& others) override {
        mischief();
        std::vector<enforce::Found> found;
        std::set<ProcessId> seen = others;
        std::vector<ProcessId> todo(ids.begin(), ids.end());
        while (!todo.empty()) {
            const ProcessId id = todo.back();
            todo.pop_back();
            const ModelProcess* const process = living(id);
            if (process == nullptr || !seen.insert(id).second) continue;
            found.push_back(found_of(*process));
            for (const ModelProcess& child : all) {
                if (child.alive && child.parent == id.pid) todo.push_back(child.id);
            }
        }
        mischief();
        return found;
    }

    std::optional<enforce::Found> find(ProcessId id) override {
        const ModelProcess* const process = living(id);
        if (process == nullptr) return std::nullopt;
        return found_of(*process);
    }

    std::vector<ProcessId> strays(uid_t, BootTime, std::span<const std::string>) override {
        std::vector<ProcessId> found;
        for (const ModelProcess& process : all) {
            if (process.alive && process.parent == 1 && process.server >= 0 && !process.original)
                found.push_back(process.id);
        }
        return found;
    }
    std::string program_of(ProcessId) override { return "/usr/bin/node"; }
    enforce::Cages& cages() override { return *this; }
    [[nodiscard]] bool told_to_stop() const override { return stop; }

    void wait(std::span<const enforce::Held* const> waited, MonotonicTime until) override {
        const auto one_ended = [&] {
            return std::any_of(waited.begin(), waited.end(),
                               [](const auto* one) { return one->ended(); });
        };
        while (!one_ended()) {
            std::optional<MonotonicTime> next;
            for (const ModelProcess& process : all) {
                if (due(process)) next = std::min(next.value_or(*process.dies_at), *process.dies_at);
            }
            clock = std::max(clock, std::min(next.value_or(until), until));
            if (!next || *next > until) return;
            for (std::size_t i = 0; i < all.size(); ++i) {
                if (due(all[i]) && *all[i].dies_at <= clock) die(i);
            }
        }
    }

    // Cages.
    [[nodiscard]] enforce::CageAbilities abilities() const override { return can; }
    Result<void> put(const std::string& cage, uid_t, std::span<const ProcessId> ids) override {
        mischief();
        clock += put_takes;
        if (fails()) return fail("put into the cage", cage, "the model says no");
        cages_there.try_emplace(cage);
        for (const ProcessId& id : ids) {
            ModelProcess* const process = living(id);
            if (process == nullptr) continue;
            process->cage = cage;
            note(Event::Kind::move, *process, 0);
        }
        mischief();
        return {};
    }
    Result<void> limit(const std::string& cage, const enforce::CageLimits& limits) override {
        if (on_limit && !limits.none()) on_limit();
        if (fails()) return fail("limit the cage", cage, "the model says no");
        const auto found = cages_there.find(cage);
        if (found == cages_there.end()) return fail("limit the cage", cage, "there is no such cage");
        found->second.limits = limits;
        return {};
    }
    Result<void> freeze(const std::string& cage, bool frozen) override {
        mischief();
        if (freezer_calls_fail) return fail("freeze", cage, "there is no freezer");
        if (frozen && freezes_that_time_out > 0) {
            --freezes_that_time_out;
            clock += milliseconds(1000);
            return fail_errno("freeze", cage, ETIMEDOUT);
        }
        const auto found = cages_there.find(cage);
        if (found == cages_there.end()) return {};
        const bool failed = fails();
        if (failed && !frozen) return fail("thaw", cage, "the model says no");
        found->second.frozen = frozen;  // Also where it fails: half of it may be frozen by then.
        if (!frozen) {
            for (std::size_t i = 0; i < all.size(); ++i) let_run(i);
        }
        if (failed) return fail("freeze", cage, "the model says no");
        mischief();
        return {};
    }
    Result<std::vector<ProcessId>> processes(const std::string& cage) override {
        clock += processes_takes;
        if (fails()) return fail("list the cage", cage, "the model says no");
        std::vector<ProcessId> inside;
        for (const ModelProcess& process : all) {
            if (process.alive && process.cage == cage) inside.push_back(process.id);
        }
        return inside;
    }
    Result<std::vector<std::string>> list() override {
        std::vector<std::string> names;
        for (const auto& [name, cage] : cages_there) names.push_back(name);
        return names;
    }
    Result<void> remove(const std::string& cage) override {
        const bool used = std::any_of(all.begin(), all.end(), [&](const ModelProcess& process) {
            return process.alive && process.cage == cage;
        });
        if (!used) cages_there.erase(cage);
        return {};
    }

  private:
    class HeldModel : public enforce::Held {
      public:
        HeldModel(ModelHost& host, ProcessId id) : host_(host), id_(id) {}
        [[nodiscard]] ProcessId id() const override { return id_; }
        Result<void> signal(int number) override { return host_.signal(id_, number); }
        [[nodiscard]] bool ended() const override { return host_.living(id_) == nullptr; }
        void release_memory() override {}
        [[nodiscard]] int fd() const override { return -1; }

      private:
        ModelHost& host_;
        ProcessId id_;
    };

    [[nodiscard]] static enforce::Found found_of(const ModelProcess& process) {
        return {process.id, process.asleep ? 'D' : process.stopped ? 'T' : 'S', process.protected_as};
    }
    [[nodiscard]] Ticks tick() const { return std::chrono::duration_cast<Ticks>(since_boot()); }
    [[nodiscard]] bool held_up(const ModelProcess& process) const {
        return process.stopped || process.asleep || frozen(process);
    }
    [[nodiscard]] bool due(const ModelProcess& process) const {
        return process.alive && process.dies_at && !held_up(process);
    }
    [[nodiscard]] bool fails() {
        const bool failed = cage_call_fails();
        a_cage_call_failed = a_cage_call_failed || failed;
        return failed;
    }
    void note(Event::Kind kind, const ModelProcess& process, int number) {
        log.push_back({kind, clock, process.id, process.server, number});
    }

    Result<void> signal(const ProcessId& id, int number) {
        for (const ModelProcess& process : all) {
            if (process.id == id)
                first_signals.try_emplace(process.server,
                                          FirstSignal{clock - looked_at_, process.original});
        }
        mischief();
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (!all[i].alive || all[i].id != id) continue;
            note(Event::Kind::signal, all[i], number);
            if (on_signal) on_signal();
            deliver(i, number);
            return {};
        }
        return fail_errno("signal process", id.text(), ESRCH);
    }

    void deliver(std::size_t i, int number) {
        ModelProcess& process = all[i];
        if (number == SIGSTOP) process.stopped = true;
        if (number == SIGCONT) process.stopped = false;
        if (number == SIGTERM) process.term_pending = true;
        if (number == SIGKILL) process.kill_pending = true;
        let_run(i);
    }

    /// What is pending takes effect where nothing holds the process up.
    void let_run(std::size_t i) {
        if (!all[i].alive || all[i].asleep) return;
        const bool in_freezer = frozen(all[i]);
        if (all[i].kill_pending && !(in_freezer && kill_waits_for_thaw)) return die(i);
        if (all[i].stopped || in_freezer || !all[i].term_pending) return;
        all[i].term_pending = false;
        ++all[i].terms;
        if (all[i].forks_on_term) fork(i, false);
        if (all[i].double_forks_on_term) fork(i, true);
        ModelProcess& process = all[i];
        if (process.heeds && process.terms >= process.terms_needed && !process.dies_at)
            process.dies_at = clock + *process.heeds;
    }

    void fork(std::size_t i, bool twice) {
        if (forks_ == most_forks) return;
        ++forks_;
        ModelProcess child = all[i];
        child.id = {next_pid_++, tick()};
        child.parent = twice ? 1 : all[i].id.pid;
        child.original = false;
        child.part = scan::Member::Part::helper;
        child.supervisor = false;
        child.term_pending = child.kill_pending = false;
        child.dies_at.reset();
        child.ends_after_calls.reset();
        child.terms = child.calls = 0;
        all.push_back(std::move(child));
    }

    void die(std::size_t i) {
        const ProcessId id = all[i].id;
        const pid_t parent = all[i].parent;
        all[i].alive = false;
        if (on_death) on_death(id);
        for (ModelProcess& child : all) {
            if (child.parent == id.pid) child.parent = 1;
        }
        if (all[i].ends_after_calls) {
            ModelProcess innocent;
            innocent.id = {id.pid, id.start + Ticks(1)};
            innocent.heeds = milliseconds(1);
            all.push_back(innocent);
        }
        for (std::size_t above = 0; above < all.size(); ++above) {
            const ModelProcess& one = all[above];
            if (one.alive && one.id.pid == parent && one.supervisor && !held_up(one)) fork(above, false);
        }
    }

    /// What happens on the host between any two calls of ours.
    void mischief() {
        const std::size_t count = all.size();
        for (std::size_t i = 0; i < count; ++i) {
            if (!all[i].alive || held_up(all[i])) continue;
            const unsigned calls = ++all[i].calls;
            if (all[i].ends_after_calls && calls >= *all[i].ends_after_calls) {
                die(i);
            } else if (all[i].forks_every_calls > 0 && calls % all[i].forks_every_calls == 0) {
                fork(i, false);
            }
        }
    }

    pid_t next_pid_ = 1000;
    unsigned forks_ = 0;
    MonotonicTime looked_at_{};
};

}  // namespace reaper::test
