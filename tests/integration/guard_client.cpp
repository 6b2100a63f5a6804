#include "guard_client.h"

#include <algorithm>
#include <sstream>
#include <thread>

namespace reaper::integration {

using nlohmann::json;

GuardClient::GuardClient(Options options) {
    // Short enough to test, long enough for a busy machine.
    std::vector<std::string> words = {"guard", "grace=600", "close_wait=300", "backoff=50",
                                      "state=" + file("")};
    words.insert(words.end(), options.settings.begin(), options.settings.end());
    words.emplace_back("--");
    words.insert(words.end(), options.command.begin(), options.command.end());
    // Its stderr in a file: a pipe that nobody reads is a test of its own.
    std::vector<std::string> shell = {
        "sh", "-c",           "errors=$1; file=$2; shift 3; exec \"$file\" \"$@\" 2>\"$errors\"",
        "sh", file("errors"), REAPER_GUARD};
    shell.insert(shell.end(), words.begin(), words.end());
    StartOptions start;
    start.environment = options.environment;
    start.environment["PEER_HEARD"] = file("heard");
    start.environment["PEER_TOOLS"] = file("tools");
    guard_ = std::make_unique<Program>(shell, start);
    if (!options.initialize) return;
    ask("initialize", {{"protocolVersion", "2025-06-18"}});
    guard_->write_line(R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
}

int GuardClient::send(const std::string& method, const json& params) {
    json message = {{"jsonrpc", "2.0"}, {"id", ++ids_}, {"method", method}};
    if (!params.is_null()) message["params"] = params;
    guard_->write_line(message.dump());
    return ids_;
}

json GuardClient::next() {
    const auto line = guard_->read_line(20s);
    return line ? json::parse(*line, nullptr, false) : json();
}

json GuardClient::answer_to(int id) {
    for (;;) {
        json message = next();
        if (message.is_null()) return message;
        if (message.is_object() && message.value("id", json()) == id && !message.contains("method"))
            return message;
        others_.push_back(std::move(message));
    }
}

json GuardClient::ask(const std::string& method, const json& params) {
    return answer_to(send(method, params));
}

std::vector<std::string> GuardClient::heard() const {
    std::istringstream lines(text_of(file("heard")));
    std::vector<std::string> all;
    for (std::string line; std::getline(lines, line);) all.push_back(line);
    return all;
}

bool GuardClient::await_heard(const std::string& method, std::size_t times,
                              std::chrono::milliseconds within) const {
    const auto until = std::chrono::steady_clock::now() + within;
    for (;;) {
        const auto all = heard();
        if (static_cast<std::size_t>(std::count(all.begin(), all.end(), method)) >= times) return true;
        if (std::chrono::steady_clock::now() > until) return false;
        std::this_thread::sleep_for(5ms);
    }
}

std::set<pid_t> GuardClient::tree() {
    return tree_of(guard_->pid(), read_processes());
}

pid_t GuardClient::keeper() {
    for (const auto& [pid, process] : read_processes()) {
        if (process.parent == guard_->pid()) return pid;
    }
    return 0;
}

pid_t GuardClient::server() {
    const pid_t parent = keeper();
    for (const auto& [pid, process] : read_processes()) {
        if (parent != 0 && process.parent == parent) return pid;
    }
    return 0;
}

}  // namespace reaper::integration
