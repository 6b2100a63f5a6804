#include "daemon/health_requests.h"

#include <sys/stat.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>  // Boost 1.74 with g++ 12: before anything of Asio.
#include <vector>

#include "daemon/health_address.h"
#include "daemon/health_probe.h"

namespace reaper::daemon {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// Where a policy made in code asks for none.
constexpr milliseconds kShortestInterval{10};

bool shares_our_network(pid_t pid) {
    struct stat ours {};
    struct stat theirs {};
    const std::string path = "/proc/" + std::to_string(pid) + "/ns/net";
    return ::stat("/proc/self/ns/net", &ours) == 0 && ::stat(path.c_str(), &theirs) == 0 &&
           ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

/// How servers of a type are asked; nullptr where they are not.
const policy::HealthRequest* request_of(const policy::Policy& policy, const std::string& type) {
    for (const policy::ServerType& known : policy.servers) {
        if (known.type == type && known.health) return &*known.health;
    }
    return nullptr;
}

/// Some part of the interval that is a server's own, the same at every start.
milliseconds own_part(const ProcessId& server, milliseconds interval) {
    constexpr std::uint64_t kParts = 1024;
    const auto mixed = (static_cast<std::uint64_t>(server.pid) * 0x9E3779B97F4A7C15ULL) >> 54U;
    return interval * static_cast<std::int64_t>(mixed % kParts) / static_cast<std::int64_t>(kParts);
}

}  // namespace

/// The callbacks hold it weakly: what is under way when HealthRequests goes finds nobody.
class HealthRequests::Work : public std::enable_shared_from_this<Work> {
  public:
    Work(boost::asio::io_context& loop, InOurNetwork in_our_network)
        : loop_(loop), timer_(loop), in_our_network_(std::move(in_our_network)) {}

    void ask(const scan::Snapshot& snapshot, const policy::Policy& policy) {
        std::set<ProcessId> seen;
        for (const scan::Server& server : snapshot.servers) {
            if (note(server, request_of(policy, server.type))) seen.insert(server.id);
        }
        for (auto one = asked_.begin(); one != asked_.end();) {
            one = seen.contains(one->first) ? std::next(one) : forget(one);
        }
        go_on();
    }

    [[nodiscard]] std::map<ProcessId, scan::Unresponsive> unresponsive() const {
        std::map<ProcessId, scan::Unresponsive> found;
        for (const auto& [id, one] : asked_) {
            if (one.failures < one.request.failures) continue;
            found.emplace(id, scan::Unresponsive{one.failures, one.why});
        }
        return found;
    }

    [[nodiscard]] std::uint64_t failed() const { return failed_; }

    void stop() {
        timer_.cancel();
        for (auto one = asked_.begin(); one != asked_.end();) one = forget(one);
    }

  private:
    /// A server that is asked.
    struct Asked {
        policy::HealthRequest request;
        std::vector<HealthAddress> addresses;
        Clock::time_point next;              ///< When it is asked again, where no request is under way.
        std::shared_ptr<HealthProbe> probe;  ///< Under way.
        std::size_t address = 0;             ///< Which of the addresses that goes to.
        std::uint64_t round = 0;  ///< Tells a request under way from one of an entry before it.
        unsigned failures = 0;    ///< In a row.
        std::string why;          ///< Of the last failure.
    };
    using AskedServers = std::map<ProcessId, Asked>;

    /// Takes a server up, where it is one to be asked.
    bool note(const scan::Server& server, const policy::HealthRequest* request) {
        if (request == nullptr || !server.standalone.value_or(false)) return false;
        auto addresses = health_addresses(request->http, server.listening);
        if (addresses.empty()) return false;
        if (!in_our_network_(server.server_process.value_or(server.id).pid)) return false;
        const auto known = asked_.find(server.id);
        if (known != asked_.end() && known->second.request == *request) {
            if (!known->second.probe) known->second.addresses = std::move(addresses);
            return true;
        }
        if (known != asked_.end()) forget(known);
        Asked& one = asked_[server.id];
        one.request = *request;
        one.addresses = std::move(addresses);
        one.next = Clock::now() + own_part(server.id, request->interval);
        one.round = ++rounds_;
        return true;
    }

    AskedServers::iterator forget(AskedServers::iterator one) {
        if (one->second.probe) {
            one->second.probe->cancel();
            --under_way_;
        }
        return asked_.erase(one);
    }

    /// Asks whoever's time has come, as far as there is room, and sees to it that this goes on.
    void go_on() {
        std::vector<AskedServers::iterator> waiting;
        for (auto one = asked_.begin(); one != asked_.end(); ++one) {
            if (!one->second.probe) waiting.push_back(one);
        }
        std::sort(waiting.begin(), waiting.end(),
                  [](const auto& a, const auto& b) { return a->second.next < b->second.next; });
        const Clock::time_point now = Clock::now();
        for (const auto& one : waiting) {
            if (under_way_ == kMaxAtOnce) return;  // Whoever answers calls here again.
            if (one->second.next > now) return wait_until(one->second.next);
            ++under_way_;
            one->second.address = 0;
            send(one->first, one->second);
        }
    }

    void wait_until(Clock::time_point next) {
        timer_.expires_at(next);
        timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& code) {
            const auto self = weak.lock();
            if (!code && self) self->go_on();
        });
    }

    void send(const ProcessId& server, Asked& one) {
        const auto done = [weak = weak_from_this(), server, round = one.round](std::string why) {
            if (const auto self = weak.lock()) self->answered(server, round, std::move(why));
        };
        one.probe = ask_health(loop_, one.addresses[one.address], one.request.timeout, done);
    }

    void answered(const ProcessId& server, std::uint64_t round, std::string why) {
        const auto found = asked_.find(server);
        if (found == asked_.end() || found->second.round != round) return;
        Asked& one = found->second;
        const bool more = one.address + 1 < one.addresses.size();
        if (!why.empty() && more) {
            ++one.address;
            return send(server, one);
        }
        one.probe.reset();
        --under_way_;
        one.failures = why.empty() ? 0 : one.failures + 1;
        failed_ += why.empty() ? 0 : 1;
        one.why = std::move(why);
        one.next = Clock::now() + std::max<milliseconds>(one.request.interval, kShortestInterval);
        go_on();
    }

    boost::asio::io_context& loop_;
    boost::asio::steady_timer timer_;
    InOurNetwork in_our_network_;
    AskedServers asked_;
    std::size_t under_way_ = 0;
    std::uint64_t rounds_ = 0;
    std::uint64_t failed_ = 0;
};

HealthRequests::HealthRequests(boost::asio::io_context& loop)
    : HealthRequests(loop, shares_our_network) {}

HealthRequests::HealthRequests(boost::asio::io_context& loop, InOurNetwork in_our_network)
    : work_(std::make_shared<Work>(loop, std::move(in_our_network))) {}

HealthRequests::~HealthRequests() {
    work_->stop();
}

void HealthRequests::ask(const scan::Snapshot& snapshot, const policy::Policy& policy) {
    work_->ask(snapshot, policy);
}

std::map<ProcessId, scan::Unresponsive> HealthRequests::unresponsive() const {
    return work_->unresponsive();
}

std::uint64_t HealthRequests::failed() const {
    return work_->failed();
}

}  // namespace reaper::daemon
