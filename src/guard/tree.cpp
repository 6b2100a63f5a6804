#include "guard/tree.h"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>

#include "scan/children.h"
#include "scan/process_dir.h"

namespace reaper::guard {
namespace {

/// A chain of so many generations is nobody's server.
constexpr int kDeepest = 64;
/// So many descriptors stay free for looking: one for each generation, and those of a moment.
constexpr int kForLooking = kDeepest + 8;

bool contains(const std::vector<ProcessId>& ids, ProcessId id) {
    return std::find(ids.begin(), ids.end(), id) != ids.end();
}

/// The descriptors of handles are below it. A tree of more processes is ended in turns.
int most_handles() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return kForLooking;
    const auto all = static_cast<int>(std::min<rlim_t>(limit.rlim_cur, 1U << 20U));
    return std::max(all - kForLooking, all / 2);
}

}  // namespace

std::size_t ProcessTree::look() {
    over_ = false;
    blind_ = false;
    let_go_of_ended();
    std::vector<ProcessId> found;
    spared_.clear();
    const auto root = scan::identify(root_);
    // Who is held stays so: a look that cannot see (no descriptor left) says nothing of anybody.
    if (!root) return 0;
    if (const auto seen = collect(*root, found, 0); !seen) {
        // The root lives, so it is the kernel that tells nobody's children: nothing is to be seen, ever.
        over_ = scan::says_gone(seen.error());
        return 0;
    }
    const int most = most_handles();
    std::vector<enforce::ProcessHandle> now;
    std::size_t more = 0;
    bool left = blind_;
    for (const ProcessId id : found) {
        if (contains(ended_, id)) continue;
        const auto known = std::find_if(held_.begin(), held_.end(),
                                        [&](const auto& handle) { return handle.id() == id; });
        if (known != held_.end()) {
            now.push_back(std::move(*known));
            held_.erase(known);
            left = true;
            continue;
        }
        auto handle = enforce::ProcessHandle::open(id);
        if (!handle && handle.error().errno_code == EPERM) {
            left = !pass_over(id) || left;
            continue;
        }
        left = true;
        if (!handle || handle->fd() >= most) continue;
        now.push_back(std::move(*handle));
        ++more;
    }
    std::erase_if(ended_, [&](const ProcessId id) { return !contains(found, id); });
    held_ = std::move(now);
    over_ = !left;
    return more;
}

/// Whoever ends hands its children to the root, and a look that has passed the root by then finds them
/// nowhere: so only who had ended before a look is no sign of others. What is known to have ended needs
/// no descriptor any more.
void ProcessTree::let_go_of_ended() {
    std::erase_if(held_, [&](const enforce::ProcessHandle& handle) {
        if (!handle.ended()) return false;
        ended_.push_back(handle.id());
        return true;
    });
}

/// Of another user (a sudo): not ours to signal, nor to wait for. False where it has ended, and that was
/// not known.
bool ProcessTree::pass_over(ProcessId id) {
    const auto dir = scan::ProcessDir::open(id);
    const auto stat = dir ? dir->stat() : tl::unexpected(dir.error());
    if (!stat) return false;
    const bool ended = stat->state == 'Z' || stat->state == 'X';
    if (ended) ended_.push_back(id);
    return !ended;
}

Result<void> ProcessTree::collect(ProcessId parent, std::vector<ProcessId>& found, int depth) {
    if (depth > kDeepest) return {};
    const auto dir = scan::ProcessDir::open(parent);
    if (!dir) return tl::unexpected(dir.error());
    const auto children = scan::children_of(*dir);
    if (!children) return tl::unexpected(children.error());
    for (const ProcessId child : *children) {
        const std::optional<bool> spared = child == server_ ? false : never_ended_.has(child);
        if (!spared) {
            blind_ = true;
            continue;
        }
        if (*spared) {
            spared_.push_back(child);
            continue;
        }
        found.push_back(child);
        // Where it has gone meanwhile, its being found is enough: it is not known to have ended.
        static_cast<void>(collect(child, found, depth + 1));
    }
    return {};
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
