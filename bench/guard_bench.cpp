// What a guard costs: a message's way through it, against a direct pipe and a relay in node.
//
//   guard_bench echo                       a server: says back what it is told
//   guard_bench latency N COMMAND…         N messages there and back, one after the other
//   guard_bench throughput N BYTES COMMAND…  N messages of that size, as fast as they are taken
//   guard_bench memory N COMMAND…          N at once, each has answered once: PSS of all its processes
//   but
//                                          the server, which is the last of each line of children
//
// Prints one JSON object.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

void write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t n = write(fd, text.data(), text.size());
        if (n <= 0) throw std::runtime_error("write");
        text.remove_prefix(static_cast<std::size_t>(n));
    }
}

/// A command with our pipes on its 0 and 1.
class Server {
  public:
    explicit Server(char** command) {
        int in[2];
        int out[2];
        if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
        pid_ = fork();
        if (pid_ == 0) {
            dup2(in[0], 0);
            dup2(out[1], 1);
            execvp(command[0], command);
            _exit(127);
        }
        close(in[0]);
        close(out[1]);
        in_ = in[1];
        out_ = out[0];
    }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    ~Server() {
        close(in_);
        waitpid(pid_, nullptr, 0);
        close(out_);
    }
    void say(std::string_view text) const { write_all(in_, text); }
    void hear(std::size_t bytes) const {
        static thread_local char buffer[1 << 20];
        while (bytes > 0) {
            const ssize_t n = read(out_, buffer, std::min(sizeof buffer, bytes));
            if (n <= 0) throw std::runtime_error("it said too little");
            bytes -= static_cast<std::size_t>(n);
        }
    }
    [[nodiscard]] pid_t pid() const { return pid_; }

  private:
    pid_t pid_;
    int in_;
    int out_;
};

/// In the very form in which node writes it, so that a server that parses it says the same bytes.
std::string message_of(std::size_t bytes) {
    const std::string start = R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"text":")";
    const std::string end = "\"}}\n";
    const std::size_t text = bytes > start.size() + end.size() ? bytes - start.size() - end.size() : 0;
    return start + std::string(text, 'x') + end;
}

int echo() {
    static char buffer[1 << 20];
    for (;;) {
        const ssize_t n = read(0, buffer, sizeof buffer);
        if (n <= 0) return 0;
        write_all(1, {buffer, static_cast<std::size_t>(n)});
    }
}

int latency(int times, char** command) {
    Server server(command);
    const std::string message = message_of(200);
    std::vector<double> took;
    for (int i = -200; i < times; ++i) {
        const auto begun = Clock::now();
        server.say(message);
        server.hear(message.size());
        if (i >= 0)
            took.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begun).count());
    }
    std::sort(took.begin(), took.end());
    std::printf("{\"p50_us\": %.2f, \"p99_us\": %.2f}\n", took[took.size() / 2],
                took[took.size() * 99 / 100]);
    return 0;
}

int throughput(int times, std::size_t bytes, char** command) {
    Server server(command);
    const std::string message = message_of(bytes);
    const std::string first = message_of(0);
    server.say(first);
    server.hear(first.size());  // It runs.
    const auto begun = Clock::now();
    std::thread writer([&] {
        for (int i = 0; i < times; ++i) server.say(message);
    });
    server.hear(message.size() * static_cast<std::size_t>(times));
    writer.join();
    const double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
    std::printf("{\"mib_per_second\": %.1f}\n",
                static_cast<double>(message.size()) * times / seconds / (1024.0 * 1024.0));
    return 0;
}

std::vector<pid_t> children_of(pid_t pid) {
    const std::string name = std::to_string(pid);
    std::ifstream file("/proc/" + name + "/task/" + name + "/children");
    std::vector<pid_t> children;
    for (pid_t child = 0; file >> child;) children.push_back(child);
    return children;
}

double pss_kib(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/smaps_rollup");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("Pss:")) return std::stod(line.substr(4));
    }
    return 0;
}

/// Of a command and what it starts, but for the last one.
double pss_in_between(pid_t pid) {
    const auto children = children_of(pid);
    if (children.empty()) return 0;
    double sum = pss_kib(pid);
    for (const pid_t child : children) sum += pss_in_between(child);
    return sum;
}

int memory(int count, char** command) {
    std::vector<std::unique_ptr<Server>> servers;
    const std::string message = message_of(200);
    for (int i = 0; i < count; ++i) servers.push_back(std::make_unique<Server>(command));
    for (const auto& server : servers) {
        server->say(message);
        server->hear(message.size());
    }
    double sum = 0;
    for (const auto& server : servers) sum += pss_in_between(server->pid());
    std::printf("{\"pss_kib\": %.1f}\n", sum / count);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string what = argc > 1 ? argv[1] : "";
    if (what == "echo") return echo();
    if (what == "latency" && argc > 3) return latency(std::atoi(argv[2]), argv + 3);
    if (what == "throughput" && argc > 4) {
        return throughput(std::atoi(argv[2]), static_cast<std::size_t>(std::atol(argv[3])), argv + 4);
    }
    if (what == "memory" && argc > 3) return memory(std::atoi(argv[2]), argv + 3);
    std::cerr << "see the head of guard_bench.cpp\n";
    return 2;
}
