#include "scan/kept_process.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "scan/assemble.h"
#include "scan/browser.h"

namespace reaper::scan {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// How old each part may become. What only the process itself can change is read again where it has done
// something since, but not at once again while it goes on doing something.
constexpr seconds kLineWhileRunning{10};
constexpr seconds kProgramWhileRunning{10};
constexpr seconds kProgramAge{120};  // Its file may be deleted, its cgroup changed, by others.
constexpr seconds kCgroupAge{120};
constexpr seconds kSocketsWhileRunning{2};
constexpr seconds kSocketsAge{900};
constexpr seconds kUnitAge{60};
constexpr seconds kUnitRetry{1};  // Where systemd has not told; twice as long each time.
constexpr seconds kSwapAge{10};
constexpr seconds kMemoryAge{30};
constexpr milliseconds kOtherChannelAge{30000};
constexpr milliseconds kChannelWhileRunning{900};

bool tells_of_open(const std::optional<ChannelEnd>& end) {
    return end && end->state == EndState::open;
}

bool may_be_polled(const ChannelEnd& end) {
    return end.kind == EndKind::pipe || end.kind == EndKind::unix_socket ||
           end.kind == EndKind::inet_socket || end.kind == EndKind::fifo;
}

}  // namespace

KeptProcess::KeptProcess(ProcessId id, DescriptorBudget& budget) : descriptors_(budget) {
    row_.id = id;
    open_descriptors();
}

KeptProcess::~KeptProcess() {
    descriptors_.give_back(held_);
}

void KeptProcess::open_descriptors() {
    if (!descriptors_.take()) return;
    auto dir = ProcessDir::open(row_.id);
    if (!dir) {
        descriptors_.note_failure(dir.error().errno_code);
        return descriptors_.give_back(1);
    }
    dir_ = std::move(*dir);
    ++held_;
    keep_open(stat_, "stat");
}

/// A file of its directory, if that is in the budget.
void KeptProcess::keep_open(UniqueFd& file, const char* name) {
    if (!dir_ || !descriptors_.take()) return;
    file = UniqueFd(::openat(dir_->fd(), name, O_RDONLY | O_CLOEXEC));
    if (!file) descriptors_.note_failure(errno);
    file ? static_cast<void>(++held_) : descriptors_.give_back(1);
}

void KeptProcess::close_descriptors() {
    dir_.reset();
    for (UniqueFd* const file : {&stat_, &statm_, &pidfd_}) file->close();
    descriptors_.give_back(std::exchange(held_, 0));
}

void KeptProcess::set_line(std::string_view line, std::shared_ptr<const classify::Classification> what,
                           std::int64_t cpu, MonotonicTime now) {
    if (line != row_.cmdline) row_.cmdline = line;
    by_line_ = std::move(what);
    class_is_old_ = true;
    line_ = {now, cpu};
}

void KeptProcess::executed() {
    forget_detail();
    cpu_ = -1;
}

void KeptProcess::forget_detail() {
    has_ = Look::none;
    row_.detail.reset();
    class_is_old_ = true;
}

KeptProcess::Row KeptProcess::read_row(ProcFiles& files, MonotonicTime now) {
    // Before stat: what it does between the two is then seen the next time.
    const std::int64_t cpu = cpu_nanoseconds(row_.id.pid).value_or(-1);
    const bool ran = cpu < 0 || cpu != cpu_;
    if (!ran && !row_.zombie() && now - row_read_ < kRowAge) return Row::same;
    std::optional<StatText> stat;
    if (!dir_) open_descriptors();
    if (stat_) {
        stat = read_stat(stat_.get());
    } else if (auto read = files.stat(row_.id.pid)) {
        stat = std::move(*read);
    } else if (!says_gone(read.error())) {
        descriptors_.note_failure(read.error().errno_code);
        return Row::same;  // No descriptor left to open it with: as it was.
    }
    if (!stat || stat->start != row_.id.start) return Row::gone;

    static const auto kPage = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    const bool first = row_read_ == MonotonicTime{};
    const bool was_zombie = row_.zombie();
    bool changed =
        stat->parent != row_.parent || stat->session != row_.session || stat->comm != row_.comm;
    cpu_ = cpu;
    row_read_ = first ? now - spread(kRowAge) : now;
    row_.parent = stat->parent;
    row_.session = stat->session;
    row_.state = stat->state;
    row_.kernel_thread = stat->kernel_thread;
    row_.comm = stat->comm;
    row_.threads = stat->threads;
    row_.cpu_time = stat->cpu_time;
    row_.resident = Bytes{stat->resident_pages * kPage};
    if (row_.zombie() && !was_zombie) {
        row_.cmdline.clear();
        by_line_.reset();
        forget_detail();
    }
    changed = changed || row_.zombie() != was_zombie;
    class_is_old_ = class_is_old_ || changed;
    return changed && !first ? Row::changed : Row::same;
}

bool KeptProcess::may_have_retitled(MonotonicTime now) const {
    if (row_.zombie() || row_.kernel_thread || !ran_since(line_)) return false;
    return now - line_.at >= kLineWhileRunning;
}

void KeptProcess::note_class(const classify::Classifier& classifier) {
    if (row_.noted.by == &classifier && !class_is_old_) return;
    row_.noted.by = &classifier;
    class_is_old_ = false;
    if (by_line_ && !row_.detail) {
        row_.noted.what = by_line_;
        return;
    }
    row_.noted.what =
        std::make_shared<const classify::Classification>(classify_process(row_, classifier));
}

/// So that what becomes due at the same time for all does not come due in the same sample for all.
milliseconds KeptProcess::spread(milliseconds period) const {
    const auto mixed = static_cast<std::uint32_t>(row_.id.pid) * 2654435761U;
    return milliseconds(period.count() * (mixed >> 16U) / 65536);
}

bool KeptProcess::has_open_end() const {
    const auto& detail = row_.detail;
    return detail && (tells_of_open(detail->in) || tells_of_open(detail->out) ||
                      tells_of_open(detail->debug_in) || tells_of_open(detail->debug_out));
}

bool KeptProcess::channel_due(MonotonicTime now, Probing& probing) const {
    if (probe_again_ > 0 || now >= channel_due_) return true;
    if (!ran_since(channel_)) return false;
    const milliseconds pause = has_open_end() ? kChannelWhileRunning : kProgramWhileRunning;
    if (now - channel_.at < pause || probing.of_the_busy == 0) return false;
    --probing.of_the_busy;
    return true;
}

DetailParts KeptProcess::parts_due(Look look, MonotonicTime now, Probing& probing) const {
    const bool full = look == Look::full;
    DetailParts parts;
    parts.sockets = parts.unit = full;
    if (has_ != look) return parts;
    const auto due = [&](const Reading& reading, milliseconds while_running, milliseconds age) {
        return now - reading.at >= age || (ran_since(reading) && now - reading.at >= while_running);
    };
    parts.program = due(program_, kProgramWhileRunning, full ? kCgroupAge : kProgramAge);
    parts.memory = due(memory_, milliseconds(0), kMemoryAge);
    parts.swap = now - swap_.at >= kSwapAge;
    parts.channel = full ? channel_due(now, probing) : due(channel_, kProgramWhileRunning, kProgramAge);
    parts.sockets = full && due(sockets_, kSocketsWhileRunning, kSocketsAge);
    parts.unit = full && now - unit_.at >= (unit_retry_ > seconds(0) ? unit_retry_ : kUnitAge);
    return parts;
}

/// Only where all its ends were told by a duplicate, and the pidfd is at hand.
bool KeptProcess::channel_unchanged() const {
    const ProcessDetail& detail = *row_.detail;
    if (!pidfd_ || !detail.in || !detail.out || detail.debug_in || detail.debug_out) return false;
    const auto same = [&](int number, const ChannelEnd& end) {
        return may_be_polled(end) ? ChannelProbe::unchanged(pidfd_.get(), number, end)
                                  : !ran_since(channel_);
    };
    return same(0, *detail.in) && same(1, *detail.out);
}

/// What it has open is what it had, if it has done nothing; and whether these are open, others that have
/// the same may have told.
void KeptProcess::postpone_channel(MonotonicTime now, const OpenEnds& open) {
    if (probe_again_ > 0 || now < channel_due_ || ran_since(channel_) || !row_.detail) return;
    const ProcessDetail& detail = *row_.detail;
    if (!detail.in || !detail.out || detail.debug_in || detail.debug_out) return;
    std::optional<MonotonicTime> since;
    for (const auto& [number, end] : {std::pair(0, &*detail.in), std::pair(1, &*detail.out)}) {
        if (!may_be_polled(*end)) continue;
        if (end->state != EndState::open || end->inode == 0) return;
        const auto seen = open.seen(end->inode, number);
        if (!seen) return;
        since = since ? std::min(*since, *seen) : *seen;
    }
    if (since) channel_due_ = *since + kOpenChannelAge;
}

void KeptProcess::note_open(MonotonicTime now, OpenEnds& open) const {
    if (!row_.detail) return;
    const auto note = [&](int number, const std::optional<ChannelEnd>& end) {
        if (tells_of_open(end) && end->inode != 0) open.note(end->inode, number, now);
    };
    note(0, row_.detail->in);
    note(1, row_.detail->out);
}

/// statm through a descriptor that stays open: 1 µs instead of 6.
bool KeptProcess::read_memory() {
    if (!statm_) keep_open(statm_, "statm");
    if (!statm_) return false;
    std::array<char, 128> text;
    const ssize_t length = ::pread(statm_.get(), text.data(), text.size(), 0);
    if (length <= 0) return false;
    const auto pages = parse_statm_anonymous_pages({text.data(), static_cast<std::size_t>(length)});
    if (!pages) return false;
    row_.detail->anonymous = Bytes{*pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE))};
    return true;
}

Result<bool> KeptProcess::look_closely(Look look, DetailReader& reader, MonotonicTime now,
                                       Probing& probing) {
    if (look == Look::none) {
        const bool had = row_.detail.has_value();
        if (had) forget_detail();
        return had;
    }
    if (look == Look::full && has_ == look) postpone_channel(now, probing.open);
    const DetailParts due = parts_due(look, now, probing);
    if (!due.any()) return false;
    const bool first = has_ != look || !row_.detail;
    if (first) row_.detail = ProcessDetail{};
    DetailParts parts = due;
    if (!first && parts.memory && read_memory()) parts.memory = false;
    if (!first && parts.channel && look == Look::full && channel_unchanged()) parts.channel = false;
    if (parts.any()) {
        if (auto done = refresh(look, parts, reader); !done) return tl::unexpected(done.error());
    }
    has_ = look;
    if (due.unit) note_whether_told();
    note_read(due, now, first);
    if (due.channel && look == Look::full) note_open(now, probing.open);
    return true;
}

/// Whether it is a unit's main process: unknown means keep, and a server that is kept for this is asked
/// about again soon.
void KeptProcess::note_whether_told() {
    const bool told = row_.detail && row_.detail->main_of_unit;
    unit_retry_ = told ? seconds(0) : std::clamp(2 * unit_retry_, kUnitRetry, kUnitAge);
}

void KeptProcess::note_read(DetailParts parts, MonotonicTime now, bool first) {
    const auto read = [&](bool part, Reading& reading, milliseconds age) {
        // The first time as if it had been some time ago: not all shall come due in one sample.
        if (part) reading = {first ? now - spread(age) : now, cpu_};
    };
    read(parts.program, program_, kCgroupAge);
    read(parts.channel, channel_, milliseconds(0));
    read(parts.sockets, sockets_, kSocketsAge);
    read(parts.unit, unit_, unit_retry_ > seconds(0) ? seconds(0) : kUnitAge);
    read(parts.memory, memory_, kMemoryAge);
    read(parts.swap, swap_, kSwapAge);
    if (!parts.channel) return;
    probe_again_ -= std::min(probe_again_, 1U);
    const milliseconds age = has_open_end() ? kOpenChannelAge : kOtherChannelAge;
    channel_due_ = now + (first ? spread(age) : age);
}

Result<void> KeptProcess::refresh(Look look, DetailParts parts, DetailReader& reader) {
    std::optional<ProcessDir> opened;
    if (!dir_) {
        auto dir = ProcessDir::open(row_.id);
        if (!dir) {
            if (says_gone(dir.error())) return tl::unexpected(dir.error());
            descriptors_.note_failure(dir.error().errno_code);
            row_.detail.reset();  // It is there, but may not be looked at.
            return {};
        }
        opened = std::move(*dir);
    }
    const ProcessDir& dir = dir_ ? *dir_ : *opened;
    if (parts.channel && look == Look::full && !pidfd_ && descriptors_.take()) {
        auto pidfd = dir.pidfd();
        if (pidfd) {
            pidfd_ = std::move(*pidfd);
        } else {
            descriptors_.note_failure(pidfd.error().errno_code);
        }
        pidfd_ ? static_cast<void>(++held_) : descriptors_.give_back(1);
    }
    const std::string exe = row_.detail->exe;
    const std::string cwd = row_.detail->cwd;
    auto done = reader.refresh(dir, look, parts, row_.cmdline, *row_.detail);
    class_is_old_ = class_is_old_ || has_ != look || exe != row_.detail->exe || cwd != row_.detail->cwd;
    return done;
}

}  // namespace reaper::scan
