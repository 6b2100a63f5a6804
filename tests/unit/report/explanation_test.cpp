#include "report/explanation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "plan_builder.h"
#include "report/explained_server.h"
#include "report/nearest_pattern.h"
#include "report/text_width.h"
#include "support/snapshot_builder.h"

namespace reaper::report {
namespace {

using namespace std::string_literals;
using policy::Action;
using policy::Rule;
using policy::Status;
using scan::EndKind;
using scan::EndState;
using std::chrono::seconds;
using support::server;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

classify::Classifier classifier() {
    auto compiled = classify::Classifier::compile({{"playwright", "playwright.*mcp", false},
                                                   {"filesystem", "mcp-server-filesystem", false},
                                                   {"supabase", "supabase.*mcp", false}});
    return std::move(*compiled);
}

scan::Process process(pid_t pid, pid_t parent, std::string comm, std::string cmdline) {
    scan::Process made;
    made.id = support::id_of(pid);
    made.parent = parent;
    made.uid = 1000;
    made.state = 'S';
    made.comm = std::move(comm);
    made.cmdline = std::move(cmdline);
    return made;
}

/// An orphan of three processes with a browser, and a few others.
struct Host {
    scan::Sample sample;
    scan::Snapshot snapshot;
    policy::Plan plan;
    policy::Policy policy = policy::builtin_defaults();
    classify::Classifier known = classifier();

    Host() {
        sample.since_boot = support::kStartSinceBoot;
        sample.processes = {
            process(1, 0, "systemd", "/sbin/init\0"s),
            process(2, 0, "kthreadd", ""),
            process(11, 1, "claude", "claude\0"s),
            process(98, 1, "npm exec @playw", "npm exec @playwright/mcp --api-key LEAK\0\0\0"s),
            process(99, 98, "sh", "sh\0-c\0'playwright-mcp' '--api-key' 'LEAK'\0"s),
            process(100, 99, "node",
                    "node\0/home/dev/.npm/_npx/ab/node_modules/.bin/playwright-mcp\0--api-key\0LEAK\0"s),
            process(150, 100, "chromium", "/usr/lib/chromium/chromium\0--headless\0"s),
            process(300, 1, "vim", "vim\0mcp-server.ts\0"s),
            process(301, 1, "supabse", "npx\0-y\0supabase-tools\0"s),
        };
        scan::ProcessDetail detail;
        detail.exe = "/usr/bin/node";
        detail.cwd = "/home/dev/work";
        sample.processes[5].detail = detail;
        sample.processes[1].kernel_thread = true;

        snapshot = support::snapshot()
                       .with(server(100)
                                 .type("playwright")
                                 .orphaned()
                                 .npx()
                                 .helper(150)
                                 .cpu(98.2)
                                 .memory_mib(312))
                       .build();
        for (scan::Member& member : snapshot.servers[0].members)
            member.id = support::id_of(member.id.pid);
        snapshot.servers[0].in.inode = 123;
        snapshot.servers[0].rule = "pattern playwright.*mcp";
        policy.limits.max_memory = Bytes::from_mib(500);
        policy.limits.max_cpu = CpuPercent{80};
        policy.limits.warning_memory = Bytes::from_mib(300);
        policy.limits.max_age.reset();
        plan = PlanBuilder(snapshot)
                   .finding(100, Status::orphan, Rule::orphan, "both ends are hung up",
                            Action::terminate, seconds(27))
                   .warning(100, "memory 312 MiB, warning at 300 MiB")
                   .build();
        plan.verdicts[0].status = Status::orphan;
    }

    [[nodiscard]] std::string explain_at(pid_t pid, std::size_t width = 100) const {
        TableOptions options;
        options.width = width;
        return explain({sample, snapshot, plan, policy, known}, pid, options);
    }
};

TEST(Explain, ShowsTheTreeWithTheAskedProcessMarked) {
    const std::string text = Host().explain_at(99, 0);
    EXPECT_THAT(
        text,
        HasSubstr("  98 npm exec @model [launcher] npm exec @playwright/mcp --api-key ***\n"
                  ">   99 sh [launcher] sh -c \"'playwright-mcp' '--api-key' '***'\"\n"
                  "      100 node [server] node /home/dev/.npm/_npx/ab/node_modules/.bin/playwright-mcp "
                  "--api-key ***\n"
                  "        150 chromium [helper] /usr/lib/chromium/chromium --headless\n"));
}

TEST(Explain, ShowsEveryPieceOfEvidence) {
    const std::string text = Host().explain_at(100, 0);
    EXPECT_THAT(text, AllOf(HasSubstr("Process " + support::id_of(100).text() + " (node)\n"),
                            HasSubstr("State        sleeping; uid 1000; 10 min old\n"),
                            HasSubstr("Executable   /usr/bin/node\n"),
                            HasSubstr("Directory    /home/dev/work\n"),
                            HasSubstr("Parents      99 sh, 98 npm exec @playw, 1 systemd\n")));
    EXPECT_THAT(
        text,
        AllOf(HasSubstr("Type by      pattern playwright.*mcp (pattern)\n"),
              HasSubstr(
                  "Channel      closed: stdin and stdout are both hung up and can never open again\n"),
              HasSubstr("Stdin        pipe:[123], its writer is gone for good (poll: HUP, by "
                        "pidfd_getfd+poll)\n"),
              HasSubstr("Stdout       pipe:[0], its reader is gone for good (poll: ERR, by "
                        "pidfd_getfd+poll)\n"),
              HasSubstr("Client       none known\n"),
              HasSubstr("Standalone   no: the server process listens nowhere"),
              HasSubstr("memory 312 MiB (RSS 468 MiB), 4 processes, 28 threads\n")));
}

TEST(Explain, ShowsLimitsAgainstValues) {
    const std::string text = Host().explain_at(100, 0);
    EXPECT_THAT(text, AllOf(HasSubstr("Memory       312 MiB of 500 MiB, warning at 300 MiB\n"),
                            HasSubstr("CPU          98.2 % of 80 %"),
                            HasSubstr("Age          10 min, no limit\n"), HasSubstr("Instances    ")));
}

TEST(Explain, ShowsWhichRulesHoldAndForHowLong) {
    const std::string text = Host().explain_at(100, 0);
    EXPECT_THAT(
        text,
        HasSubstr("orphan       holds: both ends are hung up. It must go on for another 27 s; then: "
                  "terminate\n"));
    EXPECT_THAT(text, HasSubstr("zombie       does not hold\n"));
    EXPECT_THAT(text, HasSubstr("warning      memory 312 MiB, warning at 300 MiB\n"));
    EXPECT_THAT(
        text,
        HasSubstr("\nVerdict\norphan: this server would be terminated in 27 s if what is seen now goes "
                  "on (orphan).\n"));
}

TEST(Explain, ShowsTheNextStepOfAnEscalation) {
    Host host;
    host.plan = PlanBuilder(host.snapshot)
                    .finding(100, Status::unhealthy, Rule::over_cpu, "uses 93 % CPU", Action::throttle)
                    .then(100, Action::terminate, seconds(1500))
                    .build();
    EXPECT_THAT(host.explain_at(100, 0),
                HasSubstr("over_cpu     holds: uses 93 % CPU. Action: throttle, "
                          "then terminate in 25 min\n"));
}

TEST(Explain, SaysWhyAServerIsSpared) {
    Host host;
    host.plan = PlanBuilder(host.snapshot)
                    .finding(100, Status::duplicate, Rule::duplicate, "3 of 2", Action::report,
                             seconds(0), "in use: its channel is open")
                    .build();
    const std::string text = host.explain_at(100, 0);
    EXPECT_THAT(
        text,
        HasSubstr(
            "duplicate    holds: 3 of 2. Action: report, not more (in use: its channel is open)\n"));
    EXPECT_THAT(text,
                HasSubstr("duplicate: this server is only reported (in use: its channel is open).\n"));
}

TEST(Explain, HidesSecrets) {
    for (const pid_t pid : {98, 99, 100})
        EXPECT_THAT(Host().explain_at(pid, 0), Not(HasSubstr("LEAK"))) << pid;
}

TEST(Explain, SaysWhyAProcessIsPartOfNoServer) {
    const Host host;
    EXPECT_THAT(host.explain_at(2, 0), HasSubstr("Part of no server. It is a kernel thread"));
    EXPECT_THAT(host.explain_at(11, 0), HasSubstr("Part of no server. It is a client"));
    EXPECT_THAT(host.explain_at(300, 0), HasSubstr("Part of no server. "));
    EXPECT_EQ(host.explain_at(4711), "");
}

TEST(Explain, NamesTheServersOfAClient) {
    Host host;
    host.snapshot.servers[0].client =
        scan::Client{11, support::id_of(11), "claude", true, true, scan::Client::Source::socket};
    EXPECT_THAT(host.explain_at(11, 0), HasSubstr("Servers that it uses\n  playwright 100\n"));
    EXPECT_THAT(host.explain_at(100, 0),
                HasSubstr("Client       claude (pid 11), alive, a known client; it made the "
                          "socket of stdin (SO_PEERCRED)\n"));
}

TEST(Explain, NamesThePatternsThatComeNearest) {
    EXPECT_THAT(
        Host().explain_at(301, 0),
        HasSubstr("none of the policy's 3 matches the program; nearest: supabase.*mcp (supabase)\n"));
}

TEST(Explain, ReadsARelativeScriptFromItsDirectory) {
    Host host;
    scan::Process script = process(400, 1, "node", "node\0dist/index.js\0"s);
    script.detail = scan::ProcessDetail{};
    script.detail->cwd = "/srv/node_modules/mcp-server-filesystem";
    host.sample.processes.push_back(script);
    EXPECT_THAT(host.explain_at(400, 0), HasSubstr("server of type filesystem"));
}

TEST(Explain, StaysWithinTheWidth) {
    for (const std::size_t width : {30u, 40u, 80u}) {
        for (const pid_t pid : {2, 11, 98, 100, 300}) {
            std::istringstream lines(Host().explain_at(pid, width));
            for (std::string line; std::getline(lines, line);)
                EXPECT_LE(display_width(line), width) << line;
        }
    }
}

TEST(Explain, SurvivesParentsThatGoInACircle) {
    Host host;
    host.sample.processes[3].parent = 100;
    host.snapshot.servers[0].members[0].parent = 100;
    const std::string text = host.explain_at(99);
    for (const char* part : {"98 npm exec @model [", "99 sh [", "100 node [", "150 chromium ["}) {
        const std::size_t first = text.find(part);
        EXPECT_NE(first, std::string::npos) << part;
        EXPECT_EQ(text.find(part, first + 1), std::string::npos) << part;
    }
}

TEST(Explain, TellsWhatIsAtADescriptor) {
    scan::ChannelEnd end;
    EXPECT_EQ(end_in_words(end, "writer"), "not to be seen");
    end.method = "permission denied";
    EXPECT_EQ(end_in_words(end, "writer"), "not to be seen (permission denied)");
    end = {EndKind::null_device, EndState::none, 0, "link", "", {}};
    EXPECT_EQ(end_in_words(end, "writer"), "/dev/null (by link)");
    end = {EndKind::unix_socket, EndState::open, 7, "pidfd_getfd+poll", "", 11};
    EXPECT_EQ(
        end_in_words(end, "writer"),
        "unix socket:[7], its writer is there (poll: nothing, by pidfd_getfd+poll); made by pid 11");
    end = {EndKind::pipe, EndState::unknown, 7, "permission denied", "", {}};
    EXPECT_EQ(end_in_words(end, "reader"),
              "pipe:[7], whether its reader is there cannot be told (permission denied)");
}

TEST(NearestPatterns, NeedsMoreInCommonThanWhatEveryNameHas) {
    const auto known = classifier();
    EXPECT_TRUE(nearest_patterns("mcp-server-weather", known.types(), 3).empty());
    ASSERT_EQ(nearest_patterns("@acme/file-system-playwrigt", known.types(), 3).size(), 2u);
    EXPECT_EQ(nearest_patterns("@acme/filesystem", known.types(), 1)[0]->type, "filesystem");
    const auto two = nearest_patterns("@acme/play-filesystem", known.types(), 3);
    ASSERT_EQ(two.size(), 2u);
    EXPECT_EQ(two[0]->type, "filesystem");
    EXPECT_EQ(two[1]->type, "playwright");
    EXPECT_TRUE(nearest_patterns("", known.types(), 3).empty());
}

}  // namespace
}  // namespace reaper::report
