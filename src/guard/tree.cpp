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
    // Whoever ends hands its children to the root, and a look that has passed the root by then finds
    // them nowhere. So only those that had ended before it are no sign of others.
    std::vector<ProcessId> ended;
    for (const enforce::ProcessHandle& handle : held_) {
        if (handle.ended()) ended.push_back(handle.id());
    }
    over_ = false;
    std::vector<ProcessId> found;
    spared_.clear();
    const auto root = scan::identify(root_);
    // Who is held stays so: a look that cannot see (no descriptor left) says nothing of anybody.
    if (!root || !collect(*root, found, 0)) return 0;
    over_ = std::all_of(found.begin(), found.end(), [&](const ProcessId id) {
        return std::find(ended.begin(), ended.end(), id) != ended.end();
    });
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

bool ProcessTree::collect(ProcessId parent, std::vector<ProcessId>& found, int depth) {
    const auto dir = scan::ProcessDir::open(parent);
    if (!dir || depth > kDeepest) return false;
    const auto children = scan::children_of(*dir);
    if (!children) return false;
    for (const ProcessId child : *children) {
        if (child != server_ && never_ended_.has(child)) {
            spared_.push_back(child);
            continue;
        }
        found.push_back(child);
        // Where it has gone meanwhile, its own being found is enough: it is not known to have ended.
        collect(child, found, depth + 1);
    }
    return true;
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
