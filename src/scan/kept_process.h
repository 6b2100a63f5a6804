// One process of the samples that a collector takes one after the other: what was read of it, how old
// each part is, and the descriptors through which it is read again.
//
// Internal to scan/.
#pragma once

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/unique_fd.h"
#include "classify/classifier.h"
#include "scan/detail_reader.h"
#include "scan/detail_selection.h"
#include "scan/open_ends.h"
#include "scan/proc_files.h"
#include "scan/process_dir.h"
#include "scan/sample.h"

namespace reaper::scan {

/// How many descriptors may be kept open for reading; where there are none left, files are opened for
/// each reading.
class DescriptorBudget {
  public:
    explicit DescriptorBudget(std::size_t most) : most_(most) {}
    [[nodiscard]] bool take() {
        if (!keeping_ || used_ >= most_) return false;
        ++used_;
        return true;
    }
    void give_back(std::size_t count) { used_ -= count; }
    [[nodiscard]] std::size_t used() const { return used_; }

    /// While the process or the host has no descriptor left none is kept.
    void keep(bool keeping) { keeping_ = keeping; }
    [[nodiscard]] bool keeping() const { return keeping_; }
    /// A file could not be opened: was it for that?
    void note_failure(int code) { ran_out_ = ran_out_ || code == EMFILE || code == ENFILE; }
    /// Whether it was since this was last asked.
    [[nodiscard]] bool ran_out() { return std::exchange(ran_out_, false); }

  private:
    std::size_t most_;
    std::size_t used_ = 0;
    bool keeping_ = true;
    bool ran_out_ = false;
};

/// What one sample spends on channels, and what is known of them.
struct Probing {
    unsigned of_the_busy =
        0;  ///< So many may yet be looked at only because their process did something.
    OpenEnds& open;
};

class KeptProcess {
  public:
    /// `budget` must outlive it.
    KeptProcess(ProcessId id, DescriptorBudget& budget);
    KeptProcess(const KeptProcess&) = delete;
    KeptProcess& operator=(const KeptProcess&) = delete;
    ~KeptProcess();

    /// As it stands in a sample. Its detail is that of the last look_closely().
    [[nodiscard]] const Process& row() const { return row_; }
    [[nodiscard]] const std::shared_ptr<const classify::Classification>& by_line() const {
        return by_line_;
    }

    void set_user(uid_t uid) { row_.uid = uid; }
    /// What is kept open is closed; opened again when there is something in the budget.
    void close_descriptors();
    /// Its line was read, after it had spent `cpu`, and found to be `what`.
    void set_line(std::string_view line, std::shared_ptr<const classify::Classification> what,
                  std::int64_t cpu, MonotonicTime now);
    /// It has executed another program: nothing that was read of it holds any more.
    void executed();
    /// Something was told of it: its row is read at the next occasion, also where it has done nothing
    /// (its parent has ended, and it has another).
    void doubt_row() { cpu_ = -1; }
    /// Its client, or whoever started it, has ended: probe in this sample and the next. Of a process
    /// with several threads that is ended the first thread's end is told, and the others may hold its
    /// descriptors for a moment yet.
    void doubt_channel() { probe_again_ = 2; }

    /// Has it changed since the last sample? Reads stat where it has done anything (cpu_nanoseconds()),
    /// is a zombie, or was not read for kRowAge. `gone` where it was reaped.
    enum class Row { same, changed, gone };
    Row read_row(ProcFiles& files, MonotonicTime now);

    /// Brings its detail to what `look` asks for, reading the parts that may have changed. Fails with
    /// says_gone() where it is gone or a zombie. True where anything was read.
    Result<bool> look_closely(Look look, DetailReader& reader, MonotonicTime now, Probing& probing);

    /// What assemble() would find it to be; found out anew where anything about it has changed.
    void note_class(const classify::Classifier& classifier);

    /// It has done something since its line was last read, long ago. (While it is young the census sees
    /// to that.)
    [[nodiscard]] bool may_have_retitled(MonotonicTime now) const;

    static constexpr std::chrono::seconds kRowAge{30};

  private:
    /// A part of what is known: when it was read, and how much CPU it had spent before that. Where it
    /// has spent more since, the part may have changed.
    struct Reading {
        MonotonicTime at{};
        std::int64_t cpu = -1;
    };
    [[nodiscard]] bool ran_since(const Reading& reading) const {
        return cpu_ < 0 || cpu_ != reading.cpu;
    }
    void forget_detail();
    void note_whether_told();
    void note_read(DetailParts parts, MonotonicTime now, bool first);
    [[nodiscard]] DetailParts parts_due(Look look, MonotonicTime now, Probing& probing) const;
    [[nodiscard]] bool channel_due(MonotonicTime now, Probing& probing) const;
    [[nodiscard]] bool channel_unchanged() const;
    void postpone_channel(MonotonicTime now, const OpenEnds& open);
    void note_open(MonotonicTime now, OpenEnds& open) const;
    [[nodiscard]] bool has_open_end() const;
    Result<void> refresh(Look look, DetailParts parts, DetailReader& reader);
    bool read_memory();
    void open_descriptors();
    void keep_open(UniqueFd& file, const char* name);
    [[nodiscard]] std::chrono::milliseconds spread(std::chrono::milliseconds period) const;

    DescriptorBudget& descriptors_;
    std::size_t held_ = 0;

    Process row_;
    std::shared_ptr<const classify::Classification> by_line_;
    bool class_is_old_ = true;

    std::optional<ProcessDir> dir_;
    UniqueFd stat_;
    UniqueFd statm_;
    UniqueFd pidfd_;

    std::int64_t cpu_ = -1;  ///< Nanoseconds that it has spent; -1: not to be told.
    MonotonicTime row_read_{};

    Look has_ = Look::none;  ///< What its detail holds.
    Reading line_;
    Reading program_;
    Reading channel_;
    Reading sockets_;
    Reading unit_;
    std::chrono::seconds unit_retry_{0};  ///< Where that could not be told; zero: it could.
    Reading memory_;
    Reading swap_;
    MonotonicTime channel_due_{};
    unsigned probe_again_ = 0;
};

}  // namespace reaper::scan
