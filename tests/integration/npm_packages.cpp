#include "npm_packages.h"

#include <stdexcept>

namespace reaper::integration {
namespace {

struct Package {
    std::string type;
    std::string package;
    std::string binary;
    std::vector<std::string> arguments;
    bool needs_browser = false;
    bool outlives_client = false;
};

std::vector<Package> packages() {
    return {
        {"memory", "@modelcontextprotocol/server-memory", "mcp-server-memory", {}},
        {"sequential-thinking",
         "@modelcontextprotocol/server-sequential-thinking",
         "mcp-server-sequential-thinking",
         {}},
        {"filesystem", "@modelcontextprotocol/server-filesystem", "mcp-server-filesystem", {"/tmp"}},
        // Ignores end-of-file even when it is idle.
        {"everything",
         "@modelcontextprotocol/server-everything",
         "mcp-server-everything",
         {},
         false,
         true},
        // Stays for ever while it has a page open, see with_open_page().
        {"puppeteer", "@modelcontextprotocol/server-puppeteer", "mcp-server-puppeteer", {}, true, true},
        {"playwright", "@playwright/mcp", "playwright-mcp", {"--headless", "--isolated"}},
        {"chrome-devtools", "chrome-devtools-mcp", "chrome-devtools-mcp", {"--headless", "--isolated"}},
        {"context7", "@upstash/context7-mcp", "context7-mcp", {}},
        {"duckduckgo", "duckduckgo-mcp-server", "duckduckgo-mcp-server", {}},
        {"fetch", "mcp-fetch-server", "mcp-fetch-server", {}},
        {"notion", "@notionhq/notion-mcp-server", "notion-mcp-server", {}},
        {"exa", "exa-mcp-server", "exa-mcp-server", {}},
        {"chart", "@antv/mcp-server-chart", "mcp-server-chart", {}},
        {"github", "@modelcontextprotocol/server-github", "mcp-server-github", {}},
        // Connects when it is asked something.
        {"postgres",
         "@modelcontextprotocol/server-postgres",
         "mcp-server-postgres",
         {"postgresql://127.0.0.1:1/nothing"}},
    };
}

/// Root's chromium has no sandbox, so the server must be told that this is wanted.
void with_open_page(Launch& launch) {
    launch.environment["PUPPETEER_EXECUTABLE_PATH"] = chromium();
    launch.environment["PUPPETEER_LAUNCH_OPTIONS"] = R"({"headless": true, "args": ["--no-sandbox"]})";
    launch.environment["ALLOW_DANGEROUS"] = "true";
    launch.call = {{"name", "puppeteer_navigate"},
                   {"arguments", {{"url", "data:text/html,<h1>open</h1>"}}}};
}

std::vector<Launch> launches(const std::string& how) {
    std::vector<Launch> result;
    for (const Package& package : packages()) {
        if (package.needs_browser && chromium().empty()) continue;
        Launch launch;
        launch.name = package.type + " by " + how;
        launch.type = package.type;
        if (how == "npx") {
            launch.argv = {"npx", "-y", package.package};
        } else {
            launch.argv = {"node", in_npm_install("node_modules/.bin/" + package.binary)};
        }
        launch.argv.insert(launch.argv.end(), package.arguments.begin(), package.arguments.end());
        launch.outlives_client = package.outlives_client;
        if (package.needs_browser) with_open_page(launch);
        result.push_back(std::move(launch));
    }
    return result;
}

}  // namespace

std::vector<Launch> launches_by_npx() {
    return launches("npx");
}

std::vector<Launch> launches_by_node() {
    return launches("node");
}

std::vector<Launch> launches_with_open_page() {
    if (chromium().empty()) return {};
    const std::vector<Launch> all = launches_by_npx();
    Launch playwright = launch_of(all, "playwright");
    playwright.argv.insert(playwright.argv.end(), {"--no-sandbox", "--executable-path", chromium()});
    playwright.call = {{"name", "browser_navigate"},
                       {"arguments", {{"url", "data:text/html,<h1>open</h1>"}}}};
    Launch devtools = launch_of(all, "chrome-devtools");
    devtools.argv.insert(devtools.argv.end(),
                         {"--executablePath", chromium(), "--chromeArg=--no-sandbox"});
    devtools.call = {{"name", "new_page"}, {"arguments", {{"url", "data:text/html,<h1>open</h1>"}}}};
    return {launch_of(all, "puppeteer"), std::move(playwright), std::move(devtools)};
}

Launch launch_of(const std::vector<Launch>& launches, const std::string& type) {
    for (const Launch& launch : launches) {
        if (launch.type == type) return launch;
    }
    throw std::logic_error("no launch of type " + type);
}

}  // namespace reaper::integration
