// What the daemon itself takes does not grow, however much comes and goes: servers, of which a third
// leak and are ended by it; hooks for that; readers of its events; requests good and bad; edited
// policies.
//
// Two minutes and a half; REAPER_CHURN_SECONDS=3600
// build/release/tests/integration/integration_daemon_long
// --gtest_filter='DaemonChurn.*' is the long form.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <list>
#include <sstream>
#include <thread>

#include "client_of.h"
#include "daemon_run.h"
#include "pid_namespace.h"
#include "processes.h"
#include "stubborn_server.h"
#include "support/sanitized.h"

namespace reaper::integration {
namespace {

namespace fs = std::filesystem;
using test::RawClient;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr uid_t kSomebody = 60'201;
constexpr uid_t kSomebodyElse = 60'202;

/// More events than the stream keeps (1,000): until then it fills.
constexpr unsigned kServersToWarmUp = 300;
constexpr milliseconds kPaceToWarmUp{40};
/// So that others on this host do not suffer.
constexpr milliseconds kPace{200};
constexpr std::size_t kServersAtOnce = 12;

/// Looked at so often: how it grows says more than that it does. The first part belongs to the warm-up:
/// half a MiB of caches and of what the allocator keeps comes with it, and less with every later one.
constexpr int kParts = 3;

/// The daemon gives free memory back every ten seconds; what is between two of those is no growth.
constexpr seconds kUntilGivenBack{15};
/// What the allocator keeps differs by a few pages from one time to the next.
constexpr long kMostGrowthKib = 512;
/// Kept of the test's own process, which is in some samples and not in others.
constexpr std::size_t kMostMoreDescriptors = 2;

std::string policy() {
    return kEverySecond + "hooks: [{ command: [/bin/true], events: [action] }]\n";
}

seconds duration() {
    const char* const said = std::getenv("REAPER_CHURN_SECONDS");
    if (said != nullptr) return seconds(std::max(1, std::atoi(said)));
    return test::kSanitized ? 15s : 75s;
}

/// Of /proc/PID/smaps_rollup.
struct Taken {
    long pss = 0, rss = 0, anonymous = 0;  ///< KiB
    std::size_t descriptors = 0;
};

Taken taken_by(pid_t pid) {
    Taken taken;
    std::istringstream lines(text_of("/proc/" + std::to_string(pid) + "/smaps_rollup"));
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string name;
        long kib = 0;
        words >> name >> kib;
        if (name == "Pss:") taken.pss = kib;
        if (name == "Rss:") taken.rss = kib;
        if (name == "Anonymous:") taken.anonymous = kib;
    }
    const fs::directory_iterator open("/proc/" + std::to_string(pid) + "/fd");
    taken.descriptors = static_cast<std::size_t>(std::distance(begin(open), end(open)));
    return taken;
}

/// The least in a time in which it gives back once what it does not need.
Taken least_taken_by(pid_t pid) {
    Taken least = taken_by(pid);
    if (test::kSanitized) return least;  // Whose memory says nothing.
    for (const auto until = Clock::now() + kUntilGivenBack; Clock::now() < until;) {
        std::this_thread::sleep_for(200ms);  // There is no event for that.
        const Taken taken = taken_by(pid);
        least.pss = std::min(least.pss, taken.pss);
        least.rss = std::min(least.rss, taken.rss);
        least.anonymous = std::min(least.anonymous, taken.anonymous);
        least.descriptors = std::min(least.descriptors, taken.descriptors);
    }
    return least;
}

void show(const char* when, const Taken& taken) {
    std::cout << when << ": PSS " << taken.pss << " KiB, RSS " << taken.rss << ", anonymous "
              << taken.anonymous << ", " << taken.descriptors << " descriptors\n";
}

/// Everything that goes on beside the servers.
class Beside {
  public:
    explicit Beside(const DaemonRun& daemon) : daemon_(daemon) {}

    /// To be called often; each thing has its own pace.
    void go_on() {
        static const std::vector<std::string> paths = {"/status",  "/servers", "/plan",
                                                       "/metrics", "/events",  "/history"};
        if (root_.is_due(700ms)) ask(0, paths[step_++ % paths.size()]);
        if (somebody_.is_due(1s)) ask(kSomebody, paths[step_++ % paths.size()]);
        if (bad_.is_due(1s)) {
            RawClient client = client_of(kSomebodyElse, daemon_.socket());
            client.send("NO HTTP\r\n\r\n");
            client.read_to_end();
        }
        if (follow_.is_due(3s)) {
            if (readers_.size() > 3) readers_.pop_front();
            readers_.push_back(client_of(kSomebody, daemon_.socket()));
            readers_.back().send("GET /events?follow=1 HTTP/1.1\r\n\r\n");
        }
        if (edit_.is_due(5s)) {
            daemon_.write_policy(policy() + "# edit " + std::to_string(++edits_) + "\n");
        }
    }

  private:
    class Pace {
      public:
        bool is_due(milliseconds pace) {
            if (Clock::now() < next_) return false;
            next_ = Clock::now() + pace;
            return true;
        }

      private:
        Clock::time_point next_{};
    };

    void ask(uid_t user, const std::string& path) const {
        const std::string answer = client_of(user, daemon_.socket()).get(path);
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ") || (user != 0 && path == "/metrics"))
            << path << ": " << answer.substr(0, 300);
    }

    const DaemonRun& daemon_;
    Pace root_, somebody_, bad_, follow_, edit_;
    std::size_t step_ = 0;
    unsigned edits_ = 0;
    std::deque<RawClient> readers_;
};

/// Servers that come and go: every third is leaked, and the daemon's to end.
class Servers {
  public:
    unsigned started = 0;

    void one_more() {
        Program& server = ++started % 3 == 0 ? servers_.leak("") : servers_.start("");
        (started % 3 == 0 ? leaked_ : used_).push_back(&server);
        if (used_.size() > kServersAtOnce) end_oldest();
        collect();
    }
    void end_all() {
        while (!used_.empty()) end_oldest();
        for (Program* leaked : leaked_) {
            EXPECT_TRUE(leaked->wait(60s)) << "it has leaked, and nobody ends it";
            servers_.forget(*leaked);
        }
        leaked_.clear();
    }

  private:
    void end_oldest() {
        used_.front()->kill();
        servers_.forget(*used_.front());
        used_.pop_front();
    }
    void collect() {
        leaked_.remove_if([&](Program* leaked) {
            const bool ended = leaked->wait(0ms).has_value();
            if (ended) servers_.forget(*leaked);
            return ended;
        });
    }

    StubbornServers servers_;
    std::list<Program*> used_;
    std::list<Program*> leaked_;
};

class DaemonChurn : public InPidNamespace {};

TEST_F(DaemonChurn, MemoryAndDescriptorsStayAsTheyAre) {
    in_pid_namespace([] {
        hide_control_groups();
        Servers servers;
        DaemonRun daemon(policy());
        ASSERT_TRUE(daemon.await_ready());
        const pid_t pid = daemon.program().pid();
        const auto churn = [&](milliseconds pace, const std::function<bool()>& enough) {
            Beside beside(daemon);
            while (!enough() && !::testing::Test::HasFailure()) {
                servers.one_more();
                beside.go_on();
                std::this_thread::sleep_for(pace);  // The pace is what is chosen: nothing is awaited.
            }
            servers.end_all();
        };
        // The servers have gone, and a look has found that; nobody is connected.
        const auto at_rest = [&] {
            const auto give_up = Clock::now() + 60s;
            for (json status = daemon.status();
                 status.at("servers").at("total") != 0 || status.at("connections") != 1;
                 status = daemon.status()) {
                if (Clock::now() > give_up) throw std::runtime_error("not at rest: " + status.dump());
                std::this_thread::sleep_for(1s);
            }
            return least_taken_by(pid);
        };
        show("at its start", taken_by(pid));
        churn(kPaceToWarmUp, [&] { return servers.started >= kServersToWarmUp; });
        show("the stream of events full", at_rest());
        Taken before;
        Taken after;
        for (int part = 1; part <= kParts; ++part) {
            const auto until = Clock::now() + duration() / kParts;
            churn(kPace, [&] { return Clock::now() >= until; });
            after = at_rest();
            show(part == 1 ? "warmed up" : part < kParts ? "later" : "at the end", after);
            if (part == 1) before = after;
        }
        const json status = daemon.status();
        std::cout << servers.started << " servers, "
                  << status.at("statistics").at("cleanups_performed").get<unsigned>() << " ended by it, "
                  << status.at("cost").at("cpu_percent") << " % CPU\n";
        EXPECT_LE(after.descriptors, before.descriptors + kMostMoreDescriptors);
        if (!test::kSanitized) {
            EXPECT_LE(after.anonymous, before.anonymous + kMostGrowthKib);
            EXPECT_LE(after.rss, before.rss + kMostGrowthKib);
        }
        EXPECT_EQ(daemon.end(), 0);
    });
}

}  // namespace
}  // namespace reaper::integration
