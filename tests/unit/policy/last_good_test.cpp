// The last policy that was accepted, over restarts.
#include "policy/last_good.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/whole_file.h"
#include "load_text.h"

using namespace reaper;
using namespace reaper::policy;
using ::testing::EndsWith;
using ::testing::HasSubstr;

namespace {

const LastGood kPolicy{"/etc/mcp-reaper/policy.yaml", "version: 1\nname: '${HOME}'\n\n# end"};

class LastGoodPolicy : public ::testing::Test {
  protected:
    LastGoodPolicy() {
        std::string name = std::filesystem::temp_directory_path() / "last_good_test.XXXXXX";
        directory_ = ::mkdtemp(name.data());
    }
    ~LastGoodPolicy() override { std::filesystem::remove_all(directory_); }

    [[nodiscard]] std::string path() const { return directory_ / "last-good-policy"; }
    void store(const LastGood& policy) const { ASSERT_TRUE(store_last_good(path(), policy)); }

    /// Why it may not be loaded; empty where it may.
    [[nodiscard]] std::string error() const {
        const auto loaded = load_last_good(path());
        return loaded ? std::string{} : loaded.error();
    }

    std::filesystem::path directory_;
};

}  // namespace

TEST_F(LastGoodPolicy, IsWhatWasStored) {
    for (const LastGood& one :
         {kPolicy, LastGood{"odd\n12 name", "version: 1"}, LastGood{"", ""},
          LastGood{"p", std::string(kMaxPolicyBytes, '#')}, LastGood{"p", std::string("a\0b\n", 4)}}) {
        store(one);
        const auto loaded = load_last_good(path());
        ASSERT_TRUE(loaded) << loaded.error();
        EXPECT_EQ(*loaded, one);
    }
}

TEST_F(LastGoodPolicy, IsNothingWhereNothingWasStored) {
    const auto loaded = load_last_good(path());
    ASSERT_TRUE(loaded);
    EXPECT_FALSE(*loaded);
}

TEST_F(LastGoodPolicy, IsOursAlone) {
    store(kPolicy);
    struct stat entry {};
    ASSERT_EQ(::stat(path().c_str(), &entry), 0);
    EXPECT_EQ(entry.st_mode & 0777U, 0600U);
}

TEST_F(LastGoodPolicy, IsRefusedWhereAnyByteOfItIsAnother) {
    store(kPolicy);
    const std::string whole = test::read_file(path());
    for (std::size_t i = 0; i < whole.size(); ++i) {
        std::string damaged = whole;
        damaged[i] = static_cast<char>(damaged[i] ^ 0x20);
        ASSERT_TRUE(write_whole_file(path(), damaged));
        EXPECT_THAT(error(), EndsWith(", is damaged")) << i;
    }
    for (std::size_t i = 0; i < whole.size(); ++i) {
        ASSERT_TRUE(write_whole_file(path(), whole.substr(0, i)));
        EXPECT_THAT(error(), EndsWith(", is damaged")) << i;
    }
    ASSERT_TRUE(write_whole_file(path(), whole + "\n"));
    EXPECT_THAT(error(), EndsWith(", is damaged"));
}

TEST_F(LastGoodPolicy, IsRefusedWhereOthersCanWriteIt) {
    store(kPolicy);
    ASSERT_EQ(::chmod(path().c_str(), 0666), 0);
    EXPECT_THAT(error(), HasSubstr("may be written by everyone"));
    ASSERT_EQ(::chmod(path().c_str(), 0600), 0);
    EXPECT_EQ(error(), "");
    if (::geteuid() != 0) return;
    ASSERT_EQ(::chmod(directory_.c_str(), 0777), 0);
    EXPECT_THAT(error(), HasSubstr("its directory " + directory_.string() + " may be written"));
}

TEST_F(LastGoodPolicy, IsTheTextThatWasLoaded) {
    const std::string text = "version: 1\nname: ${REAPER_TEST_NAME}\n";
    const Environment first = [](const std::string&) { return "first"; };
    const LoadResult loaded = parse_policy(text, "/p.yaml", first);
    ASSERT_TRUE(loaded);
    store({loaded->file, loaded->text});
    const auto kept = load_last_good(path());
    ASSERT_TRUE(kept && *kept);
    const Environment second = [](const std::string&) { return "second"; };
    const LoadResult again = parse_policy((*kept)->text, (*kept)->file, second);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->policy.name, "second");
    EXPECT_EQ(again->file, "/p.yaml");
}
