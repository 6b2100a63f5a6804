// Orders for servers of a model host, and what became of them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "enforce/enforcer.h"
#include "unit/enforce/model_host.h"

namespace reaper::test {

class NotingRecorder : public enforce::Recorder {
  public:
    struct Note {
        enforce::Order order;
        std::size_t log_before = 0;  ///< Events of the host before the intent.
        std::vector<enforce::Effect> conclusions;
    };
    explicit NotingRecorder(ModelHost& host) : host_(host) {}

    Entry intend(const enforce::Order& order) override {
        host_.clock += intend_takes;
        if (on_intend) on_intend();
        if (broken) return 0;
        notes.push_back({order, host_.log.size(), {}});
        return static_cast<Entry>(notes.size());
    }
    void conclude(Entry entry, const enforce::Order&, const enforce::Outcome& outcome) override {
        notes.at(static_cast<std::size_t>(entry) - 1).conclusions.push_back(outcome.effect);
    }
    std::optional<std::string> trouble() override {
        if (!broken || told) return std::nullopt;
        told = true;
        return "the disk is full";
    }

    std::vector<Note> notes;
    milliseconds intend_takes{0};  ///< A disk that is busy.
    std::function<void()> on_intend;
    bool broken = false;
    bool told = false;

  private:
    ModelHost& host_;
};

/// A model host with an Enforcer that works on it.
struct Scenario {
    Scenario() { policy.rule(policy::Rule::orphan).action = policy::Action::terminate; }

    /// An orphan with this chain: launchers first, its server process last.
    int server(std::vector<ModelProcess> chain, std::string type = "filesystem") {
        const int index = static_cast<int>(host.servers.size());
        ModelHost::Server made;
        pid_t parent = 1;
        for (std::size_t i = 0; i < chain.size(); ++i) {
            const bool last = i + 1 == chain.size();
            chain[i].parent = parent;
            chain[i].server = index;
            chain[i].part = last ? scan::Member::Part::server : scan::Member::Part::launcher;
            const ProcessId id = host.add(chain[i]);
            parent = id.pid;
            if (!last) continue;
            made.description = support::server(id.pid).type(std::move(type)).orphaned().build();
            made.description.id = id;
            made.description.server_process = id;
        }
        host.servers.push_back(std::move(made));
        return index;
    }
    ProcessId helper(int server, ModelProcess process = {}) {
        process.server = server;
        process.parent = main_of(server).pid;
        return host.add(process);
    }
    [[nodiscard]] ProcessId main_of(int server) const {
        return host.servers.at(static_cast<std::size_t>(server)).description.id;
    }
    [[nodiscard]] enforce::Order order(int server, enforce::Deed deed = enforce::Deed::terminate) const {
        enforce::Order made;
        made.server = host.scanned(server).value();
        made.deed = deed;
        made.rules = {policy::Rule::orphan};
        made.reasons = {"test"};
        if (deed == enforce::Deed::throttle) made.limits.cpu = CpuPercent{20};
        return made;
    }

    enforce::Enforcer enforcer() {
        return {enforce::Means{.host = host,
                               .recorder = recorder,
                               .budget = budget,
                               .store_budget = {},
                               .journal = journal,
                               .no_journal = "there is none",
                               .self = {4, Ticks(4)},
                               .wall_time = nullptr},
                policy, users};
    }
    std::vector<enforce::Outcome> carry_out(const std::vector<enforce::Order>& orders,
                                            const enforce::Enforcer::Progress& progress = {}) {
        return enforcer().carry_out(orders, progress);
    }

    /// The signals that were sent, in order.
    [[nodiscard]] std::vector<std::pair<ProcessId, int>> signals() const {
        std::vector<std::pair<ProcessId, int>> sent;
        for (const Event& event : host.log) {
            if (event.kind == Event::Kind::signal) sent.emplace_back(event.process, event.number);
        }
        return sent;
    }

    ModelHost host;
    NotingRecorder recorder{host};
    enforce::Budget budget{policy::BudgetSettings{}};
    policy::Policy policy = policy::builtin_defaults();
    policy::UserNames users;
    enforce::UndoJournal* journal = nullptr;
};

/// One that never leaves on SIGTERM.
inline ModelProcess ignoring() {
    ModelProcess process;
    process.heeds.reset();
    return process;
}

}  // namespace reaper::test
