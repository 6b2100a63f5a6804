// mcp-reaper wrap, unwrap and restore, on configurations as clients have them (tests/data/clients).
#include <fcntl.h>
#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/program.h"
#include "support/child.h"

namespace reaper::cli_test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::array kFixtures = {"claude-project.mcp.json", "claude-user.claude.json", "cursor.mcp.json",
                              "vscode.mcp.json"};
constexpr uid_t kSomebody = 54'321;

std::string fixture(const std::string& name) {
    return contents(std::string(REAPER_SOURCE_DIR) + "/tests/data/clients/" + name);
}

class Wrap : public testing::Test {
  protected:
    [[nodiscard]] Call call(std::vector<std::string> arguments) const {
        Call call;
        call.arguments = std::move(arguments);
        call.environment = {{"STATE_DIRECTORY", directory_.file("state")},
                            {"HOME", directory_.file("home")}};
        return call;
    }
    [[nodiscard]] Outcome run_on(const std::string& command,
                                 const std::vector<std::string>& more) const {
        std::vector<std::string> arguments = {command};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return run(call(arguments));
    }
    [[nodiscard]] std::vector<fs::path> backups() const {
        std::vector<fs::path> files;
        std::error_code none;
        for (const auto& entry : fs::directory_iterator(directory_.file("state/backups"), none))
            files.push_back(entry.path());
        return files;
    }

    TemporaryDirectory directory_;
};

TEST_F(Wrap, AndUnwrapLeaveEveryKindOfFileAsItWas) {
    for (const char* const name : kFixtures) {
        SCOPED_TRACE(name);
        const std::string text = fixture(name);
        ASSERT_FALSE(text.empty());
        const std::string path = directory_.with(name, text);
        const Outcome wrapped = run_on("wrap", {"--yes", path});
        EXPECT_EQ(wrapped.code, 0) << wrapped.err;
        EXPECT_THAT(wrapped.out, HasSubstr("servers wrapped; as it was: backup 1"));
        const std::string guarded = contents(path);
        EXPECT_NE(guarded, text);
        const Outcome again = run_on("wrap", {"--yes", path});
        EXPECT_EQ(again.code, 0);
        EXPECT_THAT(again.out, HasSubstr("there is nothing to wrap"));
        EXPECT_EQ(contents(path), guarded);
        EXPECT_EQ(run_on("unwrap", {"--yes", path}).code, 0);
        EXPECT_EQ(contents(path), text);
        EXPECT_EQ(run_on("restore", {"--yes", path}).code, 0);
        EXPECT_EQ(contents(path), guarded);
        EXPECT_EQ(run_on("restore", {"--yes", "--backup", "1", path}).code, 0);
        EXPECT_EQ(contents(path), text);
    }
    EXPECT_EQ(backups().size(), 4 * kFixtures.size());
}

TEST_F(Wrap, WritesWhatAClientRuns) {
    const std::string path = directory_.with("mcp.json", fixture("claude-user.claude.json"));
    ASSERT_EQ(run_on("wrap", {"--yes", "--type", "vcs", "--server", "github", path}).code, 0);
    const std::string text = contents(path);
    // The half of a surrogate pair in its history is more than this reader takes.
    const auto json = nlohmann::json::parse(text.substr(0, text.find("\\ud83d\"")) +
                                            text.substr(text.find("\\ud83d\"") + 6));
    EXPECT_EQ(json["mcpServers"]["github"]["command"], REAPER_PROGRAM) << "PATH has none";
    const std::vector<std::string> words = json["mcpServers"]["github"]["args"];
    EXPECT_THAT(
        std::vector(words.begin(), words.begin() + 9),
        testing::ElementsAre("run", "--name", "github", "--type", "vcs", "--", "docker", "run", "-i"));
    EXPECT_EQ(json["projects"]["/home/ada/src/engine"]["mcpServers"]["notes"]["command"],
              "/home/ada/.local/bin/notes-mcp");
}

TEST_F(Wrap, NamesTheProgramAsPathFindsIt) {
    const std::string path = directory_.with("mcp.json", fixture("cursor.mcp.json"));
    fs::create_directory(directory_.file("bin"));
    fs::create_symlink(REAPER_PROGRAM, directory_.file("bin/mcp-reaper"));
    Call found = call({"wrap", "--dry-run", path});
    found.environment["PATH"] = "/nowhere:" + directory_.file("bin");
    EXPECT_THAT(run(found).out, HasSubstr("\"command\": \"mcp-reaper\""));
    EXPECT_THAT(run_on("wrap", {"--dry-run", "--guard-command", "/opt/guard", path}).out,
                HasSubstr("\"command\": \"/opt/guard\""));
}

TEST_F(Wrap, ShowsTheChangeWithoutSecrets) {
    for (const char* const name : kFixtures) {
        const std::string path = directory_.with(name, fixture(name));
        const Outcome shown = run_on("wrap", {"--dry-run", path});
        EXPECT_EQ(shown.code, 0);
        EXPECT_THAT(shown.out, HasSubstr("\"run\", \"--name\""));
        for (const char* const secret : {"ghp_16C7", "ntn_4Rf", "ctx7sk-1c6f"}) {
            EXPECT_THAT(shown.out, Not(HasSubstr(secret)));
        }
        EXPECT_EQ(contents(path), fixture(name)) << "a dry run";
    }
    EXPECT_THAT(backups(), IsEmpty());
}

TEST_F(Wrap, ChangesNoneWhereOneCannotBeRead) {
    const std::string good = directory_.with("good.json", fixture("cursor.mcp.json"));
    const std::string bad = directory_.with("bad.json", "{\n  \"mcpServers\": {\n    \"a\" 1\n}}");
    const Outcome outcome = run_on("wrap", {"--yes", good, bad, directory_.file("none.json")});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.err, HasSubstr("bad.json:3:9: a ':' is missing"));
    EXPECT_THAT(outcome.err, HasSubstr("none.json: No such file"));
    EXPECT_EQ(contents(good), fixture("cursor.mcp.json"));
    EXPECT_EQ(run_on("wrap", {"--yes", "--server", "nobody", good}).code, 1);
}

TEST_F(Wrap, IsRefusedWhereNobodyCanBeAsked) {
    const std::string path = directory_.with("mcp.json", fixture("cursor.mcp.json"));
    for (const char* const command : {"wrap", "unwrap", "restore"}) {
        const Outcome outcome = run_on(command, {path});
        EXPECT_EQ(outcome.code, 2);
        EXPECT_THAT(outcome.err, HasSubstr("--yes"));
    }
    EXPECT_EQ(run_on("wrap", {}).code, 2);
    EXPECT_EQ(run_on("wrap", {"--yes", "--dry-run", path}).code, 2);
    EXPECT_EQ(run_on("wrap", {"--discover", path}).code, 2);
    EXPECT_EQ(run_on("restore", {"--backup", "x", "--yes", path}).code, 2);
    EXPECT_EQ(contents(path), fixture("cursor.mcp.json"));
}

/// What a person at a terminal does: `then` when the question has come, and the answer.
Outcome answered(Call call, const std::string& answer, const std::function<void()>& then) {
    int master = -1;
    int slave = -1;
    if (::openpty(&master, &slave, nullptr, nullptr, nullptr) != 0) std::abort();
    ::fcntl(master, F_SETFD, FD_CLOEXEC);
    std::string asked;
    std::thread person([&] {
        pollfd waiting{master, POLLIN, 0};
        while (asked.find("[y/N]") == std::string::npos && ::poll(&waiting, 1, 20'000) > 0) {
            std::array<char, 256> piece{};
            const ssize_t length = ::read(master, piece.data(), piece.size());
            if (length <= 0) break;
            asked.append(piece.data(), static_cast<std::size_t>(length));
        }
        then();
        EXPECT_EQ(::write(master, answer.data(), answer.size()), static_cast<ssize_t>(answer.size()));
    });
    call.in_child = [&] {
        if (::dup2(slave, STDIN_FILENO) < 0 || ::dup2(slave, STDERR_FILENO) < 0) ::_exit(99);
    };
    Outcome outcome = run(call);
    person.join();
    ::close(slave);
    pollfd waiting{master, POLLIN, 0};
    std::array<char, 4096> rest{};
    while (::poll(&waiting, 1, 0) > 0 && (waiting.revents & POLLIN) != 0) {
        const ssize_t length = ::read(master, rest.data(), rest.size());
        if (length <= 0) break;
        asked.append(rest.data(), static_cast<std::size_t>(length));
    }
    ::close(master);
    outcome.err = asked;
    return outcome;
}

TEST_F(Wrap, AsksAndDoesAsItIsTold) {
    const std::string path = directory_.with("mcp.json", fixture("cursor.mcp.json"));
    const Outcome no = answered(call({"wrap", path}), "n\n", [] {});
    EXPECT_EQ(no.code, 1);
    EXPECT_THAT(no.err, HasSubstr("Write 1 file? [y/N]"));
    EXPECT_EQ(contents(path), fixture("cursor.mcp.json"));
    EXPECT_EQ(answered(call({"wrap", path}), "y\n", [] {}).code, 0);
    EXPECT_NE(contents(path), fixture("cursor.mcp.json"));
}

TEST_F(Wrap, RefusesWhatIsEditedWhileItAsks) {
    const std::string path = directory_.with("mcp.json", fixture("cursor.mcp.json"));
    const std::string edited = R"({"mcpServers": {"new": {"command": "x"}}})";
    const Outcome outcome =
        answered(call({"wrap", path}), "y\n", [&] { std::ofstream(path) << edited; });
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.err, HasSubstr("changed since it was read"));
    EXPECT_EQ(contents(path), edited);
    EXPECT_THAT(backups(), IsEmpty());
}

TEST_F(Wrap, KeepsLinksModeAndOwner) {
    const std::string path = directory_.with("real.json", fixture("vscode.mcp.json"));
    const std::string link = directory_.file("link.json");
    fs::create_symlink("real.json", link);
    fs::permissions(path, fs::perms(0664));
    EXPECT_EQ(run_on("wrap", {"--yes", link, path}).code, 0) << "twice the same file";
    EXPECT_TRUE(fs::is_symlink(link));
    EXPECT_EQ(fs::status(path).permissions(), fs::perms(0664));
    EXPECT_EQ(run_on("restore", {"--yes", path}).code, 0) << "by any name";
    EXPECT_EQ(contents(path), fixture("vscode.mcp.json"));
}

TEST_F(Wrap, LeavesTheFileWhereItsDirectoryMayNotBeWritten) {
    if (!test::is_root()) GTEST_SKIP() << "takes root, to become somebody else";
    fs::create_directory(directory_.file("theirs"));
    const std::string path = directory_.with("theirs/mcp.json", fixture("cursor.mcp.json"));
    fs::permissions(directory_.file(""), fs::perms(0755));
    for (const std::string& one : {directory_.file("theirs"), path}) {
        ASSERT_EQ(::chown(one.c_str(), kSomebody, kSomebody), 0);
    }
    fs::permissions(directory_.file("theirs"), fs::perms(0555));
    Call other = call({"wrap", "--yes", path});
    other.in_child = [] {
        if (::setgroups(0, nullptr) != 0 || ::setgid(kSomebody) != 0 || ::setuid(kSomebody) != 0)
            ::_exit(99);
    };
    const Outcome outcome = run(other);
    if (outcome.code == 127) GTEST_SKIP() << "others may not run the program where it was built";
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.err, HasSubstr("Permission denied"));
    EXPECT_EQ(contents(path), fixture("cursor.mcp.json"));
}

/// The texts of all files in a directory.
std::string all_of(const std::string& directory) {
    std::string all;
    for (const auto& entry : fs::directory_iterator(directory))
        all += entry.path().filename().string() + ':' + contents(entry.path());
    return all;
}

TEST_F(Wrap, LeavesTheFileWhereTheDiskIsFull) {
    if (!test::is_root()) GTEST_SKIP() << "takes root, to mount a file system of its own";
    fs::create_directory(directory_.file("disk"));
    const std::string said = test::run_in_child([&]() -> std::string {
        if (::unshare(CLONE_NEWNS) != 0 ||
            ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
            ::mount("none", directory_.file("disk").c_str(), "tmpfs", 0, "size=64k") != 0) {
            return "cannot mount";
        }
        const std::string path = directory_.with("disk/mcp.json", fixture("claude-user.claude.json"));
        // What is left is not enough for another one.
        const int filler = ::open(directory_.file("disk/filler").c_str(), O_WRONLY | O_CREAT, 0600);
        const std::string page(4096, 'x');
        while (::write(filler, page.data(), page.size()) > 0) {
        }
        ::close(filler);
        const Outcome outcome = run_on("wrap", {"--yes", path});
        fs::remove(directory_.file("disk/filler"));
        return std::to_string(outcome.code) + outcome.err + all_of(directory_.file("disk"));
    });
    if (said == "cannot mount") GTEST_SKIP() << said;
    EXPECT_EQ(said, "1mcp-reaper: cannot write " + directory_.file("disk/mcp.json") +
                        ": No space left on device\nmcp.json:" + fixture("claude-user.claude.json"));
}

TEST_F(Wrap, WritesNothingWhereNoBackupCanBeKept) {
    const std::string path = directory_.with("mcp.json", fixture("cursor.mcp.json"));
    static_cast<void>(directory_.with("state", "no directory"));
    EXPECT_EQ(run_on("wrap", {"--yes", path}).code, 1);
    EXPECT_EQ(contents(path), fixture("cursor.mcp.json"));
}

TEST_F(Wrap, DiscoversTheFilesOfEveryClient) {
    fs::create_directories(directory_.file("home/.cursor"));
    fs::create_directories(directory_.file("home/src/.vscode"));
    static_cast<void>(directory_.with("home/.claude.json", fixture("claude-user.claude.json")));
    static_cast<void>(directory_.with("home/.cursor/mcp.json", "{"));
    const std::string vscode = directory_.with("home/src/.vscode/mcp.json", fixture("vscode.mcp.json"));
    ASSERT_EQ(run_on("wrap", {"--yes", "--server", "git", vscode}).code, 0);
    Call found = call({"wrap", "--discover"});
    const std::string directory = directory_.file("home/src");
    found.in_child = [&] {
        if (::chdir(directory.c_str()) != 0) ::_exit(99);
    };
    const Outcome outcome = run(found);
    EXPECT_EQ(outcome.code, 1) << "one is broken";
    EXPECT_THAT(outcome.out, HasSubstr(".claude.json: 0 wrapped, 3 not wrapped, 1 remote\n"));
    EXPECT_THAT(outcome.out, HasSubstr(".cursor/mcp.json: line 1:2: a '}' is missing\n"));
    EXPECT_THAT(outcome.out, HasSubstr(".vscode/mcp.json: 1 wrapped, 2 not wrapped, 1 remote\n"));

    found.arguments = {"doctor"};
    found.environment["RUNTIME_DIRECTORY"] = directory_.file("run");
    EXPECT_THAT(run(found).out, HasSubstr("VS Code"));
}

TEST_F(Wrap, ListsBackupsAndRefusesWhatOthersHaveWrittenSince) {
    const std::string path = directory_.with("mcp.json", fixture("cursor.mcp.json"));
    EXPECT_THAT(run_on("restore", {"--list", path}).out, HasSubstr("There is no backup of"));
    ASSERT_EQ(run_on("wrap", {"--yes", path}).code, 0);
    ASSERT_EQ(run_on("unwrap", {"--yes", path}).code, 0);
    const Outcome list = run_on("restore", {"--list", path});
    EXPECT_EQ(lines(list.out).size(), 3U) << list.out;
    EXPECT_THAT(list.out, HasSubstr("before unwrap"));
    static_cast<void>(directory_.with("mcp.json", "{}"));
    const Outcome refused = run_on("restore", {"--yes", path});
    EXPECT_EQ(refused.code, 1);
    EXPECT_THAT(refused.err, HasSubstr("--force"));
    EXPECT_EQ(contents(path), "{}");
    EXPECT_EQ(run_on("restore", {"--yes", "--force", "--backup", "1", path}).code, 0);
    EXPECT_EQ(contents(path), fixture("cursor.mcp.json"));
}

}  // namespace
}  // namespace reaper::cli_test
