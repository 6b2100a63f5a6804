#include "guard/tree.h"

#include <algorithm>

#include "scan/children.h"
#include "scan/process_dir.h"

namespace reaper::guard {
namespace {

/// A chain of so many generations is nobody's server.
constexpr int kDeepest = 64;

}  // namespace

std::size_t ProcessTree::look() {
    std::vector<ProcessId> found;
    spared_.clear();
    if (const auto root = scan::identify(root_)) collect(*root, found, 0);
    std::vector<enforce::ProcessHandle> now;
    std::size_t more = 0;
    for (const ProcessId id : found) {
        const auto known = std::find_if(held_.begin(), held_.end(),
                                        [&](const auto& handle) { return handle.id() == id; });
        if (known != held_.end()) {
            now.push_back(std::move(*known));
            held_.erase(known);
            continue;
        }
        auto handle = enforce::ProcessHandle::open(id);
        if (!handle) continue;  // Gone, or not ours to signal.
        now.push_back(std::move(*handle));
        ++more;
    }
    held_ = std::move(now);
    return more;
}

void ProcessTree::collect(ProcessId parent, std::vector<ProcessId>& found, int depth) {
    const auto dir = scan::ProcessDir::open(parent);
    if (!dir || depth > kDeepest) return;
    const auto children = scan::children_of(*dir);
    if (!children) return;
    for (const ProcessId child : *children) {
        if (child != server_ && never_ended_.has(child)) {
            spared_.push_back(child);
            continue;
        }
        found.push_back(child);
        collect(child, found, depth + 1);
    }
}

bool ProcessTree::over() const {
    return std::all_of(held_.begin(), held_.end(), [](const auto& handle) { return handle.ended(); });
}

void ProcessTree::signal(int number) {
    // What cannot be signalled has ended: that is what was wanted.
    for (const enforce::ProcessHandle& handle : held_) static_cast<void>(handle.signal(number));
}

std::vector<ProcessId> ProcessTree::members() const {
    std::vector<ProcessId> ids;
    for (const enforce::ProcessHandle& handle : held_) ids.push_back(handle.id());
    return ids;
}

}  // namespace reaper::guard
