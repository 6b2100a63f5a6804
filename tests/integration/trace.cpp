#include "trace.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <map>
#include <optional>
#include <regex>
#include <stdexcept>

namespace reaper::integration {
namespace {

constexpr const char* kGroups = "/sys/fs/cgroup/";

std::optional<int> number(const std::string& text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// Reads line after line, and remembers whose each pidfd is.
class Reader {
  public:
    void read(const std::string& line) {
        // "4711  pidfd_send_signal(7<pid:4712>, SIGTERM, NULL, 0) = 0"; killed: "… = ?"
        static const std::regex kCall(R"(^\d+ +(\w+)\((.*)\) += (-?\d+|\?).*$)");
        static const std::regex kEnd(R"(^\d+ +(\+\+\+|---).*$)");
        std::smatch parts;
        if (std::regex_match(line, kEnd)) return;
        if (!std::regex_match(line, parts, kCall)) throw std::runtime_error("not a call: " + line);
        const std::string call = parts[1], arguments = parts[2];
        const int result = number(parts[3]).value_or(-1);
        if (call == "pidfd_open") {
            open(line, arguments, result);
        } else if (call == "pidfd_send_signal" || call == "process_mrelease") {
            send(line, call, arguments);
        } else if (call == "write" || call == "pwrite64" || call == "writev") {
            write(line, arguments, result);
        } else {
            trace.forbidden.push_back(line);
        }
    }

    Trace trace;

  private:
    void open(const std::string& line, const std::string& arguments, int result) {
        const auto pid = number(arguments.substr(0, arguments.find(',')));
        if (!pid) throw std::runtime_error("no pid in: " + line);
        if (result >= 0) owner_[result] = *pid;
    }

    void send(const std::string& line, const std::string& call, const std::string& arguments) {
        static const std::regex kArguments(R"(^(\d+)(?:<(.*?)>)?, (\w+).*$)");
        std::smatch parts;
        if (!std::regex_match(arguments, parts, kArguments)) throw std::runtime_error("whom? " + line);
        const auto owner = owner_.find(number(parts[1]).value_or(-1));
        const std::string seen = parts[2];  // By the kernel, at that moment; "pid:-1" once it has ended.
        if (owner == owner_.end() || (seen.starts_with("pid:") && seen != "pid:-1" &&
                                      seen != "pid:" + std::to_string(owner->second))) {
            trace.forbidden.push_back(line);
            return;
        }
        trace.signals.push_back({owner->second, call == "process_mrelease" ? call : parts[3].str()});
    }

    void write(const std::string& line, const std::string& arguments, int result) {
        static const std::regex kArguments(R"re(^\d+<([^>]*)>, (?:\[\{iov_base=)?"([^"]*)".*$)re");
        std::smatch parts;
        if (arguments.find(std::string("<") + kGroups) == std::string::npos || result < 0) return;
        if (!std::regex_match(arguments, parts, kArguments)) throw std::runtime_error("what? " + line);
        std::string text = parts[2];
        if (text.ends_with("\\n")) text.resize(text.size() - 2);
        trace.group_writes.push_back({parts[1], text});
    }

    std::map<int, pid_t> owner_;
};

/// "…/mcp-reaper-git-4711-79231/cgroup.procs" is 4711's; nothing where it is no cage of the program's.
std::optional<pid_t> owner_of_cage(const std::string& file) {
    static const std::regex kCage(R"(^.*/mcp-reaper/mcp-reaper-[a-z0-9_]*-(\d+)-\d+/[^/]*$)");
    std::smatch parts;
    if (!std::regex_match(file, parts, kCage)) return std::nullopt;
    return number(parts[1]);
}

}  // namespace

std::set<pid_t> Trace::touched() const {
    std::set<pid_t> pids;
    for (const Signal& signal : signals) pids.insert(signal.target);
    for (const GroupWrite& write : group_writes) {
        const std::string name = std::filesystem::path(write.file).filename();
        const bool moves = name == "cgroup.procs" || name == "cgroup.threads" || name == "tasks";
        if (moves) pids.insert(number(write.text).value_or(-1));
        const auto cage = owner_of_cage(write.file);
        // What all cages together weigh is the one thing that is no single cage's.
        const bool balance =
            std::filesystem::path(write.file).parent_path().filename() == "mcp-reaper" &&
            (name == "cpu.shares" || name == "cpu.weight");
        // A run thaws every cage that it knows nothing of: one may have been left frozen by a dead one.
        const bool thaws = cage && ((name == "cgroup.freeze" && write.text == "0") ||
                                    (name == "freezer.state" && write.text == "THAWED"));
        // Where one of a server cannot be put into its cage the others go back to where they came from.
        const bool goes_back = moves && !cage;
        if (!balance && !thaws && !goes_back) pids.insert(cage.value_or(-1));
    }
    return pids;
}

std::vector<std::string> Trace::signals_to(pid_t pid) const {
    std::vector<std::string> names;
    for (const Signal& signal : signals) {
        if (signal.target == pid && signal.name != "0") names.push_back(signal.name);
    }
    return names;
}

std::string Trace::text() const {
    constexpr std::size_t kMost = 200;
    std::string lines;
    for (std::size_t i = 0; i < std::min(signals.size(), kMost); ++i) {
        lines += signals[i].name + " to " + std::to_string(signals[i].target) + '\n';
    }
    for (std::size_t i = 0; i < std::min(group_writes.size(), kMost); ++i) {
        lines += group_writes[i].text + " into " + group_writes[i].file + '\n';
    }
    return lines;
}

std::vector<std::string> strace_into(const std::filesystem::path& file) {
    return {"strace",
            "-f",
            "-qq",
            "--seccomp-bpf",
            "--decode-fds=pidfd,path",
            "-s",
            "128",
            "-o",
            file.string(),
            "-e",
            "trace=kill,tgkill,tkill,pidfd_open,pidfd_send_signal,rt_sigqueueinfo,rt_tgsigqueueinfo,"
            "process_mrelease,write,writev,pwrite64"};
}

Trace read_trace(const std::filesystem::path& file) {
    std::ifstream input(file);
    if (!input) throw std::runtime_error("there is no trace " + file.string());
    Reader reader;
    for (std::string line; std::getline(input, line);) reader.read(line);
    return reader.trace;
}

}  // namespace reaper::integration
