// What was, kept and put back.
#include "clients/backups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "clients/change.h"
#include "clients/restoring.h"
#include "support/child.h"

namespace reaper::clients {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const WallTime kNow{std::chrono::seconds(1'790'000'000)};
const std::string kText = R"({"mcpServers": {"a": {"command": "x"}}})";

class KeptFiles : public testing::Test {
  protected:
    KeptFiles() { put(kText); }

    void put(const std::string& text) const { std::ofstream(path_) << text; }
    [[nodiscard]] std::string text() const {
        std::ifstream stream(path_);
        return {std::istreambuf_iterator<char>(stream), {}};
    }
    void change(Direction direction) const {
        ChangeOptions options;
        options.direction = direction;
        const auto change = plan_change(std::move(*ConfigFile::read(path_)), options);
        ASSERT_TRUE(change) << change.error().message();
        const auto done = carry_out(*change, direction, backups_, kNow);
        ASSERT_TRUE(done) << done.error().message();
    }
    [[nodiscard]] std::string restore(RestoreOptions options = {}) const {
        const auto plan = plan_restoring(path_, backups_, options);
        if (!plan) return plan.error().message();
        const auto done = carry_out(*plan, backups_, kNow);
        return done ? "restored" : done.error().message();
    }
    [[nodiscard]] std::vector<unsigned> numbers() const {
        std::vector<unsigned> numbers;
        const auto kept = backups_.of(fs::canonical(path_));
        if (!kept) return {};
        for (const KeptBackup& one : *kept) numbers.push_back(one.number);
        return numbers;
    }
    [[nodiscard]] std::vector<fs::path> files() const {
        std::vector<fs::path> files;
        for (const auto& entry : fs::directory_iterator(state_.path("backups")))
            files.push_back(entry.path());
        std::sort(files.begin(), files.end());
        return files;
    }

    test::TemporaryDirectory directory_;
    test::TemporaryDirectory state_;
    std::string path_ = directory_.path("mcp.json");
    Backups backups_{state_.path("backups")};
};

TEST_F(KeptFiles, AreForTheirOwnerAloneAndSayWhatTheyAreOf) {
    change(Direction::wrap);
    const auto kept = backups_.of(fs::canonical(path_));
    ASSERT_TRUE(kept && kept->size() == 1 && kept->front().backup);
    const Backup& backup = *kept->front().backup;
    EXPECT_EQ(backup.text, kText);
    EXPECT_EQ(backup.reason, "wrap");
    EXPECT_EQ(backup.taken, kNow);
    EXPECT_EQ(backup.path, fs::canonical(path_));
    EXPECT_EQ(fs::status(files().front()).permissions(), fs::perms(0600));
    EXPECT_EQ(fs::status(state_.path("backups")).permissions(), fs::perms(0700));
}

TEST_F(KeptFiles, AreTheLastTen) {
    for (int round = 0; round < 6; ++round) {
        change(Direction::wrap);
        change(Direction::unwrap);
    }
    EXPECT_THAT(numbers(), testing::ElementsAre(12, 11, 10, 9, 8, 7, 6, 5, 4, 3));
    EXPECT_EQ(files().size(), 10U);
}

TEST_F(KeptFiles, ArePutBack) {
    change(Direction::wrap);
    const std::string wrapped = text();
    EXPECT_EQ(restore(), "restored");
    EXPECT_EQ(text(), kText);
    EXPECT_EQ(restore(), "restored") << "and so is that";
    EXPECT_EQ(text(), wrapped);
    EXPECT_EQ(restore({1, false}), "restored");
    EXPECT_EQ(text(), kText);
    EXPECT_THAT(restore({99, false}), HasSubstr("there is no backup 99"));
}

TEST_F(KeptFiles, AreNotPutBackOverWhatOthersHaveWritten) {
    change(Direction::wrap);
    put(R"({"mcpServers": {}})");
    EXPECT_THAT(restore(), HasSubstr("--force"));
    EXPECT_EQ(text(), R"({"mcpServers": {}})");
    EXPECT_EQ(restore({{}, true}), "restored");
    EXPECT_EQ(text(), kText);
    EXPECT_EQ(restore(), "restored") << "what was lost is a backup";
    EXPECT_EQ(text(), R"({"mcpServers": {}})");
}

TEST_F(KeptFiles, ThatAreDamagedAreRefused) {
    change(Direction::wrap);
    const std::string good = [&] {
        std::ifstream stream(files().front());
        return std::string(std::istreambuf_iterator<char>(stream), {});
    }();
    for (const std::size_t at : {std::size_t{2}, good.find('\n'), good.size() - 3}) {
        std::string bad = good;
        bad[at] ^= 1;
        std::ofstream(files().front()) << bad;
        EXPECT_THAT(restore({{}, true}), HasSubstr("damaged")) << at;
    }
    std::ofstream(files().front()) << good.substr(0, good.size() - 1);
    EXPECT_THAT(restore({{}, true}), HasSubstr("damaged"));
    std::ofstream(files().front()) << "";
    EXPECT_THAT(restore({{}, true}), HasSubstr("damaged"));
    EXPECT_NE(text(), kText);
}

TEST_F(KeptFiles, MakeAFileAnewThatIsGone) {
    fs::permissions(path_, fs::perms(0640));
    change(Direction::wrap);
    fs::remove(path_);
    EXPECT_EQ(restore(), "restored");
    EXPECT_EQ(text(), kText);
    EXPECT_EQ(fs::status(path_).permissions(), fs::perms(0640));
}

TEST_F(KeptFiles, OfOneThatWasKilledBeforeItWroteAreThereAndHarmless) {
    Backup stored;
    stored.path = fs::canonical(path_);
    stored.reason = "wrap";
    stored.text = kText;
    stored.written = 1;
    ASSERT_TRUE(backups_.store(stored));
    EXPECT_EQ(restore(), "restored") << "nothing of somebody else's would be lost";
    EXPECT_EQ(text(), kText);
}

TEST_F(KeptFiles, AreOfThisFileOnly) {
    EXPECT_THAT(restore(), HasSubstr("there is no backup of it"));
    change(Direction::wrap);
    EXPECT_TRUE(backups_.of(directory_.path("other.json"))->empty());
}

}  // namespace
}  // namespace reaper::clients
