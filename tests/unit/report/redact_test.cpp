#include "report/redact.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <string>
#include <vector>

namespace reaper::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

using Tokens = std::vector<std::string>;

std::string joined(const Tokens& tokens) {
    std::string line;
    for (const std::string& token : tokens) line += token + ' ';
    return line;
}

// Secrets are put together here: a scanner for leaked secrets should not find any in this file.
std::string fake(const std::string& mark) {
    return mark + "0a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R";
}

// ---- options and variables

TEST(Redact, HidesTheValueBehindAnOptionThatSaysSo) {
    for (const char* option : {"--access-token",  "--api-key",
                               "--brave-api-key", "--password",
                               "--passwd",        "--pwd",
                               "--secret",        "--client-secret",
                               "--key",           "--auth",
                               "--credentials",   "--bearer",
                               "--dsn",           "--connection-string",
                               "--private-key",   "--session",
                               "--cookie",        "--figmaApiKey",
                               "--apikey",        "-token",
                               "--jira.token"}) {
        EXPECT_THAT(redact({"node", "server.js", option, "hunter2", "--port", "3000"}),
                    ElementsAre("node", "server.js", option, "***", "--port", "3000"))
            << option;
        const std::string with_equals = std::string(option) + "=hunter2 with spaces";
        EXPECT_THAT(redact({"node", "server.js", with_equals}),
                    ElementsAre("node", "server.js", std::string(option) + "=***"));
    }
}

TEST(Redact, HidesVariablesOfContainersAndShells) {
    EXPECT_THAT(redact({"docker", "run", "-i", "-e", "GITHUB_TOKEN=abc", "--env=API_KEY=a&b",
                        "-eMY_SECRET=x", "-e", "LOG_LEVEL=debug", "mcp/github"}),
                ElementsAre("docker", "run", "-i", "-e", "GITHUB_TOKEN=***", "--env=API_KEY=***",
                            "-eMY_SECRET=***", "-e", "LOG_LEVEL=debug", "mcp/github"));
    EXPECT_THAT(redact({"env", "GITHUB_PAT=abc", "npx", "x"}),
                ElementsAre("env", "GITHUB_PAT=***", "npx", "x"));
}

TEST(Redact, KeepsAnOptionThatStandsWhereAValueWould) {
    EXPECT_THAT(
        redact({"node", "s.js", "--token", "--stdio", "--api-key", "-y", "--key", "--", "run"}),
        ElementsAre("node", "s.js", "--token", "--stdio", "--api-key", "-y", "--key", "--", "run"));
    EXPECT_EQ(redact_line("s.js --token --stdio --api-key -y x"), "s.js --token --stdio --api-key -y x");
}

TEST(Redact, HidesASecretThatBeginsWithOneDash) {
    EXPECT_THAT(redact({"s", "--token", "-Zx81mQ"}), ElementsAre("s", "--token", "***"));
}

TEST(Redact, HidesHeaders) {
    EXPECT_THAT(redact({"mcp-remote", "https://h/mcp", "--header", "Authorization: Bearer abc.def", "-H",
                        "X-Api-Key:abc", "--header=Cookie: a=b; c=d", "--header", "X-Workspace: mine"}),
                ElementsAre("mcp-remote", "https://h/mcp", "--header", "Authorization: ***", "-H",
                            "X-Api-Key:***", "--header=Cookie: ***", "--header", "X-Workspace: mine"));
    EXPECT_THAT(redact({"x", "--auth", "Bearer", "abc", "serve"}),
                ElementsAre("x", "--auth", "***", "***", "serve"));
    EXPECT_THAT(redact({"x", "--header", "Authorization:", "Bearer", "abc", "serve"}),
                ElementsAre("x", "--header", "Authorization:", "Bearer", "***", "serve"));
}

TEST(Redact, HidesKeysOfJson) {
    EXPECT_THAT(redact({"smithery", "--config",
                        R"({"apiKey":"abc","region": "eu","nested":{"token" : "x y"}})"}),
                ElementsAre("smithery", "--config",
                            R"({"apiKey":"***","region": "eu","nested":{"token" : "***"}})"));
    EXPECT_EQ(redact_line(R"(run --config "{\"apiKey\":\"abc\",\"region\":\"eu\"}" pkg)"),
              R"(run --config "{\"apiKey\":\"***\",\"region\":\"eu\"}" pkg)");
}

TEST(Redact, LeavesWhatOnlySoundsLikeASecret) {
    const Tokens tokens = {"node",
                           "/srv/token-server/index.js",
                           "--max-tokens",
                           "4096",
                           "--token-file",
                           "/run/token",
                           "--no-auth",
                           "serve",
                           "--keyboard",
                           "us",
                           "--user-data-dir=/tmp/a",
                           "--port",
                           "3000",
                           "--auth-mode=oauth",
                           "--key-path",
                           "k.pem",
                           "--monkey",
                           "1",
                           "--bearer-token-env-var",
                           "GH_TOKEN",
                           "--author",
                           "me",
                           "--passive",
                           "on"};
    EXPECT_EQ(redact(tokens), tokens);
}

TEST(Redact, LeavesProgramsAndPackagesReadable) {
    const Tokens tokens = {
        "node",
        "/home/dev/.npm/_npx/15b07286cbcc3329/node_modules/.bin/mcp-server-filesystem",
        "/home/dev/p/.pnpm/@modelcontextprotocol+server-filesystem@2026.8.31_zod@4.6.7/node_modules/"
        "@modelcontextprotocol/server-filesystem/dist/index.js",
        "/store/v3/files/00/f54ef5d6a4c1e9b0d17f24cf5ac6b0a1a1b8a5cfa2d40a1be17c6c5ee0f8b1dd/index.js",
        "@modelcontextprotocol/server-sequential-thinking-with-a-very-long-name-2026-08-31",
        "mcp/sentry@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "git+https://github.com/o/r@0123456789abcdef0123456789abcdef01234567",
        "task-master-ai",
        "docker.io/acme/secret-token:latest",
        "http://localhost:8080/@scope/x",
        "npm:pkg@1.2.3",
        "ssh://git@github.com/o/r.git",
        "https://[::1]:8080/x"};
    EXPECT_EQ(redact(tokens), tokens);
}

// ---- URLs

TEST(Redact, HidesPasswordsOfUrls) {
    EXPECT_EQ(redact_line("postgresql://user:s3cret@host/db"), "postgresql://user:***@host/db");
    EXPECT_EQ(redact_line("mongodb+srv://u:p@h1:27017,h2:27017/db?w=1"),
              "mongodb+srv://u:***@h1:27017,h2:27017/db?w=1");
    EXPECT_EQ(redact_line("redis://:p@ss@h:6379/0 next"), "redis://:***@h:6379/0 next");
    EXPECT_EQ(redact_line("postgres://u:a/b#c@host/db"), "postgres://u:***@host/db");
    EXPECT_EQ(redact_line("a://u:p@h,b://v:q@i"), "a://u:***@h,b://v:***@i");
    EXPECT_EQ(redact_line("https://0123456789abcdef0123@sentry.io/42"), "https://***@sentry.io/42");
}

TEST(Redact, HidesQueryParametersOfUrls) {
    EXPECT_THAT(redact({"npx", "mcp-remote", "https://h/mcp?api_key=abc&region=eu&token=def#top"}),
                ElementsAre("npx", "mcp-remote", "https://h/mcp?api_key=***&region=eu&token=***#top"));
    EXPECT_EQ(redact_line("Server=h;Password=a'b;Encrypt=true"), "Server=h;Password=***'b;Encrypt=true");
}

TEST(Redact, HidesKeysInThePathOfAUrl) {
    EXPECT_EQ(redact_line("mcp-remote https://mcp.zapier.com/api/mcp/s/" + fake("") + fake("") + "/mcp"),
              "mcp-remote https://mcp.zapier.com/api/mcp/s/***/mcp");
}

// ---- shapes

TEST(Redact, HidesWellKnownShapesAnywhere) {
    for (const char* mark :
         {"sbp_",     "ghp_",     "gho_",  "ghs_",  "github_pat_", "sk-",    "sk-proj-",
          "sk_live_", "rk_live_", "xoxb-", "xoxp-", "AIza",        "glpat-", "npm_",
          "hf_",      "ya29.",    "ntn_",  "figd_", "tvly-",       "pplx-",  "gsk_"}) {
        const std::string secret = fake(mark);
        EXPECT_THAT(redact({"npx", "lingo.dev", "mcp", secret}),
                    ElementsAre("npx", "lingo.dev", "mcp", "***"))
            << mark;
        EXPECT_EQ(redact_line("npx x --profile=" + secret + " --port 1"), "npx x --profile=*** --port 1")
            << mark;
        EXPECT_EQ(redact_line("sh -c 'x \"" + secret + "\"'"), "sh -c 'x \"***\"'") << mark;
    }
    EXPECT_EQ(redact_line("x AKIAIOSFODNN7EXAMPLE y"), "x *** y");
}

TEST(Redact, HidesJsonWebTokens) {
    EXPECT_EQ(redact_line("x eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmN y"), "x *** y");
}

TEST(Redact, HidesPrivateKeysAlsoWithNewlinesAndInPieces) {
    const std::string key =
        "-----BEGIN RSA PRIVATE KEY-----\nMIIabc\nxyz=\n-----END RSA PRIVATE KEY-----";
    EXPECT_EQ(redact({"x", "--pem", key + "\nrest"}).back(), "***\nrest");
    EXPECT_EQ(redact_line("a " + key + " b"), "a *** b");
    EXPECT_EQ(redact_line("a -----BEGIN PRIVATE KEY-----\nMIIabc"), "a ***");
    EXPECT_THAT(redact({"x", "-----BEGIN RSA PRIVATE KEY-----", "MIIabc+/",
                        "xyz=", "-----END RSA PRIVATE KEY-----", "serve"}),
                ElementsAre("x", "***", "***", "***", "***", "serve"));
}

TEST(Redact, HidesLongRandomRuns) {
    EXPECT_EQ(redact_line("x 0123456789abcdef0123456789abcdef01234567 y"), "x *** y");
    EXPECT_EQ(redact_line("x --blob=QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU2Nzg5+/ab== y"),
              "x --blob=*** y");
}

// ---- lines without borders

TEST(Redact, ReadsTitlesAndScriptsAsLines) {
    EXPECT_THAT(redact({"npm exec @supabase/mcp --access-token abc --read-only"}),
                ElementsAre("npm exec @supabase/mcp --access-token *** --read-only"));
    EXPECT_THAT(
        redact({"sh", "-c", "'mcp-server-supabase' '--access-token' 'abc' '--api-key=d e' --port 1"}),
        ElementsAre("sh", "-c",
                    "'mcp-server-supabase' '--access-token' '***' '--api-key=***' --port 1"));
    EXPECT_THAT(redact({"sh", "-c", "--", "API_KEY=abc npx server --token \"a b\""}),
                ElementsAre("sh", "-c", "--", "API_KEY=*** npx server --token \"***\""));
    EXPECT_EQ(redact_line("npm exec mcp-remote https://h --header Authorization: Bearer abc --debug"),
              "npm exec mcp-remote https://h --header Authorization: *** --debug");
    EXPECT_EQ(redact_line("x --header \"Authorization: Bearer abc\" --debug"),
              "x --header \"Authorization: ***\" --debug");
}

TEST(Redact, HidesValuesWithNewlines) {
    EXPECT_THAT(redact({"x", "--token=a\nb c", "--password", "p\nq"}),
                ElementsAre("x", "--token=***", "--password", "***"));
}

// ---- properties

TEST(Redact, TakesNothingFromWhatIsRedactedAlready) {
    const Tokens tokens = {"sh",         "-c",       "x --token 'a b' --api-key=c",
                           "--password", "p",        "postgres://u:p@h/d",
                           fake("ghp_"), "--header", "Authorization: Bearer x"};
    const Tokens once = redact(tokens);
    EXPECT_EQ(redact(once), once);
}

TEST(Redact, AnswersEveryTokenAndEmptyOnesToo) {
    EXPECT_TRUE(redact({}).empty());
    EXPECT_THAT(redact({"", "--token", "", "x"}), ElementsAre("", "--token", "", "x"));
    EXPECT_EQ(redact_line(""), "");
    for (const char* line :
         {"=", ":", "://", "--token", "--token=", "token:", "\"token\":", "'", "\\\"", "x://:@",
          "token='", "Bearer", "Bearer ", "-----BEGIN PRIVATE KEY", "a_key=\\", "key: \\\\"}) {
        redact_line(line);
        redact({line, line});
    }
}

TEST(Redact, TakesLinearTime) {
    constexpr std::size_t kSize = 256 * 1024;
    for (const char* piece : {"x", "://", "a://b:c", "=", "key=", "'key=", "\"key='", "key: ", "--key ",
                              "\\\"", "-----BEGIN ", "-----BEGIN PRIVATE KEY", "Bearer ", "a:b@", " : ",
                              "sk-", "eyJ.", "/", "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVow "}) {
        std::string line;
        while (line.size() < kSize) line += piece;
        const std::clock_t begin = std::clock();
        const std::string hidden = redact_line(line);
        const Tokens tokens = redact({"x", line});
        const double cpu_seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
        // A quadratic pass over a quarter of a megabyte takes a minute; a linear one 0.01 to 0.1 s, and
        // ten times that under the sanitizers.
        EXPECT_LT(cpu_seconds, 10.0) << piece;
        EXPECT_LE(hidden.size(), line.size() * 4) << piece;
    }
}

TEST(Redact, TakesAnArgumentOfTwoMegabytes) {
    const std::string huge = "--config=" + std::string(2 * 1024 * 1024, 'x') + " --token LEAK";
    EXPECT_THAT(redact_line(huge), Not(HasSubstr("LEAK")));
    EXPECT_EQ(redact({"x", "--token", huge}).back(),
              huge.substr(0, 9) + std::string(2 * 1024 * 1024, 'x') + " --token ***");
}

TEST(Redact, HidesEveryKindOfFactsMd) {
    const std::string line =
        joined(redact({"mcp", "--access-token", "sbp_LEAK", "--api-key=LEAK", "--figma-api-key=LEAK",
                       "--brave-api-key", "LEAK", "postgresql://user:LEAK@host/db", "--header",
                       "Authorization: Bearer LEAK"}));
    EXPECT_THAT(line, Not(HasSubstr("LEAK")));
    EXPECT_THAT(line, HasSubstr("postgresql://user:***@host/db"));
}

// ---- printable

TEST(Printable, KeepsText) {
    EXPECT_EQ(printable("mcp-server ü 日本 🎉"), "mcp-server ü 日本 🎉");
    EXPECT_EQ(printable(""), "");
}

TEST(Printable, ShowsControlsAndEscapes) {
    EXPECT_EQ(printable(std::string_view("a\x1b[31mb\0c\x7f", 10)), "a\\x1b[31mb\\x00c\\x7f");
    EXPECT_EQ(printable("a\nb\tc\rd"), "a\\nb\\tc\\rd");
    EXPECT_EQ(printable("\xC2\x9B"
                        "31m"),
              "\\u009b31m");
}

TEST(Printable, ShowsWhatHidesOrTurnsText) {
    EXPECT_EQ(printable("a\u202Eb\u2066c\u200Bd\uFEFFe"), "a\\u202eb\\u2066c\\u200bd\\ufeffe");
}

TEST(Printable, ShowsBytesThatAreNotUtf8) {
    EXPECT_EQ(printable("a\xFFz"), "a\\xffz");
    EXPECT_EQ(printable("\xC0\xAF"), "\\xc0\\xaf");                    // overlong '/'
    EXPECT_EQ(printable("\xE0\x80\xAF"), "\\xe0\\x80\\xaf");           // overlong
    EXPECT_EQ(printable("\xED\xA0\x80"), "\\xed\\xa0\\x80");           // surrogate
    EXPECT_EQ(printable("\xF4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // beyond U+10FFFF
    EXPECT_EQ(printable("\xE6\x97"), "\\xe6\\x97");                    // cut off
}

TEST(Printable, CutsAtACharacter) {
    EXPECT_EQ(printable("abcdefgh", 8), "abcdefgh");
    EXPECT_EQ(printable("abcdefghi", 8), "abcde…");
    EXPECT_EQ(printable("日本語日本語", 10), "日本…");
    EXPECT_EQ(printable("abc\x1b"
                        "def",
                        8),
              "abc…");
    for (std::size_t size = 0; size < 12; ++size) {
        EXPECT_LE(printable("日\x1b\xff本x日本語", size).size(), size);
    }
}

}  // namespace
}  // namespace reaper::report
