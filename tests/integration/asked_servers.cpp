#include "asked_servers.h"

#include <filesystem>
#include <fstream>

namespace reaper::integration {
namespace {

/// Where nobody listens.
constexpr const char* kNowhere = "http://127.0.0.1:1";
constexpr const char* kPage = "data:text/html,<title>same</title><h1>one</h1>";

json call(const std::string& name, const json& arguments = json::object()) {
    return {{"name", name}, {"arguments", arguments}};
}

json memory_calls() {
    const json entity = {{"name", "Zoë \u2028 😀"}, {"entityType", "one"}, {"observations", {"a\nb"}}};
    return {call("create_entities", {{"entities", {entity}}}), call("read_graph")};
}

json filesystem_calls(const std::string& files) {
    return {call("list_directory", {{"path", files}}),
            call("read_text_file", {{"path", files + "/one.txt"}}),
            call("read_text_file", {{"path", "/etc/hostname"}})};
}

std::string some_files(const std::string& folder) {
    const std::string files = folder + "/files";
    std::filesystem::create_directories(files);
    std::ofstream(files + "/one.txt") << "one\r\n\u2028 😀\n\tno newline";
    return files;
}

void add(Launch& launch, std::vector<std::string> arguments) {
    launch.argv.insert(launch.argv.end(), arguments.begin(), arguments.end());
}

/// Where there is no browser the answer tells of that, and is the same too.
json page_calls(const std::string& navigate, const std::string& evaluate, const json& script) {
    return {call(navigate, {{"url", kPage}}), call(evaluate, script)};
}

json prepare(Launch& launch, const std::string& folder) {
    const std::string& type = launch.type;
    if (type == "memory") {
        launch.environment["MEMORY_FILE_PATH"] = folder + "/memory";
        return memory_calls();
    }
    if (type == "sequential-thinking") {
        return {call("sequentialthinking", {{"thought", "one"},
                                            {"thoughtNumber", 1},
                                            {"totalThoughts", 2},
                                            {"nextThoughtNeeded", true}})};
    }
    if (type == "filesystem") {
        const std::string files = some_files(folder);
        launch.argv.back() = files;
        return filesystem_calls(files);
    }
    if (type == "everything") return {call("getTinyImage"), call("echo", {{"message", "\u2028 😀"}})};
    if (type == "puppeteer") {
        return page_calls("puppeteer_navigate", "puppeteer_evaluate", {{"script", "document.title"}});
    }
    if (type == "playwright") {
        add(launch, {"--no-sandbox", "--executable-path", chromium(), "--output-dir", folder,
                     "--snapshot-mode", "none"});
        return page_calls("browser_navigate", "browser_evaluate",
                          {{"function", "() => document.title"}});
    }
    if (type == "chrome-devtools") {
        add(launch, {"--executablePath", chromium(), "--chromeArg=--no-sandbox"});
        return page_calls("new_page", "evaluate_script",
                          {{"function", "() => document.title"}, {"pageId", 2}});
    }
    // What takes a network is asked for something that it refuses, or of somebody who is not there.
    if (type == "context7") return {call("resolve-library-id")};
    if (type == "duckduckgo") return {call("duckduckgo_web_search")};
    if (type == "fetch") return {call("fetch_html", {{"url", kNowhere}})};
    if (type == "notion") {
        launch.environment["BASE_URL"] = kNowhere;
        return {call("API-get-self"), call("no-such-tool")};
    }
    if (type == "exa") return {call("web_search_exa")};
    if (type == "chart") {
        launch.environment["VIS_REQUEST_SERVER"] = kNowhere;
        return {call("generate_pie_chart", {{"data", {{{"category", "a"}, {"value", 1}}}}})};
    }
    if (type == "github") return {call("search_repositories")};
    if (type == "postgres") return {call("query", {{"sql", "select 1"}})};
    throw std::logic_error("nothing to ask a server of type " + type);
}

}  // namespace

std::vector<AskedServer> asked_servers(const std::vector<Launch>& launches, const std::string& folder) {
    std::vector<AskedServer> servers;
    for (const Launch& launch : launches) {
        AskedServer server{launch, {}};
        server.calls = prepare(server.launch, folder);
        servers.push_back(std::move(server));
    }
    return servers;
}

std::vector<std::string> guarded(const std::vector<std::string>& argv) {
    std::vector<std::string> result = {REAPER_BINARY, "run", "--policy",
                                       REAPER_SOURCE_DIR "/policies/default.yaml", "--"};
    result.insert(result.end(), argv.begin(), argv.end());
    return result;
}

}  // namespace reaper::integration
