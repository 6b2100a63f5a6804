// What the control API asks for, answered from what the daemon knows. Of the loop's thread, but for the
// history, which is read on another one.
#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <list>
#include <map>
#include <string>
#include <utility>  // Boost 1.74 with g++ 12: before anything of Asio.

#include "daemon/control_backend.h"
#include "daemon/enforcement.h"
#include "daemon/events.h"
#include "daemon/watcher.h"

namespace reaper::daemon {

class Backend final : public ControlBackend {
  public:
    /// What only the whole daemon can tell or do.
    struct Whole {
        std::function<Status()> status;
        std::function<Figures()> figures;
        std::function<Agreed()> reload;
        std::function<Agreed(std::optional<std::chrono::seconds>)> pause;
        std::function<Agreed()> resume;
        std::string history_file;  ///< Empty: there is none.
    };

    Backend(boost::asio::io_context& loop, Watcher& watcher, Enforcement& enforcement, Events& events,
            Whole whole);
    ~Backend() override;

    /// A look has been taken: those who were waiting for one are served.
    void looked();
    /// The host could not be looked at: those who were waiting are told, and nothing is done later.
    void failed(const Error& error);

    bool live() override { return true; }
    bool ready() override { return ready_; }
    Status status(const Peer& peer) override;
    Figures figures() override { return whole_.figures(); }
    Body servers(const Peer& peer) override;
    Body plan(const Peer& peer) override;
    void history(const Peer& peer, const report::HistoryQuery& query,
                 std::function<void(Body)> answer) override;
    void act(const Peer& peer, const ActionRequest& request,
             std::function<void(Outcomes)> answer) override;
    void reload(std::function<void(Agreed)> answer) override { answer(whole_.reload()); }
    Agreed pause(std::optional<std::chrono::seconds> time) override { return whole_.pause(time); }
    Agreed resume() override { return whole_.resume(); }
    std::uint64_t subscribe(const Peer& peer, const std::string& after,
                            std::function<void(std::string_view line)> deliver) override;
    void unsubscribe(std::uint64_t subscription) override;

  private:
    /// An order by hand that waits for a look: the last one may be a minute old.
    struct Waiting {
        Peer peer;
        ActionRequest request;
        std::function<void(Outcomes)> answer;
    };

    [[nodiscard]] bool has_too_many(const Peer& peer) const;
    [[nodiscard]] std::string view(const Peer& peer, bool with_plan) const;
    void release(const Waiting& asked);
    void carry_out(const Waiting& asked);

    boost::asio::io_context& loop_;
    Watcher& watcher_;
    Enforcement& enforcement_;
    Events& events_;
    Whole whole_;
    bool ready_ = false;
    std::list<Waiting> waiting_;
    std::map<uid_t, std::size_t> unanswered_;  ///< Orders by hand, of each user.
    boost::asio::thread_pool reading_;
};

/// Orders by hand of a user who does not govern that may be unanswered, of kMostWaiting in all.
inline constexpr std::size_t kMostWaitingOfAUser = 4;

}  // namespace reaper::daemon
