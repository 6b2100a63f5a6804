#include "report/moment.h"

#include <gtest/gtest.h>

#include "report/humanize.h"

namespace reaper::report {
namespace {

TEST(Moment, ReadsWhatIsWritten) {
    for (const std::int64_t ms : {0LL, 1'795'000'000'250LL, 253'402'300'799'999LL, 951'782'400'000LL}) {
        const WallTime moment{std::chrono::milliseconds(ms)};
        EXPECT_EQ(moment_from(rfc3339(moment)), moment) << rfc3339(moment);
    }
    EXPECT_EQ(moment_from("2026-11-20T11:33:19Z"), moment_from("2026-11-20T11:33:19.000Z"));
}

TEST(Moment, NothingElseIsOne) {
    for (const char* const text :
         {"", "Z", "2026-11-20T11:33:19", "2026-11-20 11:33:19Z", "2026-13-20T11:33:19Z",
          "2026-02-30T11:33:19Z", "2026-11-20T24:33:19Z", "2026-11-20T11:33:19.25Z",
          "2026-11-20T11:33:19.2x0Z", "-026-11-20T11:33:19Z", "2026-11-20T11:33:19,250Z",
          "2026-11-20T11:33:19.250+01:00"}) {
        EXPECT_EQ(moment_from(text), std::nullopt) << text;
    }
}

}  // namespace
}  // namespace reaper::report
