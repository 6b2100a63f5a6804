// kill_bench SERVERS ROUNDS: from the decision to end servers that heed SIGTERM to the moment the last
// of them is gone, by us and by what people use instead, in turn, on the same kind of victims. One JSON
// object on standard output.
//
// The victims are this program's own children, dressed as leaked servers. Each is held by a pidfd from
// its start, and is not reaped before it has ended: nobody else's pid can be among them. What a pattern
// or psutil finds is held against the list of them before anything is signalled.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "disguise.h"
#include "enforce/budget_file.h"
#include "enforce/cages.h"
#include "enforce/enforcer.h"
#include "enforce/no_cages.h"
#include "enforce/process_handle.h"
#include "enforce/system_host.h"
#include "policy/loader.h"
#include "report/history.h"
#include "scan/assemble.h"
#include "scan/children.h"
#include "scan/scanner.h"

namespace reaper::bench {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using nlohmann::ordered_json;

double microseconds(Clock::duration time) {
    return std::chrono::duration<double, std::micro>(time).count();
}

double cpu_microseconds(int who) {
    rusage used{};
    ::getrusage(who, &used);
    const auto of = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
    };
    return of(used.ru_utime) + of(used.ru_stime);
}

[[noreturn]] void give_up(const std::string& what) {
    throw std::runtime_error(what + ": " + std::strerror(errno));
}

/// Found by no other pattern than this run's.
const std::string& mark() {
    static const std::string text = "kill-bench-p" + std::to_string(::getpid()) + 'e';
    return text;  // First asked for before there are victims: they have pids of their own.
}

class Victims {
  public:
    Victims(const Disguise& disguise, std::size_t count) {
        std::array<int, 2> ready{};
        if (::pipe2(ready.data(), O_CLOEXEC) != 0) give_up("pipe");
        const UniqueFd hear(ready[0]);
        UniqueFd tell(ready[1]);
        for (std::size_t i = 0; i < count; ++i) plant(disguise, tell.get());
        tell.close();
        std::size_t there = 0;
        std::array<char, 256> bytes{};
        for (ssize_t n = 0; (n = ::read(hear.get(), bytes.data(), bytes.size())) > 0;) {
            there += static_cast<std::size_t>(n);
            if (there == count) break;
        }
        if (there != count) throw std::runtime_error("not all victims could be started");
    }
    ~Victims() {
        for (const Victim& one : all_)
            ::syscall(SYS_pidfd_send_signal, one.fd.get(), SIGKILL, nullptr, 0);
        await_end();
    }
    Victims(const Victims&) = delete;
    Victims& operator=(const Victims&) = delete;

    [[nodiscard]] std::vector<ProcessId> ids() const {
        std::vector<ProcessId> ids;
        for (const Victim& one : all_) ids.push_back(one.id);
        return ids;
    }

    /// Until all have ended, each reaped as it does.
    void await_end() {
        while (!all_.empty()) {
            std::vector<pollfd> waiting;
            for (const Victim& one : all_) waiting.push_back({one.fd.get(), POLLIN, 0});
            if (::poll(waiting.data(), waiting.size(), -1) < 0) continue;
            std::size_t i = 0;
            std::erase_if(all_, [&](const Victim& one) {
                if (waiting[i++].revents == 0) return false;
                ::waitpid(one.id.pid, nullptr, 0);
                return true;
            });
        }
    }

  private:
    struct Victim {
        ProcessId id;
        UniqueFd fd;
    };

    void plant(const Disguise& disguise, int tell) {
        const pid_t parent = ::getpid();
        const pid_t pid = ::fork();
        if (pid < 0) give_up("fork");
        if (pid == 0) live(disguise, parent, tell);
        UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
        const auto id = scan::identify(pid);
        if (!fd || !id) give_up("hold a victim");
        all_.push_back({*id, std::move(fd)});
    }

    /// Both ends of its channel closed by whoever made them.
    [[noreturn]] static void live(const Disguise& disguise, pid_t parent, int tell) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        std::string line("node\0/opt/node_modules/.bin/mcp-server-git\0--repository\0", 56);
        line += mark() + '\0';
        if (::getppid() != parent || !disguise.wear(line, "node")) ::_exit(1);
        for (const int end : {0, 1}) {
            std::array<int, 2> pair{};
            if (::pipe2(pair.data(), O_CLOEXEC) != 0) ::_exit(1);
            ::dup2(pair[static_cast<std::size_t>(end)], end);
            ::close(pair[0]);
            ::close(pair[1]);
        }
        if (::write(tell, "", 1) != 1) ::_exit(1);
        ::close_range(3, ~0U, 0);
        for (;;) ::pause();
    }

    std::vector<Victim> all_;
};

struct Measured {
    double wall = 0;           ///< Of the decision, or of the command's start, to the last one's end.
    double cpu = 0;            ///< Of whoever ended them.
    std::vector<double> each;  ///< As they say themselves, a server.
};

using Way = std::function<Measured(Victims&)>;

/// A directory of this run's, gone with it.
class Folder {
  public:
    explicit Folder(const std::string& below) : path_(below + "/mcp-reaper-bench.XXXXXX") {
        if (::mkdtemp(path_.data()) == nullptr) give_up(path_);
    }
    ~Folder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    std::string path_;
};

class Nobody : public enforce::Recorder {
  public:
    Entry intend(const enforce::Order&) override { return 1; }
    void conclude(Entry, const enforce::Order&, const enforce::Outcome&) override {}
    std::optional<std::string> trouble() override { return std::nullopt; }
};

/// What we do for each server, to be left out one by one.
struct Parts {
    bool cages = true;
    bool history = true;
    bool budget = true;
};

/// As `mcp-reaper kill` in a process that has its policy loaded and the host looked at, as a daemon has.
class Ours {
  public:
    explicit Ours(policy::LoadedPolicy policy) : policy_(std::move(policy)) {
        policy_.policy.budget.kills_per_minute = 10'000;
        policy_.policy.budget.respawns = 10'000;
    }

    Measured end(Victims& victims, const Parts& parts) {
        const std::vector<enforce::Order> orders = orders_for(victims.ids());
        std::unique_ptr<enforce::Recorder> recorder = std::make_unique<Nobody>();
        if (parts.history) recorder = report::History::open(state_.path() + "/history.db", {});
        auto cages = parts.cages ? enforce::choose_cages() : std::make_unique<enforce::NoCages>("none");
        enforce::SystemHost host(policy_.classifier, {}, std::move(cages));
        enforce::Budget budget(policy_.policy.budget, {});
        auto journal = enforce::UndoJournal::open(runtime_.path() + "/undo");
        enforce::Means means{.host = host,
                             .recorder = *recorder,
                             .budget = budget,
                             .store_budget = {},
                             .journal = journal ? &*journal : nullptr,
                             .no_journal = "",
                             .self = *scan::identify(::getpid()),
                             .wall_time = nullptr};
        if (parts.budget) {
            means.store_budget = [&](const enforce::BudgetState& state) {
                return enforce::store_budget(runtime_.path() + "/budget.json", state);
            };
        }
        enforce::Enforcer enforcer(means, policy_.policy, users_);

        Measured measured;
        const double cpu = cpu_microseconds(RUSAGE_SELF);
        const auto decided = Clock::now();
        const auto outcomes = enforcer.carry_out(orders);
        measured.wall = microseconds(Clock::now() - decided);
        measured.cpu = cpu_microseconds(RUSAGE_SELF) - cpu;
        for (const enforce::Outcome& outcome : outcomes) {
            if (outcome.effect != enforce::Effect::ended) {
                throw std::runtime_error(std::string(to_string(outcome.effect)) + ' ' + outcome.why);
            }
            measured.each.push_back(static_cast<double>(outcome.took.count()));
        }
        return measured;
    }

  private:
    std::vector<enforce::Order> orders_for(const std::vector<ProcessId>& victims) {
        const auto sample = scan::read_host(policy_.classifier, scan::Depth::servers);
        if (!sample) throw std::runtime_error(sample.error().message());
        const scan::Snapshot snapshot = scan::assemble(*sample, policy_.classifier);
        std::vector<enforce::Order> orders;
        for (const scan::Server& server : snapshot.servers) {
            if (std::find(victims.begin(), victims.end(), server.id) == victims.end()) continue;
            enforce::Order order;
            order.server = server;
            order.origin = enforce::Origin::hand;
            order.reasons = {"by hand"};
            orders.push_back(std::move(order));
        }
        if (orders.size() != victims.size())
            throw std::runtime_error("not all victims look like servers");
        return orders;
    }

    policy::LoadedPolicy policy_;
    policy::UserNames users_;
    Folder state_{"/var/tmp"};
    Folder runtime_{"/dev/shm"};  // As /run is: in memory.
};

/// Starts a program whose standard output comes to us.
struct Child {
    pid_t pid = -1;
    UniqueFd out;
};

Child start(std::vector<std::string> words) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) give_up("pipe");
    Child child;
    child.out = UniqueFd(ends[0]);
    const UniqueFd theirs(ends[1]);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, theirs.get(), STDOUT_FILENO);
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const int code = ::posix_spawnp(&child.pid, argv[0], &actions, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (code != 0) throw std::runtime_error(words[0] + ": " + std::strerror(code));
    return child;
}

/// What it said, and its CPU time.
std::string finish(Child child, double& cpu) {
    std::string said;
    std::array<char, 4096> bytes{};
    for (ssize_t n = 0; (n = ::read(child.out.get(), bytes.data(), bytes.size())) > 0;) {
        said.append(bytes.data(), static_cast<std::size_t>(n));
    }
    rusage used{};
    int status = 0;
    ::wait4(child.pid, &status, 0, &used);
    cpu += static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 +
           static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
    return said;
}

/// kill(2) by number, as pkill does once it has found them. Safe here: they are ours and not reaped yet.
void kill_all(const std::vector<ProcessId>& ids) {
    for (const ProcessId& id : ids) ::kill(id.pid, SIGTERM);
}

Measured by_number(Victims& victims) {
    Measured measured;
    const auto ids = victims.ids();
    const double cpu = cpu_microseconds(RUSAGE_SELF);
    const auto decided = Clock::now();
    kill_all(ids);
    victims.await_end();
    measured.wall = microseconds(Clock::now() - decided);
    measured.cpu = cpu_microseconds(RUSAGE_SELF) - cpu;
    return measured;
}

/// pgrep -f PATTERN, and kill what it names.
Measured by_pattern(Victims& victims) {
    Measured measured;
    const auto ids = victims.ids();
    const double cpu = cpu_microseconds(RUSAGE_SELF);
    const auto begun = Clock::now();
    std::string said = finish(start({"pgrep", "-f", mark()}), measured.cpu);
    std::vector<ProcessId> found;
    for (char* rest = said.data(); *rest != '\0';) {
        const auto pid = static_cast<pid_t>(std::strtol(rest, &rest, 10));
        if (*rest == '\n') ++rest;
        for (const ProcessId& id : ids) {
            if (id.pid == pid) found.push_back(id);
        }
    }
    kill_all(found);
    victims.await_end();
    measured.wall = microseconds(Clock::now() - begun);
    measured.cpu += cpu_microseconds(RUSAGE_SELF) - cpu;
    return measured;
}

/// psutil.Process(pid).terminate() and wait_procs(); `each` is its time from the decision on.
Measured by_psutil(const std::string& script, Victims& victims) {
    Measured measured;
    std::vector<std::string> words = {"/usr/bin/python3", script, mark()};
    for (const ProcessId& id : victims.ids()) words.push_back(std::to_string(id.pid));
    const auto begun = Clock::now();
    Child child = start(words);
    victims.await_end();
    measured.wall = microseconds(Clock::now() - begun);
    measured.each.push_back(std::strtod(finish(std::move(child), measured.cpu).c_str(), nullptr));
    return measured;
}

/// `mcp-reaper kill PID… --yes`, start, scan and all.
Measured by_command(const std::string& program, Victims& victims) {
    Measured measured;
    std::vector<std::string> words = {program, "kill", "--yes"};
    for (const ProcessId& id : victims.ids()) words.push_back(std::to_string(id.pid));
    const auto begun = Clock::now();
    Child child = start(words);
    victims.await_end();
    measured.wall = microseconds(Clock::now() - begun);
    finish(std::move(child), measured.cpu);
    return measured;
}

double at(std::vector<double> values, double share) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    const auto last = static_cast<double>(values.size() - 1);
    return values[static_cast<std::size_t>(share * last + 0.5)];
}

ordered_json summary(const std::vector<Measured>& all) {
    std::vector<double> wall;
    std::vector<double> cpu;
    std::vector<double> each;
    for (const Measured& one : all) {
        wall.push_back(one.wall);
        cpu.push_back(one.cpu);
        each.insert(each.end(), one.each.begin(), one.each.end());
    }
    return {{"wall_p50_us", at(wall, 0.5)},
            {"wall_p95_us", at(wall, 0.95)},
            {"cpu_p50_us", at(cpu, 0.5)},
            {"each_p50_us", at(each, 0.5)},
            {"each_p95_us", at(each, 0.95)}};
}

/// Signals a second, with SIGCONT, which these do not notice.
ordered_json signal_rates(const Disguise& disguise, std::size_t count) {
    const Victims victims(disguise, count);
    const auto ids = victims.ids();
    constexpr std::size_t kTimes = 20;
    const auto rate = [&](const auto& send) {
        const auto begun = Clock::now();
        for (std::size_t i = 0; i < kTimes; ++i) {
            for (std::size_t k = 0; k < ids.size(); ++k) send(k);
        }
        return static_cast<double>(kTimes * ids.size()) * 1e6 / microseconds(Clock::now() - begun);
    };
    std::vector<enforce::ProcessHandle> handles;
    for (const ProcessId& id : ids) handles.push_back(*enforce::ProcessHandle::open(id));
    return {{"verified", rate([&](std::size_t k) {
                 if (!enforce::ProcessHandle::open(ids[k])->signal(SIGCONT)) give_up("signal");
             })},
            {"held", rate([&](std::size_t k) { (void)handles[k].signal(SIGCONT); })},
            {"by_number", rate([&](std::size_t k) { ::kill(ids[k].pid, SIGCONT); })}};
}

int run(std::size_t servers, std::size_t rounds, const std::string& program, const std::string& script) {
    static_cast<void>(mark());
    const auto disguise = Disguise::prepare();
    auto policy = policy::default_policy();
    if (!disguise || !policy) throw std::runtime_error("cannot begin");
    const Folder runtime("/dev/shm");
    const Folder state("/var/tmp");
    ::setenv("RUNTIME_DIRECTORY", runtime.path().c_str(), 1);
    ::setenv("STATE_DIRECTORY", state.path().c_str(), 1);
    Ours ours(std::move(*policy));
    const std::vector<std::pair<std::string, Way>> ways = {
        {"ours", [&](Victims& v) { return ours.end(v, {}); }},
        {"without cages", [&](Victims& v) { return ours.end(v, {.cages = false}); }},
        {"without history", [&](Victims& v) { return ours.end(v, {.history = false}); }},
        {"without budget file", [&](Victims& v) { return ours.end(v, {.budget = false}); }},
        {"without all three",
         [&](Victims& v) {
             return ours.end(v, {false, false, false});
         }},
        {"kill(2)", by_number},
        {"mcp-reaper kill", [&](Victims& v) { return by_command(program, v); }},
        {"pgrep and kill", by_pattern},
        {"psutil", [&](Victims& v) { return by_psutil(script, v); }},
    };
    std::map<std::string, std::vector<Measured>> measured;
    for (std::size_t round = 0; round < rounds; ++round) {
        for (const auto& [name, way] : ways) {
            // The default budget of the command is 20 a minute, which is not what is measured.
            if (name == "mcp-reaper kill" && servers > 1) continue;
            fs::remove(runtime.path() + "/budget.json");
            Victims victims(*disguise, servers);
            measured[name].push_back(way(victims));
        }
    }
    ordered_json result{{"servers", servers}, {"rounds", rounds}};
    for (const auto& [name, way] : ways) {
        if (measured.contains(name)) result["ways"][name] = summary(measured[name]);
    }
    result["signals_per_second"] = signal_rates(*disguise, servers);
    std::puts(result.dump().c_str());
    return EXIT_SUCCESS;
}

std::size_t number(const char* text) {
    std::size_t value = 0;
    const char* const end = text + std::strlen(text);
    return std::from_chars(text, end, value).ptr == end ? value : 0;
}

}  // namespace
}  // namespace reaper::bench

int main(int argc, char** argv) {
    const std::size_t servers = argc == 5 ? reaper::bench::number(argv[1]) : 0;
    const std::size_t rounds = argc == 5 ? reaper::bench::number(argv[2]) : 0;
    if (servers == 0 || rounds == 0) {
        std::fputs("usage: kill_bench SERVERS ROUNDS MCP-REAPER PSUTIL_KILLER.PY\n", stderr);
        return 2;
    }
    try {
        return reaper::bench::run(servers, rounds, argv[3], argv[4]);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "kill_bench: %s\n", error.what());
        return EXIT_FAILURE;
    }
}
