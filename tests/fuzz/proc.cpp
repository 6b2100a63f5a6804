// The texts of /proc and the datagrams of the process connector: a process writes into some of them what
// it likes.
#include <algorithm>
#include <span>

#include "check.h"
#include "enforce/cgroup_layout.h"
#include "enforce/host_text.h"
#include "scan/proc_connector.h"
#include "scan/proc_text.h"
#include "scan/socket_table.h"

using namespace reaper;
using fuzz::check;

namespace {

std::size_t lines_in(std::string_view text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
}

/// Whatever a process calls itself, its line says the same of it.
void check_name(std::string_view name) {
    const std::string before = "4711 (";
    const std::string after =
        ") S 1 4711 4711 0 -1 4194560 9 0 0 0 31 11 0 0 20 0 7 0 79231 1024 250 0 0";
    const auto stat = scan::parse_stat(before + std::string(name) + after);
    check(stat.has_value(), "a stat line is read whatever the name", name);
    check(stat->comm == name && stat->state == 'S' && stat->parent == 1 && stat->session == 4711 &&
              stat->cpu_time == Ticks(42) && stat->threads == 7 && stat->start == Ticks(79231) &&
              stat->resident_pages == 250 && !stat->kernel_thread,
          "a name changes no other field", name);
}

void check_stat(std::string_view text) {
    const auto stat = scan::parse_stat(text);
    if (!stat) return;
    check(text.find('(' + stat->comm + ')') != std::string_view::npos, "the name stands in the line",
          text);
}

void check_cgroup(std::string_view text) {
    const std::string path = scan::parse_cgroup(text);
    check(path.find('\n') == std::string::npos && text.find(path) != std::string_view::npos,
          "a cgroup is part of a line", path);
}

void check_link(std::string_view text) {
    const auto inode = scan::inode_of_link(text, "pipe");
    if (!inode) return;
    const auto again = scan::inode_of_link("pipe:[" + std::to_string(*inode) + "]", "pipe");
    check(again == inode, "an inode is read back", text);
}

void check_sockets(std::string_view text) {
    const auto tcp = scan::parse_net_tcp(text);
    const auto local = scan::parse_net_unix(text);
    check(std::max(tcp.size(), local.size()) <= lines_in(text), "a line is one socket at most", text);
    for (const scan::ListeningSocket& socket : tcp) {
        check(socket.text.starts_with("tcp "), "what a TCP socket is called", socket.text);
        fuzz::check_printable(socket.text, "an address is printable");
    }
    for (const scan::ListeningSocket& socket : local)
        check(socket.text.starts_with("unix"), "what a Unix socket is called", socket.text);
}

void check_connector(std::span<const std::byte> datagram) {
    scan::ConnectorText text;
    scan::parse_connector(datagram, text);
    constexpr std::size_t kSmallest = 16;  // A header that says nothing.
    check(text.events.size() <= datagram.size() / kSmallest, "no event without a message");
    for (const scan::ProcessEvent& event : text.events) check(event.pid > 0, "events are of processes");
    scan::ConnectorText again;
    scan::parse_connector(datagram, again);
    check(again.events == text.events && again.confirms == text.confirms, "read twice, read the same");
}

/// Two texts in one input: mountinfo and cgroups, at an empty line. The path is of a process's cgroup.
void check_layout(std::string_view text) {
    const std::size_t border = std::min(text.find("\n\n"), text.size());
    const std::string_view cgroups = text.substr(std::min(border + 2, text.size()));
    const enforce::CgroupLayout layout = enforce::parse_cgroup_layout(text.substr(0, border), cgroups);
    check(layout.hierarchies.size() <= lines_in(text), "a line is one hierarchy at most", text);
    check(layout == enforce::parse_cgroup_layout(text.substr(0, border), cgroups),
          "read twice, read the same", text);
    for (const enforce::CgroupHierarchy& hierarchy : layout.hierarchies) {
        const std::string path = enforce::cgroup_in(hierarchy, cgroups);
        const std::string directory = enforce::cgroup_directory(hierarchy, path);
        check(directory.starts_with(directory.empty() ? "" : hierarchy.mount),
              "a cgroup's directory is below its mount", directory);
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    check_name(text);
    check_stat(text);
    if (const auto pages = scan::parse_statm_anonymous_pages(text); pages && *pages > 0)
        check(text.size() >= 5, "a statm has three numbers", text);
    static_cast<void>(scan::parse_status_swap(text));
    static_cast<void>(enforce::parse_capabilities(text));
    static_cast<void>(enforce::parse_swap(text));
    check(enforce::parse_hidepid(text).size() <= std::max<std::size_t>(text.size(), 1),
          "an option is part of its line", text);
    check_cgroup(text);
    check_link(text);
    check_sockets(text);
    check_connector(std::as_bytes(std::span(data, size)));
    check_layout(text);
    return 0;
}
