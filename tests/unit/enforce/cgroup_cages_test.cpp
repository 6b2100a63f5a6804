// Real groups of this machine, below a group of the test's own. Where cgroup2 can be written it is the
// home of a cage; without it (the tests' v1 layout) the freezer is.
#include "enforce/cgroup_cages.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <ostream>
#include <set>
#include <thread>

#include "enforce/cgroup_group.h"
#include "enforce/cgroup_move.h"
#include "support/child.h"

namespace reaper::enforce {
namespace {

using test::Child;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

std::string text_of(const std::string& path) {
    std::ifstream in(path);
    std::string text(std::istreambuf_iterator<char>(in), {});
    while (text.ends_with('\n')) text.pop_back();
    return text;
}

/// Waits for what another process brings about; false after a minute.
bool comes_true(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        ::usleep(1000);
    }
    return true;
}

/// A child that ends with its parent, also where that has ended before it could ask for it.
void fork_one() {
    const pid_t parent = ::getpid();
    if (::fork() != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(0);
    for (;;) ::pause();
}

/// Forks one more child at every SIGUSR1, a hundred at SIGUSR2.
Child start_forker() {
    return Child::fork({}, [] {
        ::signal(SIGUSR1, [](int) { fork_one(); });
        ::signal(SIGUSR2, [](int) {
            for (int i = 0; i < 100; ++i) fork_one();
        });
    });
}

Child start_hog() {
    return Child::exec("/bin/sh", {"sh", "-c", "while :; do :; done"});
}

double cpu_seconds(pid_t pid) {
    std::istringstream fields(text_of("/proc/" + std::to_string(pid) + "/schedstat"));
    double nanoseconds = 0;
    fields >> nanoseconds;
    return nanoseconds / 1e9;
}

/// A process that counts as long as it runs.
struct Counter {
    std::atomic<long>* count = static_cast<std::atomic<long>*>(
        ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    Child child = Child::fork({}, [this] {
        std::thread([this] {
            for (;; ::usleep(100)) ++*count;
        }).detach();
    });
    ~Counter() { ::munmap(count, 4096); }

    [[nodiscard]] bool runs() const {
        const long before = *count;
        return comes_true([&] { return *count > before; });
    }
    [[nodiscard]] bool stands_still() const {
        const long before = *count;
        ::usleep(50'000);  // Nothing to wait for: nothing may happen.
        return *count == before;
    }
};

enum class Home { unified, freezer };

void PrintTo(Home home, std::ostream* out) {
    *out << (home == Home::unified ? "unified" : "freezer");
}

struct CgroupCage : ::testing::TestWithParam<Home> {
    const std::string group = "mcp-reaper-test-" + std::to_string(::getpid());
    const std::string cage = "mcp-reaper-test-" + std::to_string(::getpid()) + "-1";
    CgroupLayout layout = read_cgroup_layout();
    std::unique_ptr<CgroupCages> cages;

    void SetUp() override {
        if (GetParam() == Home::freezer) {
            std::erase_if(layout.hierarchies, [](const CgroupHierarchy& one) { return one.unified; });
        }
        cages = std::make_unique<CgroupCages>(layout, text_of("/proc/self/cgroup"), group);
        if (cages->abilities().backend.empty()) GTEST_SKIP() << cages->abilities().why_none;
        if (GetParam() == Home::unified && layout.unified() == nullptr) GTEST_SKIP() << "no cgroup2";
        if (GetParam() == Home::freezer && layout.with("freezer") == nullptr) GTEST_SKIP() << "no v1";
    }

    /// Also when the test has failed: kills what is left in its groups, which is the test's, and
    /// removes them.
    void TearDown() override {
        for (const CgroupHierarchy& hierarchy : layout.hierarchies) {
            const std::string top = hierarchy.mount + '/' + group;
            for (const std::string& name : groups_in_cgroup(top)) {
                freeze_cgroup(top + '/' + name, hierarchy.unified, false);
                comes_true([&] {
                    const auto pids = pids_in_cgroup(top + '/' + name);
                    for (const pid_t pid : pids ? *pids : std::vector<pid_t>{}) ::kill(pid, SIGKILL);
                    return ::rmdir((top + '/' + name).c_str()) == 0 || errno == ENOENT;
                });
            }
            ::rmdir(top.c_str());
        }
    }

    /// The cage's directory in this controller's hierarchy; "" stands for its home.
    [[nodiscard]] std::string directory(const std::string& controller = "") const {
        const CgroupHierarchy* const hierarchy = !controller.empty()           ? layout.with(controller)
                                                 : GetParam() == Home::unified ? layout.unified()
                                                                               : layout.with("freezer");
        return hierarchy->mount + '/' + group + '/' + cage;
    }
    [[nodiscard]] std::string file(const std::string& name) const {
        return text_of(directory(name.substr(0, name.find('.'))) + '/' + name);
    }
    [[nodiscard]] std::set<ProcessId> inside() const {
        const auto processes = cages->processes(cage);
        return processes ? std::set<ProcessId>(processes->begin(), processes->end())
                         : std::set<ProcessId>{};
    }
    [[nodiscard]] Result<void> put(const std::vector<ProcessId>& processes) const {
        return cages->put(cage, ::getuid(), processes);
    }
    [[nodiscard]] bool nothing_is_left() const {
        return std::none_of(
            layout.hierarchies.begin(), layout.hierarchies.end(),
            [&](const CgroupHierarchy& one) { return fs::exists(one.mount + '/' + group); });
    }
};

INSTANTIATE_TEST_SUITE_P(Homes, CgroupCage, ::testing::Values(Home::unified, Home::freezer),
                         [](const auto& one) {
                             return one.param == Home::unified ? "Unified" : "Freezer";
                         });

TEST_P(CgroupCage, HoldsAProcessWithAllItsThreads) {
    const Child child = Child::fork({}, [] {
        for (int i = 0; i < 6; ++i) {
            std::thread([] {
                for (;;) ::pause();
            }).detach();
        }
    });
    CageLimits limits;
    limits.cpu = CpuPercent{50};
    ASSERT_TRUE(put({child.id()}));
    ASSERT_TRUE(cages->limit(cage, limits));
    unsigned threads = 0;
    for (const auto& task : fs::directory_iterator("/proc/" + std::to_string(child.pid()) + "/task")) {
        const std::string groups = text_of(task.path().string() + "/cgroup");
        for (const std::string controller : {"", "cpu"}) {
            const CgroupHierarchy& hierarchy = controller == "cpu"           ? *layout.with("cpu")
                                               : GetParam() == Home::unified ? *layout.unified()
                                                                             : *layout.with("freezer");
            EXPECT_EQ(cgroup_directory(hierarchy, cgroup_in(hierarchy, groups)), directory(controller));
        }
        ++threads;
    }
    EXPECT_EQ(threads, 7U);
}

TEST_P(CgroupCage, HoldsWhatIsForkedLater) {
    const Child child = start_forker();
    ASSERT_TRUE(put({child.id()}));
    EXPECT_EQ(inside(), std::set<ProcessId>{child.id()});
    child.signal(SIGUSR1);
    EXPECT_TRUE(comes_true([&] { return inside().size() == 2; }));
}

TEST_P(CgroupCage, IsOnlyInTheHierarchiesThatItNeeds) {
    if (layout.kind() == CgroupKind::v2) GTEST_SKIP() << "there is only one";
    const Child child = Child::fork();
    ASSERT_TRUE(put({child.id()}));
    EXPECT_TRUE(fs::exists(directory()));
    for (const char* controller : {"cpu", "memory", "pids"}) {
        EXPECT_FALSE(fs::exists(directory(controller))) << controller;
    }
}

TEST_P(CgroupCage, KeepsAHogToItsQuotaAndReleasesIt) {
    const Child hog = start_hog();
    CageLimits limits;
    limits.cpu = CpuPercent{20};
    ASSERT_TRUE(put({hog.id()}));
    ASSERT_TRUE(cages->limit(cage, limits));
    const auto begin = std::chrono::steady_clock::now();
    const double before = cpu_seconds(hog.pid());
    ::usleep(1'500'000);
    const double used = cpu_seconds(hog.pid()) - before;
    const std::chrono::duration<double> span = std::chrono::steady_clock::now() - begin;
    EXPECT_LT(used / span.count(), 0.26);
    EXPECT_TRUE(comes_true([&] { return cpu_seconds(hog.pid()) - before > 0.1; })) << "nor none at all";
    ASSERT_TRUE(cages->limit(cage, {}));
    // On a busy machine it may get no more than its share; more than its quota it does get.
    const double lifted = cpu_seconds(hog.pid());
    EXPECT_TRUE(comes_true([&] { return cpu_seconds(hog.pid()) - lifted > 0.5; }));
}

TEST_P(CgroupCage, SetsReadsBackAndLiftsEveryLimit) {
    const Child child = Child::fork();
    ASSERT_TRUE(put({child.id()}));
    const CageLimits limits{
        .cpu = CpuPercent{12.5}, .cpu_weight = 10, .memory_max = Bytes::from_mib(100), .pids_max = 50};
    for (const CageLimits& wanted : {limits, CageLimits{}}) {
        const auto limited = cages->limit(cage, wanted);
        ASSERT_TRUE(limited) << limited.error().message();
        for (const std::string_view controller : kLimitControllers) {
            const bool unified = layout.with(controller)->unified;
            const auto values = limit_values(wanted, controller, unified);
            for (const CgroupValue& value : *values) {
                EXPECT_TRUE(reads_back(value, file(value.file))) << value.file << file(value.file);
            }
            EXPECT_EQ(text_of(directory(std::string(controller)) + "/cgroup.procs"),
                      std::to_string(child.pid()));
        }
    }
}

TEST_P(CgroupCage, LimitsAllThatWasForkedMeanwhile) {
    const Child child = start_forker();
    ASSERT_TRUE(put({child.id()}));
    CageLimits limits;
    limits.cpu_weight = 10;
    child.signal(SIGUSR2);
    ASSERT_TRUE(cages->limit(cage, limits));
    EXPECT_TRUE(comes_true([&] { return inside().size() == 101; }));
    EXPECT_EQ(*pids_in_cgroup(directory("cpu")), *pids_in_cgroup(directory()));
    // Who is put in later is limited as well.
    const Child late = Child::fork();
    ASSERT_TRUE(put({late.id()}));
    EXPECT_EQ(cgroup_directory_of(*layout.with("cpu"), late.pid()), directory("cpu"));
}

TEST_P(CgroupCage, AllCagesTogetherWeighWhatTheyWeigh) {
    const Child child = Child::fork();
    const std::string other = cage.substr(0, cage.rfind('-')) + "-2";
    const bool unified = layout.with("cpu")->unified;
    const std::string parent =
        fs::path(directory("cpu")).parent_path().string() + (unified ? "/cpu.weight" : "/cpu.shares");
    CageLimits limits;
    limits.cpu_weight = 10;
    ASSERT_TRUE(put({child.id()}));
    ASSERT_TRUE(cages->limit(cage, limits));
    EXPECT_EQ(text_of(parent), unified ? "10" : "102");
    ASSERT_TRUE(cages->put(other, 0, {}));
    limits.cpu_weight = 50;
    ASSERT_TRUE(cages->limit(other, limits));
    EXPECT_EQ(text_of(parent), unified ? "60" : "614");
    ASSERT_TRUE(cages->remove(other));
    EXPECT_EQ(text_of(parent), unified ? "10" : "102");
}

TEST_P(CgroupCage, FreezesAndThaws) {
    const Counter counter;
    ASSERT_TRUE(put({counter.child.id()}));
    EXPECT_TRUE(counter.runs());
    ASSERT_TRUE(cages->freeze(cage, true));
    EXPECT_TRUE(counter.stands_still());
    ASSERT_TRUE(cages->freeze(cage, false));
    EXPECT_TRUE(counter.runs());
}

TEST_P(CgroupCage, WhoIsPutIntoAFrozenOneStops) {
    const Counter counter;
    ASSERT_TRUE(put({}));
    ASSERT_TRUE(cages->freeze(cage, true));
    ASSERT_TRUE(put({counter.child.id()}));
    EXPECT_TRUE(comes_true([&] { return counter.stands_still(); }));
    ASSERT_TRUE(cages->freeze(cage, false));
    EXPECT_TRUE(counter.runs());
}

TEST_P(CgroupCage, IsFoundByWhoComesAfterUs) {
    const Child child = Child::fork();
    ASSERT_TRUE(put({child.id()}));
    CgroupCages later(layout, text_of("/proc/self/cgroup"), group);
    EXPECT_EQ(*later.list(), std::vector<std::string>{cage});
    EXPECT_EQ(*later.processes(cage), std::vector<ProcessId>{child.id()});
}

TEST_P(CgroupCage, IsRemovedWhenEmptyAndLeavesNothing) {
    Child child = Child::fork();
    ASSERT_TRUE(put({child.id()}));
    CageLimits limits;
    limits.pids_max = 10;
    limits.cpu_weight = 10;
    ASSERT_TRUE(cages->limit(cage, limits));
    EXPECT_TRUE(cages->remove(cage));  // No error, and nothing removed.
    EXPECT_EQ(inside(), std::set<ProcessId>{child.id()});
    EXPECT_EQ(file("pids.max"), "10");
    child.end();
    EXPECT_TRUE(comes_true([&] { return cages->remove(cage) && nothing_is_left(); }));
    EXPECT_TRUE(cages->remove(cage));
    EXPECT_TRUE(cages->list()->empty());
    EXPECT_TRUE(inside().empty());
}

TEST_P(CgroupCage, OneThatHasGoneIsNoError) {
    const Child child = Child::fork();
    Child gone = Child::fork();
    gone.end();
    const Child zombie = Child::fork();
    zombie.kill_to_zombie();
    ASSERT_TRUE(put({gone.id(), zombie.id(), child.id()}));
    EXPECT_TRUE(inside().contains(child.id()));
    EXPECT_FALSE(inside().contains(gone.id()));
}

TEST_P(CgroupCage, AnotherProcessWithThePidIsNotMoved) {
    const Child child = Child::fork();
    const ProcessId before{.pid = child.pid(), .start = child.id().start - Ticks(1)};
    ASSERT_TRUE(put({before}));
    EXPECT_TRUE(inside().empty());
}

/// The pid is taken by another between the check and the write: the write is done here, so that it
/// happens every time.
TEST_P(CgroupCage, AStrangerThatWasMovedGoesBackWithItsChildren) {
    const CgroupHierarchy& hierarchy =
        GetParam() == Home::unified ? *layout.unified() : *layout.with("freezer");
    const Child stranger = start_forker();
    const std::string home = cgroup_directory_of(hierarchy, stranger.pid());
    const Child member = Child::fork();
    ASSERT_TRUE(put({member.id()}));
    ASSERT_TRUE(write_cgroup_file(directory() + "/cgroup.procs", std::to_string(stranger.pid())));
    stranger.signal(SIGUSR1);
    ASSERT_TRUE(comes_true([&] { return inside().size() == 3; }));
    const ProcessId ended{.pid = stranger.pid(), .start = stranger.id().start - Ticks(1)};
    EXPECT_EQ(take_back_stranger(hierarchy, directory(), ended), true);
    EXPECT_EQ(inside(), std::set<ProcessId>{member.id()});
    EXPECT_EQ(cgroup_directory_of(hierarchy, stranger.pid()), home);
    EXPECT_EQ(take_back_stranger(hierarchy, directory(), ended), false);
    // Who is whom it should be is none.
    EXPECT_EQ(take_back_stranger(hierarchy, directory(), member.id()), false);
}

TEST_P(CgroupCage, WhereOneMayNotBeMovedNoneIs) {
    if (layout.kind() == CgroupKind::v2) GTEST_SKIP() << "v2 moves every process it has the right to";
    const Child child = Child::fork();
    const Child realtime = Child::fork({}, [] {
        const sched_param priority{.sched_priority = 1};
        if (::sched_setscheduler(0, SCHED_FIFO, &priority) != 0) ::_exit(1);
    });
    // The kernel takes no realtime process into a cpu group without realtime budget.
    ASSERT_TRUE(put({}));
    CageLimits limits;
    limits.cpu_weight = 10;
    ASSERT_TRUE(cages->limit(cage, limits));
    if (!fs::exists(directory("cpu") + "/cpu.rt_runtime_us")) GTEST_SKIP() << "no CONFIG_RT_GROUP_SCHED";
    const auto done = put({child.id(), realtime.id()});
    ASSERT_FALSE(done);
    EXPECT_NE(done.error().message().find(realtime.id().text()), std::string::npos);
    EXPECT_TRUE(nothing_is_left());
    EXPECT_EQ(cgroup_directory_of(*layout.with("cpu"), child.pid()),
              cgroup_directory_of(*layout.with("cpu"), ::getpid()));
}

TEST_P(CgroupCage, NoHalfOfTheLimitsStays) {
    const Child child = Child::fork();
    ASSERT_TRUE(put({child.id()}));
    CageLimits limits;
    limits.cpu_weight = 10;
    limits.pids_max = 4'294'967'295U;  // More than the kernel takes, and after the CPU's turn.
    EXPECT_FALSE(cages->limit(cage, limits));
    const bool unified = layout.with("cpu")->unified;
    EXPECT_EQ(file(unified ? "cpu.weight" : "cpu.shares"), unified ? "100" : "1024");
}

TEST_P(CgroupCage, OnlyCagesAreTouched) {
    EXPECT_FALSE(cages->put("x", 0, {}));
    EXPECT_FALSE(cages->put("../mcp-reaper-a-1-1", 0, {}));
    EXPECT_FALSE(cages->limit("x", {}));
    EXPECT_FALSE(cages->freeze("x", true));
    EXPECT_FALSE(cages->processes("x"));
    EXPECT_FALSE(cages->remove("x"));
    EXPECT_FALSE(cages->limit(cage, {}));  // There is none.
    EXPECT_TRUE(nothing_is_left());
}

TEST(CgroupCages, AnOrdinaryUserIsToldWhyThereAreNone) {
    if (!test::is_root()) GTEST_SKIP() << "only root can become another user";
    const CgroupLayout layout = read_cgroup_layout();
    const std::string own = text_of("/proc/self/cgroup");
    EXPECT_EQ(test::run_as(test::kNobody,
                           [&] {
                               CgroupCages cages(layout, own, "mcp-reaper-test");
                               const auto put = cages.put("mcp-reaper-a-1-1", 0, {});
                               return cages.abilities().backend + (put ? "put" : put.error().reason);
                           }),
              "this user may not make groups in the cgroup file system (run as root)");
}

TEST(CgroupCages, WithoutAWritableFileSystemThereAreNone) {
    EXPECT_EQ(CgroupCages({}, "").abilities().why_none.find("no cgroup file system"), 0U);
    CgroupLayout layout = read_cgroup_layout();
    for (CgroupHierarchy& one : layout.hierarchies) one.read_only = true;
    if (layout.hierarchies.empty()) GTEST_SKIP() << "no cgroups";
    EXPECT_NE(CgroupCages(layout, "").abilities().why_none.find("read-only"), std::string::npos);
}

}  // namespace
}  // namespace reaper::enforce
