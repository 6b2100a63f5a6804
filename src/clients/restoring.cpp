#include "clients/restoring.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/whole_file.h"
#include "clients/real_path.h"

namespace reaper::clients {
namespace {

constexpr const char* kRestore = "restore";

/// As we left it, or as it was before: a run that was killed has stored its backup and no more.
bool is_as_we_left_it(const ConfigFile& file, const std::vector<KeptBackup>& kept) {
    const auto newest = std::find_if(kept.begin(), kept.end(),
                                     [](const KeptBackup& one) { return one.backup.has_value(); });
    if (newest == kept.end()) return false;
    const std::uint64_t now = digest_of(file.text());
    return now == newest->backup->written || now == newest->backup->digest;
}

Result<Backup> choose(const std::vector<KeptBackup>& kept, const std::string& path,
                      const std::optional<unsigned>& number) {
    if (kept.empty()) return fail(kRestore, path, "there is no backup of it");
    if (!number) return kept.front().backup;
    for (const KeptBackup& one : kept) {
        if (one.number == *number) return one.backup;
    }
    return fail(kRestore, path, "there is no backup " + std::to_string(*number) + " of it (--list)");
}

/// A file that is gone, with the looks that it had.
Result<void> make_anew(const Restoring& restoring) {
    const auto real = real_path(restoring.path);
    if (!real) return tl::unexpected(real.error());
    const UniqueFd directory(
        ::open(real->directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    if (!directory) return fail_errno("write", restoring.path, errno);
    Replacement replacement;
    replacement.directory = directory.get();
    replacement.name = real->name;
    replacement.path = restoring.path;
    replacement.mode = restoring.backup.mode;
    replacement.user = restoring.backup.user;
    replacement.group = restoring.backup.group;
    replacement.before_rename = [&]() -> Result<void> {
        if (::faccessat(directory.get(), real->name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0) return {};
        return fail("write", restoring.path, "it is there again; nothing was done to it");
    };
    return replace_whole_file(replacement, restoring.backup.text);
}

}  // namespace

Result<Restoring> plan_restoring(const std::string& path, const Backups& backups,
                                 const RestoreOptions& options) {
    const auto real = real_path(path);
    if (!real) return tl::unexpected(real.error());
    const auto kept = backups.of(real->path());
    if (!kept) return tl::unexpected(kept.error());
    auto backup = choose(*kept, path, options.number);
    if (!backup) return tl::unexpected(std::move(backup.error()));
    Restoring restoring{path, std::nullopt, std::move(*backup)};
    auto file = ConfigFile::read(path);
    if (!file && file.error().errno_code == ENOENT) return restoring;
    if (!file) return tl::unexpected(std::move(file.error()));
    if (!options.even_if_edited && !is_as_we_left_it(*file, *kept)) {
        return fail(
            kRestore, path,
            "it has been edited since it was last wrapped, unwrapped or restored, and that would "
            "be lost; --force restores it all the same");
    }
    restoring.file = std::move(*file);
    return restoring;
}

Result<void> carry_out(const Restoring& restoring, const Backups& backups, WallTime now) {
    if (!restoring.file) return make_anew(restoring);
    const ConfigFile& file = *restoring.file;
    Backup present = restoring.backup;
    present.path = file.real();
    present.reason = "restore";
    present.taken = now;
    present.written = restoring.backup.digest;
    present.mode = file.looks().st_mode & 07777U;
    present.user = file.looks().st_uid;
    present.group = file.looks().st_gid;
    present.text = file.text();
    return file.replace(restoring.backup.text, [&]() -> Result<void> {
        const auto stored = backups.store(std::move(present));
        if (!stored) return tl::unexpected(stored.error());
        return {};
    });
}

}  // namespace reaper::clients
