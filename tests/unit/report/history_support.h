// Orders, outcomes and a directory for tests of the history.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "enforce/outcome.h"
#include "report/history.h"
#include "report/history_reader.h"
#include "support/snapshot_builder.h"

namespace reaper::report::history_test {

/// Goes with all that is in it, also when a test fails.
class Directory {
  public:
    explicit Directory(const std::string& parent = "/tmp") {
        std::string name = parent + "/reaper-history-XXXXXX";
        path_ = ::mkdtemp(name.data());
    }
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;
    ~Directory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string file() const { return path_ + "/state/history.db"; }

  private:
    std::string path_;
};

inline enforce::Order order_for(const support::ServerBuilder& server) {
    enforce::Order order;
    order.server = support::snapshot().with(server).build().servers.front();
    order.rules = {policy::Rule::orphan};
    order.reasons = {"both ends of its channel have been closed for 42 seconds"};
    return order;
}

inline enforce::Outcome ended(const enforce::Order& order) {
    enforce::Outcome outcome;
    outcome.effect = enforce::Effect::ended;
    for (const scan::Member& member : order.server.members) outcome.ended.push_back(member.id);
    outcome.freed = Bytes::from_mib(60);
    outcome.took = std::chrono::milliseconds(12);
    return outcome;
}

/// A clock that the test turns.
struct TurnedClock {
    WallTime wall = support::kStartWall;
    MonotonicTime steady = support::kStart;

    [[nodiscard]] HistoryClock clock() {
        return {[this] { return wall; }, [this] { return steady; }};
    }
    void advance(std::chrono::seconds span) {
        wall += span;
        steady += span;
    }
};

/// All there is, oldest first. Fails the test where it cannot be read.
inline std::vector<HistoryRecord> all_records(const std::string& file) {
    const auto page = read_history(file, {});
    EXPECT_TRUE(page.has_value()) << page.error().message();
    return page && *page ? (*page)->records : std::vector<HistoryRecord>();
}

/// One action, begun and ended.
inline void act(History& history, const enforce::Order& order) {
    history.conclude(history.intend(order), order, ended(order));
}

}  // namespace reaper::report::history_test
