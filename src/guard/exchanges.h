// Which requests are unanswered, in either direction, and how long answers take. Pure.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"

namespace reaper::guard {

using FineTime = std::chrono::steady_clock::time_point;

/// A request of the client that the server has not answered.
struct Pending {
    std::string id;  ///< As it was written: an answer of ours repeats it.
    std::string method;
    FineTime since;
};

class Exchanges {
  public:
    /// More than these are passed on and not remembered: memory is bounded.
    static constexpr std::size_t kMost = 10'000;

    void asked(std::string_view id, std::string_view method, FineTime now);
    /// By the server. Nothing where it is no answer to what is remembered.
    std::optional<Pending> answered(std::string_view id, FineTime now);
    /// The client does not wait for it any more.
    void cancelled(std::string_view id);
    /// Takes all that is unanswered, in the order in which it was asked.
    std::vector<Pending> take_all();
    /// Takes those of `method` that were asked before `then`. What the server still says to them is
    /// dropped (abandoned()).
    std::vector<Pending> give_up(std::string_view method, FineTime then);
    /// Takes all, as give_up() does.
    std::vector<Pending> give_up_all();
    /// Whether an answer is one to what was given up. Once.
    bool abandoned(std::string_view id);

    [[nodiscard]] std::size_t count() const { return pending_.size(); }
    [[nodiscard]] std::optional<FineTime> oldest() const;
    [[nodiscard]] std::optional<FineTime> oldest(std::string_view method) const;

    void server_asked(std::string_view id);
    /// By the client: whether it is to a request of the server that runs now.
    bool server_answered(std::string_view id);
    void server_gone() {
        asked_by_server_.clear();
        abandoned_.clear();
    }

    struct Latency {
        std::size_t answers = 0;
        std::chrono::microseconds median{0};  ///< Of the last 64.
        std::chrono::microseconds longest{0};
    };
    [[nodiscard]] Latency latency() const;

  private:
    std::map<std::string, Pending, std::less<>> pending_;  ///< By canonical id.
    std::set<std::string, std::less<>> abandoned_;
    std::set<std::string, std::less<>> asked_by_server_;
    std::array<std::chrono::microseconds, 64> latencies_{};
    std::size_t answers_ = 0;
};

}  // namespace reaper::guard
