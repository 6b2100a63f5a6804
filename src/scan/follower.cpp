#include "scan/follower.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <unordered_set>
#include <utility>

#include "scan/process_tree.h"
#include "scan/sample_reading.h"

namespace reaper::scan {
namespace {

/// Whom else a launcher above has started matters only as far as there is anybody else.
constexpr std::size_t kMostSiblings = 16;

/// Rarely more than one; what changes faster than it can be read stays as it was at the last.
constexpr int kMostPasses = 5;

/// 64 channels at 3 to 40 µs: what is at work all the time is otherwise looked at by its age.
constexpr unsigned kProbesOfTheBusy = 64;

/// So long nothing is kept open after descriptors had run out.
constexpr std::chrono::seconds kWithoutKeeping{60};

template <typename Visit>
void each_end(const Process& process, const Visit& visit) {
    if (!process.detail) return;
    const ProcessDetail& detail = *process.detail;
    for (const auto* end : {&detail.in, &detail.out, &detail.debug_in, &detail.debug_out}) {
        if (*end) visit(**end);
    }
}

}  // namespace

// ---- who is in the sample

void Follower::add(KnownProcess* process) {
    if (process == nullptr || !process->was_read || process->used_in == pass_) return;
    process->used_in = pass_;
    chosen_.push_back(process);
}

void Follower::add_with_descendants(KnownProcess* process) {
    std::size_t next = chosen_.size();
    add(process);
    for (; next < chosen_.size(); ++next) {
        for (KnownProcess* child = chosen_[next]->first_child; child != nullptr;
             child = child->next_sibling)
            add(child);
    }
}

void Follower::choose(const Memory* memory) {
    ++pass_;
    chosen_.clear();
    KnownProcesses& known = census_.known();
    for (const pid_t pid : census_.seeds()) add_with_descendants(known.find(pid));
    std::unordered_set<pid_t> clients;
    if (memory != nullptr) {
        for (const auto& [id, remembered] : memory->all()) {
            KnownProcess* const process = known.find(id.pid);
            if (process != nullptr && process->id == id) add_with_descendants(process);
            if (remembered.server->client) clients.insert(remembered.server->client->pid);
        }
    }
    add_sharers();
    add_makers();
    for (const pid_t pid : clients) add(known.find(pid));
    add(known.find(::getpid()));
    add_surroundings();
    std::ranges::sort(chosen_, {}, [](const KnownProcess* process) { return process->id.pid; });
}

/// What a helper shares with a process that has no parent any more, it may have left there. What the
/// server itself has on 0 and 1 came from outside (grouping.h).
void Follower::add_sharers() {
    std::unordered_set<std::uint64_t> of_chains;
    std::unordered_set<std::uint64_t> of_helpers;
    for (const KnownProcess* process : chosen_) {
        if (!process->kept) continue;
        auto& inodes = process->names_server || process->wraps ? of_chains : of_helpers;
        each_end(process->kept->row(), [&](const ChannelEnd& end) {
            if (end.inode != 0) inodes.insert(end.inode);
        });
    }
    for (const std::uint64_t inode : of_helpers) {
        if (of_chains.contains(inode)) continue;
        census_.lone().each_with(inode,
                                 [&](pid_t pid) { add_with_descendants(census_.known().find(pid)); });
    }
}

void Follower::add_makers() {
    for (std::size_t i = 0, count = chosen_.size(); i < count; ++i) {
        if (!chosen_[i]->kept) continue;
        each_end(chosen_[i]->kept->row(), [&](const ChannelEnd& end) {
            if (end.maker) add(census_.known().find(*end.maker));
        });
    }
}

void Follower::add_surroundings() {
    KnownProcesses& known = census_.known();
    for (std::size_t i = 0; i < chosen_.size(); ++i) {
        KnownProcess& process = *chosen_[i];
        if (process.above == nullptr) known.place(process);
        add(process.above);
        if (process.session != process.id.pid) add(known.find(process.session));
        if (!process.wraps || process.adopts_orphans) continue;
        std::size_t siblings = 0;
        for (KnownProcess* child = process.first_child; child != nullptr && siblings < kMostSiblings;
             child = child->next_sibling) {
            if (!child->zombie) ++siblings;
            add(child);
        }
    }
}

/// Whether everybody is there whom the details speak of.
bool Follower::complete() {
    if (!details_changed_) return true;
    const std::size_t chosen = chosen_.size();
    add_makers();
    add_sharers();
    return chosen_.size() == chosen;
}

// ---- what they are now

void Follower::keep(KnownProcess& process, MonotonicTime now) {
    if (process.kept) return;
    process.kept = std::make_unique<KeptProcess>(process.id, descriptors_);
    process.kept->set_user(process.uid);
    census_.read_line_of(process, now);
}

/// False where one of them has become something else: then that is to be read first.
bool Follower::read_rows(MonotonicTime now) {
    bool calm = true;
    gone_.assign(chosen_.size(), false);
    for (std::size_t i = 0; i < chosen_.size(); ++i) {
        KnownProcess& process = *chosen_[i];
        keep(process, now);
        const KeptProcess::Row row = process.kept->read_row(census_.files(), now);
        gone_[i] = row == KeptProcess::Row::gone;
        if (row == KeptProcess::Row::same && !process.kept->may_have_retitled(now)) continue;
        census_.doubt(process);
        calm = false;
    }
    return calm;
}

bool Follower::look_closely(Sample& sample, const Memory* memory, DetailReader& reader,
                            Probing& probing) {
    Classifications classes;
    classes.reserve(chosen_.size());
    sample.processes.clear();
    sample.processes.reserve(chosen_.size());
    for (const KnownProcess* process : chosen_) {
        process->kept->note_class(census_.classifier());
        sample.processes.push_back(process->kept->row());
        classes.add(process->kept->by_line());
    }
    bool calm = true;
    details_changed_ = false;
    const auto look_at = [&](Index i, Look look) {
        KeptProcess& kept = *chosen_[i]->kept;
        const auto read = kept.look_closely(look, reader, sample.monotonic, probing);
        if (!read) {
            census_.doubt(*chosen_[i]);
            calm = false;
            return;
        }
        if (!*read) return;
        details_changed_ = true;
        kept.note_class(census_.classifier());
        sample.processes[i] = kept.row();
    };
    const ProcessTree tree(sample.processes);
    const std::vector<Look> looks = looks_at_servers(
        tree, classes, memory, [&](Index i, Look wish) { return census_.grant(*chosen_[i], wish); });
    for (Index i = 0; i < looks.size(); ++i) {
        if (looks[i] != Look::none) look_at(i, looks[i]);
    }
    std::vector<Look> rest(looks.size(), Look::none);
    for (const Index i : below_left_overs(tree, looks)) {
        const Process& process = tree.at(i);
        if (!process.kernel_thread && !process.zombie()) rest[i] = Look::links;
    }
    for (Index i = 0; i < looks.size(); ++i) {
        if (looks[i] == Look::none) look_at(i, rest[i]);
    }
    return calm;
}

void Follower::doubt_what_lost_its_maker() {
    const std::vector<pid_t> ended = census_.take_ended();
    if (ended.empty()) return;
    const std::unordered_set<pid_t> gone(ended.begin(), ended.end());
    for (const pid_t pid : in_samples_) {
        KnownProcess* const process = census_.known().find(pid);
        if (process == nullptr || !process->kept) continue;
        bool lost = false;
        each_end(process->kept->row(), [&](const ChannelEnd& end) {
            lost = lost || (end.maker && gone.contains(*end.maker));
        });
        if (lost) process->kept->doubt_channel();
    }
}

/// Who was in the sample before, and is in this one no more.
void Follower::let_go_of_others() {
    for (const pid_t pid : in_samples_) {
        KnownProcess* const process = census_.known().find(pid);
        if (process != nullptr && process->used_in != pass_) process->kept.reset();
    }
    in_samples_.clear();
    for (const KnownProcess* process : chosen_) in_samples_.push_back(process->id.pid);
}

/// What is kept open saves time; without a descriptor nothing can be read, and nobody be ended.
void Follower::close_descriptors() {
    for (auto& [pid, process] : census_.known().all()) {
        if (process.kept) process.kept->close_descriptors();
    }
}

Result<Sample> Follower::collect(const Memory* memory) {
    static_cast<void>(descriptors_.ran_out());
    const auto now = std::chrono::steady_clock::now();
    if (!descriptors_.keeping()) descriptors_.keep(now >= kept_again_);
    auto sample = look(memory);
    if (!sample) descriptors_.note_failure(sample.error().errno_code);
    if (!descriptors_.ran_out()) return sample;
    kept_again_ = now + kWithoutKeeping;
    if (!descriptors_.keeping()) return sample;
    descriptors_.keep(false);
    close_descriptors();
    return look(memory);
}

Result<Sample> Follower::look(const Memory* memory) {
    Sample sample = empty_sample();
    DetailReader reader(patience_);
    open_ends_.forget_before(sample.monotonic - kOpenChannelAge);
    Probing probing{kProbesOfTheBusy, open_ends_};
    census_.look_around(sample.monotonic);
    for (int pass = 0; pass < kMostPasses; ++pass) {
        if (auto done = census_.settle(sample.monotonic); !done) return tl::unexpected(done.error());
        doubt_what_lost_its_maker();
        choose(memory);
        const bool last = pass + 1 == kMostPasses;
        if (!read_rows(sample.monotonic) && !last) continue;
        if (!look_closely(sample, memory, reader, probing) && !last) continue;
        if (complete()) break;
    }
    if (reader.out_of_patience()) patience_ = std::min(4 * patience_, kMostPatienceWithSystemd);
    std::size_t index = 0;
    std::erase_if(sample.processes, [&](const Process&) { return gone_[index++]; });
    let_go_of_others();
    sample.host_processes = census_.known().size();
    return sample;
}

}  // namespace reaper::scan
