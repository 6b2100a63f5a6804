#include "daemon/health_address.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

namespace reaper::daemon {
namespace {

constexpr std::string_view kScheme = "http://";
constexpr std::string_view kTcp = "tcp ";
constexpr std::string_view kAnyPort = "{port}";
constexpr std::uint16_t kHttpPort = 80;

std::optional<std::uint16_t> port_from(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
    return port;
}

/// What a URL asks for.
struct Wanted {
    std::string_view host;
    std::optional<std::uint16_t> port;  ///< Absent: any that the server listens on.
    std::string_view target;
};

std::optional<Wanted> read_url(std::string_view http) {
    if (!http.starts_with(kScheme)) return std::nullopt;
    http.remove_prefix(kScheme.size());
    const std::size_t slash = std::min(http.find('/'), http.size());
    Wanted wanted{http.substr(0, slash), kHttpPort, http.substr(slash)};
    if (wanted.target.empty()) wanted.target = "/";
    // The colons of [::1] are not those in front of a port.
    const std::size_t colon =
        wanted.host.find(':', wanted.host.starts_with('[') ? wanted.host.find(']') : 0);
    if (colon == std::string_view::npos) return wanted;
    const std::string_view port = wanted.host.substr(colon + 1);
    wanted.host = wanted.host.substr(0, colon);
    wanted.port = port_from(port);
    return wanted.port || port == kAnyPort ? std::optional(wanted) : std::nullopt;
}

/// A TCP socket that a server listens on.
struct Bound {
    std::string_view address;  ///< "127.0.0.1", "[::]"
    std::uint16_t port = 0;
};

std::optional<Bound> read_bound(std::string_view socket) {
    if (!socket.starts_with(kTcp)) return std::nullopt;
    socket.remove_prefix(kTcp.size());
    const std::size_t colon = socket.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto port = port_from(socket.substr(colon + 1));
    if (!port) return std::nullopt;
    return Bound{socket.substr(0, colon), *port};
}

/// Whether a socket that is bound to `address` takes connections to ::1 or 127.0.0.1.
bool takes(std::string_view address, bool v6) {
    if (v6) return address == "[::1]" || address == "[::]";
    // One that is bound to [::] takes both, unless it asked for IPV6_V6ONLY.
    return address == "127.0.0.1" || address == "0.0.0.0" || address == "[::]";
}

/// What a host name of a URL may mean: ::1, or 127.0.0.1.
bool means(std::string_view host, std::string_view bound, bool v6) {
    if (host == "localhost") return true;
    if ((host == "[::1]") == v6) return true;
    return v6 && bound == "[::]";  // It may be IPv6 alone: then only ::1 reaches it.
}

}  // namespace

std::vector<HealthAddress> health_addresses(const std::string& http,
                                            const std::vector<std::string>& listening) {
    std::vector<HealthAddress> found;
    const auto wanted = read_url(http);
    if (!wanted) return found;
    for (const std::string& socket : listening) {
        const auto bound = read_bound(socket);
        if (!bound || (wanted->port && *wanted->port != bound->port)) continue;
        for (const bool v6 : {false, true}) {
            if (!takes(bound->address, v6) || !means(wanted->host, bound->address, v6)) continue;
            HealthAddress address{v6, bound->port,
                                  std::string(wanted->host) + ":" + std::to_string(bound->port),
                                  std::string(wanted->target)};
            const bool known = std::find(found.begin(), found.end(), address) != found.end();
            if (!known && found.size() < kMaxHealthAddresses) found.push_back(std::move(address));
        }
    }
    return found;
}

}  // namespace reaper::daemon
