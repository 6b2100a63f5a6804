#include "leak_run.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "guardian.h"
#include "held.h"
#include "scratch.h"

namespace reaper::integration {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// npm and node keep a core busy for a second or two while they start.
constexpr std::size_t kStartsAtOnce = 4;

void send(const UniqueFd& process, int signal) {
    if (!process || syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0) != 0)
        throw std::runtime_error("what is to be signalled has ended already");
}

/// What it started first: the guard its keeper, the keeper npm.
pid_t first_child(pid_t parent, const ProcessTable& table) {
    const ProcessInfo* first = nullptr;
    for (const auto& [pid, info] : table) {
        if (info.parent == parent && (first == nullptr || info.start < first->start)) first = &info;
    }
    if (first == nullptr) throw std::runtime_error("there is no process below a launcher");
    return first->pid;
}

long pss_kib(pid_t pid) {
    std::istringstream rollup(text_of("/proc/" + std::to_string(pid) + "/smaps_rollup"));
    for (std::string word; rollup >> word;) {
        long kib = 0;
        if (word == "Pss:" && rollup >> kib) return kib;
    }
    return 0;
}

std::vector<LeftProcess> described(const std::set<pid_t>& pids, const ProcessTable& table) {
    std::vector<LeftProcess> result;
    for (const pid_t pid : pids) {
        if (table.contains(pid)) result.push_back({pid, table.at(pid).comm, pss_kib(pid)});
    }
    return result;
}

/// Calls it for each number below the count, in so many threads.
void for_each(std::size_t count, std::size_t threads, const std::function<void(std::size_t)>& act) {
    std::atomic<std::size_t> next = 0;
    std::vector<std::jthread> workers;
    for (std::size_t i = 0; i < std::min(threads, count); ++i) {
        workers.emplace_back([&] {
            for (std::size_t mine = 0; (mine = next++) < count;) act(mine);
        });
    }
}

std::vector<std::string> argv_of(ClientKind client) {
    return client == ClientKind::sdk ? sdk_client() : python_client();
}

/// One cell while it runs.
class Run {
  public:
    explicit Run(const Cell& cell)
        : cell_(cell), client_(argv_of(cell.client), {launch()}, {}, options()) {}

    [[nodiscard]] pid_t client() const { return client_.pid(); }

    void hold(const ProcessTable& table) {
        if (client_.started().empty()) throw std::runtime_error("its client did not become ready");
        const pid_t top = client_.started().at(0).top;
        const pid_t wrapper = cell_.guarded ? first_child(first_child(top, table), table) : top;
        wrapper_ = open_process(wrapper);
        top_ = open_process(top);
        // Those that were opened are still below our client, so they are those that it has started.
        const std::set<pid_t> ours = tree_of(client(), read_processes());
        if (!ours.contains(top) || !ours.contains(wrapper)) throw std::runtime_error("it ended early");
        const std::set<pid_t> tree = tree_of(top, table);
        processes_ = tree.size();
        held_.add(tree);
    }

    /// Ends the client, and waits for the rest.
    Outcome end() {
        if (cell_.way == Way::wrapper_killed && cell_.guarded) outlive_wrapper();
        const auto begun = Clock::now();
        end_client();
        Outcome outcome{cell_, "", processes_, {}, {}};
        for (auto time = 0ms; time < kEndTime;) {
            std::set<pid_t> left = held_.left_after(kEndTime - time);
            time = std::chrono::duration_cast<milliseconds>(Clock::now() - begun);
            const ProcessTable table = read_processes();
            left = grow(left, table);
            left.merge(marked(table));
            outcome.left = described(left, table);
            if (outcome.left.empty()) {
                outcome.gone_after = time;
                break;
            }
            held_.add(left);  // Came later, or had got away from its tree.
        }
        return outcome;
    }

  private:
    [[nodiscard]] std::string mark() const { return directory_.path().string(); }

    [[nodiscard]] Launch launch() const {
        Launch launch = cell_.launch;
        launch.environment["HOME"] = launch.environment["TMPDIR"] = mark();
        launch.environment["RUNTIME_DIRECTORY"] = mark() + "/run";
        launch.environment["STATE_DIRECTORY"] = mark() + "/state";
        const std::vector<std::string> guard = {REAPER_BINARY, "run", "--policy",
                                                REAPER_SOURCE_DIR "/policies/default.yaml", "--"};
        if (cell_.guarded) launch.argv.insert(launch.argv.begin(), guard.begin(), guard.end());
        return launch;
    }

    [[nodiscard]] StartOptions options() const {
        StartOptions options = npm_start_options();
        options.on_terminal = cell_.way == Way::terminal_closed;
        return options;
    }

    /// A server under the guard goes on without its wrapper, so nothing of it is left over: not before
    /// its client ends.
    void outlive_wrapper() {
        send(wrapper_, SIGKILL);
        await_exit(wrapper_, kEndTime);
        client_.program().write_line("ask");
        const json answer = json::parse(client_.program().read_line().value_or(""), nullptr, false);
        if (answer != json({{"answered", 1}}))
            throw std::runtime_error("its server answers nobody without the wrapper");
    }

    void end_client() {
        switch (cell_.way) {
            case Way::close:
                return client_.program().write_line("close");
            case Way::wrapper_killed:
                // To node's client the wrapper is the server: it closes the channel when that is gone.
                if (!cell_.guarded) return send(wrapper_, SIGKILL);
                return client_.program().write_line("close");
            case Way::exit:
                return client_.program().write_line("quit");
            case Way::sigterm:
                return send(open_process(client()), SIGTERM);
            case Way::sigkill:
                return send(open_process(client()), SIGKILL);
            case Way::terminal_closed:
                return client_.program().close_terminal();
            case Way::guard_killed:
                return send(top_, SIGKILL);
        }
    }

    /// Whoever has the cell's own directory in its environment or its command line: chromium writes over
    /// the former, but has it in the latter. So does the client.
    [[nodiscard]] std::set<pid_t> marked(const ProcessTable& table) const {
        std::set<pid_t> found;
        for (const auto& [pid, info] : table) {
            if (pid == client() || pid == getpid()) continue;
            const std::string directory = "/proc/" + std::to_string(pid);
            const bool is = text_of(directory + "/environ").find(mark()) != std::string::npos ||
                            text_of(directory + "/cmdline").find(mark()) != std::string::npos;
            if (is) found.insert(pid);
        }
        return found;
    }

    const Cell cell_;
    Scratch directory_;  ///< Its home, and its mark.
    NpmClient client_;
    UniqueFd top_;      ///< What the client itself has started.
    UniqueFd wrapper_;  ///< npm.
    std::size_t processes_ = 0;
    Held held_{{}};
};

using Runs = std::vector<std::unique_ptr<Run>>;

/// What is below the guardian and neither a client nor known to be left of a cell.
std::vector<LeftProcess> unknown(const Runs& runs, const std::vector<Outcome>& outcomes) {
    const ProcessTable table = read_processes();
    std::set<pid_t> pids = tree_of(getppid(), table);
    pids.erase(getppid());
    pids.erase(getpid());
    for (const auto& run : runs) {
        if (run) pids.erase(run->client());
    }
    for (const Outcome& outcome : outcomes) {
        for (const LeftProcess& left : outcome.left) pids.erase(left.pid);
    }
    return described(pids, table);
}

/// Why it failed; empty where it did not.
std::string failure_of(const std::function<void()>& act) {
    try {
        act();
        return "";
    } catch (const std::exception& error) {
        return error.what();
    }
}

}  // namespace

BatchOutcome run_together(const std::vector<Cell>& cells) {
    BatchOutcome batch;
    for (const Cell& cell : cells) batch.cells.push_back({.cell = cell});
    Runs runs(cells.size());
    for_each(cells.size(), kStartsAtOnce, [&](std::size_t i) {
        batch.cells[i].error = failure_of([&] { runs[i] = std::make_unique<Run>(cells[i]); });
    });
    const ProcessTable table = read_processes();
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (runs[i]) batch.cells[i].error = failure_of([&] { runs[i]->hold(table); });
    }
    for_each(cells.size(), cells.size(), [&](std::size_t i) {
        Outcome& outcome = batch.cells[i];
        if (outcome.error.empty()) outcome.error = failure_of([&] { outcome = runs[i]->end(); });
    });
    batch.unknown = unknown(runs, batch.cells);
    end_what_was_started();
    return batch;
}

}  // namespace reaper::integration
