// The words that a policy's hooks may name are those of the events.
#include "policy/event_names.h"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

#include "report/event.h"

namespace reaper::report {
namespace {

TEST(EventNames, OfAPolicyAreThoseOfTheEvents) {
    std::set<std::string_view> names(policy::kEventNames.begin(), policy::kEventNames.end());
    EXPECT_EQ(names.size(), kEventKinds);
    for (const std::string_view name : names) {
        const auto kind = event_kind_from(name);
        ASSERT_TRUE(kind) << name;
        EXPECT_EQ(to_string(*kind), name);
    }
}

}  // namespace
}  // namespace reaper::report
