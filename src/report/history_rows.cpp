#include "report/history_rows.h"

#include <algorithm>

namespace reaper::report {
namespace {

/// The outcome's columns, in the order of both statements below.
void bind_outcome(Statement& statement, const std::optional<RecordedOutcome>& outcome) {
    if (!outcome) {
        for (int i = 0; i < 9; ++i) statement.bind_null();
        return;
    }
    statement.bind(enforce::to_string(outcome->effect))
        .bind(outcome->why)
        .bind(outcome->remedy)
        .bind(to_column(outcome->ended))
        .bind(static_cast<std::int64_t>(outcome->ended_count))
        .bind(to_column(outcome->left))
        .bind(static_cast<std::int64_t>(outcome->left_count))
        .bind(static_cast<std::int64_t>(outcome->freed.value))
        .bind(static_cast<std::int64_t>(outcome->took.count()));
}

DatabaseResult<void> run(Database& database, const char* sql, std::int64_t number) {
    DatabaseResult<Statement> statement = database.prepare(sql);
    if (!statement) return tl::unexpected(statement.error());
    const DatabaseResult<bool> done = statement->bind(number).step();
    if (!done) return tl::unexpected(done.error());
    return {};
}

/// Bytes of the file that hold something.
DatabaseResult<std::int64_t> used_bytes(Database& database) {
    return database.number(
        "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count(), "
        "pragma_freelist_count(), pragma_page_size()");
}

/// Steps through a pragma whose rows are its progress.
DatabaseResult<void> run_all(Database& database, const char* sql) {
    DatabaseResult<Statement> statement = database.prepare(sql);
    if (!statement) return tl::unexpected(statement.error());
    for (;;) {
        const DatabaseResult<bool> more = statement->step();
        if (!more) return tl::unexpected(more.error());
        if (!*more) return {};
    }
}

}  // namespace

DatabaseResult<std::int64_t> insert_row(Database& database, const HistoryRecord& record) {
    // FULL: the log is synced at this commit. What was done must be found after a power failure.
    if (auto set = database.execute("PRAGMA synchronous = FULL"); !set)
        return tl::unexpected(set.error());
    DatabaseResult<Statement> statement = database.prepare(
        "INSERT INTO actions (at_ms, recorder, boot, deed, origin, even_in_use, server, pid, type, "
        "launcher, program, uid, client, client_pid, members, processes, memory, age_s, cpu, channel, "
        "stdin, stdout, standalone, rules, reasons, limits, effect, why, remedy, ended, ended_count, "
        "remaining, remaining_count, freed, took_us) "
        "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
    if (!statement) return tl::unexpected(statement.error());
    const auto number = [](auto value) { return static_cast<std::int64_t>(value); };
    std::optional<std::int64_t> client_pid;
    if (record.client_pid) client_pid = *record.client_pid;
    std::optional<double> cpu;
    if (record.cpu) cpu = record.cpu->value;
    statement->bind(number(record.at.time_since_epoch().count()))
        .bind(record.recorder.text())
        .bind(record.boot)
        .bind(enforce::to_string(record.deed))
        .bind(enforce::to_string(record.origin))
        .bind(number(record.even_in_use))
        .bind(record.server.text())
        .bind(number(record.server.pid))
        .bind(record.type)
        .bind(record.launcher)
        .bind(record.program)
        .bind(number(record.uid))
        .bind(record.client)
        .bind(client_pid)
        .bind(to_column(record.members))
        .bind(number(record.processes))
        .bind(number(record.memory.value))
        .bind(number(record.age.count()))
        .bind(cpu)
        .bind(record.channel)
        .bind(record.in)
        .bind(record.out)
        .bind(record.standalone_why)
        .bind(to_column(record.rules))
        .bind(to_column(record.reasons))
        .bind(to_column(record.limits));
    bind_outcome(*statement, record.outcome);
    const DatabaseResult<bool> done = statement->step();
    if (!done) return tl::unexpected(done.error());
    return database.last_row();
}

DatabaseResult<bool> conclude_row(Database& database, const HistoryRecord& record) {
    if (record.id == 0) return false;
    // NORMAL: no wait for the disk while the next server is to be ended. A crash of ours loses nothing.
    if (auto set = database.execute("PRAGMA synchronous = NORMAL"); !set) {
        return tl::unexpected(set.error());
    }
    DatabaseResult<Statement> statement = database.prepare(
        "UPDATE actions SET effect = ?, why = ?, remedy = ?, ended = ?, ended_count = ?, remaining = ?, "
        "remaining_count = ?, freed = ?, took_us = ? WHERE id = ? AND recorder = ? AND boot = ? "
        "AND server = ? AND deed = ? AND effect IS NULL");
    if (!statement) return tl::unexpected(statement.error());
    bind_outcome(*statement, record.outcome);
    statement->bind(record.id)
        .bind(record.recorder.text())
        .bind(record.boot)
        .bind(record.server.text())
        .bind(enforce::to_string(record.deed));
    const DatabaseResult<bool> done = statement->step();
    if (!done) return tl::unexpected(done.error());
    return database.changed() > 0;
}

DatabaseResult<void> prune_rows(Database& database, WallTime oldest, Bytes max_size) {
    const auto before = static_cast<std::int64_t>(oldest.time_since_epoch().count());
    if (auto done = run(database, "DELETE FROM actions WHERE at_ms < ?", before); !done) return done;
    for (;;) {
        const auto used = used_bytes(database);
        if (!used) return tl::unexpected(used.error());
        if (static_cast<std::uint64_t>(*used) <= max_size.value) break;
        const auto rows = database.number("SELECT count(*) FROM actions");
        if (!rows) return tl::unexpected(rows.error());
        if (*rows == 0) break;
        const std::int64_t some = std::max<std::int64_t>(*rows / 10, 1);
        const auto done = run(
            database,
            "DELETE FROM actions WHERE id IN (SELECT id FROM actions ORDER BY at_ms, id LIMIT ?)", some);
        if (!done) return done;
    }
    return run_all(database, "PRAGMA incremental_vacuum");
}

}  // namespace reaper::report
