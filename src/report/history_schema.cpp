#include "report/history_schema.h"

#include <array>

namespace reaper::report {
namespace {

/// PRAGMA application_id: "MCPr". Tells our file from any other database.
constexpr std::int64_t kApplication = 0x4d435072;

/// Each makes the next version of the tables. Never changed once released: files have been written by
/// it.
constexpr std::array<const char*, kHistorySchema> kMigrations = {
    // Lists are JSON. Texts are redacted and printable. Times are milliseconds since 1970.
    R"sql(
    PRAGMA application_id = 0x4d435072;
    CREATE TABLE actions (
        id            INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice: an entry names one action
        at_ms         INTEGER NOT NULL,
        recorder      TEXT NOT NULL,      -- "pid@start" of the process of ours that acts
        boot          TEXT NOT NULL,      -- boot id: a pid means nothing after the next boot
        deed          TEXT NOT NULL,
        origin        TEXT NOT NULL,
        even_in_use   INTEGER NOT NULL,
        server        TEXT NOT NULL,      -- "pid@start"
        pid           INTEGER NOT NULL,
        type          TEXT NOT NULL,
        launcher      TEXT NOT NULL,
        program       TEXT NOT NULL,
        uid           INTEGER NOT NULL,
        client        TEXT NOT NULL,
        client_pid    INTEGER,
        members       TEXT NOT NULL,
        processes     INTEGER NOT NULL,
        memory        INTEGER NOT NULL,
        age_s         INTEGER NOT NULL,
        cpu           REAL,
        channel       TEXT NOT NULL,
        stdin         TEXT NOT NULL,
        stdout        TEXT NOT NULL,
        standalone    TEXT NOT NULL,
        rules         TEXT NOT NULL,
        reasons       TEXT NOT NULL,
        limits        TEXT NOT NULL,
        effect        TEXT,               -- null: no outcome yet, or never
        why           TEXT,
        remedy        TEXT,
        ended         TEXT,
        ended_count   INTEGER,
        remaining     TEXT,
        remaining_count INTEGER,
        freed         INTEGER,
        took_us       INTEGER
    );
    CREATE INDEX actions_at ON actions (at_ms);
    )sql",
};

}  // namespace

DatabaseResult<SchemaState> schema_state(Database& database) {
    const auto version = database.number("PRAGMA user_version");
    if (!version) return tl::unexpected(version.error());
    const auto application = database.number("PRAGMA application_id");
    if (!application) return tl::unexpected(application.error());
    const auto tables = database.number("SELECT count(*) FROM sqlite_schema");
    if (!tables) return tl::unexpected(tables.error());

    if (*version == 0 && *application == 0 && *tables == 0) return SchemaState::fresh;
    if (*application != kApplication) return SchemaState::foreign;
    if (*version > kHistorySchema) return SchemaState::newer;
    return *version == kHistorySchema ? SchemaState::current : SchemaState::older;
}

DatabaseResult<void> migrate(Database& database) {
    DatabaseResult<Transaction> transaction = Transaction::begin(database);
    if (!transaction) return tl::unexpected(transaction.error());
    // Read again below the lock: the other one may have been faster.
    const auto version = database.number("PRAGMA user_version");
    if (!version) return tl::unexpected(version.error());
    for (auto done = static_cast<std::size_t>(*version); done < kMigrations.size(); ++done) {
        if (auto made = database.execute(kMigrations[done]); !made) return made;
        const std::string next = "PRAGMA user_version = " + std::to_string(done + 1);
        if (auto marked = database.execute(next.c_str()); !marked) return marked;
    }
    return transaction->commit();
}

}  // namespace reaper::report
