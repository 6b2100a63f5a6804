#include "daemon/named_orders.h"

#include <algorithm>
#include <optional>
#include <string>

#include "enforce/orders.h"

namespace reaper::daemon {
namespace {

bool names(const NamedServer& named, const ProcessId& process) {
    return named.id ? *named.id == process : named.pid == process.pid;
}

const scan::Server* find_server(const scan::Snapshot& snapshot, const NamedServer& named,
                                const Peer& peer) {
    const auto found =
        std::find_if(snapshot.servers.begin(), snapshot.servers.end(), [&](const scan::Server& server) {
            return is_theirs(peer, server.uid) &&
                   std::any_of(server.members.begin(), server.members.end(),
                               [&](const scan::Member& member) { return names(named, member.id); });
        });
    return found == snapshot.servers.end() ? nullptr : &*found;
}

tl::unexpected<Refusal> no_server(const NamedServer& named) {
    return tl::unexpected(Refusal{
        404, "process " + named.text() + " is not part of an MCP server, and nothing else is touched",
        "mcp-reaper explain " + std::to_string(named.pid) + " tells why"});
}

/// Root's daemon may do what this peer may not: of a server that has become somebody else's in part
/// (sudo in it) a user may order nothing.
bool is_theirs_whole(const Peer& peer, const scan::Server& server) {
    return std::all_of(server.members.begin(), server.members.end(),
                       [&](const scan::Member& member) { return is_theirs(peer, member.uid); });
}

tl::unexpected<Refusal> not_whole(const NamedServer& named) {
    return tl::unexpected(Refusal{403,
                                  "the server of process " + named.text() +
                                      " has processes of another user, and is ended whole or not at all",
                                  "as root"});
}

enforce::Order order_by_hand(const ActionRequest& request, const scan::Server& server) {
    enforce::Order order;
    order.server = server;
    order.deed = request.deed;
    order.origin = enforce::Origin::hand;
    order.reasons = {"by hand"};
    order.limits = request.limits;
    order.even_in_use = request.even_in_use;
    return order;
}

/// What the plan has due for the server, if one of these rules asks for it.
std::optional<enforce::Order> order_by_rule(const ActionRequest& request, const scan::Server& server,
                                            const std::vector<enforce::Order>& due) {
    const auto found = std::find_if(due.begin(), due.end(), [&](const enforce::Order& order) {
        return order.server.id == server.id && order.deed == request.deed &&
               std::any_of(order.rules.begin(), order.rules.end(), [&](policy::Rule rule) {
                   return std::find(request.rules.begin(), request.rules.end(), rule) !=
                          request.rules.end();
               });
    });
    return found == due.end() ? std::nullopt : std::optional(*found);
}

}  // namespace

tl::expected<std::vector<enforce::Order>, Refusal> named_orders(const ActionRequest& request,
                                                                const Look& look,
                                                                const policy::Policy& policy,
                                                                const Peer& peer) {
    const auto due = enforce::orders_of(look.snapshot, look.plan, policy);
    std::vector<enforce::Order> orders;
    for (const NamedServer& named : request.servers) {
        const scan::Server* const server = find_server(look.snapshot, named, peer);
        const bool by_rule = !request.rules.empty();
        if (server == nullptr) {
            if (by_rule) continue;  // It has ended since the scan that found it.
            return no_server(named);
        }
        if (!is_theirs_whole(peer, *server)) return not_whole(named);
        const bool twice = std::any_of(orders.begin(), orders.end(), [&](const enforce::Order& order) {
            return order.server.id == server->id;
        });
        if (twice) continue;
        auto order = by_rule ? order_by_rule(request, *server, due)
                             : std::optional(order_by_hand(request, *server));
        if (!order) continue;
        if (!peer.governs) order->asked_by = peer.uid;
        orders.push_back(std::move(*order));
    }
    return orders;
}

tl::expected<std::vector<enforce::UndoEntry>, Refusal> named_entries(
    const ActionRequest& request, const std::vector<enforce::UndoEntry>& held,
    const scan::Snapshot& snapshot, const Peer& peer) {
    std::vector<enforce::UndoEntry> entries;
    const auto add = [&](const enforce::UndoEntry& entry) {
        if (std::find(entries.begin(), entries.end(), entry) == entries.end()) entries.push_back(entry);
    };
    if (request.all) {
        for (const enforce::UndoEntry& entry : held) {
            if (is_theirs(peer, entry.uid)) add(entry);
        }
        return entries;
    }
    for (const NamedServer& named : request.servers) {
        const scan::Server* const server = find_server(snapshot, named, peer);
        const auto found = std::find_if(held.begin(), held.end(), [&](const enforce::UndoEntry& entry) {
            return is_theirs(peer, entry.uid) &&
                   (names(named, entry.server) || (server != nullptr && server->id == entry.server));
        });
        if (found == held.end()) {
            return tl::unexpected(
                Refusal{404, named.text() + " is not frozen or throttled by mcp-reaper", ""});
        }
        add(*found);
    }
    return entries;
}

}  // namespace reaper::daemon
