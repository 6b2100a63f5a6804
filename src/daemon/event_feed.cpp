#include "daemon/event_feed.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "daemon/http_text.h"
#include "report/humanize.h"

namespace reaper::daemon {

namespace asio = boost::asio;
using boost::system::error_code;

EventFeed::EventFeed(std::shared_ptr<ControlServer::Core> core,
                     std::shared_ptr<ControlServer::Core::Socket> socket, const Peer& peer, bool chunked,
                     std::function<void(bool dropped)> over)
    : core_(std::move(core)),
      socket_(std::move(socket)),
      peer_(peer),
      chunked_(chunked),
      over_(std::move(over)),
      heartbeat_(core_->loop),
      taking_(core_->loop) {}

void EventFeed::start(const std::string& after) {
    push(stream_header(chunked_));
    catching_up_ = true;
    // By weak pointer: who unsubscribes late must not keep us alive, who delivers late not find us gone.
    subscription_ =
        core_->backend.subscribe(peer_, after, [weak = weak_from_this()](std::string_view line) {
            if (const auto self = weak.lock()) self->take(line);
        });
    subscribed_ = true;
    catching_up_ = false;
    write();
    wait_for_heartbeat();
}

void EventFeed::stop() {
    if (std::exchange(ended_, true)) return;
    heartbeat_.cancel();
    taking_.cancel();
    over_ = nullptr;
    if (std::exchange(subscribed_, false)) core_->backend.unsubscribe(subscription_);
}

void EventFeed::finish() {
    if (ended_ || std::exchange(finishing_, true)) return;
    if (std::exchange(subscribed_, false)) core_->backend.unsubscribe(subscription_);
    if (chunked_) push("0\r\n\r\n");
    if (writing_.empty() && waiting_.empty()) return end(false);
    write();
}

void EventFeed::take(std::string_view line) {
    if (ended_ || finishing_) return;
    push(stream_line(line, chunked_));
    const std::size_t bound = core_->options.bounds.behind_bytes;
    if (catching_up_) {
        // The header stays: it is the first.
        while (waiting_bytes_ > bound && waiting_.size() > 2) {
            waiting_bytes_ -= waiting_[1].size();
            waiting_.erase(waiting_.begin() + 1);
        }
        return;
    }
    if (waiting_bytes_ > bound) {
        // Not from within the backend's call: it must not be unsubscribed from there.
        return asio::post(core_->loop, [self = shared_from_this()] { self->end(true); });
    }
    write();
}

void EventFeed::push(std::string text) {
    waiting_bytes_ += text.size();
    waiting_.push_back(std::move(text));
}

void EventFeed::write() {
    if (ended_ || !writing_.empty() || waiting_.empty()) return;
    writing_.reserve(waiting_bytes_);
    for (const std::string& text : waiting_) writing_ += text;
    waiting_.clear();
    waiting_bytes_ = 0;
    wait_for_taking();
    asio::async_write(*socket_, asio::buffer(writing_),
                      [self = shared_from_this()](error_code error, std::size_t) {
                          self->written(static_cast<bool>(error));
                      });
}

void EventFeed::written(bool failed) {
    if (ended_) return;
    if (failed) return end(false);
    writing_.clear();
    writing_.shrink_to_fit();
    taking_.cancel();
    if (finishing_ && waiting_.empty()) return end(false);
    write();
}

void EventFeed::wait_for_heartbeat() {
    heartbeat_.expires_after(core_->options.bounds.heartbeat);
    heartbeat_.async_wait([self = shared_from_this()](error_code error) {
        if (error || self->ended_ || self->finishing_) return;
        self->take("{\"heartbeat\":\"" + report::rfc3339(self->core_->options.wall_time()) + "\"}");
        self->wait_for_heartbeat();
    });
}

void EventFeed::wait_for_taking() {
    taking_.expires_after(core_->options.bounds.answer);
    taking_.async_wait([self = shared_from_this()](error_code error) {
        if (error || self->ended_ || self->taking_.expiry() > std::chrono::steady_clock::now()) return;
        if (!self->writing_.empty()) self->end(true);
    });
}

void EventFeed::end(bool dropped) {
    if (ended_) return;
    const auto over = std::move(over_);
    stop();
    if (over) over(dropped);
}

}  // namespace reaper::daemon
