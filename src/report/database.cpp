#include "report/database.h"

#include <sqlite3.h>

#include <cstring>

namespace reaper::report {
namespace {

/// The low byte of an extended result code.
int primary(int code) {
    return code & 0xff;
}

/// What a user can do something about, in our words; the rest in SQLite's.
std::string reason_of(sqlite3* handle, int code) {
    std::string system;
    if (const int error = handle != nullptr ? sqlite3_system_errno(handle) : 0; error != 0) {
        system = std::string(": ") + std::strerror(error);
    }
    switch (primary(code)) {
        case SQLITE_FULL:
            return "the disk is full";
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return "another program keeps it locked";
        case SQLITE_READONLY:
            return "it may not be written" + system;
        case SQLITE_CANTOPEN:
            return "it cannot be opened" + system;
        case SQLITE_IOERR:
            return "the disk failed" + system;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return "it is damaged";
        default:
            return handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
    }
}

tl::unexpected<DatabaseError> failed(sqlite3* handle, int code) {
    return tl::unexpected(DatabaseError{primary(code), reason_of(handle, code)});
}

/// A path in a URI: all but unreserved characters and the slash are escaped.
std::string uri_of(const std::string& path, const char* query) {
    constexpr char kHex[] = "0123456789abcdef";
    std::string uri = "file:";
    for (const char c : path) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           std::strchr("/-._~", c) != nullptr;
        if (plain) {
            uri += c;
        } else {
            uri += '%';
            uri += kHex[byte >> 4];
            uri += kHex[byte & 15];
        }
    }
    return uri + query;
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
    sqlite3_finalize(statement);
}

Statement& Statement::bind(std::string_view text) {
    const int code = sqlite3_bind_text64(statement_.get(), ++bound_, text.data(), text.size(),
                                         SQLITE_TRANSIENT, SQLITE_UTF8);
    if (code != SQLITE_OK) bind_error_ = code;
    return *this;
}

Statement& Statement::bind(std::int64_t number) {
    const int code = sqlite3_bind_int64(statement_.get(), ++bound_, number);
    if (code != SQLITE_OK) bind_error_ = code;
    return *this;
}

Statement& Statement::bind(double number) {
    const int code = sqlite3_bind_double(statement_.get(), ++bound_, number);
    if (code != SQLITE_OK) bind_error_ = code;
    return *this;
}

Statement& Statement::bind_null() {
    const int code = sqlite3_bind_null(statement_.get(), ++bound_);
    if (code != SQLITE_OK) bind_error_ = code;
    return *this;
}

DatabaseResult<bool> Statement::step() {
    sqlite3* const handle = sqlite3_db_handle(statement_.get());
    if (bind_error_ != 0) return failed(handle, bind_error_);
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return failed(handle, code);
}

bool Statement::is_null(int column) const {
    return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

std::string Statement::text(int column) const {
    const unsigned char* const text = sqlite3_column_text(statement_.get(), column);
    if (text == nullptr) return "";
    return {reinterpret_cast<const char*>(text),
            static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

std::int64_t Statement::integer(int column) const {
    return sqlite3_column_int64(statement_.get(), column);
}

double Statement::real(int column) const {
    return sqlite3_column_double(statement_.get(), column);
}

void Database::Close::operator()(sqlite3* handle) const {
    sqlite3_close_v2(handle);
}

DatabaseResult<Database> Database::open(const std::string& path, Access access,
                                        std::chrono::milliseconds busy_timeout) {
    const std::string name = uri_of(path, access == Access::immutable ? "?immutable=1" : "");
    const int flags = (access == Access::write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) |
                      SQLITE_OPEN_URI | SQLITE_OPEN_EXRESCODE;
    sqlite3* handle = nullptr;
    const int code = sqlite3_open_v2(name.c_str(), &handle, flags, nullptr);
    Database database(handle);  // there also where it failed, to ask why
    if (code != SQLITE_OK) return failed(handle, code);
    sqlite3_busy_timeout(handle, static_cast<int>(busy_timeout.count()));
    // What is in the file is not trusted further than our own statements go.
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
    return database;
}

DatabaseResult<Statement> Database::prepare(std::string_view sql) {
    sqlite3_stmt* statement = nullptr;
    const int code =
        sqlite3_prepare_v2(handle_.get(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
    if (code != SQLITE_OK) return failed(handle_.get(), code);
    return Statement(statement);
}

DatabaseResult<void> Database::execute(const char* sql) {
    const int code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return failed(handle_.get(), code);
    return {};
}

DatabaseResult<std::int64_t> Database::number(std::string_view sql) {
    DatabaseResult<Statement> statement = prepare(sql);
    if (!statement) return tl::unexpected(statement.error());
    const DatabaseResult<bool> row = statement->step();
    if (!row) return tl::unexpected(row.error());
    return *row ? statement->integer(0) : 0;
}

std::int64_t Database::last_row() const {
    return sqlite3_last_insert_rowid(handle_.get());
}

int Database::changed() const {
    return sqlite3_changes(handle_.get());
}

bool Database::moved() const {
    int moved = 0;
    sqlite3_file_control(handle_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    return moved != 0;
}

DatabaseResult<Transaction> Transaction::begin(Database& database) {
    const DatabaseResult<void> begun = database.execute("BEGIN IMMEDIATE");
    if (!begun) return tl::unexpected(begun.error());
    return Transaction(database);
}

Transaction::~Transaction() {
    if (database_ != nullptr) static_cast<void>(database_->execute("ROLLBACK"));
}

DatabaseResult<void> Transaction::commit() {
    DatabaseResult<void> committed = database_->execute("COMMIT");
    if (committed) database_ = nullptr;
    return committed;
}

}  // namespace reaper::report
