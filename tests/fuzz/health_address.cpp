// Where a server is asked for its health: an address out of a policy, and the sockets that a server
// opens.
#include "daemon/health_address.h"

#include <algorithm>
#include <string>
#include <vector>

#include "check.h"
#include "policy/keys.h"
#include "policy/value_reading.h"

using namespace reaper;
using fuzz::check;

namespace {

/// Whether a policy may name it.
bool is_taken(const std::string& http) {
    policy::YamlNode node;
    node.kind = policy::YamlNode::Kind::scalar;
    node.text = http;
    for (const auto& field : policy::health_fields()) {
        if (field.key.name == "http")
            return policy::read_value(field.key, node, policy::PatternCheck::each).has_value();
    }
    check(false, "a health request has an address");
    return false;
}

/// Nothing in it may end a line of a request, or begin another field of it.
bool is_one_word(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

}  // namespace

/// The address in the first line, a socket in each that follows.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view text = fuzz::text_of(data, size);
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    if (lines.empty()) return 0;
    const std::string http = lines.front();
    lines.erase(lines.begin());
    const auto found = daemon::health_addresses(http, lines);
    check(found.size() <= daemon::kMaxHealthAddresses, "a server is asked on so many sockets");
    check(found == daemon::health_addresses(http, lines), "asked twice, the same places");
    const bool taken = is_taken(http);
    for (const daemon::HealthAddress& address : found) {
        check(std::count(found.begin(), found.end(), address) == 1, "each place once", address.host);
        const std::string port = ":" + std::to_string(address.port);
        check(address.port != 0 && std::any_of(lines.begin(), lines.end(),
                                               [&](const std::string& socket) {
                                                   return socket.starts_with("tcp ") &&
                                                          socket.find(':') != std::string::npos;
                                               }),
              "only what it listens on is asked", address.host);
        check(address.host.ends_with(port), "the port stands behind the host", address.host);
        if (!taken) continue;
        check(is_one_word(address.host), "a host is one word of a request", address.host);
        check(address.target.front() == '/' && is_one_word(address.target),
              "a target is one word of a request", address.target);
    }
    return 0;
}
