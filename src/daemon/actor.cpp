#include "daemon/actor.h"

#include <sys/eventfd.h>

#include <boost/asio/post.hpp>
#include <utility>

#include "pass/holdings.h"

namespace reaper::daemon {

Actor::Actor(boost::asio::io_context& loop, std::unique_ptr<pass::Acting> acting, UniqueFd stop)
    : loop_(loop), acting_(std::move(acting)), stop_(std::move(stop)), thread_([this] { run(); }) {}

Actor::~Actor() {
    {
        const std::lock_guard lock(mutex_);
        over_ = true;
        stopping_ = true;
    }
    ::eventfd_write(stop_.get(), 1);
    news_.notify_one();
    thread_.join();
}

void Actor::queue(std::function<void()> task) {
    {
        const std::lock_guard lock(mutex_);
        tasks_.push_back(std::move(task));
    }
    news_.notify_one();
}

void Actor::run() {
    for (;;) {
        std::function<void()> task;
        {
            std::unique_lock lock(mutex_);
            news_.wait(lock, [this] { return over_ || !tasks_.empty(); });
            if (tasks_.empty()) return;
            task = std::move(tasks_.front());
            tasks_.pop_front();
        }
        task();
    }
}

void Actor::start(Job job, Done done) {
    ++busy_;
    const auto stale = [this, given = generation_.load(),
                        until = std::chrono::steady_clock::now() + kStale] {
        return generation_ != given || std::chrono::steady_clock::now() > until;
    };
    queue([this, job = std::move(job), done = std::move(done), stale] {
        bool begin = true;
        {
            const std::lock_guard lock(mutex_);
            begin = !stopping_;
        }
        auto results = came(begin ? carry_out(job, stale) : std::vector<report::Done>());
        boost::asio::post(loop_, [this, done, results = std::move(results)]() mutable {
            --busy_;
            done(std::move(results));
        });
    });
}

Came Actor::came(std::vector<report::Done> done) const {
    return {std::move(done), acting_->held(), acting_->budget().state()};
}

std::vector<report::Done> Actor::carry_out(const Job& job, std::function<bool()> revoked) {
    std::vector<report::Done> done;
    std::vector<enforce::Order> orders = job.orders;
    if (job.plan) {
        const auto held = acting_->held();
        for (const enforce::UndoEntry& entry : pass::cleared(held, *job.plan, pass::Extent::host)) {
            done.push_back(acting_->release(entry, enforce::Origin::rule));
        }
        pass::drop_held(orders, held);
    }
    // After what is released: nothing is to be frozen once more in between.
    if (job.tidy) acting_->recover();
    for (const enforce::UndoEntry& entry : job.release) {
        done.push_back(acting_->release(entry, enforce::Origin::hand));
    }
    if (orders.empty()) return done;
    const scan::Memory none;
    for (report::Done& one :
         acting_->carry_out(orders, job.memory ? *job.memory : none, job.users, std::move(revoked))) {
        done.push_back(std::move(one));
    }
    return done;
}

std::vector<report::Done> Actor::release_everything() {
    std::vector<report::Done> done;
    for (const enforce::UndoEntry& entry : acting_->held()) {
        done.push_back(acting_->release(entry, entry.origin));
    }
    return done;
}

void Actor::go_by(std::shared_ptr<const pass::ChosenPolicy> policy) {
    queue([this, policy = std::move(policy)] { acting_->go_by(policy); });
}

void Actor::stop(Done stopped) {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    ::eventfd_write(stop_.get(), 1);
    queue([this, stopped = std::move(stopped)] {
        boost::asio::post(loop_, [stopped, released = came(release_everything())]() mutable {
            stopped(std::move(released));
        });
    });
}

}  // namespace reaper::daemon
