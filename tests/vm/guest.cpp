#include "guest.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "processes.h"

namespace reaper::vm {
namespace {

std::string without_last_newline(std::string text) {
    if (text.ends_with('\n')) text.pop_back();
    return text;
}

/// "" also where it went while it was read, which a stream of bytes would tell by an exception.
std::string content(const std::string& path) {
    const std::ifstream file(path);
    std::ostringstream text;
    if (file) text << file.rdbuf();
    return without_last_newline(text.str());
}

/// cgroup v2 has one line: "0::/system.slice/x.service".
std::string cgroup_in(const std::string& line) {
    return line.starts_with("0::") ? line.substr(3) : "";
}

}  // namespace

Session::Session(const User& user) : shell_({"su", "--login", std::string(user.name)}) {}

Session::~Session() {
    for (const UniqueFd& process : started_) {
        if (process) ::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0);
    }
    shell_.close_input();
    shell_.wait();
}

pid_t Session::start(const std::string& command) {
    const pid_t pid = std::stoi(run(command + " >/dev/null & echo $!").output);
    started_.push_back(integration::open_process(pid));
    return pid;
}

Ran Session::run(const std::string& line) {
    // A line of its own tells the end and the status.
    constexpr std::string_view kEnd = "\x01 end ";
    shell_.write_line("{ " + line + "\n} 2>&1 </dev/null; printf '\\n\\001 end %d\\n' $?");
    Ran ran;
    while (const auto said = shell_.read_line()) {
        if (said->starts_with(kEnd)) {
            ran.status = std::stoi(said->substr(kEnd.size()));
            break;
        }
        ran.output += *said + '\n';
    }
    ran.output = without_last_newline(without_last_newline(ran.output));
    return ran;
}

std::string Session::cgroup() {
    return cgroup_in(run("echo $(</proc/self/cgroup)").output);
}

Ran run_as_root(const std::string& line) {
    integration::Program shell({"sh", "-c", "exec 2>&1; " + line});
    shell.close_input();
    Ran ran;
    ran.output = without_last_newline(shell.read_all());
    if (const auto status = shell.wait(); status && WIFEXITED(*status))
        ran.status = WEXITSTATUS(*status);
    return ran;
}

Service::Service(Manager manager, std::string name, const std::vector<std::string>& argv,
                 const std::map<std::string, std::string>& environment)
    : bus_(manager), name_(std::move(name)) {
    bus_.start_service(name_, argv, environment);
}

Service::~Service() {
    try {
        bus_.stop(name_);
    } catch (const std::runtime_error& error) {
        std::cerr << "cannot stop " << name_ << ": " << error.what() << '\n';
    }
}

pid_t Service::main_pid() {
    return static_cast<pid_t>(bus_.number(name_, "Service", "MainPID"));
}

std::string server_program(const std::string& type, const char* program) {
    const std::string link = "/opt/mcp-reaper/bin/mcp-server-" + type;
    std::error_code exists;
    std::filesystem::create_symlink(program, link, exists);
    return link;
}

std::string cgroup_of(pid_t pid) {
    return cgroup_in(content("/proc/" + std::to_string(pid) + "/cgroup"));
}

std::string cgroup_file(const std::string& cgroup, const std::string& file) {
    return content("/sys/fs/cgroup" + cgroup + '/' + file);
}

std::uint64_t cgroup_value(const std::string& cgroup, const std::string& file, const std::string& key) {
    const std::string text = cgroup_file(cgroup, file);
    std::istringstream words(text);
    std::string word;
    while (words >> word) {
        if (word == key && words >> word) return std::stoull(word);
    }
    ADD_FAILURE() << "no " << key << " in " << cgroup << '/' << file << ": " << text;
    return 0;
}

bool has_quota(const std::string& cgroup) {
    const std::string quota = cgroup_file(cgroup, "cpu.max");
    return !quota.empty() && !quota.starts_with("max");
}

bool is_frozen(const std::string& cgroup) {
    return cgroup_value(cgroup, "cgroup.events", "frozen") == 1;
}

}  // namespace reaper::vm
