// The daemon while what it stands on gives way. In each case it goes on ending what has leaked, says
// what is wrong once, and is as before when the fault is gone: nobody has to do anything about the
// daemon.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <set>

#include "daemon_run.h"
#include "event_reader.h"
#include "pid_namespace.h"
#include "processes.h"
#include "stubborn_server.h"
#include "support/sanitized.h"
#include "turned_clocks.h"

namespace reaper::integration {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class DaemonFaults : public InPidNamespace {};

void in_a_host_of_our_own(const std::function<void()>& body) {
    in_pid_namespace([&] {
        hide_control_groups();
        body();
    });
}

std::vector<std::string> messages(const std::vector<json>& events) {
    std::vector<std::string> texts;
    for (const json& event : events) texts.push_back(event.at("message"));
    return texts;
}

/// Whatever was told, was told once.
void expect_each_once(const std::vector<json>& events) {
    const auto all = messages(events);
    const std::set<std::string> different(all.begin(), all.end());
    EXPECT_EQ(all.size(), different.size()) << json(all).dump(2);
}

std::size_t lines_of(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

// ---- a full disk

/// A directory that is a disk of its own.
class SmallDisk {
  public:
    explicit SmallDisk(fs::path directory) : directory_(std::move(directory)) {
        EXPECT_EQ(mount("small", directory_.c_str(), "tmpfs", 0, "size=512k,mode=700"), 0)
            << std::strerror(errno);
    }
    SmallDisk(SmallDisk&& other) noexcept : directory_(std::exchange(other.directory_, {})) {}
    SmallDisk& operator=(SmallDisk&&) = delete;
    ~SmallDisk() {
        if (!directory_.empty()) umount2(directory_.c_str(), MNT_DETACH);
    }

    void fill() const {
        const UniqueFd file(
            open((directory_ / "filling").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
        const std::string much(4096, 'x');
        while (write(file.get(), much.data(), much.size()) > 0) {
        }
        EXPECT_EQ(errno, ENOSPC);
    }
    void empty() const { fs::remove(directory_ / "filling"); }

  private:
    fs::path directory_;
};

/// Looks are late where the host gives the daemon no processor: that is no fault of this kind.
void expect_healthy_but_late(const DaemonRun& daemon) {
    const json health = daemon.status().at("health");
    for (const json& reason : health.at("reasons"))
        EXPECT_THAT(reason.get<std::string>(), ::testing::StartsWith("looks are late"));
}

unsigned late_ticks(const DaemonRun& daemon) {
    return daemon.status().at("cost").at("late_ticks").get<unsigned>();
}

void await_ticks(const DaemonRun& daemon, unsigned more) {
    const auto ticks = [&] { return daemon.status().at("cost").at("ticks").get<unsigned>(); };
    const unsigned wanted = ticks() + more;
    while (ticks() < wanted) usleep(100'000);
}

bool any_says(const std::vector<json>& events, const std::string& what) {
    const auto texts = messages(events);
    return std::any_of(texts.begin(), texts.end(),
                       [&](const std::string& text) { return text.find(what) != std::string::npos; });
}

/// Ends one orphan after the other until that is so.
void leak_until(StubbornServers& servers, const std::function<bool()>& so) {
    const auto give_up = std::chrono::steady_clock::now() + 90s;
    do {
        ASSERT_LT(std::chrono::steady_clock::now(), give_up);
        servers.leak_until_ended();
    } while (!so());
}

/// History, log, budget and last good policy at the same time.
TEST_F(DaemonFaults, OnAFullDiskItGoesOnAndWritesAgainWhenThereIsRoom) {
    in_a_host_of_our_own([] {
        std::vector<SmallDisk> disks;
        StubbornServers servers;
        DaemonRun daemon(kEverySecond, {.environment = {}, .prepare = [&](const fs::path& directory) {
                                            for (const char* name : {"run", "state", "log"})
                                                disks.emplace_back(directory / name);
                                        }});
        ASSERT_TRUE(daemon.await_ready());
        EventReader events(daemon);
        servers.leak_until_ended();
        events.await("action");  // By then it is recorded.

        for (const SmallDisk& disk : disks) disk.fill();
        daemon.write_policy(kEverySecond + "# edited\n");
        events.await("policy_reloaded");
        // The log's last page has room for a few lines yet.
        leak_until(servers, [&] { return !events.all("log_trouble").empty(); });
        for (int i = 0; i < 2; ++i) servers.leak_until_ended();
        EXPECT_THAT(messages(events.all("history_trouble")),
                    ::testing::UnorderedElementsAre(
                        AllOf(HasSubstr("history.db"), HasSubstr("full")),
                        AllOf(HasSubstr("budget.json"), HasSubstr("No space left"))));
        EXPECT_THAT(messages(events.all("log_trouble")), ElementsAre(HasSubstr("the disk is full")));
        EXPECT_EQ(lines_of(daemon.said()), 1U) << "that the last good policy is not kept";

        for (const SmallDisk& disk : disks) disk.empty();
        // It tries again every half minute, when there is something to write.
        leak_until(servers, [&] {
            return any_says(events.all("history_trouble"), "is written again") &&
                   any_says(events.all("log_trouble"), "is written again");
        });
        const pid_t last = servers.leak("").pid();
        daemon.await_event("action", about(last));
        EXPECT_THAT(daemon.run({"history"}).output, HasSubstr(std::to_string(last)));
        EXPECT_THAT(events.all("history_trouble"), SizeIs(3));
        EXPECT_THAT(events.all("log_trouble"), SizeIs(2));
        EXPECT_EQ(daemon.end(), 0);
    });
}

// ---- the history

void write_garbage(const fs::path& file) {
    std::ofstream stream(file);
    for (int i = 0; i < 20'000; ++i) stream << "no database ";
}

struct HistoryFault {
    std::string what;
    std::function<void(const fs::path&)> make;
};

const std::vector<HistoryFault> kHistoryFaults = {
    {"another file in its place",
     [](const fs::path& file) {
         write_garbage(file.string() + ".other");
         fs::rename(file.string() + ".other", file);
     }},
    {"deleted",
     [](const fs::path& file) {
         for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(file.string() + suffix);
     }},
    {"cut off", [](const fs::path& file) { fs::resize_file(file, 0); }},
    {"overwritten with its log",
     [](const fs::path& file) {
         write_garbage(file);
         write_garbage(file.string() + "-wal");
     }},
};

TEST_F(DaemonFaults, ADamagedHistoryIsMendedOrKeptAsideAndANewOneBegun) {
    in_a_host_of_our_own([] {
        StubbornServers servers;
        DaemonRun daemon(kEverySecond, {.environment = {}, .prepare = [](const fs::path& directory) {
                                            write_garbage(directory / "state/history.db");
                                        }});
        const fs::path history = daemon.directory() / "state/history.db";
        ASSERT_TRUE(daemon.await_ready());
        EventReader events(daemon);
        const std::string said = events.await("history_trouble").dump();
        EXPECT_THAT(said, HasSubstr("was damaged; it is kept as"));
        const auto is_recorded = [&] {
            const pid_t last = servers.leak("").pid();
            daemon.await_event("action", about(last));
            const std::string all = daemon.run({"history", "--format", "json"}).output;
            return all.find('"' + std::to_string(last) + '@') != std::string::npos;
        };
        EXPECT_TRUE(is_recorded());
        for (const HistoryFault& fault : kHistoryFaults) {
            SCOPED_TRACE(fault.what);
            fault.make(history);
            leak_until(servers, is_recorded);
            expect_each_once(events.all("history_trouble"));
        }
        EXPECT_EQ(daemon.end(), 0);
    });
}

// ---- the policy

struct PolicyFault {
    std::string what;
    std::function<void(const fs::path&)> make;
    std::function<void(const fs::path&)> undo;
    std::string why;  ///< Part of what it says.
};

/// Two names for each other's file, in one step.
void exchange(const fs::path& one, const fs::path& other) {
    EXPECT_EQ(renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE), 0);
}

const std::vector<PolicyFault> kPolicyFaults = {
    {"deleted", [](const fs::path& file) { fs::rename(file, file.string() + ".kept"); },
     [](const fs::path& file) { fs::rename(file.string() + ".kept", file); }, "cannot be opened"},
    {"emptied",
     [](const fs::path& file) {
         fs::copy_file(file, file.string() + ".kept");
         std::ofstream(file).flush();
     },
     [](const fs::path& file) { fs::rename(file.string() + ".kept", file); }, "policy.yaml"},
    {"made a directory",
     [](const fs::path& file) {
         fs::create_directory(file.string() + ".other");
         exchange(file.string() + ".other", file);
     },
     [](const fs::path& file) {
         exchange(file.string() + ".other", file);
         fs::remove(file.string() + ".other");
     },
     "this is a directory"},
    {"made writable by everybody", [](const fs::path& file) { fs::permissions(file, fs::perms(0666)); },
     [](const fs::path& file) { fs::permissions(file, fs::perms(0600)); },
     "may be written by everyone"}};

TEST_F(DaemonFaults, WithoutAPolicyThatMayBeReadTheLastGoodOneStays) {
    in_a_host_of_our_own([] {
        StubbornServers servers;
        DaemonRun daemon(kEverySecond);
        ASSERT_TRUE(daemon.await_ready());
        EventReader events(daemon);
        std::size_t refusals = 0;
        for (const PolicyFault& fault : kPolicyFaults) {
            SCOPED_TRACE(fault.what);
            fault.make(daemon.policy_file());
            EXPECT_THAT(events.await("policy_refused").dump(), HasSubstr(fault.why));
            EXPECT_THAT(daemon.status().at("policy").at("refused").dump(), HasSubstr(fault.why));
            servers.leak_until_ended();
            EXPECT_THAT(events.all("policy_refused"), SizeIs(++refusals)) << "not at every look";

            fault.undo(daemon.policy_file());
            events.await("policy_reloaded");
            EXPECT_TRUE(daemon.status().at("policy").at("refused").is_null());
            expect_healthy_but_late(daemon);
        }
        servers.leak_until_ended();
        EXPECT_EQ(daemon.end(), 0);
    });
}

// ---- descriptors

/// Not one more than it has now: only what it closes below that limit can it open.
class NoMoreDescriptors {
  public:
    explicit NoMoreDescriptors(pid_t pid) : pid_(pid) {
        EXPECT_EQ(prlimit(pid_, RLIMIT_NOFILE, nullptr, &before_), 0);
        const std::set<int> open = open_of(pid_);
        rlimit none{0, before_.rlim_max};
        while (open.contains(static_cast<int>(none.rlim_cur))) ++none.rlim_cur;
        EXPECT_EQ(prlimit(pid_, RLIMIT_NOFILE, &none, nullptr), 0);
    }
    NoMoreDescriptors(const NoMoreDescriptors&) = delete;
    NoMoreDescriptors& operator=(const NoMoreDescriptors&) = delete;
    ~NoMoreDescriptors() { prlimit(pid_, RLIMIT_NOFILE, &before_, nullptr); }

    static std::set<int> open_of(pid_t pid) {
        std::set<int> open;
        for (const auto& entry : fs::directory_iterator("/proc/" + std::to_string(pid) + "/fd"))
            open.insert(std::stoi(entry.path().filename()));
        return open;
    }

  private:
    pid_t pid_;
    rlimit before_{};
};

constexpr const char* kNoPipe =
    "UBSan looks at a vptr through a pipe, and takes it for invalid where it gets none";

TEST_F(DaemonFaults, WithoutADescriptorLeftItDoesWithoutThoseThatItOnlyKeeps) {
    if (test::kSanitized) GTEST_SKIP() << kNoPipe;
    in_a_host_of_our_own([] {
        StubbornServers servers;
        for (int i = 0; i < 10; ++i) servers.start("");
        DaemonRun daemon(kEverySecond);
        ASSERT_TRUE(daemon.await_ready());
        EventReader events(daemon);
        servers.leak_until_ended();
        const pid_t pid = daemon.program().pid();
        const std::size_t before = NoMoreDescriptors::open_of(pid).size();
        {
            const NoMoreDescriptors none(pid);
            for (int i = 0; i < 3; ++i) servers.leak_until_ended();
            daemon.write_policy(kEverySecond + "# edited\n");
            events.await("policy_reloaded");
            std::cout << before << " descriptors, then " << NoMoreDescriptors::open_of(pid).size()
                      << '\n';
        }
        servers.leak_until_ended();
        expect_healthy_but_late(daemon);
        EXPECT_EQ(daemon.status().at("collector").at("losses"), 0);
        EXPECT_THAT(events.all("look_trouble"), ::testing::IsEmpty())
            << "there were enough to let go of";
        EXPECT_EQ(daemon.end(), 0);
    });
}

/// Where there is nothing to let go of either, it waits, and says so once.
TEST_F(DaemonFaults, WithNoDescriptorAtAllItSaysSoOnceAndWaits) {
    if (test::kSanitized) GTEST_SKIP() << kNoPipe;
    in_a_host_of_our_own([] {
        StubbornServers servers;
        DaemonRun daemon(kEverySecond);
        ASSERT_TRUE(daemon.await_ready());
        EventReader events(daemon);
        servers.leak_until_ended();
        const pid_t pid = daemon.program().pid();
        Program* leaked = nullptr;
        {
            rlimit before{};
            ASSERT_EQ(prlimit(pid, RLIMIT_NOFILE, nullptr, &before), 0);
            const rlimit nothing{0, before.rlim_max};
            ASSERT_EQ(prlimit(pid, RLIMIT_NOFILE, &nothing, nullptr), 0);
            leaked = &servers.leak("");
            EXPECT_THAT(events.await("look_trouble").at("message").get<std::string>(),
                        HasSubstr("Too many open files"));
            // For three looks and more nobody is ended, and nothing is said.
            EXPECT_FALSE(leaked->wait(3500ms).has_value());
            ASSERT_EQ(prlimit(pid, RLIMIT_NOFILE, &before, nullptr), 0);
        }
        EXPECT_THAT(events.await("look_trouble").at("message").get<std::string>(), HasSubstr("again"));
        EXPECT_TRUE(leaked->wait(60s).has_value());
        EXPECT_THAT(events.all("look_trouble"), SizeIs(2));
        EXPECT_EQ(daemon.said(), "");
        EXPECT_EQ(daemon.end(), 0);
    });
}

// ---- clocks

class Clocks {
  public:
    explicit Clocks(const fs::path& file) : file_(file) {
        std::ofstream(file_) << std::string(sizeof(TurnedClocks), '\0');
        const UniqueFd fd(open(file_.c_str(), O_RDWR | O_CLOEXEC));
        page_ = static_cast<TurnedClocks*>(
            mmap(nullptr, sizeof(TurnedClocks), PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0));
        EXPECT_NE(page_, MAP_FAILED);
    }
    TurnedClocks* operator->() const { return page_; }
    [[nodiscard]] std::map<std::string, std::string> environment() const {
        return {{"LD_PRELOAD", REAPER_TURNED_CLOCKS},
                {"TURNED_CLOCKS", file_.string()},
                {"ASAN_OPTIONS", "verify_asan_link_order=0"}};
    }

  private:
    fs::path file_;
    TurnedClocks* page_ = nullptr;
};

/// What is told of a host on which nothing happens but that leaked servers are ended.
void expect_nothing_unusual(EventReader& events) {
    for (const json& late : events.all("late"))
        EXPECT_LT(late.at("detail").at("tick_us"), 60'000'000) << "a jump is longer, a busy host is not";
    for (const char* kind :
         {"limit_exceeded", "policy_refused", "policy_reloaded", "look_trouble", "history_trouble",
          "log_trouble", "breaker_opened", "health_check_failed"}) {
        EXPECT_THAT(events.all(kind), ::testing::IsEmpty()) << kind;
    }
}

/// Nothing is wrong then, and nothing is said: spans are measured on another clock.
TEST_F(DaemonFaults, AClockThatIsSetBackADayChangesNothing) {
    in_a_host_of_our_own([] {
        const Scratch scratch;
        const Clocks clocks(scratch.path() / "clocks");
        StubbornServers servers;
        const pid_t used = servers.start("").pid();
        DaemonRun daemon(kEverySecond, {.environment = clocks.environment(), .prepare = {}});
        ASSERT_TRUE(daemon.await_ready());
        EventReader events(daemon);
        servers.leak_until_ended();
        const std::string before = events.await("action").at("at");
        unsigned unnoticed = 0;
        for (const std::int64_t seconds : {-86'400, 86'400, 0}) {
            const unsigned late = late_ticks(daemon);
            clocks->real_seconds = seconds;
            EXPECT_GE(servers.leak_until_ended(), 1s) << "not before its time";
            const std::string at = events.await("action").at("at");
            EXPECT_EQ(at < before, seconds < 0) << at << ' ' << before;
            if (late_ticks(daemon) == late) ++unnoticed;
        }
        expect_nothing_unusual(events);
        // Its own order stays that in which things happened.
        std::vector<std::string> ids;
        for (const json& event : events.all("action")) ids.push_back(event.at("id"));
        EXPECT_THAT(ids, SizeIs(4));
        EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
        EXPECT_GT(unnoticed, 0U) << "a tick is late at each jump";
        expect_healthy_but_late(daemon);
        EXPECT_EQ(servers.living(), std::set<pid_t>{used});
        EXPECT_EQ(daemon.end(), 0);
    });
}

/// The clock since boot and the wall's go on by an hour, the monotonic one and all timers do not.
TEST_F(DaemonFaults, AnHoursSleepMakesNoFindingAndNothingLate) {
    in_a_host_of_our_own([] {
        const Scratch scratch;
        const Clocks clocks(scratch.path() / "clocks");
        StubbornServers servers;
        const pid_t used = servers.start("").pid();
        DaemonRun daemon(
            "version: 1\nname: test\n"
            "daemon: { health_check_interval: 1, cleanup_interval: 1 }\n"
            "rules: { orphan: { after_seconds: 5, action: terminate } }\n"
            "limits: { max_age_seconds: 7200 }\n",
            {.environment = clocks.environment(), .prepare = {}});
        ASSERT_TRUE(daemon.await_ready());
        EventReader events(daemon);
        EXPECT_EQ(daemon.run({"pause", "--for", "30m"}).exit_code, 0);
        events.await("paused");
        Program& leaked = servers.leak("");
        const auto since = std::chrono::steady_clock::now();
        // It has been seen as one when the host falls asleep: that hour says nothing about it. (Of what
        // is still to be waited for there is no event.)
        while (daemon.status().at("servers").at("by_status").at("orphan") == 0) usleep(300'000);
        unsigned unnoticed = 0;
        for (const std::int64_t seconds : {1200, 2400, 3600}) {
            const unsigned late = late_ticks(daemon);
            clocks->real_seconds = clocks->boot_seconds = seconds;
            await_ticks(daemon, 2);
            if (late_ticks(daemon) == late) ++unnoticed;
        }
        events.await("resumed");
        EXPECT_TRUE(leaked.wait(60s).has_value());
        EXPECT_GE(std::chrono::steady_clock::now() - since, 5s);
        expect_nothing_unusual(events);
        EXPECT_GT(unnoticed, 0U) << "a tick is late at each sleep";
        expect_healthy_but_late(daemon);
        EXPECT_LT(daemon.status().at("uptime_seconds"), 600);
        EXPECT_EQ(servers.living(), std::set<pid_t>{used});
        EXPECT_EQ(daemon.end(), 0);
    });
}

}  // namespace
}  // namespace reaper::integration
