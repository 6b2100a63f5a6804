// mcp-reaper doctor, on this host as it is.
#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/program.h"
#include "report/text_width.h"

namespace reaper::cli_test {
namespace {

using testing::HasSubstr;

/// Makes a call fail with EPERM, as a container's or a unit's filter does.
void forbid(long number) {
    const std::array<sock_filter, 4> program = {{
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    }};
    const sock_fprog filter{static_cast<unsigned short>(program.size()),
                            const_cast<sock_filter*>(program.data())};
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}

class Doctor : public testing::Test {
  protected:
    [[nodiscard]] Call call(std::vector<std::string> options = {}) const {
        options.insert(options.begin(), "doctor");
        Call call;
        call.arguments = std::move(options);
        call.environment = {{"STATE_DIRECTORY", directory_.file("state")},
                            {"RUNTIME_DIRECTORY", directory_.file("run")}};
        return call;
    }

    /// By name.
    static std::map<std::string, nlohmann::json> points(Call call) {
        call.arguments.insert(call.arguments.end(), {"--format", "json"});
        std::map<std::string, nlohmann::json> found;
        const auto json = nlohmann::json::parse(run(call).out);
        for (const auto& point : json["points"]) {
            found[point["name"]] = point;
        }
        return found;
    }

    TemporaryDirectory directory_;
};

TEST_F(Doctor, NamesEveryPointAndChangesNothing) {
    const Outcome outcome = run(call());
    EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
    for (const char* const point :
         {"user", "ptrace scope", "hidepid", "pidfd_open", "pidfd_send_signal", "pidfd_getfd",
          "process_mrelease", "sock_diag", "process connector", "collector", "cgroups", "systemd",
          "cages", "memory pressure", "runtime directory", "state directory", "history", "policy"}) {
        EXPECT_THAT(outcome.out, HasSubstr(point));
    }
    EXPECT_FALSE(std::filesystem::exists(directory_.file("state")));
    EXPECT_FALSE(std::filesystem::exists(directory_.file("run")));
}

TEST_F(Doctor, MissingPidfdsAreEssential) {
    Call forbidden = call();
    forbidden.in_child = [] { forbid(SYS_pidfd_send_signal); };
    const Outcome outcome = run(forbidden);
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.out, HasSubstr("Servers cannot be ended here."));
    const auto found = points(forbidden);
    EXPECT_EQ(found.at("pidfd_send_signal")["standing"], "missing");
    EXPECT_EQ(found.at("pidfd_open")["standing"], "ok");
}

TEST_F(Doctor, OtherMissingCallsAreLimits) {
    struct Case {
        long number;
        const char* point;
    };
    for (const Case& one :
         {Case{SYS_pidfd_getfd, "pidfd_getfd"}, Case{SYS_process_mrelease, "process_mrelease"}}) {
        Call forbidden = call();
        forbidden.in_child = [&] { forbid(one.number); };
        EXPECT_EQ(run(forbidden).code, 0) << one.point;
        const auto found = points(forbidden);
        EXPECT_EQ(found.at(one.point)["standing"], "limited");
        EXPECT_EQ(found.at(one.point)["finding"], "Operation not permitted");
    }
}

TEST_F(Doctor, OrdinaryUserIsToldWhatSudoWouldGive) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
    Call other = call();
    other.in_child = [] {
        if (::setgroups(0, nullptr) != 0 || ::setgid(65534) != 0 || ::setuid(65534) != 0) ::_exit(99);
    };
    const auto found = points(other);
    EXPECT_EQ(found.at("user")["standing"], "limited");
    EXPECT_THAT(found.at("user")["remedy"], HasSubstr("sudo"));
    EXPECT_EQ(found.at("pidfd_send_signal")["standing"], "ok");
    EXPECT_FALSE(found.contains("CAP_KILL"));
    EXPECT_EQ(found.at("state directory")["standing"], "limited");
    EXPECT_THAT(found.at("state directory")["finding"], HasSubstr("Permission denied"));
}

TEST_F(Doctor, PolicyWithMistakesIsEssential) {
    const std::string policy = directory_.with("bad.yaml", "version: 1\nnonsense: 2\n");
    const Outcome outcome = run(call({"--policy", policy}));
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.err, HasSubstr("nonsense"));
    EXPECT_THAT(outcome.out, HasSubstr("has mistakes"));
}

TEST_F(Doctor, DamagedHistoryIsNamed) {
    std::filesystem::create_directory(directory_.file("state"));
    static_cast<void>(directory_.with("state/history.db", std::string(5000, 'x')));
    EXPECT_THAT(points(call()).at("history")["finding"], HasSubstr("damaged"));
}

TEST_F(Doctor, FitsNarrowTerminals) {
    for (const unsigned short columns : std::initializer_list<unsigned short>{120, 80, 60, 40}) {
        Call narrow = call();
        narrow.out = StdOut::terminal;
        narrow.columns = columns;
        const Outcome outcome = run(narrow);
        for (const std::string& line : lines(without_colours(outcome.out))) {
            EXPECT_LE(report::display_width(line), columns) << line;
        }
    }
}

}  // namespace
}  // namespace reaper::cli_test
