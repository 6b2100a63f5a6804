#include "enforce/undo_journal.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>

#include "support/child.h"

namespace reaper::enforce {
namespace {

using test::run_in_child;
using test::TemporaryDirectory;
namespace fs = std::filesystem;

constexpr const char* kCage = "mcp-reaper-playwright-4711-79231";

UndoEntry entry_of(const std::string& cage = kCage, ProcessId server = {4711, Ticks(79231)}) {
    return {.cage = cage,
            .server = server,
            .type = "playwright",
            .uid = 1000,
            .frozen = true,
            .limits = {.cpu = CpuPercent{12.5}, .cpu_weight = 10, .memory_max = Bytes{1}, .pids_max = 7},
            .stopped = {{.pid = 4712, .start = Ticks(79'232)}},
            .origin = Origin::hand,
            .rules = {policy::Rule::over_cpu, policy::Rule::orphan},
            .holder = {42, Ticks(1)},
            .state = UndoState::held,
            .since = WallTime(std::chrono::milliseconds(1'700'000'000'123))};
}

struct Journal : ::testing::Test {
    TemporaryDirectory temporary;
    std::string directory = temporary.path("journal");
    Result<UndoJournal> journal = UndoJournal::open(directory);

    [[nodiscard]] std::string file(const std::string& name) const { return directory + '/' + name; }
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(file(name)) << text;
    }
    [[nodiscard]] std::string text(const std::string& name) const {
        std::ifstream in(file(name));
        return {std::istreambuf_iterator<char>(in), {}};
    }
    [[nodiscard]] std::size_t files() const {
        return static_cast<std::size_t>(
            std::distance(fs::directory_iterator(directory), fs::directory_iterator()));
    }
};

TEST_F(Journal, GivesBackWhatWasPut) {
    UndoEntry plain;
    plain.cage = "mcp-reaper-git-9-1";
    plain.server = {9, Ticks(1)};
    ASSERT_TRUE(journal->put(entry_of()));
    ASSERT_TRUE(journal->put(plain));
    // By another process's journal, as after a crash.
    const auto contents = UndoJournal::open(directory)->read();
    ASSERT_TRUE(contents);
    EXPECT_TRUE(contents->unreadable.empty());
    EXPECT_EQ(contents->entries, (std::vector<UndoEntry>{plain, entry_of()}));
}

TEST_F(Journal, PuttingAgainTakesTheEntrysPlace) {
    UndoEntry entry = entry_of();
    ASSERT_TRUE(journal->put(entry));
    entry.frozen = false;
    ASSERT_TRUE(journal->put(entry));
    EXPECT_EQ(journal->read()->entries, std::vector<UndoEntry>{entry});
    EXPECT_EQ(files(), 1U);
}

TEST_F(Journal, RemovingTakesItOutAndMayBeRepeated) {
    ASSERT_TRUE(journal->put(entry_of()));
    EXPECT_TRUE(journal->remove(kCage));
    EXPECT_TRUE(journal->remove(kCage));
    EXPECT_TRUE(journal->read()->entries.empty());
    EXPECT_EQ(files(), 0U);
}

TEST_F(Journal, IsForItsOwnerOnly) {
    ASSERT_TRUE(journal->put(entry_of()));
    EXPECT_EQ(fs::status(directory).permissions(), fs::perms::owner_all);
    EXPECT_EQ(fs::status(file(std::string(kCage) + ".json")).permissions(),
              fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(Journal, RefusesADirectoryThatOthersMayWrite) {
    fs::permissions(directory, fs::perms::others_write, fs::perm_options::add);
    EXPECT_FALSE(UndoJournal::open(directory));
    EXPECT_FALSE(journal->put(entry_of()));
    EXPECT_FALSE(journal->read());
    EXPECT_FALSE(journal->remove(kCage));
    EXPECT_EQ(files(), 0U);
}

TEST_F(Journal, RefusesALinkAndAFile) {
    fs::create_directory_symlink(directory, temporary.path("link"));
    EXPECT_FALSE(UndoJournal::open(temporary.path("link")));
    std::ofstream(temporary.path("file")) << "x";
    EXPECT_FALSE(UndoJournal::open(temporary.path("file")));
    EXPECT_FALSE(UndoJournal::open(temporary.path("no/parent")));
}

TEST_F(Journal, RefusesAnotherUsersDirectory) {
    if (!test::is_root()) GTEST_SKIP() << "only root can give a directory away";
    ASSERT_EQ(::chown(directory.c_str(), test::kNobody, test::kNobody), 0);
    const auto opened = UndoJournal::open(directory);
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().reason.find("65534"), std::string::npos);
}

TEST_F(Journal, TakesNoNameThatIsNoCages) {
    for (const char* name : {"../x-1-1", "x", "mcp-reaper-a/b-1-1", "mcp-reaper-a-1-01", "",
                             "mcp-reaper-playwright-4711-79232"}) {
        EXPECT_FALSE(journal->put(entry_of(name))) << name;
    }
    EXPECT_FALSE(journal->remove("../../etc/passwd"));
    EXPECT_EQ(files(), 0U);
}

TEST_F(Journal, ReportsWhatItCannotReadAndReadsTheRest) {
    ASSERT_TRUE(journal->put(entry_of()));
    const std::string good = text(std::string(kCage) + ".json");
    write("mcp-reaper-a-1-1.json", "");
    write("mcp-reaper-a-1-2.json", good.substr(0, good.size() / 2));
    write("mcp-reaper-a-1-3.json", good);  // Another server's.
    write("mcp-reaper-a-1-4.json", std::string(100'000, '['));
    write("mcp-reaper-a-1-5.json", "[]");
    fs::create_symlink("/etc/passwd", file("mcp-reaper-a-1-6.json"));
    ASSERT_EQ(::mkfifo(file("mcp-reaper-a-1-7.json").c_str(), 0600), 0);
    const auto contents = journal->read();
    ASSERT_TRUE(contents);
    EXPECT_EQ(contents->entries, std::vector<UndoEntry>{entry_of()});
    ASSERT_EQ(contents->unreadable.size(), 7U);
    EXPECT_EQ(contents->unreadable[0], file("mcp-reaper-a-1-1.json") + ": it is damaged");
}

TEST_F(Journal, EveryFieldMustBeThereAndOfItsKind) {
    ASSERT_TRUE(journal->put(entry_of()));
    const std::string name = std::string(kCage) + ".json";
    const std::string good = text(name);
    for (const char* field : {"version", "cage", "server", "type", "uid", "frozen", "limits", "origin",
                              "rules", "holder", "state", "since", "cpu_percent", "memory_max"}) {
        std::string damaged = good;
        const std::string key = '"' + std::string(field) + "\": ";
        damaged.replace(damaged.find(key), key.size(), key + "null, \"was\": ");
        write(name, damaged);
        EXPECT_EQ(journal->read()->entries.size(), 0U) << field;
        EXPECT_EQ(journal->read()->unreadable.size(), 1U) << field;
    }
}

TEST_F(Journal, LooksAtNothingElseInItsDirectory) {
    write("history.db", "x");
    write("x.json", "x");
    write("mcp-reaper-a-1-1.json.bak", "x");
    const auto contents = journal->read();
    EXPECT_TRUE(contents->entries.empty());
    EXPECT_TRUE(contents->unreadable.empty());
    EXPECT_EQ(files(), 3U);
}

TEST_F(Journal, OpeningClearsAwayWhatAKilledWriterLeft) {
    const std::string alive = "." + std::string(kCage) + "." + std::to_string(::getpid()) + ".tmp";
    write("." + std::string(kCage) + ".99999999.tmp", "{");  // Beyond any pid.
    write(alive, "{");
    ASSERT_TRUE(UndoJournal::open(directory));
    EXPECT_EQ(files(), 1U);
    EXPECT_TRUE(fs::exists(file(alive)));
}

TEST_F(Journal, AFailedWriteLeavesTheOldEntryAndNoHalfFile) {
    UndoEntry entry = entry_of();
    ASSERT_TRUE(journal->put(entry));
    EXPECT_EQ(run_in_child([&]() -> std::string {
                  ::signal(SIGXFSZ, SIG_IGN);
                  const rlimit limit{.rlim_cur = 100, .rlim_max = 100};
                  ::setrlimit(RLIMIT_FSIZE, &limit);
                  UndoEntry other = entry;
                  other.frozen = false;
                  const auto put = journal->put(other);
                  return put ? "written" : std::to_string(put.error().errno_code);
              }),
              std::to_string(EFBIG));
    EXPECT_EQ(journal->read()->entries, std::vector<UndoEntry>{entry});
    EXPECT_EQ(files(), 1U);
}

TEST_F(Journal, AFullDiskIsAnErrorAndLeavesNothingBehind) {
    if (!test::is_root()) GTEST_SKIP() << "only root can mount a small file system";
    EXPECT_EQ(run_in_child([&]() -> std::string {
                  if (::unshare(CLONE_NEWNS) != 0 ||
                      ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
                      ::mount("none", directory.c_str(), "tmpfs", 0, "size=8k,mode=0700") != 0) {
                      return "no small file system";
                  }
                  std::ofstream(file("filler")) << std::string(8192, 'x');
                  const auto put = journal->put(entry_of());
                  return (put ? "written" : std::to_string(put.error().errno_code)) + ' ' +
                         std::to_string(files());
              }),
              std::to_string(ENOSPC) + " 1");
}

}  // namespace
}  // namespace reaper::enforce
