// What doctor says of configurations, and where they are looked for.
#include "clients/inspection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "clients/misspelling.h"
#include "clients/program_search.h"
#include "clients/variables.h"
#include "policy/loader.h"
#include "support/child.h"

namespace reaper::clients {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const classify::Classifier& classifier() {
    static const policy::LoadResult policy = policy::default_policy();
    return policy->classifier;
}

class Inspected : public testing::Test {
  protected:
    Inspected() {
        fs::create_directory(directory_.path("bin"));
        for (const char* const name : {"bin/npx", "bin/uvx", "bin/mcp-reaper"}) {
            std::ofstream(directory_.path(name)) << "#!/bin/sh\n";
            fs::permissions(directory_.path(name), fs::perms(0755));
        }
    }
    [[nodiscard]] std::vector<report::CheckPoint> points(const std::string& text,
                                                         Client client = Client::claude_code) const {
        const std::string path = directory_.path("mcp.json");
        std::ofstream(path) << text;
        const auto environment = [&](const std::string& name) -> std::optional<std::string> {
            if (name == "PATH") return directory_.path("bin");
            if (name == "SET") return "1";
            return std::nullopt;
        };
        return inspect({{client, path}}, {&classifier(), environment, {}});
    }
    /// What is wrong, each as "finding; remedy" without the file's path.
    [[nodiscard]] std::vector<std::string> troubles(const std::string& text,
                                                    Client client = Client::claude_code) const {
        std::vector<std::string> found;
        for (const report::CheckPoint& point : points(text, client)) {
            if (point.standing == report::Standing::ok) continue;
            const std::string path = directory_.path("mcp.json");
            EXPECT_TRUE(point.finding.find(path) != std::string::npos) << point.finding;
            found.push_back(point.finding.substr(point.finding.find(path) + path.size()) + "; " +
                            point.remedy);
        }
        return found;
    }

    test::TemporaryDirectory directory_;
};

TEST_F(Inspected, HasNothingWrong) {
    const auto all = points(R"({"mcpServers": {
      "a": {"command": "npx", "args": ["-y", "@playwright/mcp@0.0.41", "${SET}", "${NOT:-default}", "$NOT"]},
      "b": {"command": "mcp-reaper", "args": ["run", "--name", "b", "--", "uvx", "mcp-server-git"]},
      "c": {"url": "https://x"}, "d": {"command": "./bin/own"}, "e": {"command": "${ROOT:-/x}/y"}}})");
    ASSERT_EQ(all.size(), 1U) << all[1].finding;
    EXPECT_EQ(all[0].name, "Claude Code");
    EXPECT_THAT(all[0].finding, HasSubstr("5 servers, 1 wrapped; takes the newest version of b"));
}

TEST_F(Inspected, CommandIsNotFound) {
    EXPECT_THAT(
        troubles(R"({"mcpServers": {"a": {"command": "npxx"}, "b": {"command": "docker"},
      "c": {"command": "/no/such"}, "d": {"command": "mcp-reaper", "args": ["run", "--", "uxv"]}}})"),
        ElementsAre(": server 'a': command 'npxx' is not found; did you mean 'npx'?",
                    ": server 'b': command 'docker' is not found; install it, or write its path",
                    ": server 'c': command '/no/such' is not found; install it, or write its path",
                    ": server 'd': command 'uxv' is not found; did you mean 'uvx'?"));
    EXPECT_THAT(troubles(R"({"mcpServers": {"a": {"command": "npx", "env": {"PATH": "/nowhere"}}}})"),
                ElementsAre(HasSubstr("command 'npx' is not found")));
}

TEST_F(Inspected, PackageIsMisspelt) {
    EXPECT_THAT(troubles(R"({"servers": {
      "a": {"command": "npx", "args": ["-y", "@modelcontextprotocl/server-filesystem@1.2"]},
      "b": {"command": "mcp-reaper", "args": ["run", "--", "npx", "@playwrigth/mcp"]},
      "c": {"command": "npx", "args": ["-y", "@acme/something-mcp"]}}})",
                         Client::vscode),
                ElementsAre(HasSubstr("did you mean '@modelcontextprotocol/server-filesystem'?"),
                            HasSubstr("did you mean '@playwright/mcp'?")));
}

TEST_F(Inspected, VariableIsNotSet) {
    EXPECT_THAT(troubles(R"({"mcpServers": {"a": {"command": "npx", "args": ["${ONE}", "${env:TWO}"],
      "env": {"X": "a${THREE}b${ONE}"}}, "b": {"url": "${FOUR}", "headers": {"A": "Bearer ${SET}"}}}})"),
                ElementsAre(HasSubstr("'a': variable ONE"), HasSubstr("'a': variable THREE"),
                            HasSubstr("'b': variable FOUR")));
    EXPECT_THAT(troubles(R"({"servers": {"a": {"command": "npx",
      "args": ["${ONE}", "${env:TWO}", "${workspaceFolder}", "${input:x}", "${env:SET}"]}}})",
                         Client::vscode),
                ElementsAre(HasSubstr("variable TWO")));
}

TEST_F(Inspected, TwoServersHaveOneName) {
    EXPECT_THAT(troubles(R"({"mcpServers": {"a": {"command": "npx"}, "\u0061": {"command": "uvx"}},
      "projects": {"/p": {"mcpServers": {"a": {"command": "npx"}}}}})"),
                ElementsAre(HasSubstr("another one before it has this name")));
}

TEST_F(Inspected, TwoFilesOfAClientThatReadsBothHaveOneName) {
    const std::string user = directory_.path("user.json"), project = directory_.path("project.json");
    std::ofstream(user) << R"({"mcpServers": {"same": {"url": "https://x"}, "a": {"url": "https://x"}},
      "projects": {"/elsewhere": {"mcpServers": {"b": {"url": "https://x"}}}}})";
    std::ofstream(project)
        << R"({"mcpServers": {"same": {"url": "https://y"}, "b": {"url": "https://y"}}})";
    const auto findings = [&](Client first, Client second) {
        const auto nothing = [](const std::string&) { return std::nullopt; };
        std::vector<std::string> found;
        for (const report::CheckPoint& point :
             inspect({{first, user}, {second, project, true}}, {nullptr, nothing, {}})) {
            if (point.standing != report::Standing::ok) found.push_back(point.finding);
        }
        return found;
    };
    EXPECT_THAT(findings(Client::claude_code, Client::claude_code),
                ElementsAre("server 'same' is in two files: " + user + " and " + project));
    EXPECT_THAT(findings(Client::claude_code, Client::cursor), IsEmpty());
    EXPECT_THAT(findings(Client::vscode, Client::vscode), IsEmpty()) << "profiles";
}

TEST_F(Inspected, FileIsBroken) {
    EXPECT_THAT(troubles("{\n  \"mcpServers\": {]\n}"), ElementsAre(HasSubstr(":2:18: ")));
    EXPECT_THAT(troubles(R"({"mcpServers": {"a": {"command": 1}, "b": 2}})"),
                ElementsAre(HasSubstr("'a': its command is not a string"),
                            HasSubstr("'b': it is not an object")));
    EXPECT_THAT(inspect({{Client::cursor, directory_.path("none")}}, {}).at(0).finding,
                HasSubstr("No such file"));
}

TEST_F(Inspected, SecretsAreNotShown) {
    for (const report::CheckPoint& point : points(R"({"mcpServers": {
      "a": {"command": "/x/--token=hunter2"}, "ghp_16C7e42F292c6912E7710c838347Ae178B4a": {"command": "no"}}})")) {
        EXPECT_EQ(point.finding.find("hunter2"), std::string::npos) << point.finding;
        EXPECT_EQ(point.finding.find("ghp_"), std::string::npos) << point.finding;
    }
}

TEST(Misspelling, IsOnlyWhatIsNearToAKnownPackage) {
    const auto meant = [](const char* package) {
        return meant_package(classifier(), package).value_or("");
    };
    EXPECT_EQ(meant("@playwrite/mcp"), "@playwright/mcp");
    EXPECT_EQ(meant("mcp-server-fliesystem"), "mcp-server-filesystem");
    for (const char* const package :
         {"@playwright/mcp", "mcp-server-git", "mcp-server-gis", "@acme/rocket-mcp", "mcp-server-file",
          "create-react-app", "server", "", "@motherduck/mcp-server-motherduck"}) {
        EXPECT_EQ(meant(package), "") << package;
    }
}

TEST(KnownFiles, AreFoundBelowHomeAndAllTheWayUp) {
    const test::TemporaryDirectory top;
    Surroundings here;
    here.home = top.path("home");
    here.config_home = top.path("home/.config");
    here.claude_config = top.path("claude");
    here.directory = top.path("home/src/engine/lib");
    const auto make = [&](const std::string& name) {
        fs::create_directories(fs::path(top.path(name)).parent_path());
        std::ofstream(top.path(name)) << "{}";
    };
    EXPECT_THAT(known_files(here), IsEmpty());
    for (const char* const name :
         {"home/.claude.json", "claude/.claude.json", "home/src/engine/.mcp.json",
          "home/.cursor/mcp.json", "home/src/.cursor/mcp.json", "home/src/engine/lib/.vscode/mcp.json",
          "home/.config/Code/User/mcp.json", "home/.config/Code/User/profiles/1a/mcp.json",
          "home/src/other/.mcp.json", "home/src/engine/mcp.json"}) {
        make(name);
    }
    // Another name of one that is there already.
    fs::create_directory(top.path("home/src/engine/.cursor"));
    fs::create_symlink(top.path("home/.cursor/mcp.json"), top.path("home/src/engine/.cursor/mcp.json"));
    std::vector<std::string> found;
    for (const FoundFile& file : known_files(here)) {
        found.push_back(std::string(to_string(file.client)) + ' ' +
                        file.path.substr(top.path().size() + 1));
    }
    EXPECT_THAT(
        found, ElementsAre("Claude Code home/.claude.json", "Claude Code claude/.claude.json",
                           "Claude Code home/src/engine/.mcp.json", "Cursor home/.cursor/mcp.json",
                           "Cursor home/src/.cursor/mcp.json", "VS Code home/.config/Code/User/mcp.json",
                           "VS Code home/.config/Code/User/profiles/1a/mcp.json",
                           "VS Code home/src/engine/lib/.vscode/mcp.json"));
}

}  // namespace
}  // namespace reaper::clients
