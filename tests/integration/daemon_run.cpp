#include "daemon_run.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <iostream>
#include <iterator>

#include "processes.h"

namespace reaper::integration {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

int left_of(Clock::time_point deadline) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    return static_cast<int>(std::max<std::chrono::milliseconds::rep>(left.count(), 0));
}

}  // namespace

std::string every_second(std::chrono::seconds grace) {
    return "version: 1\n"
           "name: test\n"
           "daemon: { health_check_interval: 1, cleanup_interval: 1 }\n"
           "rules:\n"
           "  orphan: { after_seconds: 1, action: terminate }\n"
           "terminate: { grace_seconds: " +
           std::to_string(grace.count()) +
           " }\n"
           "budget: { kills_per_minute: 1000, respawns: 1000 }\n";
}

const std::string kEverySecond = every_second(1s);

DaemonRun::DaemonRun(const std::string& policy, DaemonSettings settings)
    : settings_(std::move(settings)) {
    for (const char* name : {"run", "state", "log"}) {
        fs::create_directory(scratch_.path() / name);
        fs::permissions(scratch_.path() / name, fs::perms::owner_all);
    }
    if (settings_.prepare) settings_.prepare(scratch_.path());
    write_policy(policy);
    start_again();
}

void DaemonRun::listen_to_notices() {
    notices_ = UniqueFd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = (scratch_.path() / "notify").string();
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    ::unlink(path.c_str());
    if (::bind(notices_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        throw std::system_error(errno, std::generic_category(), "bind");
    }
}

DaemonRun::~DaemonRun() {
    if (program_ && !program_->wait(0ms)) program_->kill();
    std::cerr << said();
}

StartOptions DaemonRun::options() const {
    StartOptions options;
    options.environment = {{"RUNTIME_DIRECTORY", (scratch_.path() / "run").string()},
                           {"STATE_DIRECTORY", (scratch_.path() / "state").string()},
                           {"NOTIFY_SOCKET", (scratch_.path() / "notify").string()},
                           // libproc2 keeps two buffers a thread and does not free them when that ends.
                           {"LSAN_OPTIONS", "suppressions=" REAPER_SOURCE_DIR "/tests/leaks.supp"}};
    return options;
}

void DaemonRun::start_again() {
    program_.reset();
    listen_to_notices();
    StartOptions with = options();
    with.environment.insert(settings_.environment.begin(), settings_.environment.end());
    program_.emplace(std::vector<std::string>{"sh", "-c", R"(exec 2>>"$0" "$@")", said_file(),
                                              REAPER_BINARY, "daemon", "--policy", policy_file()},
                     with);
}

bool DaemonRun::await_ready() {
    const auto deadline = Clock::now() + 60s;
    while (left_of(deadline) > 0) {
        pollfd notice{notices_.get(), POLLIN, 0};
        if (::poll(&notice, 1, 200) <= 0) {
            if (program_->wait(0ms)) return false;
            continue;
        }
        std::array<char, 4096> text{};
        const ssize_t length = ::recv(notices_.get(), text.data(), text.size(), 0);
        const std::string said(text.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
        if (said.find("READY=1") == std::string::npos) continue;
        notices_.close();  // Who does not read would keep it waiting: systemd always reads.
        return true;
    }
    return false;
}

/// As an editor does: another file, renamed over it.
void DaemonRun::write_policy(const std::string& text) const {
    std::ofstream(policy_file() + ".new")
        << text << "events: { journal: false, log: " << (scratch_.path() / "log/events.log").string()
        << " }\n";
    fs::rename(policy_file() + ".new", policy_file());
}

void DaemonRun::read_log() {
    std::ifstream file(scratch_.path() / "log/events.log");
    file.seekg(static_cast<std::streamoff>(read_));
    for (std::string line; std::getline(file, line) && !file.eof();) {
        read_ += line.size() + 1;
        unseen_.push_back(json::parse(line, nullptr, false));
    }
}

json DaemonRun::await_event(const std::string& kind, const std::function<bool(const json&)>& fits,
                            std::chrono::milliseconds within) {
    const UniqueFd changes(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    ::inotify_add_watch(changes.get(), (scratch_.path() / "log").c_str(), IN_MODIFY | IN_CREATE);
    const auto deadline = Clock::now() + within;
    std::string seen;
    for (;;) {
        read_log();
        while (!unseen_.empty()) {
            const json event = unseen_.front();
            unseen_.pop_front();
            seen += event.dump() + '\n';
            const bool is_kind = event.is_object() && event.value("event", "") == kind;
            if (is_kind && (!fits || fits(event))) return event;
        }
        if (left_of(deadline) == 0) break;
        pollfd change{changes.get(), POLLIN, 0};
        ::poll(&change, 1, left_of(deadline));
        std::array<char, 4096> ignored{};
        while (::read(changes.get(), ignored.data(), ignored.size()) > 0) {
        }
    }
    ADD_FAILURE() << "no event " << kind << " among\n" << seen;
    return nullptr;
}

DaemonRun::Said DaemonRun::run(const std::vector<std::string>& arguments) const {
    const std::string errors = (scratch_.path() / "errors").string();
    std::vector<std::string> argv = {"sh", "-c", R"(exec 2>"$0" "$@")", errors, REAPER_BINARY};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    Program program(argv, options());
    program.close_input();
    Said said;
    said.output = program.read_all();
    std::ifstream file(errors);
    said.complaint.assign(std::istreambuf_iterator<char>(file), {});
    const auto status = program.wait();
    if (status && WIFEXITED(*status)) said.exit_code = WEXITSTATUS(*status);
    return said;
}

Program DaemonRun::start(const std::vector<std::string>& arguments) const {
    std::vector<std::string> argv = {REAPER_BINARY};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return {argv, options()};
}

std::string DaemonRun::said() const {
    return text_of(said_file());
}

json DaemonRun::status() const {
    const Said said = run({"status", "--format", "json"});
    json status = json::parse(said.output, nullptr, false);
    if (status.is_object()) return status;
    throw std::runtime_error("no status: " + said.complaint);
}

std::optional<int> DaemonRun::end() {
    ::kill(program_->pid(), SIGTERM);
    return program_->wait();
}

std::function<bool(const json&)> about(pid_t pid) {
    return [start = std::to_string(pid) + '@'](const json& event) {
        return event.at("server").is_string() &&
               event.at("server").get<std::string>().starts_with(start);
    };
}

}  // namespace reaper::integration
