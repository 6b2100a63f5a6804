#include "observation.h"

#include <gtest/gtest.h>

#include "reaper_run.h"

namespace reaper::integration {
namespace {

std::vector<std::set<pid_t>> trees_now(const std::vector<std::set<pid_t>>& servers,
                                       const ProcessTable& table) {
    std::vector<std::set<pid_t>> trees;
    for (const auto& seeds : servers) trees.push_back(grow(seeds, table));
    return trees;
}

}  // namespace

Observation observe(const std::vector<std::set<pid_t>>& servers) {
    Observation seen;
    constexpr int kMostTries = 30;
    for (int tries = 0; tries < kMostTries; ++tries) {
        seen.table = read_processes();
        seen.trees = trees_now(servers, seen.table);
        seen.scan = scan_host();
        if (seen.scan.is_null() || seen.trees == trees_now(servers, read_processes())) return seen;
    }
    ADD_FAILURE() << "the servers' processes changed during each of " << kMostTries << " scans";
    return seen;
}

}  // namespace reaper::integration
