#include "scan/known_processes.h"

#include <utility>

namespace reaper::scan {

KnownProcess* KnownProcesses::find(pid_t pid) {
    const auto found = all_.find(pid);
    return found == all_.end() ? nullptr : &found->second;
}

KnownProcess& KnownProcesses::add(pid_t pid) {
    KnownProcess& process = all_[pid];
    process.id.pid = pid;
    return process;
}

void KnownProcesses::forget(KnownProcess& process) {
    detach(process);
    all_.erase(process.id.pid);
}

void KnownProcesses::place(KnownProcess& process) {
    KnownProcess* parent = process.parent > 0 ? find(process.parent) : nullptr;
    const bool older = parent != nullptr && parent != &process && parent->id.start <= process.id.start;
    if (!older) parent = nullptr;
    // Read one after the other while they change, two may each name the other as its parent.
    for (const KnownProcess* up = parent; up != nullptr; up = up->above) {
        if (up == &process) return detach(process);
    }
    if (process.above == parent) return;
    detach(process);
    if (parent == nullptr) return;
    process.above = parent;
    process.next_sibling = parent->first_child;
    if (process.next_sibling != nullptr) process.next_sibling->previous_sibling = &process;
    parent->first_child = &process;
}

void KnownProcesses::orphan_children(KnownProcess& process, std::vector<pid_t>& orphans) {
    while (process.first_child != nullptr) {
        KnownProcess& child = *process.first_child;
        detach(child);
        orphans.push_back(child.id.pid);
    }
}

void KnownProcesses::detach(KnownProcess& process) {
    if (process.above == nullptr) return;
    if (process.previous_sibling != nullptr) {
        process.previous_sibling->next_sibling = process.next_sibling;
    } else {
        process.above->first_child = process.next_sibling;
    }
    if (process.next_sibling != nullptr)
        process.next_sibling->previous_sibling = process.previous_sibling;
    process.above = process.next_sibling = process.previous_sibling = nullptr;
}

bool reparented(KnownProcesses& known, const KnownProcess& process) {
    if (process.above == nullptr || process.above->adopts_orphans) return true;
    return process.session != process.id.pid && process.session != process.above->session &&
           known.find(process.session) == nullptr;
}

}  // namespace reaper::scan
