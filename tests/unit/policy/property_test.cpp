// What must hold for every host and every policy, tried on random ones. Each run prints its seed;
// REAPER_SEED=N repeats a run.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <map>
#include <optional>
#include <random>

#include "policy/confirm.h"
#include "support/watch.h"

namespace reaper::policy {
namespace {

using namespace std::chrono_literals;
using std::chrono::seconds;
using support::ServerBuilder;

constexpr int kScenarios = 10'000;
const UserNames kUsers = {{1000, "alice"}, {1001, "bob"}};

class Dice {
  public:
    explicit Dice(std::uint64_t seed) : engine_(seed) {}

    std::size_t below(std::size_t n) { return static_cast<std::size_t>(engine_() % n); }
    bool one_in(std::size_t n) { return below(n) == 0; }
    template <typename T, std::size_t N>
    T pick(const std::array<T, N>& from) {
        return from[below(N)];
    }
    std::mt19937_64& engine() { return engine_; }

  private:
    std::mt19937_64 engine_;
};

constexpr std::array kTypes = {"fetch", "git", "playwright"};

void random_channel(Dice& dice, ServerBuilder& server) {
    switch (dice.below(8)) {
        case 0:
            server.channel_unknown();
            break;
        case 1:
            server.channel_none();
            break;
        case 2:
            server.at_terminal(dice.one_in(2));
            break;
        case 3:
        case 4:
            server.open();
            break;
        default:
            server.closed();
            break;
    }
}

void random_client(Dice& dice, ServerBuilder& server) {
    const auto pid = static_cast<pid_t>(11 + dice.below(2));
    switch (dice.below(6)) {
        case 0:
            server.no_client();
            break;
        case 1:
            server.dead_client(pid);
            break;
        case 2:
            server.ancestor("python3", pid);
            break;
        default:
            server.client(dice.one_in(2) ? "claude" : "codex", pid);
            break;
    }
}

ServerBuilder random_server(Dice& dice, pid_t pid) {
    ServerBuilder server(pid);
    server.type(dice.pick(kTypes)).arguments(dice.below(2)).age(seconds(dice.below(9000)));
    server.program(dice.one_in(2) ? "@acme/mcp" : "mcp-server-x");
    if (dice.one_in(3)) server.npx();
    if (dice.one_in(4)) server.helper(pid + 1);
    if (dice.one_in(8)) server.zombie(pid + static_cast<pid_t>(dice.below(4)) - 2);
    if (dice.one_in(12)) server.all_zombies();
    if (dice.one_in(4)) server.user(1001);
    if (dice.one_in(10)) server.helper_of_another(pid + 2, 33);
    random_client(dice, server);
    random_channel(dice, server);
    if (dice.one_in(5)) server.standalone(true);
    if (dice.one_in(8)) server.standalone_unknown();
    if (dice.one_in(12)) server.unit_main();
    if (dice.one_in(10)) server.suspected();
    if (dice.one_in(10)) server.in_container();
    if (dice.one_in(10)) server.contains("tmux (pid 7)");
    if (dice.one_in(4)) server.cgroup("/user.slice/session-2.scope");
    return server;
}

/// What changes from sample to sample.
void random_moment(Dice& dice, ServerBuilder& server, Ticks cpu_time) {
    server.memory_mib(dice.below(1000)).cpu_time(cpu_time);
    if (!dice.one_in(4)) server.cpu(static_cast<double>(dice.below(150)));
    if (dice.one_in(10)) server.memory_incomplete();
    if (dice.one_in(8)) random_channel(dice, server);
}

Exemption random_exemption(Dice& dice) {
    Exemption entry;
    switch (dice.below(5)) {
        case 0:
            entry.type = dice.pick(kTypes);
            break;
        case 1:
            entry.client = "claude";
            break;
        case 2:
            entry.user = dice.one_in(2) ? "bob" : "1001";
            break;
        case 3:
            entry.cgroup = "session-2";
            break;
        default:
            entry.program = "ACME";
            break;
    }
    if (dice.one_in(2)) entry.rules = {kRules[dice.below(kRules.size())]};
    return entry;
}

/// As a policy file may have them: ever harsher, ever later.
std::vector<Step> random_steps(Dice& dice) {
    std::vector<Step> steps;
    seconds after{dice.one_in(2) ? 0 : 5};
    for (const Action action : kActions) {
        if (!dice.one_in(2)) continue;
        steps.push_back({action, after});
        after += seconds(1 + dice.below(20));
    }
    return steps;
}

void random_action(Dice& dice, RuleSettings& rule) {
    if (dice.one_in(2)) rule.action = dice.pick(kActions);
    if (!dice.one_in(4)) return;
    rule.escalation = random_steps(dice);
    if (!rule.escalation.empty()) rule.action = rule.escalation.back().action;
}

Policy random_policy(Dice& dice) {
    Policy policy = builtin_defaults();
    if (dice.one_in(10)) policy.mode = Mode::observe;
    if (dice.one_in(2)) policy.limits.max_instances_per_type = dice.below(4);
    if (dice.one_in(2)) policy.limits.max_cpu = CpuPercent{static_cast<double>(dice.below(120))};
    if (dice.one_in(2)) policy.limits.max_memory = Bytes::from_mib(dice.below(900));
    if (dice.one_in(2)) policy.limits.max_age = seconds(dice.below(9000));
    for (RuleSettings& rule : policy.rules) {
        rule.enabled = !dice.one_in(8);
        random_action(dice, rule);
        rule.otherwise = dice.one_in(3) ? Action::throttle : Action::report;
        rule.spare = dice.one_in(3) ? Spare::nothing : Spare::in_use;
        rule.hold = dice.pick(std::array{0s, 10s, 30s});
    }
    policy.rule(Rule::duplicate).per = dice.pick(std::array{Scope::host, Scope::user, Scope::client});
    policy.rule(Rule::superseded).idle = dice.pick(std::array{0s, 5s, 1800s});
    policy.pressure.enabled = !dice.one_in(8);
    policy.pressure.spare = dice.one_in(3) ? Spare::nothing : Spare::in_use;
    Limits& pressed = policy.pressure.limits;
    if (dice.one_in(3)) pressed.max_instances_per_type = dice.below(3);
    if (dice.one_in(2)) pressed.max_cpu = CpuPercent{static_cast<double>(dice.below(120))};
    if (dice.one_in(2)) pressed.max_memory = Bytes::from_mib(dice.below(900));
    if (dice.one_in(3)) pressed.max_age = seconds(dice.below(9000));
    if (dice.one_in(5)) policy.exempt = {random_exemption(dice), random_exemption(dice)};
    if (dice.one_in(8)) policy.protect = {random_exemption(dice)};
    return policy;
}

/// A host watched with a policy for some samples, and what the rules say of it, told apart from how
/// evaluate() does it.
struct Scenario {
    Policy policy;
    scan::Snapshot last;
    Tracks tracks;
    Circumstances circumstances;  ///< At the last sample.
    std::map<ProcessId, MonotonicTime> orphan_since;

    [[nodiscard]] Plan plan() const { return evaluate(last, tracks, policy, kUsers, circumstances); }
};

/// Notes since when something is true of a server at every sample.
void note(std::map<ProcessId, MonotonicTime>& since, const ProcessId& server, bool is,
          MonotonicTime now) {
    if (is) {
        since.emplace(server, now);
    } else {
        since.erase(server);
    }
}

Scenario random_scenario(Dice& dice) {
    Scenario made;
    made.policy = random_policy(dice);
    std::vector<ServerBuilder> servers;
    std::vector<Ticks> cpu_times;
    for (std::size_t i = 1 + dice.below(5); i > 0; --i) {
        servers.push_back(random_server(dice, static_cast<pid_t>(100 * i)));
        cpu_times.emplace_back(100);
    }
    const uid_t viewer = dice.one_in(3) ? 1000 : 0;
    seconds now{0};
    for (std::size_t samples = 1 + dice.below(3); samples > 0; --samples) {
        support::SnapshotBuilder builder;
        for (std::size_t i = 0; i < servers.size(); ++i) {
            cpu_times[i] += Ticks(dice.below(4));
            random_moment(dice, servers[i], cpu_times[i]);
            builder.with(servers[i]);
        }
        made.last = builder.at(now).seen_by(viewer).build();
        made.circumstances.memory_pressure = dice.one_in(3);
        made.tracks = advance(made.tracks, made.last, made.policy, made.circumstances);
        for (const scan::Server& server : made.last.servers) {
            const bool closed = server.channel == scan::Channel::closed;
            note(made.orphan_since, server.id, closed && server.standalone == false,
                 made.last.monotonic);
        }
        now += seconds(1 + dice.below(30));
    }
    return made;
}

bool fits(const Exemption& entry, const scan::Server& server) {
    if (entry.type && server.type != *entry.type) return false;
    if (entry.client && !(server.client && server.client->name == *entry.client)) return false;
    if (entry.user && server.uid != 1001) return false;
    if (entry.cgroup && server.cgroup.find("session-2") == std::string::npos) return false;
    return !entry.program || server.program.find("acme") != std::string::npos;
}

bool foreign(const scan::Server& server, uid_t viewer) {
    return viewer != 0 &&
           (server.uid != viewer || std::any_of(server.members.begin(), server.members.end(),
                                                [&](const auto& one) { return one.uid != viewer; }));
}

/// Nothing may be done to it, whatever the policy says.
bool untouchable(const Scenario& scenario, const scan::Server& server) {
    const bool dead = std::all_of(server.members.begin(), server.members.end(),
                                  [](const scan::Member& member) { return member.zombie; });
    const uid_t viewer = scenario.last.viewer.uid;
    const bool protected_by_policy =
        std::any_of(scenario.policy.protect.begin(), scenario.policy.protect.end(),
                    [&](const Exemption& entry) { return fits(entry, server); });
    return scenario.policy.mode == Mode::observe || dead || protected_by_policy || server.unit_main ||
           server.type_source == classify::TypeSource::structure ||
           server.launcher_kind == classify::LauncherKind::container ||
           !server.contains_protected.empty() || foreign(server, viewer);
}

bool exempt(const Policy& policy, const scan::Server& server, Rule rule) {
    return std::any_of(policy.exempt.begin(), policy.exempt.end(), [&](const Exemption& entry) {
        const bool for_rule = entry.rules.empty() || std::find(entry.rules.begin(), entry.rules.end(),
                                                               rule) != entry.rules.end();
        return for_rule && fits(entry, server);
    });
}

bool unknown(const scan::Server& server) {
    return server.channel == scan::Channel::unknown || !server.standalone;
}

bool used(const scan::Server& server) {
    const bool terminal =
        server.in.kind == scan::EndKind::terminal && server.in.events.find("HUP") == std::string::npos;
    return server.channel == scan::Channel::open || unknown(server) || *server.standalone || terminal;
}

/// Whether pressure may be what a rule acts by now, its limits sparing nothing.
bool pressure_spares_nothing(const Scenario& scenario, Rule rule) {
    const PressureSettings& pressure = scenario.policy.pressure;
    const bool pressed = scenario.circumstances.memory_pressure && pressure.enabled;
    if (!pressed || pressure.spare != Spare::nothing) return false;
    return (rule == Rule::duplicate && pressure.limits.max_instances_per_type) ||
           (rule == Rule::over_age && pressure.limits.max_age) ||
           (rule == Rule::over_cpu && pressure.limits.max_cpu) ||
           (rule == Rule::over_memory && pressure.limits.max_memory);
}

bool spares(const Scenario& scenario, const scan::Server& server, Rule rule) {
    return scenario.policy.rule(rule).spare == Spare::in_use && used(server) &&
           !pressure_spares_nothing(scenario, rule);
}

/// The harshest that a rule may do to a server.
Action at_most(const Scenario& scenario, const scan::Server& server, Rule rule) {
    const RuleSettings& settings = scenario.policy.rule(rule);
    if (untouchable(scenario, server) || exempt(scenario.policy, server, rule)) return Action::report;
    if (spares(scenario, server, rule)) {
        return std::min(settings.action, settings.otherwise);
    }
    return unknown(server) ? std::min(settings.action, Action::throttle) : settings.action;
}

const PlannedAction* planned(const std::vector<PlannedAction>& actions, const ProcessId& server) {
    const auto found = std::find_if(actions.begin(), actions.end(),
                                    [&](const PlannedAction& one) { return one.server == server; });
    return found == actions.end() ? nullptr : &*found;
}

/// A next step is harsher than this one, and no harsher than the rule may be.
void expect_honest_announcement(const Scenario& scenario, const scan::Server& server,
                                const Finding& finding) {
    if (!finding.next) return;
    ASSERT_FALSE(scenario.policy.rule(finding.rule).escalation.empty());
    ASSERT_GT(finding.next->action, finding.action);
    ASSERT_LE(finding.next->action, at_most(scenario, server, finding.rule));
    ASSERT_GT(finding.next->in, finding.pending);
}

void expect_restraint(const Scenario& scenario, const scan::Server& server, const Verdict& verdict,
                      const Plan& plan) {
    Action due = Action::report;
    Action later = Action::report;
    for (const Finding& finding : verdict.findings) {
        const Action limit = at_most(scenario, server, finding.rule);
        const Action wanted = scenario.policy.rule(finding.rule).action;
        ASSERT_LE(finding.action, limit) << to_string(finding.rule) << ": " << finding.why;
        if (finding.action < wanted && !finding.next) {
            ASSERT_FALSE(finding.spared.empty()) << finding.why;
        }
        ASSERT_FALSE(finding.why.empty());
        expect_honest_announcement(scenario, server, finding);
        Action& bound = finding.pending > 0s ? later : due;
        bound = std::max(bound, finding.action);
        if (finding.action == Action::report && finding.next) {
            later = std::max(later, finding.next->action);
        }
    }
    const PlannedAction* const now = planned(plan.due, server.id);
    ASSERT_EQ(now != nullptr ? now->action : Action::report, due);
    const PlannedAction* const then = planned(plan.pending, server.id);
    if (now != nullptr) later = Action::report;
    ASSERT_EQ(then != nullptr ? then->action : Action::report, later);
}

/// Whether a rule may ask for a quota, which starves, not only for a lower CPU weight.
bool may_starve(const Scenario& scenario, const scan::Server& server, Rule rule) {
    return !spares(scenario, server, rule) && !unknown(server);
}

/// What may be done to `server` by the safety rules and for one at least of the rules that ask for it.
void expect_innocent_is_safe(const Scenario& scenario, const scan::Server& server,
                             const PlannedAction& one) {
    ASSERT_GT(one.action, Action::report);
    ASSERT_FALSE(one.rules.empty());
    ASSERT_FALSE(untouchable(scenario, server)) << to_string(one.action);
    const bool starves = one.action > Action::throttle || !one.weight_only;
    ASSERT_FALSE(starves && unknown(server)) << to_string(one.action);
    const bool allowed = std::any_of(one.rules.begin(), one.rules.end(), [&](Rule rule) {
        return one.action <= at_most(scenario, server, rule) &&
               (!starves || may_starve(scenario, server, rule));
    });
    ASSERT_TRUE(allowed) << to_string(one.action);
}

/// The safety rules, of what would be carried out: as planned, and after a last look at which the server
/// has become quite another one.
void expect_nothing_innocent(Dice& dice, const Scenario& scenario, const Plan& plan) {
    const std::vector<scan::Server>& servers = scenario.last.servers;
    const auto wrong_now = [&](const PlannedAction& one, const scan::Server& now) {
        return contradiction(one, now, scenario.policy, kUsers, scenario.last.viewer);
    };
    for (const PlannedAction& one : plan.due) {
        const auto server = std::find_if(servers.begin(), servers.end(),
                                         [&](const scan::Server& s) { return s.id == one.server; });
        ASSERT_NE(server, servers.end());
        expect_innocent_is_safe(scenario, *server, one);
        ASSERT_EQ(wrong_now(one, *server), std::nullopt) << "nothing has changed";
        const scan::Server& other = servers[dice.below(servers.size())];
        if (!wrong_now(one, other)) expect_innocent_is_safe(scenario, other, one);
    }
}

/// What a rule does `held` after it first held, as the policy is written.
Action step_after(const RuleSettings& rule, std::chrono::milliseconds held) {
    if (rule.escalation.empty()) return rule.action;
    Action action = Action::report;
    for (const Step& step : rule.escalation) {
        if (step.after <= held) action = step.action;
    }
    return action;
}

/// Every server whose channel has been closed long enough, and that there is no reason to keep, is due
/// for what the rule asks for by then; before that it is not.
void expect_orphans_end(const Scenario& scenario, const scan::Server& server, const Plan& plan) {
    const RuleSettings& rule = scenario.policy.rule(Rule::orphan);
    if (!rule.enabled || rule.action == Action::report) return;
    if (at_most(scenario, server, Rule::orphan) != rule.action) return;
    const auto since = scenario.orphan_since.find(server.id);
    if (since == scenario.orphan_since.end()) return;
    const auto held = scenario.last.monotonic - since->second - rule.hold;
    const Action expected = held < 0s ? Action::report : step_after(rule, held);
    const PlannedAction* const now = planned(plan.due, server.id);
    ASSERT_GE(now != nullptr ? now->action : Action::report, expected);
    const bool by_rule = now != nullptr && std::find(now->rules.begin(), now->rules.end(),
                                                     Rule::orphan) != now->rules.end();
    if (by_rule) {
        ASSERT_EQ(now->action, expected);
    }
    const bool others_are_harsher = now != nullptr && now->action > expected;
    ASSERT_EQ(by_rule, expected > Action::report && !others_are_harsher);
}

/// In every group exactly as many as it has beyond its limit.
void expect_exact_excess(const Scenario& scenario, const Plan& plan) {
    const RuleSettings& rule = scenario.policy.rule(Rule::duplicate);
    auto limit = scenario.policy.limits.max_instances_per_type;
    const PressureSettings& pressure = scenario.policy.pressure;
    const auto& pressed = pressure.limits.max_instances_per_type;
    if (scenario.circumstances.memory_pressure && pressure.enabled && pressed) {
        limit = std::min(limit.value_or(*pressed), *pressed);
    }
    std::map<std::pair<std::string, pid_t>, std::array<std::size_t, 2>> groups;  // count, marked
    for (std::size_t i = 0; i < plan.verdicts.size(); ++i) {
        const scan::Server& server = scenario.last.servers[i];
        const auto& findings = plan.verdicts[i].findings;
        const bool marked = std::any_of(findings.begin(), findings.end(),
                                        [](const Finding& f) { return f.rule == Rule::duplicate; });
        const bool grouped = !server.suspected() && server.zombies() < server.members.size() &&
                             (rule.per != Scope::client || (server.client && server.client->alive));
        ASSERT_TRUE(grouped || !marked);
        if (!grouped) continue;
        const pid_t whose = rule.per == Scope::host   ? 0
                            : rule.per == Scope::user ? static_cast<pid_t>(server.uid)
                                                      : server.client->pid;
        auto& group = groups[{server.type, whose}];
        ++group[0];
        group[1] += marked ? 1 : 0;
    }
    for (const auto& [key, group] : groups) {
        const std::size_t allowed = limit.value_or(1000);
        const std::size_t beyond = group[0] > allowed ? group[0] - allowed : 0;
        ASSERT_EQ(group[1], rule.enabled ? beyond : 0U) << key.first;
    }
}

void expect_order_does_not_matter(Dice& dice, const Scenario& scenario, const Plan& plan) {
    ASSERT_EQ(scenario.plan().due, plan.due);
    scan::Snapshot shuffled = scenario.last;
    std::shuffle(shuffled.servers.begin(), shuffled.servers.end(), dice.engine());
    ASSERT_EQ(advance(scenario.tracks, shuffled, scenario.policy, scenario.circumstances),
              scenario.tracks);
    const Plan other =
        evaluate(shuffled, scenario.tracks, scenario.policy, kUsers, scenario.circumstances);
    ASSERT_EQ(other.due, plan.due);
    ASSERT_EQ(other.pending, plan.pending);
    for (const Verdict& verdict : other.verdicts) {
        ASSERT_NE(std::find(plan.verdicts.begin(), plan.verdicts.end(), verdict), plan.verdicts.end());
    }
}

/// Pressure makes nothing milder, and starves or ends nothing in use that would not be so without it,
/// unless the policy says so for pressure.
void expect_pressure_only_adds(const Scenario& scenario, const Plan& plan) {
    const Plan without = evaluate(scenario.last, scenario.tracks, scenario.policy, kUsers);
    for (const scan::Server& server : scenario.last.servers) {
        const PlannedAction* const now = planned(plan.due, server.id);
        const PlannedAction* const then = planned(without.due, server.id);
        const Action action = now != nullptr ? now->action : Action::report;
        ASSERT_GE(action, then != nullptr ? then->action : Action::report);
        const bool starves = action > Action::throttle || (now != nullptr && !now->weight_only);
        if (!starves || !used(server) || scenario.policy.pressure.spare == Spare::nothing) continue;
        ASSERT_NE(then, nullptr);
        ASSERT_LE(action, then->action);
        ASSERT_LE(then->weight_only, now->weight_only);
    }
}

std::uint64_t seed_of_this_run() {
    const char* const given = std::getenv("REAPER_SEED");
    return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
}

TEST(Property, RestraintHoldsForEveryHostAndPolicy) {
    const std::uint64_t seed = seed_of_this_run();
    std::cout << "REAPER_SEED=" << seed << '\n';
    Dice dice(seed);
    std::size_t acted = 0;
    std::size_t waiting = 0;
    std::size_t pressed = 0;
    for (int number = 0; number < kScenarios; ++number) {
        SCOPED_TRACE("REAPER_SEED=" + std::to_string(seed) + ", scenario " + std::to_string(number));
        const Scenario scenario = random_scenario(dice);
        const Plan plan = scenario.plan();
        ASSERT_EQ(plan.verdicts.size(), scenario.last.servers.size());
        for (std::size_t i = 0; i < plan.verdicts.size(); ++i) {
            const scan::Server& server = scenario.last.servers[i];
            ASSERT_EQ(plan.verdicts[i].server, server.id);
            expect_restraint(scenario, server, plan.verdicts[i], plan);
            expect_orphans_end(scenario, server, plan);
        }
        expect_nothing_innocent(dice, scenario, plan);
        expect_exact_excess(scenario, plan);
        expect_pressure_only_adds(scenario, plan);
        if (dice.one_in(4)) expect_order_does_not_matter(dice, scenario, plan);
        if (HasFatalFailure()) return;
        acted += plan.due.size();
        pressed += static_cast<std::size_t>(
            std::count_if(plan.due.begin(), plan.due.end(),
                          [](const PlannedAction& one) { return one.under_pressure; }));
        waiting += plan.pending.size();
    }
    // The scenarios are worth something only if the policies do act in them.
    EXPECT_GT(acted, static_cast<std::size_t>(kScenarios) / 10);
    EXPECT_GT(waiting, static_cast<std::size_t>(kScenarios) / 10);
    EXPECT_GT(pressed, static_cast<std::size_t>(kScenarios) / 50);
}

/// CPU time of judging `count` servers of one type and client, the best of three.
double cost(std::size_t count) {
    support::SnapshotBuilder builder;
    for (std::size_t i = 1; i <= count; ++i) {
        builder.with(support::server(static_cast<pid_t>(10 * i)).age(seconds(60 + i % 977)).closed());
    }
    const scan::Snapshot snapshot = builder.build();
    Policy policy = builtin_defaults();
    policy.limits.max_instances_per_type = 2;
    double best = 1e9;
    for (int i = 0; i < 3; ++i) {
        const std::clock_t begin = std::clock();
        const Tracks tracks = advance({}, snapshot, policy);
        EXPECT_EQ(evaluate(snapshot, tracks, policy, kUsers).pending.size(), count);
        best = std::min(best, static_cast<double>(std::clock() - begin));
    }
    return best / CLOCKS_PER_SEC;
}

TEST(Property, TheCostGrowsWithTheServersNotWithTheirSquare) {
    const double few = cost(400);
    const double many = cost(4'000);
    EXPECT_LT(many, 40 * few) << "400 servers: " << few << " s, 4,000: " << many << " s";
}

}  // namespace
}  // namespace reaper::policy
