// The editor: what is written, and that it can be taken back to the last byte.
//
//   REAPER_SEED=n    the random documents of a run that failed, which printed n
//   REAPER_ROUNDS=n  so many of them (1,500)
#include "clients/wrapping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <random>

#include "clients/json_check.h"

namespace reaper::clients {
namespace {

JsonText read(const std::string& text) {
    auto json = JsonText::read(text);
    if (json) return std::move(*json);
    ADD_FAILURE() << json.error().message() << "\n" << text;
    return std::move(*JsonText::read("{}"));
}

std::string with_all(const std::string& text, bool wraps, const GuardCommand& guard = {}) {
    const JsonText json = read(text);
    std::vector<Edit> edits;
    for (const ServerEntry& entry : server_entries(json)) {
        if (entry.transport != Transport::stdio) continue;
        const Guarding wanted = wraps ? Guarding::unguarded : Guarding::guarded;
        if (guarding_of(entry, guard) != wanted) continue;
        const auto more = wraps ? wrapping_of(json, entry, guard) : unwrapping_of(json, entry, guard);
        edits.insert(edits.end(), more.begin(), more.end());
    }
    const std::string after = edited(text, edits);
    const auto same = check_edit(json, read(after), "test");
    EXPECT_TRUE(same) << same.error().message() << "\n" << after;
    return after;
}
std::string wrapped(const std::string& text, const GuardCommand& guard = {}) {
    return with_all(text, true, guard);
}
std::string unwrapped(const std::string& text, const GuardCommand& guard = {}) {
    return with_all(text, false, guard);
}

/// The server "a" of this body, wrapped; and that it comes back.
std::string body(const std::string& server) {
    const std::string front = R"({"mcpServers":{"a":{)";
    const std::string text = front + server + "}}}";
    const std::string after = wrapped(text);
    EXPECT_EQ(unwrapped(after), text);
    EXPECT_EQ(wrapped(after), after) << "what is wrapped stays";
    EXPECT_TRUE(after.starts_with(front) && after.ends_with("}}}"));
    return after.substr(front.size(), after.size() - front.size() - 3);
}

TEST(Wrapping, PutsTheGuardBeforeTheFirstArgument) {
    EXPECT_EQ(body(R"("command": "npx", "args": ["-y", "x"])"),
              R"("command": "mcp-reaper", "args": ["run", "--name", "a", "--", "npx", "-y", "x"])");
    EXPECT_EQ(body(R"("args": [ "-y" ], "command": "npx")"),
              R"("args": [ "run", "--name", "a", "--", "npx", "-y" ], "command": "mcp-reaper")");
}

TEST(Wrapping, KeepsTheLayoutOfSeveralLines) {
    EXPECT_EQ(
        body("\r\n  \"command\": \"npx\",\r\n  \"args\": [\r\n    \"-y\",\r\n    \"x\",\r\n  ],\r\n"),
        "\r\n  \"command\": \"mcp-reaper\",\r\n  \"args\": [\r\n    \"run\", \"--name\", \"a\", \"--\", "
        "\"npx\",\r\n    \"-y\",\r\n    \"x\",\r\n  ],\r\n");
}

TEST(Wrapping, TellsNoArgumentsFromNone) {
    EXPECT_EQ(body(R"("command":"x")"),
              R"("command":"mcp-reaper", "args": [ "run", "--name", "a", "--", "x" ])");
    EXPECT_EQ(body(R"("command":"x","args":[])"),
              R"("command":"mcp-reaper","args":["run", "--name", "a", "--", "x"])");
    EXPECT_EQ(body("\"command\":\"x\",\"args\":[ ]"),
              "\"command\":\"mcp-reaper\",\"args\":[\"run\", \"--name\", \"a\", \"--\", \"x\" ]");
    EXPECT_EQ(body("\n\t\"command\": \"x\", // why\n\t\"env\": {}"),
              "\n\t\"command\": \"mcp-reaper\",\n\t\"args\": [ \"run\", \"--name\", \"a\", \"--\", "
              "\"x\" ], // why\n\t"
              "\"env\": {}");
    body("\"command\":\"x\",");
    body("\"command\":\"x\",\"args\":[ /* none */ ]");
    body("\"command\":\"x\",\"args\":[// none\n]");
    body("\"args\":[],\"command\":\"x\"");
}

TEST(Wrapping, KeepsSpellingsAndComments) {
    EXPECT_EQ(
        body(R"("command": "\u006epx", "args": ["\/x", "\ud83d"])"),
        R"("command": "mcp-reaper", "args": ["run", "--name", "a", "--", "\u006epx", "\/x", "\ud83d"])");
    body(
        "\"args\": [ // first\n /* y */ \"-y\", // yes\n \"x\" /* , */ ], /* [ */ \"command\" : /* ] */ "
        "\"npx\"");
    body(R"("\u0063ommand": "npx", "\u0061rgs": ["-y"], "n": 1e+05)");
}

TEST(Wrapping, TakesTheNameAsItIsSpelledAndNoneThatLooksLikeAnOption) {
    EXPECT_EQ(
        wrapped(R"({"servers":{"\u00e4 b":{"command":"x","args":[]},"-v":{"command":"y","args":[]}}})"),
        R"({"servers":{"\u00e4 b":{"command":"mcp-reaper","args":["run", "--name", "\u00e4 b", "--", "x"]},)"
        R"("-v":{"command":"mcp-reaper","args":["run", "--", "y"]}}})");
}

TEST(Wrapping, HandsThroughTheTypeAndTakesAnotherGuard) {
    const GuardCommand guard{"/opt/a \"b\"/mcp-reaper", "my type"};
    const std::string text = R"({"mcpServers":{"a":{"command":"x"}}})";
    const std::string after = wrapped(text, guard);
    EXPECT_EQ(after, R"({"mcpServers":{"a":{"command":"/opt/a \"b\"/mcp-reaper", )"
                     R"("args": [ "run", "--name", "a", "--type", "my type", "--", "x" ]}}})");
    EXPECT_EQ(unwrapped(after), text) << "by its file's name";
    const GuardCommand other{"guard", {}};
    EXPECT_EQ(unwrapped(wrapped(text, other), other), text);
}

TEST(Wrapping, LeavesWhatIsNoServerOfItsKind) {
    for (const std::string server :
         {R"("url": "https://x/mcp")", R"("type": "http", "url": "x")",
          R"("type": "sse", "command": "x")", R"("command": "x", "url": "y")", R"("command": 1)",
          R"("command": "")", R"("args": ["x"])", R"("command": "x", "args": "y")",
          R"("command": "x", "args": ["y", 1])", R"("command": "npx -y x")",
          R"("command": "x", "command": "y")",
          R"("command": "mcp-reaper", "args": ["run", "--", "npx", "x"])",
          R"("command": "/usr/bin/mcp-reaper", "args": ["run", "--name", "x", "--", "y"])",
          R"("command": "mcp-reaper", "args": ["status"])",
          R"("command": "mcp-reaper", "args": ["run", "x"])"}) {
        const std::string text = "{\"mcpServers\":{\"a\":{" + server + "}}}";
        EXPECT_EQ(wrapped(text), text);
    }
    EXPECT_NE(wrapped(R"({"mcpServers":{"a":{"type":"stdio","command":"/my tools/x"}}})"),
              R"({"mcpServers":{"a":{"type":"stdio","command":"/my tools/x"}}})");
}

TEST(Wrapping, FindsServersWhereClientsKeepThem) {
    const JsonText json = read(R"({
      "projects": {"/a": {"mcpServers": {"one": {"command": "1"}}, "history": []}, "/b": {"mcpServers": {}}},
      "mcpServers": {"two": {"command": "2"}, "two": {"command": "3"}},
      "servers": {"four": {"command": "4"}}, "mcp": {"servers": {"five": {"command": "5"}}},
      "other": {"mcpServers": {"no": {"command": "x"}}}})");
    std::vector<std::string> found;
    for (const ServerEntry& entry : server_entries(json)) {
        found.push_back(entry.project + ' ' + entry.name + ' ' + entry.words.front());
    }
    EXPECT_THAT(found, testing::ElementsAre("/a one 1", " two 2", " two 3", " four 4", " five 5"));
}

// ---- what others have done to it meanwhile

TEST(Unwrapping, KeepsCommentsThatHaveBeenAddedBetween) {
    EXPECT_EQ(
        unwrapped("{\"servers\":{\"a\":{\"command\":\"mcp-reaper\",\"args\":[\"run\", // guarded, yes\n"
                  "\"--\", /* , */ \"npx\", \"-y\"]}}}"),
        "{\"servers\":{\"a\":{\"command\":\"npx\",\"args\":[ // guarded, yes\n /* , */  \"-y\"]}}}");
}

TEST(Unwrapping, TakesAwayWhatAFormatterHasMadeOfIt) {
    EXPECT_EQ(unwrapped("{\"servers\":{\"a\":{\"command\":\"mcp-reaper\",\"args\":[\n\"run\",\n\"--\","
                        "\n\"npx\",\n]}}}"),
              "{\"servers\":{\"a\":{\"command\":\"npx\",\"args\":[\n\n]}}}");
    EXPECT_EQ(unwrapped("{\"servers\":{\"a\":{\"args\":[\n\"run\",\n\"--\",\n\"npx\",\n\"-y\"], "
                        "\"command\":\"mcp-reaper\"}}}"),
              "{\"servers\":{\"a\":{\"args\":[\n\"-y\"], \"command\":\"npx\"}}}");
}

TEST(Check, RefusesWhatChangesMoreThanWhatIsRun) {
    const JsonText before =
        read(R"({"mcpServers":{"a":{"command":"x","args":["y"],"env":{"A":"1"}}},"n":1})");
    const auto refuses = [&](const std::string& after) { return !check_edit(before, read(after), "f"); };
    EXPECT_FALSE(refuses(before.text()));
    EXPECT_FALSE(refuses(
        R"({"mcpServers":{"a":{"command":"g","args":["run","--","x","y"],"env":{"A":"1"}}},"n":1})"));
    EXPECT_TRUE(refuses(
        R"({"mcpServers":{"a":{"command":"g","args":["run","--","x","z"],"env":{"A":"1"}}},"n":1})"));
    EXPECT_TRUE(refuses(
        R"({"mcpServers":{"a":{"command":"g","args":["run","--","x","y"],"env":{"A":"2"}}},"n":1})"));
    EXPECT_TRUE(refuses(
        R"({"mcpServers":{"a":{"command":"g","args":["run","--","x","y"],"env":{"A":"1"}}},"n":2})"));
    EXPECT_TRUE(refuses(R"({"mcpServers":{},"n":1})"));
}

// ---- any spelling

class Documents {
  public:
    explicit Documents(unsigned seed) : random_(seed) {}

    std::string document() {
        std::string text = one_of({"", "\xEF\xBB\xBF"}) + trivia() + "{";
        text +=
            list({[this] { return member("\"mcpServers\"", servers()); },
                  [this] { return member(R"("s\u0065rvers")", servers()); },
                  [this] { return member("\"mcp\"", "{" + member("\"servers\"", servers()) + "}"); },
                  [this] {
                      return member(
                          "\"projects\"",
                          "{" + member("\"/a\"", "{" + member("\"mcpServers\"", servers()) + "}") + "}");
                  },
                  [this] { return member("\"other\"", value()); }},
                 roll(4));
        return text + "}" + trivia();
    }

  private:
    using Maker = std::function<std::string()>;

    unsigned roll(unsigned sides) { return static_cast<unsigned>(random_() % sides); }
    std::string one_of(const std::vector<std::string>& choices) {
        return choices[roll(static_cast<unsigned>(choices.size()))];
    }
    std::string trivia() {
        return one_of({"", "", "", " ", "\n", "\r\n  ", "\n\t", "  ", "/* [ \", */", "// \", ]\n",
                       " // x\r\n    "});
    }
    std::string member(const std::string& key, const std::string& value) {
        return trivia() + key + trivia() + ":" + trivia() + value + trivia();
    }
    std::string list(const std::vector<Maker>& makers, unsigned count) {
        std::string text;
        for (unsigned i = 0; i < count; ++i) {
            text += (i > 0 ? "," : "") + makers[roll(static_cast<unsigned>(makers.size()))]();
        }
        if (count > 0 && roll(4) == 0) text += "," + trivia();
        return count == 0 ? trivia() : text;
    }
    std::string string() {
        return one_of({R"("x")", R"("")", R"("run")", R"("--")", R"("\u002d-")", R"("-y")",
                       R"("a\"b\\")", R"("\ud83d\ude00 ä")", R"("\/\ud83d")", R"("@scope/pkg@1.2")",
                       R"("[,")", R"("mcp-reaper")"});
    }
    std::string value() {
        return one_of(
            {"1e+05", "-0.50", "null", "true", "[]", "{}", string(), "[1, " + string() + ",]"});
    }
    std::string args() {
        return "[" + list({[this] { return trivia() + string() + trivia(); }}, roll(4)) + "]";
    }
    std::string server() {
        std::string text = "{";
        // In any order, some twice, some not at all.
        text += list({[this] {
                          return member(one_of({R"("command")", R"("comm\u0061nd")"}), command());
                      },
                      [this] { return member("\"args\"", args()); },
                      [this] { return member("\"env\"", "{" + member(string(), string()) + "}"); },
                      [this] {
                          return member("\"type\"", one_of({"\"stdio\"", "\"stdio\"", "\"http\""}));
                      },
                      [this] { return member("\"url\"", roll(3) == 0 ? string() : "\"stdio\""); },
                      [this] { return member("\"command\"", command()); }},
                     roll(5));
        return text + "}";
    }
    std::string command() {
        return one_of({R"("npx")", R"("\u006epx")", R"("/a b/c")", R"("x y")", string()});
    }
    std::string servers() {
        return "{" +
               list({[this] { return member(string(), server()); },
                     [this] { return member("\"a\"", server()); }},
                    roll(4)) +
               "}";
    }

    std::mt19937 random_;
};

TEST(Wrapping, CanBeTakenBackWhateverTheSpelling) {
    const char* const given = std::getenv("REAPER_SEED");
    const unsigned seed = given != nullptr ? static_cast<unsigned>(std::strtoul(given, nullptr, 10))
                                           : std::random_device{}();
    const char* const rounds = std::getenv("REAPER_ROUNDS");
    const int count = rounds != nullptr ? std::atoi(rounds) : 1'500;
    SCOPED_TRACE("REAPER_SEED=" + std::to_string(seed));
    Documents documents(seed);
    unsigned changed = 0;
    for (int round = 0; round < count && !testing::Test::HasFailure(); ++round) {
        const std::string text = documents.document();
        const std::string after = wrapped(text);
        changed += after != text ? 1 : 0;
        // A document that has wrapped servers from the start has those unwrapped as well.
        if (unwrapped(text) != text) continue;
        ASSERT_EQ(unwrapped(after), text) << after;
        ASSERT_EQ(wrapped(after), after);
    }
    EXPECT_GT(changed, 100U) << "the documents are to have servers";
}

}  // namespace
}  // namespace reaper::clients
