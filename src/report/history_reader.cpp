#include "report/history_reader.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "report/database.h"
#include "report/history_file.h"
#include "report/history_schema.h"
#include "report/recorder_identity.h"

namespace reaper::report {
namespace {

constexpr const char* kRead = "read the history";

constexpr std::string_view kColumns =
    "id, at_ms, recorder, boot, deed, origin, even_in_use, server, type, launcher, program, uid, "
    "client, client_pid, members, processes, memory, age_s, cpu, channel, stdin, stdout, standalone, "
    "rules, reasons, limits, effect, why, remedy, ended, ended_count, remaining, remaining_count, "
    "freed, "
    "took_us";
/// A full history has a hundred thousand rows: what does not fit is left to SQLite to pass over.
constexpr std::string_view kWhere =
    " FROM actions WHERE at_ms >= ?1 "
    "AND (?2 IS NULL OR type IN (SELECT value FROM json_each(?2))) "
    "AND (?3 IS NULL OR pid = ?3 OR instr(members, '\"' || ?3 || '@') > 0) "
    "AND (?4 IS NULL OR uid = ?4)";

/// The columns of a row, one after the other.
class Columns {
  public:
    explicit Columns(const Statement& row) : row_(row) {}
    std::string text() { return row_.text(next_++); }
    template <typename T = std::int64_t>
    T number() {
        return static_cast<T>(row_.integer(next_++));
    }
    ProcessId process() { return ProcessId::parse(text()).value_or(ProcessId{}); }
    template <typename T, typename Read>
    std::optional<T> optional(Read read) {
        if (!row_.is_null(next_)) return read();
        ++next_;
        return std::nullopt;
    }
    double real() { return row_.real(next_++); }

  private:
    const Statement& row_;
    int next_ = 0;
};

std::optional<RecordedOutcome> outcome_of(Columns& columns) {
    const auto effect = enforce::effect_from(columns.text());
    if (!effect) return std::nullopt;
    RecordedOutcome outcome;
    outcome.effect = *effect;
    outcome.why = columns.text();
    outcome.remedy = columns.text();
    outcome.ended = ids_from(columns.text());
    outcome.ended_count = columns.number<std::size_t>();
    outcome.left = ids_from(columns.text());
    outcome.left_count = columns.number<std::size_t>();
    outcome.freed = Bytes{columns.number<std::uint64_t>()};
    outcome.took = std::chrono::microseconds(columns.number());
    return outcome;
}

HistoryRecord record_of(const Statement& row) {
    Columns columns(row);
    HistoryRecord record;
    record.id = columns.number();
    record.at = WallTime(std::chrono::milliseconds(columns.number()));
    record.recorder = columns.process();
    record.boot = columns.text();
    record.deed = enforce::deed_from(columns.text()).value_or(enforce::Deed::terminate);
    record.origin = enforce::origin_from(columns.text()).value_or(enforce::Origin::rule);
    record.even_in_use = columns.number() != 0;
    record.server = columns.process();
    record.type = columns.text();
    record.launcher = columns.text();
    record.program = columns.text();
    record.uid = columns.number<uid_t>();
    record.client = columns.text();
    record.client_pid = columns.optional<pid_t>([&] { return columns.number<pid_t>(); });
    record.members = members_from(columns.text());
    record.processes = columns.number<std::size_t>();
    record.memory = Bytes{columns.number<std::uint64_t>()};
    record.age = std::chrono::seconds(columns.number());
    record.cpu = columns.optional<CpuPercent>([&] { return CpuPercent{columns.real()}; });
    record.channel = columns.text();
    record.in = columns.text();
    record.out = columns.text();
    record.standalone_why = columns.text();
    record.rules = texts_from(columns.text());
    record.reasons = texts_from(columns.text());
    record.limits = limits_from(columns.text());
    record.outcome = outcome_of(columns);
    record.under_way = !record.outcome && is_running({record.recorder, record.boot});
    return record;
}

DatabaseResult<Statement> select(Database& database, const std::string& sql, const HistoryQuery& query) {
    DatabaseResult<Statement> statement = database.prepare(sql);
    if (!statement) return statement;
    const WallTime since = query.since.value_or(WallTime{});
    statement->bind(static_cast<std::int64_t>(since.time_since_epoch().count()));
    if (query.types.empty()) {
        statement->bind_null();
    } else {
        statement->bind(to_column(query.types));
    }
    std::optional<std::int64_t> server;
    if (query.server) server = *query.server;
    statement->bind(server);
    std::optional<std::int64_t> user;
    if (query.user) user = *query.user;
    statement->bind(user);
    return statement;
}

DatabaseResult<std::size_t> count(Database& database, const HistoryQuery& query) {
    auto statement = select(database, "SELECT count(*)" + std::string(kWhere), query);
    if (!statement) return tl::unexpected(statement.error());
    const DatabaseResult<bool> row = statement->step();
    if (!row) return tl::unexpected(row.error());
    return static_cast<std::size_t>(statement->integer(0));
}

DatabaseResult<HistoryPage> read_page(Database& database, const HistoryQuery& query) {
    // Both statements see one state of it.
    if (auto begun = database.execute("BEGIN"); !begun) return tl::unexpected(begun.error());
    const DatabaseResult<std::size_t> all = count(database, query);
    if (!all) return tl::unexpected(all.error());
    const std::string sql = "SELECT " + std::string(kColumns) + std::string(kWhere) +
                            " ORDER BY at_ms DESC, id DESC LIMIT ?5";
    DatabaseResult<Statement> statement = select(database, sql, query);
    if (!statement) return tl::unexpected(statement.error());
    statement->bind(query.limit ? static_cast<std::int64_t>(*query.limit) : std::int64_t{-1});
    HistoryPage page;
    for (;;) {
        const DatabaseResult<bool> row = statement->step();
        if (!row) return tl::unexpected(row.error());
        if (!*row) break;
        page.records.push_back(record_of(*statement));
    }
    page.left_out = *all - page.records.size();
    std::reverse(page.records.begin(), page.records.end());
    return page;
}

Result<HistoryPage> read_with(const std::string& file, Database::Access access,
                              const HistoryQuery& query) {
    DatabaseResult<Database> database = Database::open(file, access, kBusyTimeout);
    if (!database) return fail(kRead, file, database.error().reason);
    const DatabaseResult<SchemaState> state = schema_state(*database);
    if (!state) return fail(kRead, file, state.error().reason);
    if (*state == SchemaState::fresh) return HistoryPage{};
    if (*state == SchemaState::newer) {
        return fail(kRead, file, "a later version of mcp-reaper has written it");
    }
    if (*state == SchemaState::foreign) return fail(kRead, file, "it is another program's database");
    DatabaseResult<HistoryPage> page = read_page(*database, query);
    if (!page) return fail(kRead, file, page.error().reason);
    return *std::move(page);
}

/// Whether somebody is writing, or has died at it: what is newest is in the log then.
bool has_log(const std::string& file) {
    struct stat log {};
    return ::stat((file + "-wal").c_str(), &log) == 0 && log.st_size > 0;
}

}  // namespace

Result<std::optional<HistoryPage>> read_history(const std::string& file, const HistoryQuery& query) {
    struct stat found {};
    if (::stat(file.c_str(), &found) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
        return fail_errno(kRead, file, errno);
    }
    if (!S_ISREG(found.st_mode)) return fail(kRead, file, "it is no regular file");
    if (found.st_size == 0 && !has_log(file)) return std::nullopt;

    // Even a reader of a write-ahead log makes files beside it. Where there is no log, all is in the
    // file itself; that somebody begins to write just now shows as damage, and is read again with the
    // log.
    if (!has_log(file)) {
        Result<HistoryPage> page = read_with(file, Database::Access::immutable, query);
        if (page || !has_log(file)) return page.map([](auto& all) { return std::optional(all); });
    }
    Result<HistoryPage> page = read_with(file, Database::Access::read, query);
    // A directory that may not be written, with a log that nobody keeps an index of: without the log.
    if (!page) {
        if (auto without = read_with(file, Database::Access::immutable, query))
            page = std::move(without);
    }
    return page.map([](auto& all) { return std::optional(all); });
}

}  // namespace reaper::report
