// Whatever a host does meanwhile, nobody but the servers that were ordered is touched, and what is said
// of them is true. The seed is printed; REAPER_SEED=n runs that one again.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <random>

#include "support/child.h"
#include "unit/enforce/model_scenario.h"

namespace reaper::enforce {
namespace {

using namespace std::chrono_literals;
using test::Event;
using test::ModelHost;
using test::ModelProcess;
using test::Scenario;

constexpr unsigned kScenarios = 10'000;

/// A scenario made up by chance, carried out, and looked at.
class Trial {
  public:
    Trial(unsigned seed, UndoJournal* journal) : random_(seed), journal_(journal) {}

    void run() {
        invent();
        scenario_.journal = journal_;
        scenario_.policy.terminate.grace = std::chrono::seconds(pick(0, 3));
        const MonotonicTime start = host().clock;
        concluded_.assign(orders_.size(), 0);
        std::size_t conclusions = 0;
        outcomes_ = scenario_.carry_out(orders_, [&](const Order& order, const Outcome&) {
            ++conclusions;
            for (std::size_t i = 0; i < orders_.size(); ++i) {
                if (orders_[i].server.id == order.server.id) concluded_[i] = host().log.size();
            }
        });
        EXPECT_EQ(conclusions, orders_.size());
        ASSERT_EQ(outcomes_.size(), orders_.size());
        EXPECT_LE(host().clock - start, 60s) << "it ends within a bounded time";
        only_ordered_ones_were_touched();
        what_was_done_was_recorded();
        nothing_stays_held_up();
        unsigned ended = 0;
        for (std::size_t i = 0; i < orders_.size(); ++i) {
            look_at(i);
            if (first_signal(ordered_[i])) ++ended;
        }
        EXPECT_LE(ended, budget_);
    }

  private:
    ModelHost& host() { return scenario_.host; }
    unsigned pick(unsigned from, unsigned to) {
        return std::uniform_int_distribution<unsigned>(from, to)(random_);
    }
    bool chance(unsigned percent) { return pick(1, 100) <= percent; }

    ModelProcess any_process() {
        ModelProcess made;
        made.heeds = chance(70) ? std::optional(std::chrono::milliseconds(pick(0, 1500))) : std::nullopt;
        made.terms_needed = chance(15) ? 2 : 1;
        made.forks_on_term = chance(8);
        made.double_forks_on_term = chance(8);
        if (chance(4)) made.forks_every_calls = pick(1, 6);
        if (chance(8)) made.ends_after_calls = pick(1, 60);
        made.asleep = chance(2);
        made.untouchable = chance(3);
        made.was_stopped = chance(4);
        if (chance(2)) made.protected_as = "claude (pid 1)";
        return made;
    }

    int any_server() {
        std::vector<ModelProcess> chain;
        for (unsigned i = pick(0, 2); i > 0; --i) {
            chain.push_back(any_process());
            chain.back().supervisor = chance(25);
        }
        chain.push_back(any_process());
        const int server = scenario_.server(chain);
        for (unsigned i = pick(0, 2); i > 0; --i) scenario_.helper(server, any_process());
        if (chance(8)) {
            host().servers.back().at_second_look = [](scan::Server& now) {
                now.channel = scan::Channel::open;
            };
        } else if (chance(5)) {
            host().servers.back().at_second_look = [](scan::Server& now) { now.standalone = true; };
        } else if (chance(5)) {
            host().servers.back().at_second_look = [](scan::Server& now) { now.standalone.reset(); };
        }
        return server;
    }

    void invent() {
        budget_ = pick(1, 4);
        policy::BudgetSettings settings;
        settings.kills_per_minute = budget_;
        scenario_.budget = Budget(settings);
        host().kill_waits_for_thaw = chance(50);
        caged_ = chance(65);
        if (!caged_) host().can = CageAbilities{.backend = "", .why_none = "none here"};
        if (chance(15)) host().cage_call_fails = [this] { return chance(15); };
        if (chance(10)) scenario_.recorder.intend_takes = std::chrono::milliseconds(pick(1, 3000));
        if (chance(5)) host().freezes_that_time_out = pick(1, 3);
        if (chance(10)) host().put_takes = std::chrono::milliseconds(pick(1, 500));
        if (chance(10)) host().processes_takes = std::chrono::milliseconds(pick(1, 500));
        for (unsigned i = pick(1, 3); i > 0; --i) {
            const int server = any_server();
            if (chance(10)) {  // A server of somebody else's below it.
                const int below = any_server();
                for (ModelProcess& process : host().all) {
                    if (process.server == below && process.parent == 1)
                        process.parent = scenario_.main_of(server).pid;
                }
                host().servers[static_cast<std::size_t>(below)].description.channel =
                    scan::Channel::open;
            }
            if (chance(25)) continue;  // A neighbour.
            const Deed deed = journal_ != nullptr && chance(40)
                                  ? (chance(50) ? Deed::freeze : Deed::throttle)
                                  : Deed::terminate;
            const auto scanned = host().scanned(server);
            if (!scanned) continue;  // Its server process is a client.
            scenario_.policy.rule(policy::Rule::orphan).action = policy::Action::terminate;
            orders_.push_back(scenario_.order(server, deed));
            if (chance(30)) {
                orders_.back().origin = Origin::hand;
                orders_.back().rules.clear();
            }
            ordered_.push_back(server);
        }
    }

    [[nodiscard]] const Event* first_signal(int server) {
        for (const Event& event : host().log) {
            if (event.server == server && event.kind == Event::Kind::signal) return &event;
        }
        return nullptr;
    }

    void only_ordered_ones_were_touched() {
        for (const Event& event : host().log) {
            EXPECT_NE(std::find(ordered_.begin(), ordered_.end(), event.server), ordered_.end())
                << event.process.text() << " was touched";
        }
    }

    void what_was_done_was_recorded() {
        std::set<int> intended;
        for (const auto& note : scenario_.recorder.notes) {
            EXPECT_EQ(note.conclusions.size(), 1U);
            for (std::size_t i = 0; i < orders_.size(); ++i) {
                if (orders_[i].server.id != note.order.server.id) continue;
                EXPECT_EQ(note.conclusions.front(), outcomes_[i].effect);
                intended.insert(ordered_[i]);
                for (std::size_t at = 0; at < note.log_before; ++at) {
                    EXPECT_NE(host().log[at].server, ordered_[i]) << "touched before it was recorded";
                }
            }
        }
        for (const Event& event : host().log) EXPECT_TRUE(intended.contains(event.server));
    }

    void nothing_stays_held_up() {
        std::set<std::string> noted;
        if (journal_ != nullptr) {
            const auto contents = journal_->read();
            for (const UndoEntry& entry : contents.value().entries) noted.insert(entry.cage);
        }
        for (const auto& [name, cage] : host().cages_there) {
            if (noted.contains(name) || host().a_cage_call_failed) continue;
            EXPECT_FALSE(cage.frozen) << name;
            EXPECT_TRUE(cage.limits.none()) << name;
        }
        for (const ModelProcess& process : host().all) {
            if (process.alive && process.stopped) {
                // SIGKILL reaches what is in state D, or frozen, when that is over.
                EXPECT_TRUE(process.was_stopped || process.kill_pending) << process.id.text();
            }
        }
    }

    void look_at(std::size_t i) {
        const int server = ordered_[i];
        const Effect effect = outcomes_[i].effect;
        SCOPED_TRACE("server " + std::to_string(server) + ": " + std::string(to_string(effect)) + " " +
                     outcomes_[i].why);
        for (std::size_t at = concluded_[i]; at < host().log.size(); ++at) {
            EXPECT_NE(host().log[at].server, server) << "touched after its conclusion";
        }
        const bool untouched = effect == Effect::refused || effect == Effect::deferred ||
                               effect == Effect::gone || effect == Effect::throttled ||
                               effect == Effect::frozen;
        if (untouched) {
            EXPECT_EQ(first_signal(server), nullptr);
        }
        whole_or_nothing(server);
        if (orders_[i].deed != Deed::terminate) return;
        evidence_was_fresh(server);
        ladder_is_kept(server);
        if (effect == Effect::ended || effect == Effect::killed) nothing_is_left(server);
        if (effect == Effect::ended) {
            EXPECT_EQ(signals(server, SIGKILL), 0U);
        }
    }

    void whole_or_nothing(int server) {
        for (const ModelProcess& process : host().all) {
            // What ended before it was looked at does not count.
            if (process.server == server && process.original && process.untouchable && process.alive) {
                EXPECT_EQ(first_signal(server), nullptr);
            }
        }
    }

    std::size_t signals(int server, int number) {
        return static_cast<std::size_t>(
            std::count_if(host().log.begin(), host().log.end(), [&](const Event& event) {
                return event.server == server && event.kind == Event::Kind::signal &&
                       event.number == number;
            }));
    }

    const ModelProcess& process(const ProcessId& id) {
        return *std::find_if(host().all.begin(), host().all.end(),
                             [&](const ModelProcess& one) { return one.id == id; });
    }

    void evidence_was_fresh(int server) {
        const auto first = host().first_signals.find(server);
        if (first == host().first_signals.end()) return;
        // Where all that was looked at has ended by itself, what it has left is found by more calls.
        const auto calls = first->second.original ? std::chrono::milliseconds(0)
                                                  : host().processes_takes + host().put_takes;
        EXPECT_LE(first->second.after_look, std::chrono::milliseconds(250) + calls);
    }

    void ladder_is_kept(int server) {
        std::optional<MonotonicTime> begun;
        std::map<ProcessId, unsigned> terms;
        int rank_before = 0;
        for (const Event& event : host().log) {
            if (event.server != server || event.kind != Event::Kind::signal) continue;
            const ModelProcess& target = process(event.process);
            if (!begun) begun = event.at;
            if (event.number == SIGTERM) {
                EXPECT_LE(++terms[event.process], 2U);
                const int rank = target.supervisor                           ? 0
                                 : target.part == scan::Member::Part::server ? 1
                                                                             : 2;
                if (terms[event.process] == 1 && target.original) {
                    EXPECT_GE(rank, rank_before) << "supervisors, the server process, the rest";
                    rank_before = rank;
                }
            }
            if (event.number != SIGKILL && event.number != SIGSTOP) continue;
            EXPECT_GE(event.at - *begun, scenario_.policy.terminate.grace) << "before the time is over";
            if (event.number == SIGKILL && target.original) {
                EXPECT_EQ(terms[event.process], 2U);
            }
        }
    }

    void nothing_is_left(int server) {
        const bool whole = caged_ && !host().a_cage_call_failed;
        for (const ModelProcess& process : host().all) {
            if (process.server != server || !process.alive) continue;
            // Without a cage a double fork gets away, and so does, before there is one, a child whose
            // parent ends as soon as it has forked it.
            EXPECT_FALSE(process.original || (whole && !process.cage.empty()))
                << process.id.text() << " lives";
        }
    }

    std::minstd_rand random_;  // Seeded 10,000 times: the better ones take longer for that.
    UndoJournal* journal_;
    Scenario scenario_;
    std::vector<Order> orders_;
    std::vector<int> ordered_;
    std::vector<std::size_t> concluded_;
    std::vector<Outcome> outcomes_;
    unsigned budget_ = 20;
    bool caged_ = true;
};

TEST(Ladder, TouchesOnlyWhatWasOrderedAndTellsTheTruthWhateverTheHostDoes) {
    const char* const given = std::getenv("REAPER_SEED");
    const unsigned seed = given != nullptr ? static_cast<unsigned>(std::strtoul(given, nullptr, 10))
                                           : std::random_device()();
    std::cout << "REAPER_SEED=" << seed << std::endl;
    std::string shared = "/dev/shm/reaper-ladder-" + std::to_string(::getpid()) + "-XXXXXX";
    ASSERT_NE(::mkdtemp(shared.data()), nullptr);  // In memory: thousands of entries are synced.
    for (unsigned i = 0; i < kScenarios && !::testing::Test::HasFailure(); ++i) {
        SCOPED_TRACE("scenario " + std::to_string(i) + " of seed " + std::to_string(seed));
        std::optional<UndoJournal> journal;
        if (i % 8 == 0) journal = *UndoJournal::open(shared);
        Trial(seed + i, journal ? &*journal : nullptr).run();
        if (!journal) continue;
        const auto contents = journal->read();
        for (const UndoEntry& entry : contents.value().entries) ASSERT_TRUE(journal->remove(entry.cage));
    }
    std::error_code ignored;
    std::filesystem::remove_all(shared, ignored);
}

}  // namespace
}  // namespace reaper::enforce
