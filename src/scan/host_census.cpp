#include "scan/host_census.h"

#include <algorithm>
#include <ctime>
#include <utility>

#include "scan/assemble.h"
#include "scan/browser.h"
#include "scan/process_dir.h"
#include "scan/process_tree.h"

namespace reaper::scan {
namespace {

using classify::names_a_server;

Ticks ticks_since_boot() {
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return Ticks(static_cast<Ticks::rep>(now.tv_sec) * 100 + now.tv_nsec / 10'000'000);
}

bool is_made_browser(std::string_view comm, std::string_view line) {
    if (!may_be_browser(comm)) return false;
    const auto browser = controlled_browser(line);
    return browser && browser->profile != Profile::other;
}

}  // namespace

void HostCensus::must_read(KnownProcess& process) {
    if (process.must_read) return;
    process.must_read = true;
    queue_.push_back(process.id.pid);
}

void HostCensus::tell(const ProcessEvent& event) {
    using Kind = ProcessEvent::Kind;
    if (event.kind == Kind::ended) {
        if (KnownProcess* const process = known_.find(event.pid)) must_read(*process);
        return;
    }
    KnownProcess& process = known_.add(event.pid);
    if (event.kind == Kind::executed) process.has_executed = true;
    must_read(process);
}

Result<void> HostCensus::list() {
    const auto listed = files_.list();
    if (!listed) return tl::unexpected(listed.error());
    ++listings_;
    for (const ListedProcess& entry : *listed) {
        KnownProcess& process = known_.add(entry.pid);
        if (process.inode != entry.inode && (!process.was_read || process.inode != 0))
            must_read(process);
        process.inode = entry.inode;
        process.listed_in = listings_;
    }
    if (listed->size() == known_.size()) return {};
    for (auto& [pid, process] : known_.all()) {
        if (process.listed_in != listings_) must_read(process);
    }
    return {};
}

void HostCensus::doubt_all() {
    for (auto& [pid, process] : known_.all()) must_read(process);
}

void HostCensus::use(const classify::Classifier& classifier) {
    classifier_ = &classifier;
    doubt_all();
}

void HostCensus::relieve() {
    for (const pid_t pid : std::exchange(queue_, {})) {
        KnownProcess* const process = known_.find(pid);
        if (process == nullptr || !process->must_read) continue;
        process->must_read = false;
        if (process->was_read || cpu_nanoseconds(pid)) {
            must_read(*process);
        } else {
            forget(*process);
        }
    }
}

void HostCensus::forget(KnownProcess& process) {
    const pid_t pid = process.id.pid;
    if (process.used_in != 0) has_ended(process);
    count_owner(process, false);
    lone_.remove(pid);
    seeds_.erase(pid);
    give_away_children(process);
    known_.forget(process);
}

/// They have another parent now, which only they can tell.
void HostCensus::give_away_children(KnownProcess& process) {
    std::vector<pid_t> orphans;
    KnownProcesses::orphan_children(process, orphans);
    for (const pid_t orphan : orphans) must_read(*known_.find(orphan));
}

/// Whoever was connected to it, or below it, may have lost its channel.
void HostCensus::has_ended(KnownProcess& process) {
    ended_.push_back(process.id.pid);
    std::vector<KnownProcess*> todo{&process};
    while (!todo.empty()) {
        const KnownProcess* const next = todo.back();
        todo.pop_back();
        for (KnownProcess* child = next->first_child; child != nullptr; child = child->next_sibling) {
            if (child->kept) child->kept->doubt_channel();
            todo.push_back(child);
        }
    }
}

Result<void> HostCensus::settle(MonotonicTime now) {
    settled_.clear();
    while (!queue_.empty()) {
        const std::vector<pid_t> batch = std::exchange(queue_, {});
        for (std::size_t i = 0; i < batch.size(); ++i) {
            KnownProcess* const process = known_.find(batch[i]);
            if (process == nullptr || !process->must_read) continue;
            process->must_read = false;
            if (auto done = read(*process, now); !done) {
                // What was not read yet stays on the queue.
                process->must_read = true;
                queue_.insert(queue_.end(), batch.begin() + static_cast<std::ptrdiff_t>(i), batch.end());
                return done;
            }
        }
    }
    for (const pid_t pid : settled_) {
        KnownProcess* const process = known_.find(pid);
        if (process == nullptr) continue;
        known_.place(*process);  // Its parent may have been read after it.
        note_if_seed(*process);
        note_if_lone(*process);
        if (!process->wraps) continue;
        for (KnownProcess* child = process->first_child; child != nullptr; child = child->next_sibling)
            note_if_seed(*child);
    }
    sweep_new_owners();
    return {};
}

Result<void> HostCensus::read(KnownProcess& process, MonotonicTime now) {
    const pid_t pid = process.id.pid;
    // Before its line: what it does between the two is then seen the next time.
    const std::int64_t cpu = cpu_nanoseconds(pid).value_or(-1);
    const auto stat = files_.stat(pid);
    if (!stat && !says_gone(stat.error())) return tl::unexpected(stat.error());
    if (!stat) {
        forget(process);
        return {};
    }
    if (!process.was_read || process.id.start != stat->start || process.has_executed)
        begin(process, *stat, now);

    const bool dead = stat->state == 'Z' || stat->state == 'X';
    if (dead && !process.zombie) {
        if (process.used_in != 0) has_ended(process);
        zombies_.push_back(pid);
        give_away_children(process);
    }
    process.zombie = dead;
    process.kernel_thread = stat->kernel_thread;
    process.parent = stat->parent;
    process.session = stat->session;
    process.uid = files_.owner(pid).value_or(process.uid);
    process.adopts_orphans = adopts_orphans(pid, stat->comm);
    known_.place(process);
    read_line(process, stat->comm, cpu, now);
    if (process.kept) {
        process.kept->set_user(process.uid);
        process.kept->doubt_row();
    }
    settled_.push_back(pid);
    return {};
}

/// Another process than before, or another program.
void HostCensus::begin(KnownProcess& process, const StatText& stat, MonotonicTime now) {
    if (process.was_read && process.id.start != stat.start) {
        if (process.used_in != 0) has_ended(process);
        give_away_children(process);
        process.kept.reset();
        process.used_in = 0;
        process.zombie = false;
    }
    if (process.kept) process.kept->executed();
    process.id.start = stat.start;
    process.young_since = now;
    if (!process.has_executed) {
        const auto age =
            std::chrono::duration_cast<std::chrono::milliseconds>(ticks_since_boot() - stat.start);
        process.young_since = now - std::max(age, std::chrono::milliseconds(0));
    }
    process.has_executed = false;
    process.was_read = true;
    if (!process.is_young && now - process.young_since < kYouth) {
        process.is_young = true;
        young_.push_back(process.id.pid);
    }
}

void HostCensus::read_line(KnownProcess& process, const std::string& comm, std::int64_t cpu,
                           MonotonicTime now) {
    process.cpu = cpu;
    classify::Classification what;
    std::string_view line;
    if (process.zombie) {
        what = classifier_->classify(classify::CommandLine::from_text(comm));
        process.names_server = what.role == classify::Role::server;
        process.wraps = process.undecided = process.browser = false;
        process.connected_in = process.connected_out = false;
        process.stands_like_server = process.runs_server = false;
        count_owner(process, false);
        return;
    }
    if (!process.kernel_thread) line = files_.command_line(process.id.pid);
    if (!line.empty()) what = classifier_->classify(classify::CommandLine::from_proc(line));
    process.names_server = names_a_server(what);
    process.wraps = what.wraps != classify::LauncherKind::none;
    process.undecided = what.undecided;
    process.browser = is_made_browser(comm, line);
    count_owner(process, process.names_server || process.browser);
    process.peeked = false;
    process.stands_like_server = process.runs_server = false;
    if (process.wraps || process.undecided) glance(process, line);
    if (!process.kept) return;
    std::shared_ptr<const classify::Classification> shared;
    if (!line.empty()) shared = std::make_shared<const classify::Classification>(std::move(what));
    process.kept->set_line(line, std::move(shared), cpu, now);
}

void HostCensus::read_line_of(KnownProcess& process, MonotonicTime now) {
    if (process.zombie || process.kernel_thread) return;
    const std::int64_t cpu = cpu_nanoseconds(process.id.pid).value_or(-1);
    const std::string_view line = files_.command_line(process.id.pid);
    std::shared_ptr<const classify::Classification> what;
    if (!line.empty()) {
        what = std::make_shared<const classify::Classification>(
            classifier_->classify(classify::CommandLine::from_proc(line)));
    }
    process.kept->set_line(line, std::move(what), cpu, now);
}

/// What is on its descriptors 0 and 1, and whether it stands where servers stand.
void HostCensus::glance(KnownProcess& process, std::string_view line) {
    const pid_t pid = process.id.pid;
    process.peeked = true;
    process.connected_in = peek_.look(pid, 0).may_be_connected;
    process.connected_out = peek_.look(pid, 1).may_be_connected;
    if (line.empty()) return;
    const std::string directory = peek_.working_directory(pid);
    process.stands_like_server = says_server_in(directory, line, *classifier_);
    if (process.stands_like_server) return;
    const std::string program = peek_.program_file(pid);
    process.runs_server = names_a_server(
        classifier_->classify(classify::CommandLine::from_proc(line), {program, directory}));
}

Look HostCensus::grant(KnownProcess& process, Look wish) {
    if (!process.peeked) glance(process, {});
    return granted(wish, process.connected_in, process.connected_out,
                   [&] { return bool{process.stands_like_server}; });
}

void HostCensus::count_owner(KnownProcess& process, bool owns) {
    if (process.owner_counted) {
        const auto entry = owners_.find(process.owner);
        if (entry != owners_.end() && --entry->second == 0) owners_.erase(entry);
    }
    process.owner_counted = owns;
    if (!owns) return;
    process.owner = process.uid;
    if (++owners_[process.uid] == 1) new_owners_.push_back(process.uid);
}

/// Only of users with servers: of others nobody asks.
void HostCensus::note_if_lone(KnownProcess& process) {
    const bool lone = !process.zombie && !process.kernel_thread && owners_.contains(process.uid) &&
                      reparented(known_, process);
    if (!lone) return lone_.remove(process.id.pid);
    const auto in = peek_.look(process.id.pid, 0);
    const auto out = peek_.look(process.id.pid, 1);
    process.peeked = true;
    process.connected_in = in.may_be_connected;
    process.connected_out = out.may_be_connected;
    lone_.set(process.id.pid, {in.inode, out.inode});
}

void HostCensus::sweep_new_owners() {
    if (new_owners_.empty()) return;
    const std::vector<uid_t> owners = std::exchange(new_owners_, {});
    for (auto& [pid, process] : known_.all()) {
        if (process.was_read && std::ranges::find(owners, process.uid) != owners.end())
            note_if_lone(process);
    }
}

bool HostCensus::below_connected_launcher(const KnownProcess& process) {
    for (const KnownProcess* up = process.above; up != nullptr && up->wraps; up = up->above) {
        if (up->connected_in && up->connected_out) return true;
    }
    return false;
}

/// A server or its launcher by name; a browser that may be left over; and what may be a server by where
/// it stands, or by being connected (grouping.h: suspected).
void HostCensus::note_if_seed(KnownProcess& process) {
    const bool stands = process.stands_like_server || process.runs_server;
    const bool connected = process.connected_in || process.connected_out;
    const bool seed = process.names_server || process.browser ||
                      ((process.wraps || process.undecided) && stands) ||
                      (process.undecided && (connected || below_connected_launcher(process)));
    if (seed) {
        seeds_.insert(process.id.pid);
    } else {
        seeds_.erase(process.id.pid);
    }
}

bool HostCensus::has_run(const KnownProcess& process) const {
    const auto cpu = cpu_nanoseconds(process.id.pid);
    return !cpu || *cpu != process.cpu;
}

void HostCensus::look_around(MonotonicTime now) {
    std::erase_if(young_, [&](pid_t pid) {
        KnownProcess* const process = known_.find(pid);
        if (process == nullptr) return true;
        if (!process->zombie && has_run(*process)) must_read(*process);
        process->is_young = now - process->young_since < kYouth;
        return !process->is_young;
    });
    std::erase_if(zombies_, [&](pid_t pid) {
        KnownProcess* const process = known_.find(pid);
        if (process == nullptr || !process->zombie) return true;
        if (!cpu_nanoseconds(pid)) must_read(*process);  // Collected by its parent.
        return false;
    });
    if (round_at_ >= round_.size()) {
        round_.clear();
        for (const auto& [pid, process] : known_.all()) round_.push_back(pid);
        round_at_ = 0;
    }
    const auto passed = std::min<MonotonicTime::duration>(now - looked_around_, recheck_);
    looked_around_ = now;
    const auto share = round_.size() * static_cast<std::size_t>(passed.count()) /
                       static_cast<std::size_t>(std::chrono::milliseconds(recheck_).count());
    for (const std::size_t end = std::min(round_.size(), round_at_ + share + 1); round_at_ < end;
         ++round_at_) {
        KnownProcess* const process = known_.find(round_[round_at_]);
        if (process != nullptr && !process->kernel_thread && has_run(*process)) must_read(*process);
    }
}

}  // namespace reaper::scan
