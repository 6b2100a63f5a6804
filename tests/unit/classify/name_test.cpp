#include "classify/name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace reaper::classify;
using testing::ElementsAre;

TEST(WordsOf, SplitsAtPunctuationAndCase) {
    EXPECT_THAT(words_of("@scope/mcp-serverFoo_2"), ElementsAre("scope", "mcp", "server", "foo", "2"));
    EXPECT_THAT(words_of("UnityMCPIntegration"), ElementsAre("unity", "mcp", "integration"));
}

TEST(WordsOf, SplitsAfterALeadingNumberOnly) {
    EXPECT_THAT(words_of("1mcp"), ElementsAre("1", "mcp"));
    EXPECT_THAT(words_of("context7"), ElementsAre("context7"));
    EXPECT_THAT(words_of("search1api"), ElementsAre("search1api"));
}

TEST(WithoutVersion, DropsWhatFollowsTheName) {
    EXPECT_EQ(without_version("@playwright/mcp@latest"), "@playwright/mcp");
    EXPECT_EQ(without_version("chroma-mcp==0.2.6"), "chroma-mcp");
    EXPECT_EQ(without_version("mcp-server-git[dev]"), "mcp-server-git");
    EXPECT_EQ(without_version("https://github.com/a/b.git#main"), "https://github.com/a/b");
}

TEST(DeriveType, IsWhatIsSpecificInTheName) {
    EXPECT_EQ(derive_type("@modelcontextprotocol/server-brave-search"), "brave-search");
    EXPECT_EQ(derive_type("mcp_server_git"), "git");
    EXPECT_EQ(derive_type("kubernetes-mcp-server-darwin-arm64"), "kubernetes");
}

TEST(DeriveType, IsTheScopeWhereThePackageSaysNothing) {
    EXPECT_EQ(derive_type("@stripe/mcp"), "stripe");
    EXPECT_EQ(derive_type("@shopify/dev-mcp@latest"), "shopify");
}

TEST(DeriveType, IsGenericWhereNothingSaysAnything) {
    EXPECT_EQ(derive_type("mcp-server"), kGenericType);
    EXPECT_EQ(derive_type("mcp"), kGenericType);
}

TEST(JudgeName, FindsServersByTheirNames) {
    for (const char* name :
         {"@modelcontextprotocol/server-memory", "exa-mcp-server", "@stripe/mcp", "kagimcp",
          "keycloak-model-context-protocol", "@gongrzhe/server-json-mcp@1.0.3", "mcp-remote",
          "@anaisbetts/mcp-installer", "reaper-mcp-server", "m2m-mcp-server-ssh-client"}) {
        EXPECT_TRUE(judge_name(name, NameOf::package).server) << name;
    }
    EXPECT_TRUE(judge_name("mcp/desktop-commander", NameOf::image).server);
    EXPECT_TRUE(judge_name("mcp-server-darwin-arm64", NameOf::binary).server);
}

TEST(JudgeName, LeavesAloneWhatIsOnlyAboutServers) {
    for (const char* name : {"@modelcontextprotocol/inspector", "@modelcontextprotocol/create-server",
                             "create-mcp-app", "@modelcontextprotocol/conformance",
                             "@modelcontextprotocol/sdk", "mcp-cli", "mcp-scan", "mcp-reaper"}) {
        EXPECT_FALSE(judge_name(name, NameOf::package).server) << name;
    }
    for (const char* name :
         {"validate_mcp_roster", "test_mcp_server", "mcp_client", "check-mcp-health"}) {
        EXPECT_FALSE(judge_name(name, NameOf::script).server) << name;
    }
    EXPECT_FALSE(judge_name("my-mcp-server-mysqld-helper", NameOf::script).server);
    EXPECT_FALSE(judge_name("mcpd", NameOf::binary).server);
}

TEST(JudgeName, WantsTheWordByItselfOutsideOfPackages) {
    EXPECT_TRUE(judge_name("mcpxcodebuild", NameOf::package).server);
    EXPECT_FALSE(judge_name("mcpxcodebuild", NameOf::binary).server);
}
