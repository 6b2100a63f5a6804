#include "daemon/backend.h"

#include <malloc.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "daemon/named_orders.h"
#include "pass/selection.h"
#include "pass/users.h"
#include "report/history_report.h"
#include "report/scan_report.h"

namespace reaper::daemon {
namespace {

Refusal busy() {
    return {503, "too many orders are waiting to be carried out", "try again in a moment",
            std::chrono::seconds(5)};
}

Refusal not_yet() {
    return {503, "the host has not been looked at yet", "try again in a moment",
            std::chrono::seconds(1)};
}

/// Its document took some ten times as much.
constexpr std::size_t kLargeAnswer = 64 * 1024;

std::string history_json(const std::string& file, const report::HistoryQuery& query, const Peer& peer,
                         Body& body) {
    report::HistoryQuery seen = query;
    if (!peer.governs) seen.user = peer.uid;
    auto page = report::read_history(file, seen);
    if (!page) {
        body = tl::unexpected(Refusal{500, page.error().message(), ""});
        return {};
    }
    const report::HistoryPage shown = page->value_or(report::HistoryPage{});
    report::HistoryContext context;
    context.file = file;
    std::set<uid_t> uids;
    for (const auto& record : shown.records) uids.insert(record.uid);
    context.users = pass::user_names(uids);
    return report::to_json(shown, context);
}

}  // namespace

Backend::Backend(boost::asio::io_context& loop, Watcher& watcher, Enforcement& enforcement,
                 Events& events, Whole whole)
    : loop_(loop),
      watcher_(watcher),
      enforcement_(enforcement),
      events_(events),
      whole_(std::move(whole)),
      reading_(1) {}

Backend::~Backend() {
    reading_.join();
}

Status Backend::status(const Peer& peer) {
    Status status = whole_.status();
    if (peer.governs) return status;
    // What others run is not this peer's affair.
    std::map<std::pair<std::string, policy::Status>, std::size_t> counts;
    const Look& look = watcher_.governor().now();
    for (std::size_t i = 0; i < look.snapshot.servers.size(); ++i) {
        const scan::Server& server = look.snapshot.servers[i];
        if (is_theirs(peer, server.uid)) ++counts[{server.type, look.plan.verdicts[i].status}];
    }
    status.servers.clear();
    std::set<std::string> types;
    for (const auto& [key, count] : counts) {
        status.servers.push_back({key.first, key.second, count});
        types.insert(key.first);
    }
    std::erase_if(status.breakers,
                  [&](const BreakerStatus& breaker) { return !types.contains(breaker.type); });
    status.statistics = events_.statistics_of(peer.uid);
    status.held = static_cast<std::size_t>(
        std::count_if(enforcement_.held().begin(), enforcement_.held().end(),
                      [&](const auto& entry) { return is_theirs(peer, entry.uid); }));
    return status;
}

std::string Backend::view(const Peer& peer, bool with_plan) const {
    const Look& look = watcher_.governor().now();
    scan::Snapshot snapshot = look.snapshot;
    policy::Plan plan = look.plan;
    if (!peer.governs) {
        pass::Selection theirs;
        theirs.user = peer.uid;
        pass::narrow(snapshot, plan, theirs);
    }
    report::ScanContext context;
    context.policy = watcher_.governor().policy().name;
    context.mode = watcher_.governor().policy().loaded.policy.mode;
    context.users = look.users;
    std::string text = report::to_json(snapshot, plan, context);
    if (with_plan) return text;
    auto json = nlohmann::ordered_json::parse(text);
    json.erase("plan");
    return json.dump(2) + "\n";
}

Body Backend::servers(const Peer& peer) {
    if (!ready_) return tl::unexpected(not_yet());
    return view(peer, false);
}

Body Backend::plan(const Peer& peer) {
    if (!ready_) return tl::unexpected(not_yet());
    return view(peer, true);
}

void Backend::history(const Peer& peer, const report::HistoryQuery& query,
                      std::function<void(Body)> answer) {
    if (whole_.history_file.empty()) {
        answer(tl::unexpected(Refusal{503, "there is no place for a history", ""}));
        return;
    }
    boost::asio::post(reading_, [this, peer, query, answer = std::move(answer)] {
        Body body;
        std::string text = history_json(whole_.history_file, query, peer, body);
        if (body) body = std::move(text);
        // What took a document of megabytes to write is given back: the allocator would keep it for this
        // thread, and a daemon that was asked for much once would be that large for weeks.
        if (body && body->size() > kLargeAnswer) ::malloc_trim(0);
        boost::asio::post(loop_, [answer, body = std::move(body)] { answer(body); });
    });
}

/// One user must not fill the queue for all: ending what heeds no SIGTERM takes its whole grace time.
bool Backend::has_too_many(const Peer& peer) const {
    const auto theirs = unanswered_.find(peer.uid);
    return !peer.governs && theirs != unanswered_.end() && theirs->second >= kMostWaitingOfAUser;
}

void Backend::act(const Peer& peer, const ActionRequest& request, std::function<void(Outcomes)> answer) {
    if (waiting_.size() >= kMostWaiting || has_too_many(peer)) {
        answer(tl::unexpected(busy()));
        return;
    }
    ++unanswered_[peer.uid];
    auto answered = [this, uid = peer.uid, answer = std::move(answer)](Outcomes outcomes) {
        if (--unanswered_[uid] == 0) unanswered_.erase(uid);
        answer(std::move(outcomes));
    };
    waiting_.push_back({peer, request, std::move(answered)});
    watcher_.look_soon();
}

void Backend::looked() {
    ready_ = true;
    const std::list<Waiting> waiting = std::exchange(waiting_, {});
    for (const Waiting& asked : waiting) {
        if (asked.request.deed == enforce::Deed::release) {
            release(asked);
        } else {
            carry_out(asked);
        }
    }
}

void Backend::failed(const Error& error) {
    for (const Waiting& asked : std::exchange(waiting_, {})) {
        asked.answer(tl::unexpected(Refusal{503, error.message(), "try again in a moment"}));
    }
}

void Backend::release(const Waiting& asked) {
    auto entries = named_entries(asked.request, enforcement_.held(), watcher_.governor().now().snapshot,
                                 asked.peer);
    if (!entries) {
        asked.answer(tl::unexpected(entries.error()));
    } else if (entries->empty()) {
        asked.answer(std::vector<report::Done>());
    } else if (!enforcement_.release(std::move(*entries), asked.answer)) {
        asked.answer(tl::unexpected(busy()));
    }
}

void Backend::carry_out(const Waiting& asked) {
    const Look& look = watcher_.governor().now();
    auto orders =
        named_orders(asked.request, look, watcher_.governor().policy().loaded.policy, asked.peer);
    if (!orders) {
        asked.answer(tl::unexpected(orders.error()));
    } else if (orders->empty()) {
        asked.answer(std::vector<report::Done>());
    } else if (!enforcement_.by_hand(std::move(*orders), look, watcher_.governor().memory(),
                                     asked.answer)) {
        asked.answer(tl::unexpected(busy()));
    }
}

std::uint64_t Backend::subscribe(const Peer& peer, const std::string& after,
                                 std::function<void(std::string_view line)> deliver) {
    const auto only = peer.governs ? std::nullopt : std::optional(peer.uid);
    return events_.stream().subscribe(only, after, std::move(deliver));
}

void Backend::unsubscribe(std::uint64_t subscription) {
    events_.stream().unsubscribe(subscription);
}

}  // namespace reaper::daemon
