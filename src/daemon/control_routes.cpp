#include "daemon/control_routes.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <span>

#include "report/redact.h"

namespace reaper::daemon {
namespace {

constexpr std::size_t kUsualHistory = 100;
constexpr std::size_t kMostHistory = 10'000;
constexpr std::size_t kMostTypes = 100;
constexpr std::size_t kLongestId = 200;
constexpr std::int64_t kLongestSince = 100LL * 365 * 24 * 3600;

struct Known {
    std::string_view path;
    Endpoint endpoint;
    bool post = false;
    bool governs = false;  ///< Only for who governs: it is about everybody's servers.
    std::span<const std::string_view> parameters = {};
};

constexpr std::string_view kEvents[] = {"follow", "after"};
constexpr std::string_view kHistory[] = {"since", "type", "server", "limit"};

constexpr Known kRoutes[] = {
    {"/health/live", Endpoint::live},
    {"/health/ready", Endpoint::ready},
    {"/health", Endpoint::health},
    {"/metrics", Endpoint::metrics, false, true},
    {"/status", Endpoint::status},
    {"/servers", Endpoint::servers},
    {"/plan", Endpoint::plan},
    {"/history", Endpoint::history, false, false, kHistory},
    {"/events", Endpoint::events, false, false, kEvents},
    {"/actions", Endpoint::actions, true},
    {"/reload", Endpoint::reload, true, true},
    {"/pause", Endpoint::pause, true, true},
    {"/resume", Endpoint::resume, true, true},
};

std::string in_quotes(std::string_view text) {
    return '\'' + report::printable(text, 80) + '\'';
}

tl::unexpected<Refusal> refuse(unsigned status, std::string error, std::string remedy = "") {
    return tl::unexpected(Refusal{status, std::move(error), std::move(remedy), {}, {}});
}

int hex(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return -1;
}

/// "%2F" and "+" of a query; nothing where a % has no two hexadecimal digits behind it.
std::optional<std::string> decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+') {
            out += ' ';
        } else if (text[i] != '%') {
            out += text[i];
        } else {
            if (i + 2 >= text.size()) return std::nullopt;
            const int high = hex(text[i + 1]);
            const int low = hex(text[i + 2]);
            if (high < 0 || low < 0) return std::nullopt;
            out += static_cast<char>(high * 16 + low);
            i += 2;
        }
    }
    return out;
}

tl::expected<Call, Refusal> with_parameters(const Known& known, std::string_view query) {
    Call call{known.endpoint, {}};
    while (!query.empty()) {
        const std::size_t end = std::min(query.find('&'), query.size());
        const std::string_view one = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        if (one.empty()) continue;
        const std::size_t equals = std::min(one.find('='), one.size());
        const auto name = decoded(one.substr(0, equals));
        const auto value = decoded(one.substr(std::min(equals + 1, one.size())));
        if (!name || !value) return refuse(400, "the query " + in_quotes(one) + " is not encoded well");
        if (std::find(known.parameters.begin(), known.parameters.end(), *name) ==
            known.parameters.end()) {
            std::string remedy = known.parameters.empty() ? "it takes none" : "known are";
            for (const std::string_view word : known.parameters) remedy += ' ' + std::string(word);
            return refuse(400, "there is no parameter " + in_quotes(*name), remedy);
        }
        call.parameters.emplace_back(*name, *value);
    }
    return call;
}

template <typename T>
tl::expected<std::optional<T>, Refusal> number(const Call& call, std::string_view name, T least,
                                               T most) {
    const std::string text = call.parameter(name);
    if (text.empty()) return std::nullopt;
    T value{};
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value);
    if (read.ec != std::errc{} || read.ptr != end || value < least || value > most) {
        return refuse(400, std::string(name) + ": " + in_quotes(text) + " is no whole number from " +
                               std::to_string(least) + " to " + std::to_string(most));
    }
    return value;
}

}  // namespace

std::string Call::parameter(std::string_view name) const {
    for (auto one = parameters.rbegin(); one != parameters.rend(); ++one) {
        if (one->first == name) return one->second;
    }
    return "";
}

tl::expected<Call, Refusal> route(std::string_view method, std::string_view target, const Peer& peer) {
    const std::size_t question = std::min(target.find('?'), target.size());
    const std::string_view path = target.substr(0, question);
    const auto known = std::find_if(std::begin(kRoutes), std::end(kRoutes),
                                    [&](const Known& one) { return one.path == path; });
    if (known == std::end(kRoutes)) {
        return refuse(404, "there is no " + in_quotes(path), "what there is: docs/control-api.md");
    }
    const bool fits = known->post ? method == "POST" : method == "GET" || method == "HEAD";
    if (!fits) {
        Refusal refusal{405, in_quotes(method) + " does not go with " + std::string(path), "", {}, {}};
        refusal.allow = known->post ? "POST" : "GET, HEAD";
        return tl::unexpected(std::move(refusal));
    }
    if (known->governs && !peer.governs) {
        return refuse(403, std::string(path) + " is not for uid " + std::to_string(peer.uid),
                      "it concerns everybody's servers: ask as root");
    }
    return with_parameters(*known, target.substr(std::min(question + 1, target.size())));
}

tl::expected<EventsQuery, Refusal> events_query(const Call& call) {
    EventsQuery query;
    const std::string follow = call.parameter("follow");
    if (follow != "" && follow != "0" && follow != "1") return refuse(400, "follow is neither 0 nor 1");
    query.follow = follow == "1";
    query.after = call.parameter("after");
    if (query.after.size() > kLongestId) return refuse(400, "after is no id of an event");
    return query;
}

tl::expected<report::HistoryQuery, Refusal> history_query(const Call& call, WallTime now) {
    report::HistoryQuery query;
    const auto since = number<std::int64_t>(call, "since", 0, kLongestSince);
    if (!since) return tl::unexpected(since.error());
    if (*since) query.since = now - std::chrono::seconds(**since);
    const auto server = number<pid_t>(call, "server", 1, std::numeric_limits<pid_t>::max());
    if (!server) return tl::unexpected(server.error());
    query.server = *server;
    const auto limit = number<std::size_t>(call, "limit", 1, kMostHistory);
    if (!limit) return tl::unexpected(limit.error());
    query.limit = limit->value_or(kUsualHistory);
    for (const auto& [name, value] : call.parameters) {
        if (name == "type") query.types.push_back(value);
    }
    if (query.types.size() > kMostTypes) return refuse(400, "too many types are named");
    return query;
}

}  // namespace reaper::daemon
