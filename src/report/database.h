// SQLite, as values and RAII: what fails is an Error, what is opened is closed.
//
// Internal to report/history. One thread. Values are always bound, never written into SQL.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace reaper::report {

/// A failure of SQLite. `code` is its primary result code (SQLITE_BUSY, SQLITE_FULL …).
struct DatabaseError {
    int code = 0;
    std::string reason;  ///< In words a user can act on: "the disk is full".
};
template <typename T>
using DatabaseResult = tl::expected<T, DatabaseError>;

class Statement {
  public:
    Statement(Statement&&) = default;
    Statement& operator=(Statement&&) = default;

    /// Binds the next parameter; in order.
    Statement& bind(std::string_view text);
    Statement& bind(std::int64_t number);
    Statement& bind(double number);
    Statement& bind_null();
    template <typename T>
    Statement& bind(const std::optional<T>& value) {
        return value ? bind(*value) : bind_null();
    }

    /// True: a row can be read. False: there is none (any more).
    DatabaseResult<bool> step();

    [[nodiscard]] bool is_null(int column) const;
    [[nodiscard]] std::string text(int column) const;
    [[nodiscard]] std::int64_t integer(int column) const;
    [[nodiscard]] double real(int column) const;

  private:
    friend class Database;
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
    int bound_ = 0;
    int bind_error_ = 0;  ///< Told by step().
};

class Database {
  public:
    enum class Access {
        write,      ///< The file is there; made before, with the rights it should have.
        read,       ///< Changes nothing in it.
        immutable,  ///< Nor makes files beside it: for one that nobody is writing to.
    };
    static DatabaseResult<Database> open(const std::string& path, Access access,
                                         std::chrono::milliseconds busy_timeout);

    Database(Database&&) = default;
    Database& operator=(Database&&) = default;

    DatabaseResult<Statement> prepare(std::string_view sql);
    /// One or more statements without parameters whose rows nobody wants.
    DatabaseResult<void> execute(const char* sql);
    /// The first column of the first row; 0 where there is none.
    DatabaseResult<std::int64_t> number(std::string_view sql);

    [[nodiscard]] std::int64_t last_row() const;
    [[nodiscard]] int changed() const;
    /// Closed: nothing may be asked of it but to be assigned to.
    Database() = default;

    /// Whether the file at the path is another one by now, or none.
    [[nodiscard]] bool moved() const;

  private:
    struct Close {
        void operator()(sqlite3* handle) const;
    };
    explicit Database(sqlite3* handle) : handle_(handle) {}
    std::unique_ptr<sqlite3, Close> handle_;
};

/// Rolls back what was not committed.
class Transaction {
  public:
    /// Takes the write lock at once: one that is taken later can fail without being waited for.
    static DatabaseResult<Transaction> begin(Database& database);
    Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();
    DatabaseResult<void> commit();

  private:
    explicit Transaction(Database& database) : database_(&database) {}
    Database* database_;
};

}  // namespace reaper::report
