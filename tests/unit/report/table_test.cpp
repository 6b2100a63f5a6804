#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "plan_builder.h"
#include "report/scan_report.h"
#include "report/text_width.h"
#include "support/snapshot_builder.h"

namespace reaper::report {
namespace {

using policy::Action;
using policy::Rule;
using policy::Status;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using support::server;
using ::testing::HasSubstr;
using ::testing::Not;

ScanContext context() {
    ScanContext made;
    made.policy = "default (built in)";
    return made;
}

TableOptions columns(std::size_t width) {
    TableOptions options;
    options.width = width;
    return options;
}

scan::Snapshot mixed() {
    return support::snapshot()
        .with(server(4711)
                  .type("playwright")
                  .orphaned()
                  .npx()
                  .helper(4790)
                  .age(hours(2) + minutes(5))
                  .cpu(98.2)
                  .memory_mib(312))
        .with(server(4702).type("filesystem").client("claude", 4650).cpu(0).memory_mib(85))
        .with(server(4812).type("fetch").orphaned().age(seconds(45)).cpu(0.31).memory_mib(40))
        .with(server(4900).type("sequential-thinking").ancestor("python3", 4888).memory_mib(320))
        .build();
}

policy::Plan mixed_plan(const scan::Snapshot& snapshot) {
    return PlanBuilder(snapshot)
        .finding(4711, Status::orphan, Rule::orphan,
                 "stdin and stdout are hung up (pipe: HUP, ERR); listens nowhere", Action::terminate)
        .finding(4812, Status::orphan, Rule::orphan,
                 "stdin and stdout are hung up (pipe: HUP, ERR); listens nowhere", Action::terminate,
                 seconds(27))
        .finding(4702, Status::duplicate, Rule::duplicate,
                 "3 filesystem servers of claude (4650), at most 2", Action::report, seconds(0),
                 "in use: its channel is open")
        .warning(4900, "memory 320 MiB, warning at 300 MiB")
        .build();
}

void expect_within(const std::string& text, std::size_t width) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(display_width(line), width) << line;
}

TEST(Table, ReadsAtEightyColumns) {
    const scan::Snapshot snapshot = mixed();
    const std::string table = to_table(snapshot, mixed_plan(snapshot), context(), columns(80));
    EXPECT_EQ(table, R"(TYPE                STATUS     CLIENT            AGE   CPU   MEMORY  PROCS   PID
fetch               orphan     gone              45s  0.3%   40 MiB      1  4812
playwright          orphan     gone           2h 05m   98%  312 MiB      4  4711
filesystem          duplicate  claude 4650       10m  0.0%   85 MiB      1  4702
sequential-thinki…  degraded   python3? 4888     10m     -  320 MiB      1  4900

Would do now:
  terminate playwright 4711 (4 processes, 312 MiB)
      orphan: stdin and stdout are hung up (pipe: HUP, ERR); listens nowhere

Would do if it goes on:
  terminate fetch 4812 (1 process, 40 MiB) in 27 s
      orphan: stdin and stdout are hung up (pipe: HUP, ERR); listens nowhere

Only reported:
  filesystem 4702 (1 process, 85 MiB)
      duplicate: 3 filesystem servers of claude (4650), at most 2
      left alone (in use: its channel is open)

Worth watching:
  sequential-thinking 4900: memory 320 MiB, warning at 300 MiB

4 servers: 2 orphan, 1 duplicate, 1 degraded. They use 757 MiB in 7 of the
host's 107 processes.
Policy: default (built in)
)");
    expect_within(table, 80);
}

TEST(Table, TellsTheNextStepOfAnEscalation) {
    const scan::Snapshot snapshot = mixed();
    const policy::Plan plan =
        PlanBuilder(snapshot)
            .finding(4711, Status::unhealthy, Rule::over_cpu, "uses 98.2 % CPU", Action::throttle)
            .then(4711, Action::terminate, seconds(1500))
            .finding(4812, Status::unhealthy, Rule::over_cpu, "uses 90 % CPU", Action::report)
            .then(4812, Action::throttle, seconds(300))
            .build();
    const std::string table = to_table(snapshot, plan, context(), columns(80));
    EXPECT_THAT(table, HasSubstr(R"(Would do now:
  throttle playwright 4711 (4 processes, 312 MiB)
      over_cpu: uses 98.2 % CPU, then terminate in 25 min

Would do if it goes on:
  throttle fetch 4812 (1 process, 40 MiB) in 5 min
      over_cpu: uses 90 % CPU
)"));
    EXPECT_THAT(table, Not(HasSubstr("Only reported:")));
}

TEST(Table, ReadsAtFortyColumns) {
    const scan::Snapshot snapshot = mixed();
    const std::string table = to_table(snapshot, mixed_plan(snapshot), context(), columns(40));
    EXPECT_EQ(table, R"(TYPE            STATUS      MEMORY   PID
fetch           orphan      40 MiB  4812
playwright      orphan     312 MiB  4711
filesystem      duplicate   85 MiB  4702
sequential-th…  degraded   320 MiB  4900

Would do now:
  terminate playwright 4711 (4
    processes, 312 MiB)
      orphan: stdin and stdout are hung
        up (pipe: HUP, ERR); listens
        nowhere

Would do if it goes on:
  terminate fetch 4812 (1 process,
    40 MiB) in 27 s
      orphan: stdin and stdout are hung
        up (pipe: HUP, ERR); listens
        nowhere

Only reported:
  filesystem 4702 (1 process, 85 MiB)
      duplicate: 3 filesystem servers of
        claude (4650), at most 2
      left alone (in use: its channel is
        open)

Worth watching:
  sequential-thinking 4900: memory
      320 MiB, warning at 300 MiB

4 servers: 2 orphan, 1 duplicate, 1
degraded. They use 757 MiB in 7 of the
host's 107 processes.
Policy: default (built in)
)");
    expect_within(table, 40);
}

TEST(Table, HasNoLimitOfWidthForAPipe) {
    const scan::Snapshot snapshot = mixed();
    const std::string table = to_table(snapshot, mixed_plan(snapshot), context(), columns(0));
    EXPECT_THAT(
        table,
        HasSubstr(
            "sequential-thinking  degraded   python3? 4888     10m     -  320 MiB      1  4900\n"));
    EXPECT_THAT(
        table,
        HasSubstr("\n4 servers: 2 orphan, 1 duplicate, 1 degraded. They use 757 MiB in 7 of the host's "
                  "107 processes.\n"));
}

TEST(Table, FitsAnyWidth) {
    const scan::Snapshot snapshot = mixed();
    for (std::size_t width = 32; width < 120; ++width) {
        expect_within(to_table(snapshot, mixed_plan(snapshot), context(), columns(width)), width);
    }
}

TEST(Table, SaysThatThereIsNothingToDo) {
    const scan::Snapshot snapshot = support::snapshot().with(server(5)).build();
    EXPECT_EQ(to_table(snapshot, PlanBuilder(snapshot).build(), context(), columns(80)),
              "TYPE        STATUS   CLIENT     AGE  CPU  MEMORY  PROCS  PID\n"
              "filesystem  healthy  claude 11  10m    -  60 MiB      1    5\n"
              "\n"
              "Nothing to do.\n"
              "\n"
              "1 server: 1 healthy. It uses 60 MiB in 1 of the host's 101 processes.\n"
              "Policy: default (built in)\n");
}

TEST(Table, SaysWhatWasLookedAtWhereThereIsNoServer) {
    EXPECT_EQ(to_table(support::snapshot().build(), {}, context(), columns(80)),
              "No MCP servers among the 100 processes of this host. Nothing to do.\n"
              "Policy: default (built in)\n");
    EXPECT_THAT(to_table(support::snapshot().seen_by(1000).build(), {}, context(), columns(0)),
                HasSubstr("sudo"));
}

TEST(Table, SaysThatAPolicyOnlyObserves) {
    const scan::Snapshot snapshot = support::snapshot().with(server(5).orphaned()).build();
    ScanContext observing = context();
    observing.mode = policy::Mode::observe;
    const policy::Plan plan = PlanBuilder(snapshot)
                                  .finding(5, Status::orphan, Rule::orphan, "hung up", Action::report,
                                           seconds(0), "the policy only observes")
                                  .build();
    const std::string table = to_table(snapshot, plan, observing, columns(80));
    EXPECT_THAT(table, HasSubstr("Nothing would be done: the policy only observes.\n"));
    EXPECT_THAT(table,
                HasSubstr("      orphan: hung up\n      left alone (the policy only observes)\n"));
}

TEST(Table, TellsAnOrdinaryUserWhatMayNotBeSeen) {
    const scan::Snapshot snapshot =
        support::snapshot().seen_by(1000).with(server(5).channel_unknown()).build();
    EXPECT_THAT(
        to_table(snapshot, PlanBuilder(snapshot).build(), context(), columns(0)),
        HasSubstr(
            "You may not see all evidence about 1 server, so nothing harsh is done there. Run with sudo "
            "to see everything.\n"));
}

TEST(Table, ExplainsSuspected) {
    const scan::Snapshot snapshot = support::snapshot().with(server(5).suspected()).build();
    EXPECT_THAT(to_table(snapshot, PlanBuilder(snapshot).build(), context(), columns(0)),
                HasSubstr("See: mcp-reaper explain 5\n"));
}

TEST(Table, NamesClientsAsTheyAreKnown) {
    const scan::Snapshot snapshot = support::snapshot()
                                        .with(server(5).ancestor("python3", 9))
                                        .with(server(6).dead_client(9))
                                        .with(server(7).no_client().channel_none().standalone(true))
                                        .with(server(8).no_client().channel_none())
                                        .build();
    const std::string table = to_table(snapshot, PlanBuilder(snapshot).build(), context(), columns(0));
    for (const char* cell : {"  python3? 9  ", "  gone (9)  ", "  standalone  ", "  -  "}) {
        EXPECT_THAT(table, HasSubstr(cell));
    }
}

TEST(Table, SaysThatCpuWasNotMeasured) {
    const scan::Snapshot snapshot = support::snapshot().with(server(5)).build();
    ScanContext one = context();
    one.one_sample = true;
    EXPECT_THAT(to_table(snapshot, PlanBuilder(snapshot).build(), one, columns(0)),
                HasSubstr("CPU use was not measured"));
    EXPECT_THAT(to_table(snapshot, PlanBuilder(snapshot).build(), context(), columns(0)),
                Not(HasSubstr("not measured")));
}

TEST(Table, ColoursOnlyWhenAskedAndNeverWithoutWords) {
    const scan::Snapshot snapshot = mixed();
    TableOptions options = columns(80);
    EXPECT_THAT(to_table(snapshot, mixed_plan(snapshot), context(), options), Not(HasSubstr("\x1b")));
    options.colour = true;
    std::string table = to_table(snapshot, mixed_plan(snapshot), context(), options);
    EXPECT_THAT(table, HasSubstr("\x1b[1;31morphan   \x1b[0m"));
    for (std::size_t at = table.find('\x1b'); at != std::string::npos; at = table.find('\x1b')) {
        table.erase(at, table.find('m', at) - at + 1);
    }
    EXPECT_EQ(table, to_table(snapshot, mixed_plan(snapshot), context(), columns(80)));
}

TEST(Table, SharesLinesBetweenManyHealthyServersOnly) {
    auto builder = support::snapshot().with(server(5).type("aaa").orphaned());
    for (pid_t pid = 100; pid < 140; ++pid) builder.with(server(pid).cpu(0.5));
    builder.with(server(200).type("fetch")).with(server(201).type("fetch"));
    const scan::Snapshot snapshot = builder.build();
    const policy::Plan plan = PlanBuilder(snapshot)
                                  .finding(5, Status::orphan, Rule::orphan, "hung up", Action::terminate)
                                  .build();
    const std::string table = to_table(snapshot, plan, context(), columns(0));
    EXPECT_THAT(table, HasSubstr("filesystem ×40  healthy  claude 11  10m  20%  2.3 GiB     40    -\n"));
    EXPECT_THAT(table, HasSubstr("\nfetch           healthy"));
    EXPECT_THAT(table, HasSubstr("43 servers: 1 orphan, 42 healthy."));
    EXPECT_THAT(table, HasSubstr("--format json lists each"));
}

TEST(Table, KeepsHostileNamesHarmless) {
    const scan::Snapshot snapshot =
        support::snapshot().with(server(5).type("a\x1b[2J\nb").client("\u202Ex\xff", 9)).build();
    const policy::Plan plan =
        PlanBuilder(snapshot)
            .finding(5, Status::orphan, Rule::orphan, "a\x1b[2J", Action::terminate)
            .build();
    const std::string table = to_table(snapshot, plan, context(), columns(0));
    EXPECT_THAT(table, Not(HasSubstr("\x1b")));
    EXPECT_THAT(table, HasSubstr("a\\x1b[2J\\nb"));
    EXPECT_THAT(table, HasSubstr("\\u202ex\\xff 9"));
}

TEST(Table, SaysWhatEndingSeveralGivesBack) {
    const scan::Snapshot snapshot =
        support::snapshot().with(server(5).orphaned()).with(server(6).orphaned().npx()).build();
    const policy::Plan plan = PlanBuilder(snapshot)
                                  .finding(5, Status::orphan, Rule::orphan, "hung up", Action::terminate)
                                  .finding(6, Status::orphan, Rule::orphan, "hung up", Action::terminate)
                                  .build();
    EXPECT_THAT(to_table(snapshot, plan, context(), columns(80)),
                HasSubstr("  Together that ends 4 processes and gives back 120 MiB.\n"));
}

}  // namespace
}  // namespace reaper::report
