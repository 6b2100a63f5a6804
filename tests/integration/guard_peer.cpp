// An MCP server for the guard's tests: small, quick to start, and as bad as it is asked to be. What it
// is asked is the method of a request:
//   echo {…}         its parameters are the answer
//   crash N          ends with status N, unanswered; kill N: by signal N
//   silent           gives no answer; deafen: reads nothing more
//   garbage          writes a line that is no JSON, and answers
//   half             writes half a line, and goes on reading
//   big N            answers with N bytes; noise N: writes N bytes to its stderr, and answers
//   ask              asks its client something, and answers with what it was told
//   bigask N         the same in N bytes, under the id that it was asked with
//   helper           has a child with a double fork, in a session of its own, that heeds no SIGTERM
//   agent            has a child named claude
//   ignored          the signals that it ignores
//   limits           its RLIMIT_NOFILE; forks N: how many of N children it could have
// Environment: PEER_REVISION, PEER_TOOLS (a file whose text is the name of its tool), PEER_HEARD (a file
// to which the method of each message is added), PEER_DEAF=eof,term (what it does not heed).
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

namespace {

using nlohmann::json;

std::string variable(const char* name) {
    const char* const value = std::getenv(name);
    return value != nullptr ? value : "";
}

void write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t n = write(fd, text.data(), text.size());
        if (n <= 0) _exit(9);
        text.remove_prefix(static_cast<std::size_t>(n));
    }
}

void say(const json& message) {
    write_all(1, message.dump() + '\n');
}

void answer(const json& id, const json& result) {
    say({{"jsonrpc", "2.0"}, {"id", id}, {"result", result}});
}

void note(const std::string& heard) {
    const std::string file = variable("PEER_HEARD");
    if (file.empty()) return;
    const int fd = open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    write_all(fd, heard + '\n');
    close(fd);
}

[[noreturn]] void stay_deaf() {
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    for (;;) pause();
}

/// The pid of a grandchild that nobody who looks at parents will find.
int start_helper() {
    int told[2];
    if (pipe(told) != 0) _exit(8);
    const pid_t child = fork();
    if (child == 0) {
        setsid();
        if (fork() != 0) _exit(0);
        const int pid = getpid();
        write_all(told[1], {reinterpret_cast<const char*>(&pid), sizeof pid});
        for (int fd = 0; fd < 16; ++fd) close(fd);
        stay_deaf();
    }
    waitpid(child, nullptr, 0);
    int pid = 0;
    if (read(told[0], &pid, sizeof pid) != sizeof pid) _exit(8);
    close(told[0]);
    close(told[1]);
    return pid;
}

int start_agent(const std::string& name) {
    int told[2];
    if (pipe2(told, O_CLOEXEC) != 0) _exit(8);
    const pid_t child = fork();
    if (child == 0) {
        setenv("PEER_STAYS", "1", 1);
        execl("/proc/self/exe", name.c_str(), static_cast<char*>(nullptr));
        _exit(127);
    }
    char none = 0;
    close(told[1]);
    if (read(told[0], &none, 1) != 0) _exit(8);  // It has become that.
    close(told[0]);
    return child;
}

int fork_children(int wanted) {
    int made = 0;
    for (; made < wanted; ++made) {
        const pid_t child = fork();
        if (child < 0) break;
        if (child == 0) {
            for (;;) pause();
        }
    }
    return made;
}

json tools() {
    std::ifstream file(variable("PEER_TOOLS"));
    std::ostringstream name;
    name << file.rdbuf();
    return {{"tools", json::array({{{"name", name.str()}}})}};
}

json ask(std::string& line, const json& id, const json& params) {
    write_all(1, R"({"jsonrpc":"2.0","id":)" + id.dump() +
                     R"(,"method":"sampling/createMessage","params":)" + params.dump() + "}\n");
    while (std::getline(std::cin, line)) {
        const json told = json::parse(line);
        if (told.value("id", json()) == id) return told;
    }
    return nullptr;
}

rlim_t open_files() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}

/// The signals that it ignores.
json ignored() {
    json all = json::array();
    for (int number = 1; number < NSIG; ++number) {
        struct sigaction action {};
        if (sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN)
            all.push_back(number);
    }
    return all;
}

void obey(const json& message, std::string& line) {
    const std::string method = message.value("method", "");
    const json id = message.value("id", json());
    const json params = message.value("params", json());
    note(method.empty() ? "answer" : method);
    if (!message.contains("id") || method.empty()) return;
    if (method == "initialize") {
        const std::string revision = variable("PEER_REVISION");
        return answer(id, {{"protocolVersion", revision.empty() ? "2025-06-18" : revision},
                           {"capabilities", json::object()},
                           {"serverInfo", {{"name", "peer"}, {"version", "1"}}}});
    }
    if (method == "tools/list") return answer(id, tools());
    if (method == "crash") _exit(params.get<int>());
    if (method == "kill") raise(params.get<int>());
    if (method == "silent" || method == "tools/call") return;
    if (method == "deafen") {
        answer(id, {});
        for (;;) pause();
    }
    if (method == "garbage") write_all(1, "npm warn something\n\n{\"half\": \n");
    if (method == "half") {
        write_all(1, "{\"jsonrpc\": \"2.0\", \"id\"");
        for (;;) pause();
    }
    if (method == "big") return answer(id, std::string(params.get<std::size_t>(), 'x'));
    if (method == "noise") write_all(2, std::string(params.get<std::size_t>(), '!') + '\n');
    if (method == "ask") return answer(id, ask(line, "s-1", json::object()));
    if (method == "bigask")
        return answer(id, ask(line, id, {{"text", std::string(params.get<std::size_t>(), 'x')}}));
    if (method == "helper") return answer(id, start_helper());
    if (method == "agent")
        return answer(id, start_agent(params.is_string() ? params.get<std::string>() : "claude"));
    if (method == "forks") return answer(id, fork_children(params.get<int>()));
    if (method == "ignored") return answer(id, ignored());
    if (method == "limits") return answer(id, open_files());
    answer(id, params);
}

}  // namespace

int main() {
    if (std::getenv("PEER_STAYS") != nullptr) {
        for (;;) pause();
    }
    const std::string deaf = variable("PEER_DEAF");
    if (deaf.find("term") != std::string::npos) signal(SIGTERM, SIG_IGN);
    std::string line;
    while (std::getline(std::cin, line)) {
        const json message = json::parse(line, nullptr, false);
        if (message.is_discarded()) {
            say({{"jsonrpc", "2.0"},
                 {"id", nullptr},
                 {"error", {{"code", -32700}, {"message", "no JSON"}}}});
            continue;
        }
        if (message.is_array()) {
            for (const json& one : message) obey(one, line);
        } else {
            obey(message, line);
        }
    }
    if (deaf.find("eof") != std::string::npos) {
        for (;;) pause();
    }
}
