#include "daemon/event_stream.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace reaper::daemon {
namespace {

bool may_see(const std::optional<uid_t>& only, uid_t uid) {
    return !only || *only == uid;
}

}  // namespace

void EventStream::push(const report::Event& event, std::string line) {
    bytes_ += line.size();
    kept_.push_back({event.id, event.uid, std::move(line)});
    while (kept_.size() > 1 && (kept_.size() > bounds_.events || bytes_ > bounds_.bytes)) {
        bytes_ -= kept_.front().line.size();
        kept_.pop_front();
    }
    // What is delivered may change who subscribes, and push: neither this nor the next may be a
    // reference.
    const std::string delivered = kept_.back().line;
    const uid_t uid = event.uid;
    const Subscription newest = last_;
    for (auto next = subscribers_.begin(); next != subscribers_.end() && next->first <= newest;) {
        const Subscription current = next->first;
        const std::shared_ptr<const Deliver> deliver = next->second.deliver;
        if (may_see(next->second.only, uid)) (*deliver)(delivered);
        next = subscribers_.upper_bound(current);
    }
}

EventStream::Subscription EventStream::subscribe(std::optional<uid_t> only, std::string_view after,
                                                 Deliver deliver) {
    if (subscribers_.size() >= bounds_.subscribers) return 0;
    replay(only, after, deliver);
    const Subscription made = ++last_;
    subscribers_[made] = {only, std::make_shared<const Deliver>(std::move(deliver))};
    return made;
}

void EventStream::unsubscribe(Subscription subscription) {
    subscribers_.erase(subscription);
}

void EventStream::replay(std::optional<uid_t> only, std::string_view after,
                         const Deliver& deliver) const {
    const auto known =
        std::find_if(kept_.begin(), kept_.end(), [&](const Kept& one) { return one.id == after; });
    for (auto one = known == kept_.end() ? kept_.begin() : std::next(known); one != kept_.end(); ++one) {
        if (may_see(only, one->uid)) deliver(one->line);
    }
}

}  // namespace reaper::daemon
