// A control server in the test's own process, before a stand-in for the daemon.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>  // Boost 1.74 with g++ 12: before anything of Asio.
#include <vector>

#include "daemon/control_server.h"
#include "support/child.h"

namespace reaper::test {

/// Answers what it is told to, and remembers what it was asked. Only to be touched on the loop.
class StandInDaemon : public daemon::ControlBackend {
  public:
    daemon::Status status_value;
    std::string reload_problem;  ///< Not empty: a reload is refused with it.
    daemon::Outcomes outcomes = std::vector<report::Done>();
    bool keep_waiting = false;  ///< Actions are answered by answer_all().

    std::vector<daemon::Peer> peers;
    std::vector<daemon::ActionRequest> actions;
    std::vector<report::HistoryQuery> histories;
    std::vector<std::optional<std::chrono::seconds>> pauses;
    unsigned resumes = 0;

    bool live() override { return true; }
    bool ready() override { return false; }
    daemon::Status status(const daemon::Peer& peer) override {
        peers.push_back(peer);
        return status_value;
    }
    daemon::Figures figures() override {
        daemon::Figures figures;
        figures.status = status_value;
        return figures;
    }
    daemon::Body servers(const daemon::Peer&) override { return "{\"servers\":[]}\n"; }
    daemon::Body plan(const daemon::Peer&) override {
        return tl::unexpected(daemon::Refusal{503, "no look has been taken yet", "wait", {}, {}});
    }
    void history(const daemon::Peer&, const report::HistoryQuery& query,
                 std::function<void(daemon::Body)> answer) override {
        histories.push_back(query);
        answer("{\"actions\":[]}\n");
    }
    void act(const daemon::Peer& peer, const daemon::ActionRequest& request,
             std::function<void(daemon::Outcomes)> answer) override {
        peers.push_back(peer);
        actions.push_back(request);
        if (!keep_waiting) return answer(outcomes);
        waiting_.push_back(std::move(answer));
    }
    void answer_all() {
        for (const auto& answer : std::exchange(waiting_, {})) answer(outcomes);
    }
    void reload(std::function<void(daemon::Agreed)> answer) override {
        if (reload_problem.empty()) return answer({});
        answer(tl::unexpected(daemon::Refusal{422, reload_problem, "", {}, {}}));
    }
    daemon::Agreed pause(std::optional<std::chrono::seconds> time) override {
        pauses.push_back(time);
        return {};
    }
    daemon::Agreed resume() override {
        ++resumes;
        return {};
    }
    std::uint64_t subscribe(const daemon::Peer&, const std::string& after,
                            std::function<void(std::string_view)> deliver) override {
        bool newer = after.empty();
        for (const auto& [id, line] : kept_) {
            if (newer) deliver(line);
            if (id == after) newer = true;
        }
        subscribers_[++last_] = std::move(deliver);
        return last_;
    }
    void unsubscribe(std::uint64_t subscription) override { subscribers_.erase(subscription); }

    void publish(const std::string& id, const std::string& message) {
        kept_.emplace_back(id, R"({"id":")" + id +
                                   R"(","at":"2026-11-24T10:00:00.000Z","event":"action",)" +
                                   R"("uid":0,"message":")" + message + "\"}");
        for (const auto& [number, deliver] : subscribers_) deliver(kept_.back().second);
    }
    [[nodiscard]] std::size_t subscribers() const { return subscribers_.size(); }

  private:
    std::vector<std::function<void(daemon::Outcomes)>> waiting_;
    std::vector<std::pair<std::string, std::string>> kept_;
    std::map<std::uint64_t, std::function<void(std::string_view)>> subscribers_;
    std::uint64_t last_ = 0;
};

class ControlHost {
  public:
    using Clock = std::function<std::chrono::steady_clock::time_point()>;

    explicit ControlHost(daemon::ControlBounds bounds = {}, uid_t owner = 0,
                         daemon::Reach reach = daemon::Reach::everybody)
        : ControlHost(bounds, daemon::usual_control_options(owner).steady_time, owner, reach) {}
    /// `clock`: what the bound on requests is measured by.
    ControlHost(daemon::ControlBounds bounds, Clock clock, uid_t owner = 0,
                daemon::Reach reach = daemon::Reach::everybody)
        : work_(boost::asio::make_work_guard(loop_)) {
        daemon::ControlOptions options = daemon::usual_control_options(owner);
        options.bounds = bounds;
        options.steady_time = std::move(clock);
        options.tell = [this](const std::string& text) { told_.push_back(text); };
        auto socket = daemon::ControlSocket::bind(path(), reach);
        if (!socket) throw std::runtime_error(socket.error().message());
        server_ = std::make_unique<daemon::ControlServer>(loop_, std::move(*socket), backend_, options);
        thread_ = std::thread([this] { loop_.run(); });
    }
    ControlHost(const ControlHost&) = delete;
    ControlHost& operator=(const ControlHost&) = delete;
    ~ControlHost() {
        on_loop([this] { server_.reset(); });
        work_.reset();
        thread_.join();
    }

    /// Runs it on the loop's thread, and waits for that.
    void on_loop(const std::function<void()>& work) {
        std::promise<void> done;
        boost::asio::post(loop_, [&] {
            work();
            done.set_value();
        });
        done.get_future().wait();
    }
    template <typename T>
    T get(const std::function<T(StandInDaemon&)>& read) {
        T value{};
        on_loop([&] { value = read(backend_); });
        return value;
    }
    daemon::ControlFigures figures() {
        daemon::ControlFigures figures;
        on_loop([&] { figures = server_->figures(); });
        return figures;
    }
    std::vector<std::string> told() {
        std::vector<std::string> told;
        on_loop([&] { told = told_; });
        return told;
    }
    void stop() {
        on_loop([this] { server_->stop(); });
    }
    StandInDaemon& backend() { return backend_; }
    [[nodiscard]] std::string directory() const { return directory_.path(); }
    [[nodiscard]] std::string path() const { return directory_.path("control.sock"); }

  private:
    TemporaryDirectory directory_;
    boost::asio::io_context loop_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    StandInDaemon backend_;
    std::vector<std::string> told_;
    std::unique_ptr<daemon::ControlServer> server_;
    std::thread thread_;
};

}  // namespace reaper::test
