// One guard: a relay in front of one server, which ends the server when its client is gone, starts it
// again when it crashes or hangs, and tells its client of it in the protocol's own words.
//
// One thread and one poll(2). The states of the server:
//
//     queued ──there is room──► running
//     running ──crash──► waiting ──backoff──► running
//        │                  └─too often─► resting (breaker open) ──pause──► running (half open)
//        ├──asked to make room──► parked ──message──► running
//        └──client gone──► (closing) ──► over
//     refused: not started, or no use starting again; what is asked is answered with an error, then over
#pragma once

#include <memory>
#include <string>

#include "guard/admission.h"
#include "guard/client_watch.h"
#include "guard/error_output.h"
#include "guard/exchanges.h"
#include "guard/handshake.h"
#include "guard/liveness.h"
#include "guard/rate_limit.h"
#include "guard/recovery.h"
#include "guard/relay.h"
#include "guard/server_run.h"
#include "guard/standing_requests.h"
#include "guard/task.h"

namespace reaper::guard {

class Guard final : private Listener {
  public:
    explicit Guard(const Task& task);
    ~Guard() override;

    /// Until it is over; the exit code.
    int run();

  private:
    enum class State { queued, running, waiting, resting, parked, refused };

    // guard_messages.cpp: what passes.
    [[nodiscard]] bool takes() const override;
    bool from_client(std::string_view line, const Envelope& message) override;
    bool from_server(std::string_view line, const Envelope& message) override;
    void over_long_from_client(const Line& line) override;
    void over_long_from_server(const Line& line) override;
    void garbage_from_server(std::string_view line) override;
    void note_traffic(std::size_t bytes);
    void client_asks(std::string_view line, const Envelope& message);
    void server_answers(std::string_view line, const Envelope& message, const Pending& pending);
    void answer_to_us(std::string_view line, const Envelope& message);
    /// `may_come`: the server may answer yet; what it says is dropped.
    void fail_pending(std::string_view why, std::string_view reason, bool may_come = false);
    void refuse_request(std::string_view id);
    void replay();
    void become_ready();

    // guard.cpp: what happens when.
    void wait_for_something();
    void say_last_words();
    void watch_client(short events);
    void hear_signals();
    void client_seems_gone();
    void do_what_is_due();
    void time_out_calls();
    void check_liveness();
    void server_hangs(MonotonicTime now);
    [[nodiscard]] std::optional<MonotonicTime> next_due();

    // guard_life.cpp: the life of the server.
    void admit();
    void stay_parked();
    void start_server();
    void watch_server();
    void server_died(std::optional<int> status);
    void give_up_on_start(std::optional<int> status, MonotonicTime now);
    /// What went wrong with server_.
    struct Failure {
        std::string_view phase;  ///< As in CrashReport.
        std::string how;
        std::optional<int> status;
    };
    void plan_restart(const Failure& failure, MonotonicTime now);
    void restart_if_due();
    void close(Ending::From from, std::string_view why);
    void hurry_close();
    void park();
    // guard_records.cpp: what is told of it outside.
    void changed() { record_at_ = now(); }
    void write_record();
    void forget_record() const;
    [[nodiscard]] std::string_view state_name() const;
    void note_crash(const Failure& failure, std::string_view next);
    void refuse(std::string why, std::string reason, int exit_code);

    [[nodiscard]] std::string own_id(std::string_view what);
    void say(std::string_view sentence);
    MonotonicTime now() const { return monotonic_now(); }

    Task task_;
    ProcessId self_;
    State state_ = State::queued;
    std::string log_;  ///< File of the server's stderr; empty: none.
    ErrorOutput errors_;
    Relay relay_;
    Exchanges exchanges_;
    Handshake handshake_;
    StandingRequests standing_;
    Liveness liveness_;
    Recovery recovery_;
    RateLimit rate_;
    ClientWatch client_;
    Admission admission_;
    UniqueFd signals_;
    MonotonicTime last_message_{};

    Launch launch_;
    std::unique_ptr<ServerRun> server_;  ///< The one that runs, or whose rest is on its way out.
    bool server_news_ = true;            ///< Its keeper, or the kernel, has something to tell of it.
    bool ready_ = true;         ///< Messages pass: false while a new process is told what was agreed.
    bool served_ = false;       ///< The server has answered something, ever.
    bool answered_ = false;     ///< This process of it has.
    bool dead_ = false;         ///< The server process of server_ is no more, or no use.
    bool evicted_ = false;      ///< It ends because room was asked for.
    unsigned started_ = 0;      ///< Processes of the server, in all.
    unsigned restarted_ = 0;    ///< Of these because one had failed.
    std::string hang_;          ///< Why server_ is being ended, if for that.
    MonotonicTime start_at_{};  ///< waiting, resting: when it is tried again.
    std::optional<MonotonicTime> ready_until_;    ///< By then it must be ready.
    std::optional<MonotonicTime> status_until_;   ///< It closed its output: so long its end may take.
    std::optional<MonotonicTime> client_until_;   ///< The client seems gone.
    std::uint64_t said_by_client_ = 0;            ///< So many bytes by then.
    bool answer_awaited_ = false;                 ///< It was waited for that longer already.
    std::optional<MonotonicTime> admit_at_;       ///< queued: when it is tried again …
    std::optional<MonotonicTime> admit_until_;    ///< … and how long.
    std::optional<MonotonicTime> no_room_until_;  ///< parked: so long what is asked is refused.
    std::optional<MonotonicTime> relax_at_;       ///< If nothing is said till then.
    std::optional<MonotonicTime> record_at_;      ///< Our record is to be written then.
    std::optional<MonotonicTime> check_at_;       ///< Of liveness.
    std::string refusal_;
    std::string refusal_reason_;
    std::optional<MonotonicTime> refused_until_;
    bool closing_ = false;
    bool client_hung_up_ = false;
    std::optional<MonotonicTime> busy_until_;  ///< closing: what is asked may be answered till then.
    bool end_ordered_ = false;
    bool over_ = false;
    int exit_code_ = 0;
    std::int64_t since_ms_ = 0;
    std::int64_t server_since_ms_ = 0;
    std::string last_crash_;
    std::string id_prefix_;
    unsigned ids_ = 0;
    std::string replay_id_;
    std::string tools_id_;
};

}  // namespace reaper::guard
