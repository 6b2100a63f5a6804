// The clients of tests/npm as real processes, and what they start.
#pragma once

#include <sys/types.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "processes.h"
#include "program.h"

namespace reaper::integration {

using nlohmann::json;

/// Why the npm packages cannot be used here ("npm is not installed"); empty where they can.
std::string why_no_npm();

/// Where Debian's chromium is; empty where it is not installed.
std::string chromium();

/// How to start something in the install of tests/npm: its folder, PATH, a home of its own that is gone
/// with this program, and npm kept off the network.
StartOptions npm_start_options();

/// A file of the install: in_npm_install("node_modules/.bin/mcp-server-memory").
std::string in_npm_install(const std::string& path);

/// A file of tests/npm itself: in_npm_sources("client.mjs").
std::string in_npm_sources(const std::string& path);

/// A server to start: how, and what the scan should call it.
struct Launch {
    std::string name;  ///< Its own in the test: "memory by npx".
    std::string type;
    std::vector<std::string> argv;
    std::map<std::string, std::string> environment;
    json call;  ///< A tool to call before it counts as started; may be null.
    bool outlives_client = false;
};

/// One that runs.
struct Started {
    Launch launch;
    pid_t client = 0;
    pid_t top = 0;  ///< What the client itself started.
};

/// A client of tests/npm, after its ready line.
class NpmClient {
  public:
    /// `argv` is the client's own; the JSON of the launches is added to it. Fails the test, and leaves
    /// started() empty, where it does not say that it is ready.
    NpmClient(std::vector<std::string> argv, const std::vector<Launch>& launches,
              const json& settings = {}, StartOptions options = npm_start_options());

    [[nodiscard]] const std::vector<Started>& started() const { return started_; }
    [[nodiscard]] pid_t pid() const { return program_.pid(); }
    Program& program() { return program_; }

  private:
    Program program_;
    std::vector<Started> started_;
};

std::vector<std::string> sdk_client();     ///< argv of client.mjs: socket pairs.
std::vector<std::string> python_client();  ///< argv of client.py: pipes.

}  // namespace reaper::integration
