// A configuration while it is written: by one who is killed at every step of it, and by several at once.
// It is the old one or the new one, whole, and nothing stays beside it.
//
//   REAPER_ROUNDS=n  so often it is killed at a random moment (8)
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <fstream>
#include <list>
#include <random>
#include <thread>

#include "actor.h"
#include "program.h"
#include "scratch.h"

namespace reaper::integration {
namespace {

namespace fs = std::filesystem;
using std::chrono::microseconds;
using Clock = std::chrono::steady_clock;
using Words = std::vector<std::string>;

/// Calls by which a file changes: one who is killed between two of them has done no more than the first.
constexpr const char* kSteps =
    "flock,openat,mkdir,write,fchown,fchmod,fsync,rename,renameat,unlink,unlinkat";

std::string text_in(const fs::path& path) {
    std::ifstream stream(path);
    return {std::istreambuf_iterator<char>(stream), {}};
}

class WrittenConfiguration : public ::testing::Test {
  protected:
    void SetUp() override {
        fs::create_directory(scratch_.path() / "home");
        file_ = scratch_.path() / "home/mcp.json";
        old_ = text_in(REAPER_SOURCE_DIR "/tests/data/clients/claude-user.claude.json");
        ASSERT_FALSE(old_.empty());
        put_back();
        ASSERT_EQ(act({"wrap", "--yes", file_}), 0);
        new_ = text_in(file_);
        ASSERT_NE(new_, old_);
        put_back();
    }
    void TearDown() override {
        if (file_.empty() || HasFailure()) return;
        EXPECT_EQ(act({"restore", "--list", file_}), 0) << "every backup is whole";
    }
    void put_back() const { std::ofstream(file_) << old_; }

    [[nodiscard]] Program start(const Words& before, const Words& arguments) const {
        Words argv = before;
        argv.emplace_back(REAPER_BINARY);
        argv.insert(argv.end(), arguments.begin(), arguments.end());
        StartOptions options;
        options.environment = {{"STATE_DIRECTORY", (scratch_.path() / "state").string()},
                               {"PATH", "/usr/bin:/bin"},
                               // LeakSanitizer traces too, and a process has one tracer only.
                               {"ASAN_OPTIONS", "detect_leaks=0"}};
        Program program(argv, options);
        program.close_input();
        return program;
    }
    /// Its exit code; -1: ended by a signal.
    static int finish(Program& program) {
        program.read_all();
        const auto status = program.wait();
        EXPECT_TRUE(status.has_value());
        return status && WIFEXITED(*status) ? WEXITSTATUS(*status) : -1;
    }
    [[nodiscard]] int act(const Words& arguments) const {
        Program program = start({}, arguments);
        return finish(program);
    }

    /// From the lock on, "write 3": the third write of the run.
    [[nodiscard]] Words steps_of(const Words& arguments) const {
        const std::string log = (scratch_.path() / "strace").string();
        Program program =
            start({"strace", "-qqq", "-o", log, "-e", std::string("trace=") + kSteps}, arguments);
        EXPECT_EQ(finish(program), 0);
        Words steps;
        std::map<std::string, int> counts;
        bool locked = false;
        std::ifstream lines(log);
        for (std::string line; std::getline(lines, line);) {
            const std::string name = line.substr(0, line.find('('));
            ++counts[name];
            locked = locked || name == "flock";
            if (locked) steps.push_back(name + ' ' + std::to_string(counts[name]));
        }
        EXPECT_GT(steps.size(), 12U);
        return steps;
    }
    void kill_at(const std::string& step, const Words& arguments) const {
        const std::string name = step.substr(0, step.find(' '));
        const std::string nth = step.substr(step.find(' ') + 1);
        Program program = start({"strace", "-qqq", "-o", "/dev/null", "-e", "trace=" + name, "-e",
                                 "inject=" + name + ":signal=SIGKILL:when=" + nth},
                                arguments);
        finish(program);
    }

    /// Old or new, and the next run does the whole of it.
    void expect_whole(const Words& arguments, const std::string& before, const std::string& after) {
        const std::string text = text_in(file_);
        EXPECT_TRUE(text == before || text == after) << text;
        (text == before ? before_ : after_)++;
        EXPECT_EQ(act(arguments), 0);
        EXPECT_EQ(text_in(file_), after);
        EXPECT_EQ(std::distance(fs::directory_iterator(file_.parent_path()), {}), 1) << "left beside it";
    }

    Scratch scratch_;
    fs::path file_;
    std::string old_;
    std::string new_;
    int before_ = 0;
    int after_ = 0;
};

TEST_F(WrittenConfiguration, IsOldOrNewWhereverTheWriterIsKilled) {
    if (const std::string why = why_no_strace(); !why.empty()) GTEST_SKIP() << why;
    const Words wrap = {"wrap", "--yes", file_};
    const Words steps = steps_of(wrap);
    for (const std::string& step : steps) {
        SCOPED_TRACE("killed at " + step);
        put_back();
        kill_at(step, wrap);
        expect_whole(wrap, old_, new_);
        if (HasFailure()) break;
    }
    EXPECT_GT(before_, 8);
    EXPECT_GT(after_, 0) << "the last steps come when it is done";
}

TEST_F(WrittenConfiguration, IsOldOrNewAtAnyMoment) {
    const char* const rounds = std::getenv("REAPER_ROUNDS");
    const unsigned seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const auto begin = Clock::now();
    const Words wrap = {"wrap", "--yes", file_};
    ASSERT_EQ(act(wrap), 0);
    const auto takes = std::chrono::duration_cast<microseconds>(Clock::now() - begin);
    for (int round = rounds != nullptr ? std::atoi(rounds) : 8; round > 0 && !HasFailure(); --round) {
        put_back();
        const auto until = Clock::now() + microseconds(random() % static_cast<unsigned>(takes.count()));
        Program program = start({}, wrap);
        std::this_thread::sleep_until(
            until);  // The moment is what is chosen: there is nothing to await.
        program.kill();
        expect_whole(wrap, old_, new_);
    }
}

TEST_F(WrittenConfiguration, IsWrittenOnceBySeveralAtOnce) {
    for (int round = 0; round < 2; ++round) {
        put_back();
        std::list<Program> writers;
        for (int i = 0; i < 6; ++i) writers.push_back(start({}, {"wrap", "--yes", file_}));
        int fine = 0;
        for (Program& writer : writers) {
            const int code = finish(writer);
            EXPECT_TRUE(code == 0 || code == 1) << code;
            fine += code == 0 ? 1 : 0;
        }
        EXPECT_GT(fine, 0);
        EXPECT_EQ(text_in(file_), new_);
        EXPECT_EQ(act({"unwrap", "--yes", file_}), 0);
        EXPECT_EQ(text_in(file_), old_) << "wrapped once";
    }
}

}  // namespace
}  // namespace reaper::integration
