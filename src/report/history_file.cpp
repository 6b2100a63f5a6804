#include "report/history_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "base/directory.h"
#include "base/unique_fd.h"
#include "report/history_schema.h"

namespace reaper::report {
namespace {

constexpr const char* kOpen = "open the history";

OpenFailure failure(const std::string& path, std::string reason, bool for_good = false) {
    return {Error{kOpen, path, std::move(reason), 0}.message(), for_good};
}

/// Whoever may write the directory may put another file in the place of ours.
Result<UniqueFd> open_directory(const std::string& path) {
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat found {};
    if (!fd || ::fstat(fd.get(), &found) != 0) return fail_errno(kOpen, path, errno);
    if (found.st_uid != ::geteuid()) {
        return fail(kOpen, path, fmt::format("it belongs to user {}", found.st_uid));
    }
    if ((found.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return fail(kOpen, path, fmt::format("others may write it; chmod 700 {}", path));
    }
    return fd;
}

Result<void> make_file(const std::string& path) {
    // O_NONBLOCK: a FIFO in its place must not hold us up.
    const UniqueFd fd(
        ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
    struct stat found {};
    if (!fd || ::fstat(fd.get(), &found) != 0) return fail_errno(kOpen, path, errno);
    if (!S_ISREG(found.st_mode)) return fail(kOpen, path, "it is no regular file");
    if (found.st_uid != ::geteuid()) {
        return fail(kOpen, path, fmt::format("it belongs to user {}", found.st_uid));
    }
    if ((found.st_mode & 077) != 0 && ::fchmod(fd.get(), 0600) != 0) {
        return fail_errno(kOpen, path, errno);
    }
    return {};
}

bool says_damaged(const DatabaseError& error) {
    return error.code == SQLITE_CORRUPT || error.code == SQLITE_NOTADB;
}

/// Opens it and looks it over. A damaged one is an error that says_damaged().
DatabaseResult<Database> open_sound(const std::string& path) {
    DatabaseResult<Database> database = Database::open(path, Database::Access::write, kBusyTimeout);
    if (!database) return database;
    DatabaseResult<Statement> check = database->prepare("PRAGMA quick_check(1)");
    if (!check) return tl::unexpected(check.error());
    const DatabaseResult<bool> row = check->step();
    if (!row) return tl::unexpected(row.error());
    if (!*row || check->text(0) != "ok") {
        return tl::unexpected(DatabaseError{SQLITE_CORRUPT, "it is damaged"});
    }
    return database;
}

std::string moment_in_name(WallTime now) {
    const auto day = std::chrono::floor<std::chrono::days>(now);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(now - day);
    return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       time.hours().count(), time.minutes().count(), time.seconds().count());
}

/// Never over an older one.
std::string free_name(const std::string& path, WallTime now) {
    const std::string name = path + ".corrupt-" + moment_in_name(now);
    std::string candidate = name;
    for (int i = 2; ::access(candidate.c_str(), F_OK) == 0; ++i)
        candidate = fmt::format("{}-{}", name, i);
    return candidate;
}

/// The database first: without it the other two mean nothing, and no new one can be mixed up with them
/// because the directory is locked.
Result<std::string> set_aside(const std::string& path, WallTime now) {
    const std::string name = free_name(path, now);
    if (::rename(path.c_str(), name.c_str()) != 0) return fail_errno("set aside", path, errno);
    for (const char* const suffix : {"-wal", "-shm"}) {
        const std::string from = path + suffix;
        if (::rename(from.c_str(), (name + suffix).c_str()) != 0 && errno != ENOENT) {
            return fail_errno("set aside", from, errno);
        }
    }
    return name;
}

/// Two that both find it damaged must not set aside one after the other: the second would take the
/// first one's new history away. Waits no longer than for the database itself.
bool lock(const UniqueFd& directory) {
    constexpr int kTries = 10;
    for (int i = 0; i < kTries; ++i) {
        if (::flock(directory.get(), LOCK_EX | LOCK_NB) == 0) return true;
        ::poll(nullptr, 0, static_cast<int>(kBusyTimeout.count()) / kTries);
    }
    return false;
}

/// A new, empty one in place of the damaged one.
tl::expected<OpenedHistory, OpenFailure> replace_damaged(const std::string& path,
                                                         const UniqueFd& directory, WallTime now) {
    if (!lock(directory)) return tl::unexpected(failure(path, "another program keeps it locked"));
    DatabaseResult<Database> again = open_sound(path);
    std::string remark;
    if (!again && says_damaged(again.error())) {
        const Result<std::string> name = set_aside(path, now);
        if (!name) return tl::unexpected(OpenFailure{name.error().message(), false});
        if (const auto made = make_file(path); !made) {
            return tl::unexpected(OpenFailure{made.error().message(), false});
        }
        remark = fmt::format("the history {} was damaged; it is kept as {}, and a new one was begun",
                             path, *name);
        again = open_sound(path);
    }
    ::flock(directory.get(), LOCK_UN);
    if (!again) return tl::unexpected(failure(path, again.error().reason));
    return OpenedHistory{std::move(*again), std::move(remark)};
}

DatabaseResult<void> make_ready(Database& database, SchemaState state) {
    if (state == SchemaState::fresh) {
        // Only before there are tables: what pruning frees goes back to the disk.
        if (auto set = database.execute("PRAGMA auto_vacuum = INCREMENTAL"); !set) return set;
    }
    // What is written is only ever added: a daemon that keeps pages of it for months (2 MiB as SQLite
    // would have it) does not use them.
    if (auto set = database.execute("PRAGMA cache_size = -256"); !set) return set;
    if (auto set = database.execute("PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 1048576");
        !set) {
        return set;
    }
    return state == SchemaState::current ? DatabaseResult<void>() : migrate(database);
}

}  // namespace

tl::expected<OpenedHistory, OpenFailure> open_history_file(const std::string& path, WallTime now) {
    const std::string directory_path = directory_of(path);
    const auto made = make_directory(directory_path);
    if (!made) return tl::unexpected(OpenFailure{made.error().message(), false});
    const Result<UniqueFd> directory = open_directory(directory_path);
    if (!directory) return tl::unexpected(OpenFailure{directory.error().message(), false});
    if (const auto file = make_file(path); !file) {
        return tl::unexpected(OpenFailure{file.error().message(), false});
    }

    OpenedHistory opened{Database(), ""};
    DatabaseResult<Database> sound = open_sound(path);
    if (!sound && !says_damaged(sound.error())) {
        return tl::unexpected(failure(path, sound.error().reason));
    }
    if (sound) {
        opened.database = std::move(*sound);
    } else {
        auto replaced = replace_damaged(path, *directory, now);
        if (!replaced) return replaced;
        opened = std::move(*replaced);
    }

    const DatabaseResult<SchemaState> state = schema_state(opened.database);
    if (!state) return tl::unexpected(failure(path, state.error().reason));
    if (*state == SchemaState::newer) {
        return tl::unexpected(
            failure(path, "a later version of mcp-reaper has written it; update this one", true));
    }
    if (*state == SchemaState::foreign) {
        return tl::unexpected(failure(path, "it is another program's database", true));
    }
    const DatabaseResult<void> ready = make_ready(opened.database, *state);
    if (!ready) return tl::unexpected(failure(path, ready.error().reason));
    return opened;
}

}  // namespace reaper::report
