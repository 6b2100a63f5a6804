#include "cli/named_process.h"

#include <algorithm>
#include <charconv>

namespace reaper::cli {

Parsed<NamedProcess> parse_process(const std::string& text) {
    NamedProcess named;
    named.id = ProcessId::parse(text);
    bool whole = named.id.has_value();
    if (named.id) {
        named.pid = named.id->pid;
    } else {
        const char* const end = text.data() + text.size();
        const auto read = std::from_chars(text.data(), end, named.pid);
        whole = read.ec == std::errc{} && read.ptr == end;
    }
    if (whole && named.pid > 0) return named;
    return tl::unexpected(UsageError{"'" + text + "' is neither a pid nor an id like 4711@79231"});
}

std::optional<std::string> missing(const NamedProcess& named, const scan::Sample& sample) {
    const auto found =
        std::find_if(sample.processes.begin(), sample.processes.end(),
                     [&](const scan::Process& process) { return process.id.pid == named.pid; });
    if (found == sample.processes.end()) return "there is no process " + std::to_string(named.pid);
    if (named.id && found->id != *named.id) {
        return "the process " + named.id->text() + " has ended; its pid belongs to another one now, " +
               found->id.text();
    }
    return std::nullopt;
}

}  // namespace reaper::cli
