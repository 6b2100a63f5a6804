// One long conversation with all kinds of messages, of a client on the official SDK with the two
// everything servers and one for the rest: the same with and without a guard.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>

#include "asked_servers.h"
#include "npm_test.h"
#include "recording.h"
#include "scratch.h"

namespace reaper::integration {
namespace {

using ::testing::IsSubsetOf;

/// All that the protocol's revision 2025-11-25 knows: "from-client ping" is what the client sends.
const std::set<std::string> kKinds = {
    "from-client error",
    "from-client initialize",
    "from-client result",
    "from-client ping",
    "from-client completion/complete",
    "from-client logging/setLevel",
    "from-client prompts/get",
    "from-client prompts/list",
    "from-client resources/list",
    "from-client resources/read",
    "from-client resources/subscribe",
    "from-client resources/templates/list",
    "from-client resources/unsubscribe",
    "from-client tasks/cancel",
    "from-client tasks/get",
    "from-client tasks/list",
    "from-client tasks/result",
    "from-client tools/call",
    "from-client tools/list",
    "from-client notifications/cancelled",
    "from-client notifications/initialized",
    "from-client notifications/progress",
    "from-client notifications/roots/list_changed",
    "from-client notifications/tasks/status",
    "from-server error",
    "from-server result",
    "from-server elicitation/create",
    "from-server ping",
    "from-server roots/list",
    "from-server sampling/createMessage",
    "from-server tasks/cancel",
    "from-server tasks/get",
    "from-server tasks/list",
    "from-server tasks/result",
    "from-server notifications/cancelled",
    "from-server notifications/elicitation/complete",
    "from-server notifications/message",
    "from-server notifications/progress",
    "from-server notifications/prompts/list_changed",
    "from-server notifications/resources/list_changed",
    "from-server notifications/resources/updated",
    "from-server notifications/tasks/status",
    "from-server notifications/tools/list_changed",
};

/// Those that neither everything server sends, nor makes a client send: tests/npm/rest_server.mjs does.
const std::set<std::string> kOfTheRest = {
    "from-client error",
    "from-client notifications/progress",
    "from-server ping",
    "from-server tasks/cancel",
    "from-server tasks/list",
    "from-server notifications/cancelled",
    "from-server notifications/elicitation/complete",
    "from-server notifications/prompts/list_changed",
};

std::string kind_of(const json& message) {
    if (message.contains("method")) return message.at("method");
    return message.contains("error") ? "error" : "result";
}

std::set<std::string> kinds_in(const std::string& file) {
    std::set<std::string> kinds;
    for (const std::string& direction : kDirections) {
        for (const std::string& message : messages_of(file, direction)) {
            // One has half of a surrogate pair in it, which passes a guard but not this parser.
            const json read = json::parse(message, nullptr, false);
            if (read.is_object()) kinds.insert(direction + ' ' + kind_of(read));
        }
    }
    return kinds;
}

const std::map<std::string, std::vector<std::string>>& scripts() {
    static const std::map<std::string, std::vector<std::string>> all = {
        {"everything-2026", {"node", "node_modules/server-everything-2026/dist/index.js"}},
        {"everything", {"npx", "-y", "@modelcontextprotocol/server-everything"}},
        {"rest", {"node", in_npm_sources("rest_server.mjs")}}};
    return all;
}

/// All of them at once, twice: with and without a guard. Mostly they wait.
class Conversations {
  public:
    static const Conversations& get() {
        static const Conversations all;
        return all;
    }

    [[nodiscard]] std::string direct(const std::string& script) const { return file(script, "direct"); }
    [[nodiscard]] std::string outer(const std::string& script) const { return file(script, "outer"); }
    [[nodiscard]] std::string inner(const std::string& script) const { return file(script, "inner"); }

  private:
    Conversations() {
        std::map<std::string, Program> clients;
        for (const auto& [script, argv] : scripts()) {
            clients.emplace(script + ", direct", client(script, tapped(direct(script), argv)));
            clients.emplace(script + ", guarded",
                            client(script, tapped(outer(script), guarded(tapped(inner(script), argv)))));
        }
        for (auto& [name, program] : clients) EXPECT_EQ(program.read_all(), "{\"done\":true}\n") << name;
        end_what_was_started();
    }

    static Program client(const std::string& script, const std::vector<std::string>& argv) {
        json what = {{"script", script}, {"command", argv.at(0)}};
        what["args"] = std::vector<std::string>(argv.begin() + 1, argv.end());
        what["env"] = npm_start_options().environment;
        return {{"node", in_npm_sources("conversation.mjs"), what.dump()}, npm_start_options()};
    }

    [[nodiscard]] std::string file(const std::string& script, const std::string& where) const {
        return (scratch_.path() / (script + '.' + where)).string();
    }

    Scratch scratch_;
};

class Conversation : public NpmTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(Conversation, IsTheSameBeforeTheGuardAndBehindIt) {
    const auto& all = Conversations::get();
    EXPECT_EQ(difference_of_bytes(all.outer(GetParam()), all.inner(GetParam())), "");
}

TEST_P(Conversation, IsTheSameWithAndWithoutAGuard) {
    const auto& all = Conversations::get();
    EXPECT_EQ(difference_of_messages(all.direct(GetParam()), all.outer(GetParam())), "");
}

INSTANTIATE_TEST_SUITE_P(Npm, Conversation, ::testing::Values("everything-2026", "everything", "rest"),
                         [](const auto& one) {
                             std::string name = one.param;
                             std::erase(name, '-');
                             return name;
                         });

class Conversed : public NpmTest {};

TEST_F(Conversed, InAllKindsOfMessages) {
    const auto& all = Conversations::get();
    std::set<std::string> real = kinds_in(all.outer("everything-2026"));
    real.merge(kinds_in(all.outer("everything")));
    for (const std::string& kind : kOfTheRest) EXPECT_FALSE(real.contains(kind)) << kind;
    std::set<std::string> spoken = kinds_in(all.outer("rest"));
    spoken.insert(real.begin(), real.end());
    EXPECT_THAT(kKinds, IsSubsetOf(spoken));
    for (const std::string& kind : kKinds)
        EXPECT_TRUE(real.contains(kind) || kOfTheRest.contains(kind)) << kind;
}

TEST_F(Conversed, InMessagesOfAMegabyte) {
    const auto& all = Conversations::get();
    for (const std::string& direction : kDirections) {
        std::size_t longest = 0;
        for (const std::string& message : messages_of(all.inner("everything-2026"), direction))
            longest = std::max(longest, message.size());
        EXPECT_GT(longest, 1'000'000U) << direction;
    }
}

}  // namespace
}  // namespace reaper::integration
