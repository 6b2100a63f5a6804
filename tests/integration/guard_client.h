// A client with a guarded server: the guard is the test's child, its command line is the test's.
#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "processes.h"
#include "program.h"
#include "scratch.h"

namespace reaper::integration {

class GuardClient {
  public:
    struct Options {
        std::vector<std::string> settings = {};               ///< "ping_interval=50"
        std::vector<std::string> command = {REAPER_PEER};     ///< The server.
        std::map<std::string, std::string> environment = {};  ///< Of both.
        bool initialize = true;
    };
    explicit GuardClient(Options options);
    GuardClient() : GuardClient(Options{}) {}

    /// Asks, and waits for the answer; what comes before it is kept in others(). Null where none comes.
    nlohmann::json ask(const std::string& method, const nlohmann::json& params = nullptr);
    /// Only asks; the id.
    int send(const std::string& method, const nlohmann::json& params = nullptr);
    nlohmann::json answer_to(int id);
    nlohmann::json next();
    [[nodiscard]] const std::vector<nlohmann::json>& others() const { return others_; }

    Program& guard() { return *guard_; }
    /// A file in the directory that goes with the test.
    [[nodiscard]] std::string file(const std::string& name) const {
        return (scratch_.path() / name).string();
    }
    /// The methods that the server has heard.
    [[nodiscard]] std::vector<std::string> heard() const;
    /// Until it has heard `method` that often.
    bool await_heard(const std::string& method, std::size_t times,
                     std::chrono::milliseconds within = 10s) const;
    /// What the guard and its server have written to stderr so far.
    [[nodiscard]] std::string errors() const { return text_of(file("errors")); }

    /// All that the guard has started, and itself.
    [[nodiscard]] std::set<pid_t> tree();
    [[nodiscard]] pid_t keeper();
    /// The server that runs now.
    [[nodiscard]] pid_t server();

  private:
    Scratch scratch_;
    std::unique_ptr<Program> guard_;
    int ids_ = 0;
    std::vector<nlohmann::json> others_;
};

}  // namespace reaper::integration
