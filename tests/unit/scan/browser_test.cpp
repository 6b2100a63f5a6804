#include "scan/browser.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

namespace reaper::scan {
namespace {

std::string line(std::initializer_list<const char*> arguments) {
    std::string text;
    for (const char* const one : arguments) text.append(one).push_back('\0');
    return text;
}

Profile profile_of(const std::string& directory) {
    const auto browser = controlled_browser(
        line({"chrome", "--remote-debugging-pipe", ("--user-data-dir=" + directory).c_str()}));
    return browser ? browser->profile : Profile::other;
}

TEST(ControlledBrowser, IsTheMainProcessWithADebuggingOption) {
    const auto piped =
        controlled_browser(line({"/usr/lib/chromium/chromium", "--remote-debugging-pipe"}));
    ASSERT_TRUE(piped);
    EXPECT_TRUE(piped->by_pipe);
    const auto port =
        controlled_browser(line({"/opt/google/chrome/chrome", "--remote-debugging-port=0"}));
    ASSERT_TRUE(port);
    EXPECT_FALSE(port->by_pipe);
}

TEST(ControlledBrowser, OverAPipeAndAPortMayHaveSomebodyAtThePort) {
    const auto both =
        controlled_browser(line({"chrome", "--remote-debugging-pipe", "--remote-debugging-port=9222"}));
    ASSERT_TRUE(both);
    EXPECT_FALSE(both->by_pipe);
}

TEST(ControlledBrowser, IsNoHelperAndNoOtherProgram) {
    EXPECT_FALSE(controlled_browser(line({"chrome", "--type=renderer", "--remote-debugging-pipe"})));
    EXPECT_FALSE(
        controlled_browser("chrome --type=renderer --remote-debugging-pipe" + std::string(3, '\0')));
    EXPECT_FALSE(controlled_browser(line({"grep", "--remote-debugging-pipe"})));
    EXPECT_FALSE(controlled_browser(line({"node", "run.js", "chrome", "--remote-debugging-pipe"})));
    EXPECT_FALSE(controlled_browser(line({"chromedriver", "--remote-debugging-pipe"})));
    EXPECT_FALSE(controlled_browser(line({"chrome", "--remote-debugging-pipeline"})));
    EXPECT_FALSE(controlled_browser(line({"chrome"})));
    EXPECT_FALSE(controlled_browser(""));
}

TEST(ControlledBrowser, IsSoughtOnlyAmongProcessesCalledLikeOne) {
    for (const char* const comm : {"chrome", "chromium", "chrome-headless", "headless_shell", "msedge"})
        EXPECT_TRUE(may_be_browser(comm)) << comm;
    for (const char* const comm : {"", "node", "c", "bash"}) EXPECT_FALSE(may_be_browser(comm)) << comm;
}

TEST(ControlledBrowser, TellsWhoseProfileItHas) {
    EXPECT_EQ(profile_of("/home/dev/.cache/ms-playwright-mcp/mcp-chrome-3a594ea"), Profile::mcp);
    EXPECT_EQ(profile_of("/home/dev/.cache/ms-playwright/mcp-chrome-profile"), Profile::mcp);
    EXPECT_EQ(profile_of("/x/ms-playwright-mcp/mcp-chromium-3a594ea/"), Profile::mcp);
    EXPECT_EQ(profile_of("/home/dev/.cache/chrome-devtools-mcp/chrome-profile"), Profile::mcp);
    EXPECT_EQ(profile_of("/home/dev/.cache/chrome-devtools-mcp/chrome-profile-canary"), Profile::mcp);
    EXPECT_EQ(profile_of("/tmp/puppeteer_dev_chrome_profile-X0dyB8"), Profile::temporary);
    EXPECT_EQ(profile_of("/tmp/playwright_chromiumdev_profile-ycowzN"), Profile::temporary);
    EXPECT_EQ(profile_of("/home/dev/.config/chromium"), Profile::other);
    EXPECT_EQ(profile_of("/home/dev/.cache/ms-playwright/chromium-1187"), Profile::other);
    EXPECT_EQ(profile_of("/home/dev/.cache/ms-playwright-mcp"), Profile::other);
    EXPECT_EQ(profile_of("/home/dev/.cache/chrome-devtools-mcp-cli/chrome-profile"), Profile::other);
    EXPECT_EQ(profile_of("mcp-chrome"), Profile::other);
    EXPECT_EQ(profile_of(""), Profile::other);
}

TEST(PersonalBrowser, SaysNothingOfBeingControlled) {
    EXPECT_TRUE(is_personal_browser(line({"/opt/google/chrome/chrome", "https://example.org"})));
    EXPECT_TRUE(is_personal_browser(line({"/usr/lib/firefox/firefox"})));
    EXPECT_FALSE(is_personal_browser(line({"chrome", "--headless=new"})));
    EXPECT_FALSE(is_personal_browser(line({"chrome", "--remote-debugging-port=0"})));
    EXPECT_FALSE(is_personal_browser(line({"firefox", "-juggler-pipe", "-profile", "/tmp/x"})));
    EXPECT_FALSE(is_personal_browser(line({"firefox", "--marionette"})));
    EXPECT_FALSE(is_personal_browser(line({"vim", "chrome"})));
    EXPECT_FALSE(is_personal_browser(""));
}

}  // namespace
}  // namespace reaper::scan
