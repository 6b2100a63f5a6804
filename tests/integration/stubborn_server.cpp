#include "stubborn_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>

namespace reaper::integration {

const std::vector<std::string> kServerLine = {"node", "/opt/node_modules/.bin/mcp-server-git"};
const std::vector<std::string> kSupervisorLine = {"node", "/opt/node_modules/.bin/nodemon", "-q",
                                                  "mcp-server-git.js"};

Program& StubbornServers::start(const std::string& behaviour, const std::vector<std::string>& argv) {
    StartOptions options;
    options.file = REAPER_STUBBORN;
    options.user = user_;
    options.environment = {{"STUBBORN", behaviour},
                           {"STUBBORN_LEDGER", ledger_.path()},
                           // Looking for leaks takes a tracer, which is in no ledger.
                           {"ASAN_OPTIONS", "detect_leaks=0"}};
    Program& program = programs_.emplace_back(argv, options);
    EXPECT_EQ(program.read_line(10s), "ready");
    return program;
}

Program& StubbornServers::leak(const std::string& behaviour, const std::vector<std::string>& argv) {
    Program& program = start(behaviour, argv);
    leave(program);
    return program;
}

void StubbornServers::leave(Program& server) {
    server.close_input();
    server.close_output();
}

std::chrono::milliseconds StubbornServers::leak_until_ended(const std::string& behaviour) {
    Program& program = start(behaviour);
    const auto since = std::chrono::steady_clock::now();
    leave(program);
    EXPECT_TRUE(program.wait(60s).has_value()) << program.pid() << " has leaked, and lives on";
    const auto until = std::chrono::steady_clock::now();
    forget(program);
    return std::chrono::duration_cast<std::chrono::milliseconds>(until - since);
}

void StubbornServers::forget(const Program& program) {
    programs_.remove_if([&](const Program& one) { return &one == &program; });
}

Acted StubbornServers::act(const std::string& policy) {
    std::set<pid_t> tops;
    for (const Program& program : programs_) tops.insert(program.pid());
    Acted acted = Actor(policy, user_).scan(tops);
    std::set<pid_t> strangers;
    std::ranges::set_difference(acted.trace.touched(), all(), std::inserter(strangers, strangers.end()));
    EXPECT_THAT(strangers, ::testing::IsEmpty()) << acted.trace.text();
    EXPECT_TRUE(ledger_.has_room()) << "this says nothing: the forks had an end";
    return acted;
}

std::set<pid_t> StubbornServers::all() const {
    std::set<pid_t> pids = ledger_.started();
    for (const Program& program : programs_) pids.insert(program.pid());
    return pids;
}

bool can_be_caged() {
    return std::ranges::any_of(
        std::vector<std::string>{"/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/freezer"},
        [](const std::string& mount) { return access((mount + "/cgroup.procs").c_str(), W_OK) == 0; });
}

}  // namespace reaper::integration
