#include "scan/socket_table.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstring>
#include <span>

namespace reaper::scan {
namespace {

/// A namespace with more than this (some 400,000 sockets) is not read: "cannot be told" is the answer.
constexpr std::size_t kMaxNetBytes = 64 * 1024 * 1024;

Result<std::string> read_net(const ProcessDir& process, const char* name) {
    const UniqueFd file(::openat(process.fd(), name, O_RDONLY | O_CLOEXEC));
    if (!file) return process.failed(name, errno);
    std::string text;
    std::array<char, 32 * 1024> chunk;
    for (;;) {
        const ssize_t n = ::read(file.get(), chunk.data(), chunk.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return process.failed(name, errno);
        if (n == 0) return text;
        text.append(chunk.data(), static_cast<std::size_t>(n));
        if (text.size() > kMaxNetBytes) return process.failed(name, EFBIG);
    }
}

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

/// The first `count` words of a line; what follows them is left in `line`, its leading space included.
std::vector<std::string_view> take_words(std::string_view& line, std::size_t count) {
    std::vector<std::string_view> words;
    while (words.size() < count) {
        const std::size_t begin = line.find_first_not_of(' ');
        if (begin == std::string_view::npos) break;
        const std::size_t end = std::min(line.find(' ', begin), line.size());
        words.push_back(line.substr(begin, end - begin));
        line.remove_prefix(end);
    }
    return words;
}

template <typename Number>
std::optional<Number> number(std::string_view text, int base) {
    Number value{};
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (text.empty() || parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size())
        return std::nullopt;
    return value;
}

/// "0100007F:22E3": the kernel prints the address as 32-bit words in the machine's own order.
std::optional<std::string> read_address(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon != 8 && colon != 32) return std::nullopt;
    std::array<std::uint32_t, 4> words{};
    const std::size_t count = colon / 8;
    for (std::size_t i = 0; i < count; ++i) {
        const auto word = number<std::uint32_t>(text.substr(i * 8, 8), 16);
        if (!word) return std::nullopt;
        words.at(i) = *word;
    }
    const auto port = number<std::uint16_t>(text.substr(colon + 1), 16);
    if (!port) return std::nullopt;
    return tcp_text(std::as_bytes(std::span(words).first(count)), *port);
}

}  // namespace

std::vector<ListeningSocket> parse_net_tcp(std::string_view text) {
    // sl local_address rem_address st tx:rx tr:tm retrnsmt uid timeout inode
    std::vector<ListeningSocket> found;
    for (std::string_view line : lines_of(text)) {
        const auto words = take_words(line, 10);
        if (words.size() < 10 || words[3] != "0A") continue;
        auto address = read_address(words[1]);
        const auto inode = number<std::uint64_t>(words[9], 10);
        if (address && inode) found.push_back({*inode, std::move(*address)});
    }
    return found;
}

std::vector<ListeningSocket> parse_net_unix(std::string_view text) {
    // Num RefCount Protocol Flags Type St Inode [Path]
    constexpr std::uint32_t kAcceptsConnections = 0x10000;  // __SO_ACCEPTCON
    std::vector<ListeningSocket> found;
    for (std::string_view line : lines_of(text)) {
        const auto words = take_words(line, 7);
        if (words.size() < 7) continue;
        const auto flags = number<std::uint32_t>(words[3], 16);
        const auto inode = number<std::uint64_t>(words[6], 10);
        if (!flags || !inode || (*flags & kAcceptsConnections) == 0) continue;
        if (!line.empty()) line.remove_prefix(1);
        found.push_back({*inode, line.empty() ? "unix" : "unix " + std::string(line)});
    }
    return found;
}

SocketTable::SocketTable(SockDiag& diag) : diag_(diag) {
    std::array<char, 64> target;
    const ssize_t length = ::readlink("/proc/self/ns/net", target.data(), target.size());
    if (length > 0) our_network_.assign(target.data(), static_cast<std::size_t>(length));
}

std::optional<bool> SocketTable::shares_our_network(const ProcessDir& process) const {
    const auto network = process.link("ns/net");
    if (!network || our_network_.empty()) return std::nullopt;
    return *network == our_network_;
}

Result<std::vector<std::string>> SocketTable::listening(const ProcessDir& process) {
    const auto inodes = process.socket_inodes();
    if (!inodes) return tl::unexpected(inodes.error());
    std::vector<std::string> listening;
    if (inodes->empty()) return listening;
    const auto table = table_of(process);
    if (!table) return tl::unexpected(table.error());
    for (const std::uint64_t inode : *inodes) {
        const auto entry = (*table)->find(inode);
        if (entry != (*table)->end()) listening.push_back(entry->second);
    }
    std::ranges::sort(listening);  // One socket on two descriptors is listed once.
    listening.erase(std::unique(listening.begin(), listening.end()), listening.end());
    return listening;
}

Result<const SocketTable::ByInode*> SocketTable::table_of(const ProcessDir& process) {
    const auto network = process.link("ns/net");
    if (!network) return tl::unexpected(network.error());
    auto known = tables_.find(*network);
    if (known == tables_.end()) {
        auto table = read_table(process, *network == our_network_);
        // A process that went away while its namespace was read says nothing about the namespace.
        if (!table && says_gone(table.error())) return tl::unexpected(table.error());
        known = tables_.emplace(*network, std::move(table)).first;
    }
    if (!known->second) return tl::unexpected(known->second.error());
    return &*known->second;
}

Result<SocketTable::ByInode> SocketTable::read_table(const ProcessDir& process, bool ours) {
    ByInode table;
    const auto add = [&table](std::vector<ListeningSocket> sockets) {
        for (ListeningSocket& socket : sockets) table.emplace(socket.inode, std::move(socket.text));
    };
    if (ours) {
        auto sockets = diag_.listening();
        if (sockets) {
            add(std::move(*sockets));
            return table;
        }
        // No sock_diag (a kernel without it, a seccomp filter): /proc says the same, only slower.
    }
    for (const char* name : {"net/tcp", "net/tcp6"}) {
        const auto text = read_net(process, name);
        if (text) {
            add(parse_net_tcp(*text));
        } else if (text.error().errno_code != ENOENT) {  // A kernel without IPv6 has no tcp6.
            return tl::unexpected(text.error());
        }
    }
    const auto text = read_net(process, "net/unix");
    if (!text) return tl::unexpected(text.error());
    add(parse_net_unix(*text));
    return table;
}

}  // namespace reaper::scan
