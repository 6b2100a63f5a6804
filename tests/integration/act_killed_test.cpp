// The program is ended by SIGKILL while it acts, at every step of it: what it has half done must be
// undone by whoever acts next, and what it has written must be true.
//
//   REAPER_SEED=n    the random choices of a run that failed, which printed n
//   REAPER_ROUNDS=n  how often the program is killed (100 by each kind of user, 25 under sanitizers)
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" {  // glibc 2.36 forgot to say so itself
#include <sys/pidfd.h>
}

#include <algorithm>
#include <fstream>
#include <iterator>
#include <list>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>
#include <random>
#include <sstream>
#include <thread>

#include "actor.h"
#include "bystanders.h"
#include "guardian.h"
#include "hold.h"
#include "ledger.h"
#include "processes.h"
#include "program.h"
#include "scratch.h"
#include "support/sanitized.h"

namespace reaper::integration {
namespace {

namespace fs = std::filesystem;
using std::chrono::microseconds;
using Clock = std::chrono::steady_clock;

constexpr uid_t kSomebody = 54'323;  // A user with nothing else on any host.
constexpr std::size_t kServers = 3;
/// Under the sanitizers each costs many times as much, and finds what the release does.
constexpr unsigned kRounds = test::kSanitized ? 25 : 100;

/// Calls by which anything outside the program changes, or by which it waits.
constexpr const char* kSteps =
    "write,pwrite64,fsync,fdatasync,ftruncate,rename,renameat,unlink,unlinkat,mkdir,rmdir,"
    "pidfd_send_signal,ppoll";

unsigned number_from(const char* variable, unsigned otherwise) {
    const char* const text = std::getenv(variable);
    return text == nullptr ? otherwise : static_cast<unsigned>(std::strtoul(text, nullptr, 10));
}

/// No time between SIGTERM and SIGKILL: a round must be short.
const char* const kPolicy =
    "version: 1\n"
    "name: test\n"
    "rules:\n"
    "  orphan: { after_seconds: 0, action: terminate }\n"
    "terminate: { grace_seconds: 0 }\n"
    "budget: { kills_per_minute: 10000, respawns: 1000 }\n";

/// As the program names a process; that must not have been reaped.
std::string identity_of(pid_t pid) {
    const std::string stat = text_of("/proc/" + std::to_string(pid) + "/stat");
    std::istringstream rest(stat.substr(stat.rfind(')') + 1));
    const std::vector<std::string> fields(std::istream_iterator<std::string>(rest), {});
    constexpr std::size_t kStart = 19;
    return std::to_string(pid) + '@' + (fields.size() > kStart ? fields[kStart] : "?");
}

/// A server that has lost its client.
class Leak {
  public:
    Leak(const std::string& behaviour, std::optional<uid_t> user) : program_(start(behaviour, user)) {
        EXPECT_EQ(program_.read_line(30s), "ready");
        program_.close_input();
        program_.close_output();
        id_ = identity_of(pid());
        held_ = open_process(pid());
    }

    [[nodiscard]] pid_t pid() const { return program_.pid(); }
    /// As the program names it.
    [[nodiscard]] const std::string& id() const { return id_; }
    [[nodiscard]] bool lives() const { return !await_exit(held_, 0ms); }
    /// Its children, as far as there are any.
    [[nodiscard]] std::set<pid_t> heirs() const { return ledger_.started(); }

    /// With whatever has got away from it when the program was killed.
    void end_all() const {
        for (const pid_t pid : ledger_.living()) {
            const UniqueFd process = open_process(pid);
            // Ours still, now that it is held?
            if (process && ledger_.living().contains(pid)) {
                pidfd_send_signal(process.get(), SIGKILL, nullptr, 0);
            }
        }
    }

  private:
    Program start(const std::string& behaviour, std::optional<uid_t> user) {
        StartOptions options;
        options.file = REAPER_STUBBORN;
        options.user = user;
        options.environment = {{"STUBBORN", behaviour}, {"STUBBORN_LEDGER", ledger_.path()}};
        return Program({"node", "/opt/node_modules/.bin/mcp-server-git"}, options);
    }

    Ledger ledger_;
    Program program_;
    UniqueFd held_;
    std::string id_;
};

enum class Deed { throttle, freeze, release, kill, scan };

const char* name_of(Deed deed) {
    switch (deed) {
        case Deed::throttle:
            return "throttle";
        case Deed::freeze:
            return "freeze";
        case Deed::release:
            return "release";
        case Deed::kill:
            return "kill";
        case Deed::scan:
            break;
    }
    return "scan";
}

/// As root: with cages. As an ordinary user: where the host gives them none, by signals alone.
struct Who {
    const char* name;
    std::optional<uid_t> user;
};

void PrintTo(const Who& one, std::ostream* out) {
    *out << one.name;
}

class KilledProgram : public ::testing::TestWithParam<Who> {
  protected:
    void SetUp() override {
        if (const std::string why = why_no_strace(); !why.empty()) GTEST_SKIP() << why;
        if (user() && getuid() != 0) {
            GTEST_SKIP() << "takes root, to become another user; as this user the other test runs";
        }
        for (const char* directory : {"run", "state", "log"}) {
            const fs::path path = scratch_.path() / directory;
            fs::create_directory(path);
            fs::permissions(path, fs::perms::owner_all);
            if (user()) {
                ASSERT_EQ(chown(path.c_str(), *user(), *user()), 0);
            }
        }
        std::ofstream(scratch_.path() / "policy.yaml") << kPolicy;
        program_ = (scratch_.path() / "mcp-reaper").string();  // Where every user may run it.
        fs::copy_file(REAPER_BINARY, program_);
        innocent_.emplace("deaf", user());
        untouched_.emplace(std::set{innocent_->pid()});
    }
    void TearDown() override {
        if (!untouched_) return;
        untouched_->expect_untouched();
        act({"release", "--all"});
        leaks_.clear();
        innocent_.reset();
        end_what_was_started();
        act({"release", "--all"});  // Removes the cages of those who have just ended.
    }

    static std::optional<uid_t> user() { return GetParam().user; }

    [[nodiscard]] Program start(std::vector<std::string> argv) const {
        StartOptions options;
        options.user = user();
        if (argv.front() == "strace") options.file = which("strace");
        options.environment = {{"RUNTIME_DIRECTORY", (scratch_.path() / "run").string()},
                               {"STATE_DIRECTORY", (scratch_.path() / "state").string()},
                               // LeakSanitizer traces too, and a process has one tracer only.
                               {"ASAN_OPTIONS", "detect_leaks=0"}};
        Program program(argv, options);
        program.close_input();
        return program;
    }

    /// What it writes on standard output.
    std::string act(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), program_);
        if (arguments[1] != "history") {
            arguments.insert(arguments.end(), {"--policy", (scratch_.path() / "policy.yaml").string()});
        }
        Program program = start(arguments);
        others_.insert(identity_of(program.pid()));
        std::string said = program.read_all();
        EXPECT_TRUE(program.wait().has_value());
        return said;
    }

    [[nodiscard]] std::vector<std::string> command(Deed deed, const std::vector<const Leak*>& on) const {
        std::vector<std::string> argv = {program_, name_of(deed)};
        if (deed == Deed::scan) argv.insert(argv.end(), {"--window", "0s"});
        if (deed != Deed::release) argv.emplace_back("--yes");
        for (const Leak* leak : on) {
            if (deed == Deed::scan) argv.emplace_back("--pid");
            argv.push_back(std::to_string(leak->pid()));
        }
        argv.insert(argv.end(), {"--policy", (scratch_.path() / "policy.yaml").string()});
        return argv;
    }

    /// Kept at kServers: those that were ended are replaced.
    void restock() {
        leaks_.remove_if([](const Leak& leak) {
            if (leak.lives()) return false;
            if (!leak.heirs().empty()) leak.end_all();
            return true;
        });
        while (leaks_.size() < kServers) {
            leaks_.emplace_back(std::array{"", "deaf", "forks,deaf"}[random_() % 3], user());
        }
    }

    struct Round {
        Deed deed = Deed::kill;
        std::vector<const Leak*> on;
    };
    Round choose();
    std::vector<std::string> steps_of(const Round& round);
    void kill_at_a_step(const Round& round);
    void kill_at_a_moment(const Round& round);
    void expect_true_history(const Round& round);
    [[nodiscard]] std::set<std::string> ended() const;
    void expect_nothing_left(bool all_released, const std::set<std::string>& ended_before);

    [[nodiscard]] std::map<std::string, json> journal() const;
    [[nodiscard]] json history();

    std::mt19937 random_;
    Scratch scratch_;
    std::string program_;
    std::list<Leak> leaks_;
    std::optional<Leak> innocent_;
    std::optional<Bystanders> untouched_;
    std::map<Deed, std::vector<std::string>> steps_;  ///< Of a run that nobody killed.
    std::map<Deed, microseconds> takes_;
    std::set<std::string> others_;  ///< Runs that nobody killed, as the history names them.
    std::set<std::string> hit_;
    std::size_t seen_ = 0;  ///< Actions in the history.
    std::size_t interrupted_ = 0;
};

KilledProgram::Round KilledProgram::choose() {
    Round round;
    constexpr std::array kDeeds = {Deed::throttle, Deed::freeze, Deed::release, Deed::kill, Deed::scan};
    // Without cages there is nothing to hold.
    round.deed = user() ? (random_() % 2 == 0 ? Deed::kill : Deed::scan) : kDeeds[random_() % 5];
    const auto held = journal();
    for (const Leak& leak : leaks_) {
        if (round.deed == Deed::release && !held.contains(leak.id())) continue;
        if (round.on.empty() || random_() % 2 == 0) round.on.push_back(&leak);
    }
    if (round.on.empty()) {
        round.deed = Deed::throttle;
        round.on.push_back(&leaks_.front());
    }
    return round;
}

/// The program's steps in order, one a line: "pwrite64".
std::vector<std::string> KilledProgram::steps_of(const Round& round) {
    const std::string log = (scratch_.path() / "log/strace").string();
    std::vector<std::string> argv = {
        "strace", "-f", "--seccomp-bpf", "-qqq", "-o", log, "-e", std::string("trace=") + kSteps};
    const std::vector<std::string> tail = command(round.deed, round.on);
    argv.insert(argv.end(), tail.begin(), tail.end());
    Program program = start(argv);
    program.read_all();
    EXPECT_TRUE(program.wait().has_value());
    std::vector<std::string> steps;
    std::ifstream lines(log);
    for (std::string line; std::getline(lines, line);) {
        const std::size_t open = line.find('(');
        const std::size_t space = line.rfind(' ', open);
        if (open == std::string::npos || space == std::string::npos) continue;
        steps.push_back(line.substr(space + 1, open - space - 1));
    }
    EXPECT_FALSE(steps.empty());
    return steps;
}

/// Before one of its steps.
void KilledProgram::kill_at_a_step(const Round& round) {
    const std::vector<std::string>& steps = steps_.at(round.deed);
    // The later the likelier: the first half is the program's start.
    const std::size_t step = std::max(random_() % steps.size(), random_() % steps.size());
    const auto nth =
        std::count(steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(step) + 1, steps[step]);
    hit_.insert(std::string(name_of(round.deed)) + ' ' + steps[step] + ' ' + std::to_string(nth));
    std::vector<std::string> argv = {
        "strace",
        "-f",
        "--seccomp-bpf",
        "-qqq",
        "-o",
        "/dev/null",
        "-e",
        "trace=" + steps[step],
        "-e",
        "inject=" + steps[step] + ":signal=SIGKILL:when=" + std::to_string(nth)};
    const std::vector<std::string> tail = command(round.deed, round.on);
    argv.insert(argv.end(), tail.begin(), tail.end());
    SCOPED_TRACE("killed before " + steps[step] + " number " + std::to_string(nth));
    Program program = start(argv);
    program.read_all();
    EXPECT_TRUE(program.wait().has_value());
}

/// At any moment of the time that it usually takes, without strace in the way.
void KilledProgram::kill_at_a_moment(const Round& round) {
    const auto delay = microseconds(random_() % static_cast<unsigned>(takes_.at(round.deed).count()));
    const auto until = Clock::now() + delay;
    Program program = start(command(round.deed, round.on));
    std::this_thread::sleep_until(until);  // The moment is what is chosen: there is nothing to await.
    program.kill();
}

std::map<std::string, json> KilledProgram::journal() const {
    std::map<std::string, json> entries;
    if (!fs::exists(scratch_.path() / "run/undo")) return entries;
    for (const auto& file : fs::directory_iterator(scratch_.path() / "run/undo")) {
        if (file.path().extension() != ".json") continue;  // Of one who was killed while writing it.
        std::ifstream stream(file.path());
        const json entry = json::parse(stream, nullptr, false);
        if (!entry.is_object()) {
            ADD_FAILURE() << "the journal has an entry that cannot be read: " << file.path();
            continue;
        }
        entries[entry.at("server")] = entry;
    }
    return entries;
}

json KilledProgram::history() {
    const json all = json::parse(act({"history", "--format", "json", "--limit", "0"}), nullptr, false);
    if (all.is_object() && all.contains("actions")) return all.at("actions");
    ADD_FAILURE() << "the history cannot be read";
    return json::array();
}

/// Read before anybody else acts: an outcome that is there has come about, and what nothing is said of
/// was not touched.
void KilledProgram::expect_true_history(const Round& round) {
    const json actions = history();
    const auto entries = journal();
    std::set<std::string> begun;
    for (std::size_t i = std::min(seen_, actions.size()); i < actions.size(); ++i) {
        const json& action = actions[i];
        if (others_.contains(action.at("recorder"))) continue;  // The next one's, after the last round.
        const std::string server = action.at("server").at("id");
        const bool is_ours = std::any_of(round.on.begin(), round.on.end(),
                                         [&](const Leak* leak) { return leak->id() == server; });
        EXPECT_TRUE(is_ours) << action.dump(2);
        begun.insert(server);
        EXPECT_NE(action.at("state"), "under way") << "there is nobody who could be doing it";
        if (action.at("state") != "done") {
            ++interrupted_;
            EXPECT_TRUE(action.at("outcome").is_null());
            continue;
        }
        const std::string effect = action.at("outcome").at("effect");
        const auto leak = std::find_if(leaks_.begin(), leaks_.end(),
                                       [&](const Leak& one) { return one.id() == server; });
        if (leak == leaks_.end()) continue;
        if (effect == "ended" || effect == "killed") {
            EXPECT_FALSE(leak->lives()) << action.dump(2);
        }
        if (effect == "frozen" || effect == "throttled") {
            ASSERT_TRUE(entries.contains(server)) << action.dump(2);
            EXPECT_EQ(entries.at(server).at("state"), "held");
        }
        if (effect == "released") {
            EXPECT_FALSE(entries.contains(server)) << action.dump(2);
        }
    }
    for (const Leak* leak : round.on) {
        if (!leak->lives()) {
            EXPECT_TRUE(begun.contains(leak->id())) << "ended, and nobody wrote it down";
        }
    }
    seen_ = actions.size();
}

std::set<std::string> KilledProgram::ended() const {
    std::set<std::string> ended;
    for (const Leak& leak : leaks_) {
        if (!leak.lives()) ended.insert(leak.id());
    }
    return ended;
}

/// After somebody else has begun to act. A server may be on its way out all that time, with a signal of
/// the one who was killed: only of those that had ended before is nothing to be left.
void KilledProgram::expect_nothing_left(bool all_released, const std::set<std::string>& ended_before) {
    const auto entries = journal();
    if (all_released) {
        EXPECT_TRUE(entries.empty());
    }
    for (const Leak& leak : leaks_) {
        const bool had_ended = ended_before.contains(leak.id());
        for (const pid_t heir : leak.heirs()) {
            const Hold hold = hold_on(heir);
            EXPECT_FALSE(hold.stopped || (hold.frozen && had_ended)) << heir;
        }
        const Hold hold = hold_on(leak.pid());
        if (!leak.lives()) continue;
        SCOPED_TRACE(leak.id() + " in " + (hold.cage.empty() ? "no cage" : hold.cage));
        EXPECT_FALSE(hold.stopped);
        const auto entry = entries.find(leak.id());
        const bool held = entry != entries.end();
        EXPECT_EQ(hold.frozen, held && entry->second.at("frozen").get<bool>());
        EXPECT_EQ(hold.limited, held && !entry->second.at("limits").empty());
    }
    for (const auto& [server, entry] : entries) {
        EXPECT_FALSE(ended_before.contains(server))
            << "the journal has somebody who had ended: " << entry;
        EXPECT_EQ(entry.at("state"), "held") << entry;
    }
    for (const Leak& leak : leaks_) {
        if (!ended_before.contains(leak.id()) || !leak.heirs().empty()) continue;
        std::string cage = "mcp-reaper-git-" + leak.id();
        std::replace(cage.begin(), cage.end(), '@', '-');
        EXPECT_FALSE(cage_exists(cage)) << cage;
    }
}

INSTANTIATE_TEST_SUITE_P(As, KilledProgram,
                         ::testing::Values(Who{"OneOfUs", {}}, Who{"AnOrdinaryUser", kSomebody}),
                         [](const auto& who) { return who.param.name; });

TEST_P(KilledProgram, LeavesNothingThatTheNextOneDoesNotUndo) {
    const unsigned seed = number_from("REAPER_SEED", std::random_device()());
    RecordProperty("seed", std::to_string(seed));
    std::cout << "REAPER_SEED=" << seed << '\n';
    random_.seed(seed);

    act({"release", "--all"});  // Makes the history: that takes more steps than any round.
    // How each deed goes when nobody is in its way. Throttle comes before release: that needs one.
    for (const Deed deed : {Deed::throttle, Deed::release, Deed::freeze, Deed::kill, Deed::scan}) {
        if (user() && deed != Deed::kill && deed != Deed::scan) continue;
        restock();
        std::vector<const Leak*> on;
        for (const Leak& leak : leaks_) on.push_back(&leak);
        steps_[deed] = steps_of({deed, on});
        if (deed == Deed::release) steps_of({Deed::throttle, on});
        restock();
        on.clear();
        for (const Leak& leak : leaks_) on.push_back(&leak);
        const auto before = Clock::now();
        Program program = start(command(deed, on));
        program.read_all();
        EXPECT_TRUE(program.wait().has_value());
        takes_[deed] = std::chrono::duration_cast<microseconds>(Clock::now() - before);
    }
    act({"release", "--all"});
    seen_ = history().size();

    const unsigned rounds = number_from("REAPER_ROUNDS", kRounds);
    for (unsigned i = 0; i < rounds && !HasFailure(); ++i) {
        restock();
        const Round round = choose();
        SCOPED_TRACE("round " + std::to_string(i) + ": " + name_of(round.deed));
        if (i % 4 == 0) {
            kill_at_a_moment(round);
        } else {
            kill_at_a_step(round);
        }
        expect_true_history(round);
        const bool all = i % 3 == 0;
        const std::set<std::string> ended_before = ended();
        // Nobody is named by 1, so this only does what every command does at its start.
        act(all ? std::vector<std::string>{"release", "--all"}
                : std::vector<std::string>{"release", "1"});
        expect_nothing_left(all, ended_before);
    }
    std::cout << hit_.size() << " different steps, " << interrupted_ << " actions interrupted\n";
    // How many of the steps fall into an action is chance; that there were many different ones is not.
    EXPECT_GT(hit_.size(), rounds / 4) << "the program was killed at the same few steps";
}

}  // namespace
}  // namespace reaper::integration
