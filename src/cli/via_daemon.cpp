#include "cli/via_daemon.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "cli/named_process.h"
#include "cli/output.h"

namespace reaper::cli {
namespace {

/// A server that heeds nothing takes its grace time, eight at a time.
constexpr std::chrono::minutes kPatience{10};

using Answer = tl::expected<std::vector<report::Done>, daemon::Refusal>;

bool belongs_to(const daemon::ActionRequest& request, const enforce::Order& order) {
    return request.deed == order.deed && request.limits == order.limits &&
           request.even_in_use == order.even_in_use && request.rules == order.rules &&
           request.servers.size() < daemon::kMostServersInARequest;
}

/// What is to be done alike in one request.
std::vector<daemon::ActionRequest> requests_of(const std::vector<enforce::Order>& orders) {
    std::vector<daemon::ActionRequest> requests;
    for (const enforce::Order& order : orders) {
        auto found = std::find_if(requests.begin(), requests.end(),
                                  [&](const auto& request) { return belongs_to(request, order); });
        if (found == requests.end()) {
            requests.push_back({order.deed, {}, false, order.limits, order.even_in_use, order.rules});
            found = requests.end() - 1;
        }
        found->servers.push_back({order.server.id.pid, order.server.id});
    }
    return requests;
}

Answer ask(DaemonClient& client, const daemon::ActionRequest& request,
           const pass::Interrupts& interrupts) {
    const auto answer = client.ask({.method = "POST",
                                    .target = "/actions",
                                    .body = daemon::to_json(request),
                                    .patience = kPatience,
                                    .interrupts = &interrupts});
    if (!answer) return tl::unexpected(answer.error());
    auto done = report::outcomes_from_json(*answer);
    if (!done) return tl::unexpected(daemon::Refusal{0, done.error().message(), "", {}, {}});
    return *std::move(done);
}

}  // namespace

std::optional<DoneByDaemon> done_by_daemon(const std::vector<enforce::Order>& orders, bool own_policy,
                                           const pass::Interrupts& interrupts) {
    auto client = DaemonClient::find(Whose::roots_first);
    if (!client) return tl::unexpected(failure(client.error()));
    if (!*client) return std::nullopt;
    if (own_policy) remark("The daemon carries this out, and goes by its own policy.");
    std::vector<report::Done> all;
    bool used = false;
    for (const daemon::ActionRequest& request : requests_of(orders)) {
        if (std::exchange(used, true)) client = DaemonClient::find(Whose::roots_first);
        if (!client) return tl::unexpected(failure(client.error()));
        if (!*client) {
            complain("the daemon has ended in the middle; what it has done: mcp-reaper history");
            return tl::unexpected(ExitCode::failed);
        }
        const Answer done = ask(**client, request, interrupts);
        if (!done) return tl::unexpected(refused(done.error()));
        all.insert(all.end(), done->begin(), done->end());
    }
    return all;
}

std::optional<tl::expected<ReleasedByDaemon, ExitCode>> released_by_daemon(
    const Arguments& arguments, const pass::Interrupts& interrupts) {
    auto client = DaemonClient::find(Whose::roots_first);
    if (!client) return tl::unexpected(failure(client.error()));
    if (!*client) return std::nullopt;
    constexpr unsigned kNotFound = 404;
    daemon::ActionRequest request;
    request.deed = enforce::Deed::release;
    request.all = arguments.has("all");
    for (const std::string& word : arguments.operands()) {
        const Parsed<NamedProcess> named = parse_process(word);
        request.servers.push_back({named->pid, named->id});
    }
    ReleasedByDaemon released;
    released.ours_too = ::geteuid() != 0 && (*client)->is_roots();
    const Answer done = ask(**client, request, interrupts);
    if (done) {
        released.done = *done;
    } else if (released.ours_too && done.error().status == kNotFound) {
        released.all = false;
    } else {
        return tl::unexpected(refused(done.error()));
    }
    return released;
}

}  // namespace reaper::cli
