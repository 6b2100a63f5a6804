#include "guard/settings_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reaper::guard {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

TEST(SettingsWords, SayOnlyWhatDiffers) {
    Task task;
    task.command = {"npx", "-y", "--", "x=y"};
    task.type = "playwright";
    EXPECT_THAT(to_words(task), ElementsAre("type=playwright", "--", "npx", "-y", "--", "x=y"));
    task.settings.close_wait = 500ms;
    task.settings.ping_interval.reset();
    EXPECT_THAT(to_words(task), ElementsAre("type=playwright", "close_wait=500", "ping_interval=none",
                                            "--", "npx", "-y", "--", "x=y"));
}

TEST(SettingsWords, ComeBackAsTheyWere) {
    Task task;
    task.command = {"a"};
    task.type = "t";
    task.name = "a name = b";
    task.limit = 3;
    task.among = Among::user;
    task.clients = {"(^|/)our-agent( |$)", "a=b"};
    task.runtime = "/run/x";
    task.state = "/var/x y";
    Settings& settings = task.settings;
    settings.at_limit = AtLimit::allow;
    settings.idle = 1ms;
    settings.max_request.value = 2;
    settings.max_response.value = 3;
    settings.requests_per_second = 4;
    settings.call_timeout = 5ms;
    settings.close_wait = 6ms;
    settings.grace = 7ms;
    settings.restarts = 8;
    settings.backoff = 9ms;
    settings.backoff_factor = 10;
    settings.max_backoff = 11ms;
    settings.healthy = 12ms;
    settings.breaker_failures = 13;
    settings.breaker_window = 14ms;
    settings.breaker_pause = 15ms;
    settings.ping_interval.reset();
    settings.ping_timeout = 17ms;
    settings.request_timeout.reset();
    settings.memory = Bytes{19};
    settings.cpu = CpuPercent{20};
    settings.pids = 21;
    settings.open_files = 22;
    settings.log_size.value = 23;
    settings.log_files = 24;
    const auto again = task_from(to_words(task));
    ASSERT_TRUE(again) << again.error().message();
    EXPECT_EQ(again->settings, task.settings);
    EXPECT_EQ(again->clients, task.clients);
    EXPECT_EQ(again->command, task.command);
    EXPECT_EQ(again->name, task.name);
    EXPECT_EQ(again->type, task.type);
    EXPECT_EQ(again->limit, task.limit);
    EXPECT_EQ(again->among, task.among);
    EXPECT_EQ(again->runtime, task.runtime);
    EXPECT_EQ(again->state, task.state);
    // Each member is another than usual: a new one that has no word fails here.
    EXPECT_EQ(to_words(task).size(), 25U + 8U + 2U);
}

TEST(SettingsWords, RefuseWhatIsNone) {
    for (const char* word : {"nonsense", "nonsense=1", "restarts=many", "restarts=-1", "among=friends",
                             "limit=none", "client=("}) {
        EXPECT_FALSE(task_from({word, "--", "a"})) << word;
    }
    EXPECT_FALSE(task_from({"restarts=1"}));
    EXPECT_FALSE(task_from({"--"}));
}

}  // namespace
}  // namespace reaper::guard
