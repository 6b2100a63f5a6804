// Real servers, asked by real clients with and without a guard: they tell the same of themselves and
// give the same results, and what passes before the guard and behind it is the same, byte for byte.
#include <gtest/gtest.h>

#include "asked_servers.h"
#include "npm_test.h"
#include "recording.h"
#include "scratch.h"

namespace reaper::integration {
namespace {

/// At a time, on two cores.
constexpr int kAtATime = 4;

struct Client {
    const char* name;
    std::vector<std::string> argv;
    std::vector<Launch> (*launches)();
};

void PrintTo(const Client& client, std::ostream* out) {
    *out << client.name;
}

json to_ask(const std::string& name, const AskedServer& server, const std::vector<std::string>& argv) {
    json result = {{"name", name}, {"command", argv.at(0)}, {"calls", server.calls}};
    result["args"] = std::vector<std::string>(argv.begin() + 1, argv.end());
    result["env"] = npm_start_options().environment;
    for (const auto& [key, value] : server.launch.environment) result["env"][key] = value;
    return result;
}

/// What that client was told, by the name of the server.
json survey(const Client& client, const json& servers) {
    std::vector<std::string> argv = client.argv;
    argv.push_back(json{{"parallel", kAtATime}, {"servers", servers}}.dump());
    Program program(argv, npm_start_options());
    const std::string told = program.read_all(400s);
    return json::parse(told, nullptr, false);
}

/// Nothing that both runs lack would be missed.
void expect_whole(const json& told) {
    ASSERT_TRUE(told.contains("serverInfo")) << told.dump().substr(0, 500);
    EXPECT_FALSE(told.at("lists").at("tools").empty());
    EXPECT_FALSE(told.at("calls").empty());
}

class SameServers : public NpmTest, public ::testing::WithParamInterface<Client> {};

TEST_P(SameServers, WithAndWithoutAGuard) {
    const Scratch scratch;
    const std::string folder = scratch.path().string();
    json servers = json::array();
    std::vector<AskedServer> asked = asked_servers(GetParam().launches(), folder);
    ASSERT_GE(asked.size(), chromium().empty() ? 14U : 15U);
    for (AskedServer& server : asked) {
        const std::string& type = server.launch.type;
        const std::string file = folder + '/' + type;
        servers.push_back(to_ask(type + " direct", server, server.launch.argv));
        if (type == "memory") server.launch.environment["MEMORY_FILE_PATH"] += " guarded";
        servers.push_back(
            to_ask(type + " guarded", server,
                   tapped(file + ".outer", guarded(tapped(file + ".inner", server.launch.argv)))));
    }
    const json told = survey(GetParam(), servers);
    ASSERT_TRUE(told.is_object());
    for (const AskedServer& server : asked) {
        const std::string& type = server.launch.type;
        SCOPED_TRACE(type);
        expect_whole(told.at(type + " direct"));
        EXPECT_EQ(difference_of_json(told.at(type + " direct"), told.at(type + " guarded")), "");
        EXPECT_EQ(difference_of_bytes(folder + '/' + type + ".outer", folder + '/' + type + ".inner"),
                  "");
    }
}

/// In place of the guard something that changes one letter of what the server says.
TEST_P(SameServers, AreNotWhereOneByteIsChanged) {
    const Scratch scratch;
    const std::string folder = scratch.path().string();
    AskedServer server = asked_servers(GetParam().launches(), folder).front();
    ASSERT_EQ(server.launch.type, "memory");
    std::vector<std::string> changed = {"sh", "-c", "\"$@\" | sed -u s/Zoë/Zoe/", "sh"};
    for (const std::string& word : tapped(folder + "/inner", server.launch.argv))
        changed.push_back(word);
    const json direct = to_ask("direct", server, server.launch.argv);
    server.launch.environment["MEMORY_FILE_PATH"] += " changed";
    const json told =
        survey(GetParam(), {direct, to_ask("changed", server, tapped(folder + "/outer", changed))});
    expect_whole(told.at("direct"));
    expect_whole(told.at("changed"));
    EXPECT_NE(difference_of_json(told.at("direct"), told.at("changed")), "");
    const std::string difference = difference_of_bytes(folder + "/outer", folder + "/inner");
    EXPECT_TRUE(difference.starts_with("from-server: message ")) << difference;
}

INSTANTIATE_TEST_SUITE_P(
    Npm, SameServers,
    ::testing::Values(
        Client{"Sdk", {"node", in_npm_sources("survey.mjs")}, launches_by_npx},
        Client{"Python", {python_client().front(), in_npm_sources("survey.py")}, launches_by_node}),
    [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace reaper::integration
