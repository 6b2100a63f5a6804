#include "clients/change.h"

#include <algorithm>

#include "clients/json_check.h"

namespace reaper::clients {
namespace {

bool is_meant(const ServerEntry& entry, const std::vector<std::string>& names) {
    return names.empty() || std::find(names.begin(), names.end(), entry.name) != names.end();
}

/// Why a server stays as it is; "" where it does not.
std::string why_left(const ServerEntry& entry, const ChangeOptions& options) {
    if (entry.transport == Transport::remote) return "it is reached by its address, nothing is started";
    if (entry.transport == Transport::unclear) return entry.why_unclear;
    const bool wraps = options.direction == Direction::wrap;
    switch (guarding_of(entry, options.guard)) {
        case Guarding::guarded:
            return wraps ? "it is wrapped" : "";
        case Guarding::ours:
            return "it starts mcp-reaper itself";
        case Guarding::unguarded:
            break;
    }
    return wraps ? "" : "it is not wrapped";
}

/// A name that no server has.
Result<void> check_names(const std::vector<ServerEntry>& entries, const ChangeOptions& options,
                         const std::string& path) {
    for (const std::string& name : options.servers) {
        const bool known = std::any_of(entries.begin(), entries.end(),
                                       [&](const ServerEntry& entry) { return entry.name == name; });
        if (!known) return fail("find a server", name, "there is none of this name in " + path);
    }
    return {};
}

}  // namespace

tl::unexpected<Error> broken(const std::string& path, const JsonMistake& mistake) {
    return fail("read", path + ':' + std::to_string(mistake.line) + ':' + std::to_string(mistake.column),
                mistake.what);
}

Result<Change> plan_change(ConfigFile file, const ChangeOptions& options) {
    const auto json = JsonText::read(file.text());
    if (!json) return broken(file.path(), json.error());
    const std::vector<ServerEntry> entries = server_entries(*json);
    if (auto known = check_names(entries, options, file.path()); !known)
        return tl::unexpected(std::move(known.error()));

    std::vector<Edit> edits;
    Change change{std::move(file), "", {}, {}};
    for (const ServerEntry& entry : entries) {
        if (!is_meant(entry, options.servers)) continue;
        if (std::string why = why_left(entry, options); !why.empty()) {
            change.left.push_back({entry.name, std::move(why)});
            continue;
        }
        const std::vector<Edit> of_entry = options.direction == Direction::wrap
                                               ? wrapping_of(*json, entry, options.guard)
                                               : unwrapping_of(*json, entry, options.guard);
        edits.insert(edits.end(), of_entry.begin(), of_entry.end());
        change.changed.push_back(entry.name);
    }
    change.after = edited(json->text(), std::move(edits));
    const auto after = JsonText::read(change.after);
    if (!after) return broken(change.file.path(), after.error());
    if (auto same = check_edit(*json, *after, change.file.path()); !same)
        return tl::unexpected(std::move(same.error()));
    return change;
}

Result<unsigned> carry_out(const Change& change, Direction direction, const Backups& backups,
                           WallTime now) {
    Backup backup;
    backup.path = change.file.real();
    backup.reason = direction == Direction::wrap ? "wrap" : "unwrap";
    backup.taken = now;
    backup.written = digest_of(change.after);
    backup.mode = change.file.looks().st_mode & 07777U;
    backup.user = change.file.looks().st_uid;
    backup.group = change.file.looks().st_gid;
    backup.text = change.file.text();
    unsigned number = 0;
    const auto replaced = change.file.replace(change.after, [&]() -> Result<void> {
        const auto stored = backups.store(std::move(backup));
        if (!stored) return tl::unexpected(stored.error());
        number = *stored;
        return {};
    });
    if (!replaced) return tl::unexpected(replaced.error());
    return number;
}

Tally tally_of(const JsonText& json, const GuardCommand& guard) {
    Tally tally;
    for (const ServerEntry& entry : server_entries(json)) {
        if (entry.transport == Transport::remote) {
            ++tally.remote;
        } else if (entry.transport == Transport::unclear) {
            ++tally.other;
        } else {
            const Guarding guarding = guarding_of(entry, guard);
            ++(guarding == Guarding::guarded     ? tally.guarded
               : guarding == Guarding::unguarded ? tally.unguarded
                                                 : tally.other);
        }
    }
    return tally;
}

}  // namespace reaper::clients
