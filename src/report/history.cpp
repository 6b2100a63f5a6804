#include "report/history.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <exception>
#include <utility>

#include "base/clocks.h"
#include "report/database.h"
#include "report/history_file.h"
#include "report/history_record.h"
#include "report/history_rows.h"
#include "report/recorder_identity.h"

namespace reaper::report {
namespace {

using std::chrono::seconds;

/// So long nothing is tried after a failure: 200 servers ended on a full disk must not wait for it 400
/// times.
constexpr seconds kPause{30};

/// A daemon has one history open for months.
constexpr unsigned kPrunedEvery = 200;

}  // namespace

HistoryClock real_history_clock() {
    return {wall_now, monotonic_now};
}

struct History::Store {
    Database database;
    RecorderIdentity us = this_recorder();
};

History::History(std::string file, const policy::HistorySettings& settings, HistoryClock clock)
    : file_(std::move(file)), settings_(settings), clock_(std::move(clock)) {}

std::unique_ptr<History> History::open(std::string file, const policy::HistorySettings& settings,
                                       HistoryClock clock) {
    std::unique_ptr<History> history(new History(std::move(file), settings, std::move(clock)));
    try {
        history->try_to_open();
        if (history->store_) history->prune();
    } catch (const std::exception& error) {
        history->stop(error.what());
    }
    return history;
}

std::unique_ptr<History> History::unavailable(std::string why) {
    std::unique_ptr<History> history(new History("", {}, real_history_clock()));
    history->stop(why, true);
    return history;
}

History::~History() {
    try {
        if (store_ && written_ > 0) prune();
    } catch (const std::exception&) {
        // The next one to open it prunes.
    }
}

void History::try_to_open() {
    auto opened = open_history_file(file_, clock_.wall());
    if (!opened) return stop(opened.error().why, opened.error().for_good);
    if (!opened->remark.empty()) trouble_ += (trouble_.empty() ? "" : "; ") + opened->remark;
    store_.reset(new Store{std::move(opened->database)});
}

/// Somebody may have deleted, replaced or emptied it: what is written then nobody will read. (SQLite
/// deletes the log of an empty file, also under one who is writing to it.) Closing it puts into the file
/// what was in the log, if that is still ours.
bool History::is_taken_away() const {
    struct stat found {};
    return store_->database.moved() || ::stat(file_.c_str(), &found) != 0 || found.st_size == 0 ||
           ::access((file_ + "-wal").c_str(), F_OK) != 0;
}

/// Whether there is a database to write to, opened again where that is due.
bool History::ready() {
    if (given_up_) return false;
    if (store_ && is_taken_away()) store_.reset();
    if (store_) return true;
    if (clock_.steady() < next_try_) return false;
    try_to_open();
    return store_ != nullptr;
}

void History::stop(const std::string& what, bool for_good) {
    store_.reset();
    given_up_ = for_good;
    next_try_ = clock_.steady() + kPause;
    if (std::exchange(told_, true)) return;
    trouble_ += (trouble_.empty() ? "" : "; ") + what + "; what is done is not recorded " +
                (for_good ? "" : "for now ") + "(it is done all the same)";
}

/// Something was written.
void History::goes_on() {
    if (!std::exchange(told_, false)) return;
    trouble_ += (trouble_.empty() ? "" : "; ") + ("the history " + file_ + " is written again");
}

void History::prune() {
    written_ = 0;
    const WallTime oldest =
        clock_.wall() - std::chrono::duration_cast<std::chrono::milliseconds>(settings_.keep);
    const DatabaseResult<void> pruned = prune_rows(store_->database, oldest, settings_.max_size);
    // Another process at work is no trouble: the next one prunes.
    if (!pruned && pruned.error().code != SQLITE_BUSY) {
        stop(Error{"clear up the history", file_, pruned.error().reason, 0}.message());
    }
}

enforce::Recorder::Entry History::intend(const enforce::Order& order) {
    try {
        return intend_or_throw(order);
    } catch (const std::exception& error) {
        stop(error.what());
        return 0;
    }
}

enforce::Recorder::Entry History::intend_or_throw(const enforce::Order& order) {
    if (!ready()) return 0;
    HistoryRecord record = recorded(order);
    record.at = clock_.wall();
    record.recorder = store_->us.process;
    record.boot = store_->us.boot;
    const DatabaseResult<std::int64_t> row = insert_row(store_->database, record);
    if (!row) {
        stop(Error{"write the history", file_, row.error().reason, 0}.message());
        return 0;
    }
    goes_on();
    return *row;
}

void History::conclude(Entry entry, const enforce::Order& order, const enforce::Outcome& outcome) {
    try {
        conclude_or_throw(entry, order, outcome);
    } catch (const std::exception& error) {
        stop(error.what());
    }
}

void History::conclude_or_throw(Entry entry, const enforce::Order& order,
                                const enforce::Outcome& outcome) {
    if (!ready()) return;
    HistoryRecord record = recorded(order);
    record.id = entry;
    record.recorder = store_->us.process;
    record.boot = store_->us.boot;
    record.outcome = recorded(outcome);
    DatabaseResult<bool> concluded = conclude_row(store_->database, record);
    if (concluded && !*concluded) {
        // Its beginning could not be recorded, or went with a file that was set aside.
        record.at = clock_.wall() - std::chrono::duration_cast<std::chrono::milliseconds>(outcome.took);
        const DatabaseResult<std::int64_t> row = insert_row(store_->database, record);
        if (!row) concluded = tl::unexpected(row.error());
    }
    if (!concluded) {
        return stop(Error{"write the history", file_, concluded.error().reason, 0}.message());
    }
    goes_on();
    if (++written_ >= kPrunedEvery) prune();
}

std::optional<std::string> History::trouble() {
    if (trouble_.empty()) return std::nullopt;
    return std::exchange(trouble_, "");
}

}  // namespace reaper::report
