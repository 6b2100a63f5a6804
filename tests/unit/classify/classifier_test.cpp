#include "classify/classifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "classify/builtin_client.h"

using namespace reaper::classify;

namespace {

Classifier classifier(std::vector<TypePattern> types = {}, std::vector<ClientPattern> clients = {}) {
    auto compiled = Classifier::compile(std::move(types), std::move(clients));
    EXPECT_TRUE(compiled.has_value()) << compiled.error().message();
    return std::move(*compiled);
}

Classification read(const std::string& line, const Surroundings& surroundings = {}) {
    static const Classifier generic = classifier();
    return generic.classify(CommandLine::from_text(line), surroundings);
}

struct Case {
    const char* line;
    Role role;
    const char* type;
};

void expect_all(const std::vector<Case>& cases) {
    for (const Case& one : cases) {
        const Classification what = read(one.line);
        EXPECT_EQ(to_string(what.role), to_string(one.role)) << one.line;
        EXPECT_EQ(what.type, one.type) << one.line;
    }
}

}  // namespace

TEST(Classifier, SeesThroughNodesLaunchers) {
    expect_all({
        {"npx -y @acme/weather-mcp@1.2 --key x", Role::launcher, "weather"},
        {"npm exec @acme/server-weather /tmp", Role::launcher, "weather"},
        {"npx -y -p @acme/weather-mcp -c 'weather-mcp /tmp'", Role::launcher, "weather"},
        {"node /usr/bin/npx -y weather-mcp", Role::launcher, "weather"},
        {"node /home/dev/.local/bin/pnpm dlx weather-mcp", Role::launcher, "weather"},
        {"yarn dlx -q weather-mcp", Role::launcher, "weather"},
        {"bun x weather-mcp", Role::launcher, "weather"},
        {"bunx --bun weather-mcp", Role::launcher, "weather"},
        {"npx nodemon -q --exec 'node /x/node_modules/weather-mcp/dist/index.js'", Role::launcher,
         "weather"},
        {"npx tsx src/weather-mcp-server.ts", Role::launcher, "weather"},
        {"npx @smithery/cli run @acme/mcp-weather", Role::launcher, "weather"},
        {"deno run -A npm:@acme/weather-mcp", Role::server, "weather"},
    });
}

TEST(Classifier, SeesThroughOurOwnGuard) {
    expect_all({
        {"mcp-reaper run -- npx -y @acme/weather-mcp", Role::launcher, "weather"},
        {"/usr/bin/mcp-reaper run --set restarts=1 --name x -- uvx mcp-server-weather", Role::launcher,
         "weather"},
        {"mcp-reaper-guard type=weather restarts=1 -- npx -y @acme/weather-mcp", Role::launcher,
         "weather"},
        {"mcp-reaper-guard type=forecast -- node dist/index.js", Role::launcher, "forecast"},
        {"mcp-reaper run --type forecast -- node dist/index.js", Role::launcher, "forecast"},
        {"mcp-reaper run --help", Role::none, ""},
        {"mcp-reaper scan -- weather-mcp", Role::none, ""},
    });
    EXPECT_EQ(read("mcp-reaper-guard -- npx -y @acme/weather-mcp").wraps, LauncherKind::supervisor);
}

TEST(BuiltinClient, IsAClientThatServesNothing) {
    const auto client = [](const char* line, const char* exe = "") {
        return builtin_client(CommandLine::from_text(line), exe).type;
    };
    EXPECT_EQ(client("claude --resume"), "claude");
    EXPECT_EQ(client("node /usr/lib/node_modules/@openai/codex/bin/codex.js"), "codex");
    EXPECT_EQ(client("2.1.0", "/home/ada/.local/share/claude/versions/2.1.0"), "claude");
    EXPECT_EQ(client("claude mcp serve"), "");
    EXPECT_EQ(client("codex mcp-server"), "");
    EXPECT_EQ(client("sh -c 'claude -p hello'"), "") << "a shell is nobody's session";
    EXPECT_EQ(client("node dist/index.js"), "");
}

TEST(Classifier, KnowsTheServerByItsPath) {
    expect_all({
        {"node /x/_npx/0a/node_modules/.bin/weather-mcp --flag", Role::server, "weather"},
        {"node /x/node_modules/@acme/weather-mcp/dist/index.js", Role::server, "weather"},
        {"node /x/node_modules/.bin/../.pnpm/@a+w@1/node_modules/@acme/weather-mcp/d/i.js", Role::server,
         "weather"},
        {"node /srv/weather-mcp/build/index.js", Role::server, "weather"},
        {"python /x/bin/mcp-server-weather", Role::server, "weather"},
        {"python -m mcp_server_weather", Role::server, "weather"},
        {"node /home/dev/My Projects/weather-mcp/dist/index.js", Role::server, "weather"},
        {"/opt/weather-mcp-server stdio", Role::server, "weather"},
    });
}

TEST(Classifier, SeesThroughShellsAndPrefixes) {
    expect_all({
        {"sh -c \"'mcp-server-weather' /tmp\"", Role::launcher, "weather"},
        {"sh -c -- mcp-server-weather /tmp", Role::launcher, "weather"},
        {"/bin/bash -lc 'source ~/.nvm/nvm.sh && exec npx -y weather-mcp'", Role::launcher, "weather"},
        {"env FOO=1 timeout -k 5 60 npx -y weather-mcp", Role::launcher, "weather"},
        {"sudo -u dev npx weather-mcp", Role::launcher, "weather"},
        {"FOO=1 npx weather-mcp", Role::launcher, "weather"},
    });
}

TEST(Classifier, SeesThroughPythonsLaunchers) {
    expect_all({
        {"uvx --from git+https://github.com/acme/weather-mcp main.py", Role::launcher, "weather"},
        {"uvx --python 3.12 mcp-server-weather --x", Role::launcher, "weather"},
        {"uv tool run mcp-server-weather", Role::launcher, "weather"},
        {"uv run --with mcp-weather --python 3.13 mcp-weather", Role::launcher, "weather"},
        {"uv --directory /srv/weather-mcp run main.py", Role::launcher, "weather"},
        {"uv run -m weather_mcp", Role::launcher, "weather"},
        {"pipx run mcp-server-weather", Role::launcher, "weather"},
        {"poetry run weather-mcp", Role::launcher, "weather"},
        {"uvx fastmcp run /srv/weather/server.py", Role::launcher, "weather"},
        {"fastmcp run /srv/weather/server.py", Role::server, "weather"},
    });
}

TEST(Classifier, SeesAContainersLauncher) {
    const Classification what =
        read("docker run -i --rm -e TOKEN -v /a:/b ghcr.io/acme/weather-mcp:1.2 stdio");
    EXPECT_EQ(what.role, Role::launcher);
    EXPECT_EQ(what.wraps, LauncherKind::container);
    EXPECT_EQ(what.command.program, "ghcr.io/acme/weather-mcp");
    EXPECT_EQ(read("docker run --rm -i mcp/git").type, "git");
    EXPECT_EQ(read("docker build -t mcp/fetch .").role, Role::none);
    EXPECT_EQ(read("docker ps --filter ancestor=mcp/fetch").role, Role::none);
}

TEST(Classifier, NeverTakesATextForAServerBecauseOfItsArguments) {
    for (const char* line :
         {"vim /home/dev/mcp-server.ts", "grep -r mcp-server /var/log",
          "git -C /src/mcp-server-git status", "npm install mcp-server-git",
          "npx playwright test tests/mcp.spec.ts", "pip install mcp-server-fetch",
          "node node_modules/vitest/vitest.mjs run src/mcp", "python -m pytest tests/test_mcp_server.py",
          "tmux new-session -d 'npx -y @playwright/mcp'", "ssh box pkill -f mcp-server",
          "sh -c 'while sleep 60; do pkill -f playwright-mcp; done'", "sh -c 'ps aux | grep mcp-server'",
          "uv run --with mcp-server-fetch python x.py", "curl http://127.0.0.1:1/mcp",
          "node -e mcp-server", "redis-server *:6379 [mcp-cache]",
          "chrome --user-data-dir=/x/mcp-chrome-1"}) {
        EXPECT_EQ(read(line).role, Role::none) << line;
    }
}

TEST(Classifier, KnowsClientsWhateverServersTheyName) {
    expect_all({
        {"claude --mcp-config x.json", Role::client, "claude"},
        {"/home/dev/.local/share/claude/versions/2.1.238 --resume", Role::client, "claude"},
        {"node /usr/lib/node_modules/@anthropic-ai/claude-code/cli.js", Role::client, "claude"},
        {"codex --config mcp_servers.x.command=npx", Role::client, "codex"},
        {"goose session --with-extension 'npx -y @modelcontextprotocol/server-memory'", Role::client,
         "goose"},
        {"claude mcp add x -- npx weather-mcp", Role::client, "claude"},
        {"/usr/share/code/code --type=utility", Role::client, "code"},
        {"npx @modelcontextprotocol/inspector node dist/index.js", Role::client, "inspector"},
    });
}

TEST(Classifier, ClientIsFoundByItsExecutableToo) {
    EXPECT_EQ(read("some title", {"/home/dev/.local/share/claude/versions/2.0 (deleted)", ""}).role,
              Role::client);
}

TEST(Classifier, LetsTheSubCommandDecide) {
    expect_all({
        {"claude mcp serve", Role::server, "claude"},
        {"npx shadcn@latest mcp", Role::launcher, "shadcn"},
        {"npx shadcn@latest add button", Role::none, ""},
        {"ng mcp", Role::server, "ng"},
        {"serena start-mcp-server --context x", Role::server, "serena"},
        {"npx weather-mcp install --client x", Role::none, ""},
        {"php artisan boost:mcp", Role::server, "artisan"},
        {"weather --transport stdio", Role::server, "weather"},
    });
}

TEST(Classifier, DoesNotDecideWhereTheTextSaysNothing) {
    for (const char* line :
         {"node dist/index.js", "bun server.ts", "uv run server.py", "python3 -m my_server"}) {
        const Classification what = read(line);
        EXPECT_EQ(what.role, Role::none) << line;
        EXPECT_TRUE(what.undecided) << line;
    }
    EXPECT_FALSE(read("node build.js").undecided);
}

TEST(Classifier, ResolvesARelativeScriptByItsDirectory) {
    const Classification what =
        read("node dist/index.js", {"/usr/bin/node", "/x/node_modules/@acme/weather-mcp"});
    EXPECT_EQ(what.role, Role::server);
    EXPECT_EQ(what.type, "weather");
    EXPECT_EQ(read("node scripts/build.js", {"", "/src/weather-mcp"}).role, Role::none);
}

TEST(Classifier, KnowsAPartOfAServerFromTheServer) {
    EXPECT_EQ(read("node /x/node_modules/chrome-devtools-mcp/build/src/telemetry/watchdog/main.js").role,
              Role::none);
}

TEST(Patterns, FirstListedWins) {
    const Classifier two = classifier({{"first", "weather"}, {"second", "weather-mcp"}});
    EXPECT_EQ(two.classify(CommandLine::from_text("npx weather-mcp")).type, "first");
}

TEST(Patterns, SeeTheProgramSlotOnly) {
    const Classifier one = classifier({{"x", "playwright.*mcp"}});
    EXPECT_EQ(one.classify(CommandLine::from_text("npx @playwright/mcp@latest")).type_source,
              TypeSource::pattern);
    EXPECT_EQ(one.classify(CommandLine::from_text("npx playwright test mcp")).role, Role::none);
    EXPECT_EQ(
        one.classify(CommandLine::from_text("npx supergateway-mcp --stdio 'npx @playwright/mcp'")).type,
        "supergateway");
}

TEST(Patterns, SeeTheWholeLineWhereTheyAskFor) {
    const Classifier one = classifier({{"x", "--special-server", true}});
    EXPECT_EQ(one.classify(CommandLine::from_text("node app.js --special-server")).type, "x");
    EXPECT_EQ(one.classify(CommandLine::from_text("vim --special-server")).role, Role::none);
}

TEST(Patterns, IgnoreCase) {
    EXPECT_EQ(classifier({{"x", "FOO-bar"}}).classify(CommandLine::from_text("npx foo-BAR")).type, "x");
}

TEST(Patterns, ThatAreNotRe2AreRefusedWithTheReason) {
    const auto bad = Classifier::compile({{"broken", "a(b"}});
    ASSERT_FALSE(bad.has_value());
    EXPECT_EQ(bad.error().subject, "broken");
    EXPECT_THAT(bad.error().reason, testing::HasSubstr("missing )"));
    EXPECT_FALSE(Classifier::compile({{"long", std::string(kMaxPatternLength + 1, 'a')}}).has_value());
    EXPECT_FALSE(
        Classifier::compile(std::vector<TypePattern>(kMaxPatterns + 1, {"t", "a"})).has_value());
}

TEST(Patterns, ThatTogetherAreTooLargeAreRefused) {
    const std::vector<TypePattern> large(600, {"t", "(foo|bar)[a-z0-9]{1,500}x"});
    const auto refused = Classifier::compile(large);
    ASSERT_FALSE(refused.has_value());
    EXPECT_THAT(refused.error().message(), testing::HasSubstr("too large"));
}

TEST(Patterns, ThatAloneAreTooLargeAreRefusedAtOnce) {
    EXPECT_FALSE(Classifier::compile({{"bomb", "((a{100}){100}){10}"}}).has_value());
    EXPECT_FALSE(Classifier::compile({{"bomb", "(\\pL{500}){20}"}}).has_value());
}

TEST(Patterns, OfClientsMakeClients) {
    const Classifier own = classifier({}, {{"our-agent", "^our-agent$"}});
    const Classification what = own.classify(CommandLine::from_text("/opt/our-agent --mcp"));
    EXPECT_EQ(what.role, Role::client);
    EXPECT_EQ(what.type, "our-agent");
}

TEST(Classifier, SurvivesHostileLines) {
    const std::vector<std::string> lines = {"",
                                            " ",
                                            "\"",
                                            "'",
                                            "npx",
                                            "npx -y",
                                            "npx -p",
                                            "sh -c",
                                            "sh -c ''",
                                            "docker run",
                                            "docker run -e",
                                            "uv run",
                                            "uvx --from",
                                            "python -m",
                                            "node -r",
                                            "env",
                                            "timeout",
                                            "make",
                                            "deno run",
                                            "bun run --cwd",
                                            "mcp run",
                                            std::string(100000, 'a'),
                                            std::string(100000, '/'),
                                            std::string(50000, '-') + " x",
                                            "npx " + std::string(60000, '@'),
                                            std::string("\x1b[31m\xff\xfe mcp-server"),
                                            "go run",
                                            "java -jar",
                                            "node file://",
                                            "cargo run --bin"};
    for (const std::string& line : lines) {
        EXPECT_NO_FATAL_FAILURE(read(line));
        std::string nested;
        for (int i = 0; i < 50; ++i) nested += "sh -c ";
        EXPECT_NO_FATAL_FAILURE(read(nested + line));
    }
}
