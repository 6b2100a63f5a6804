#include "daemon/events.h"

#include <memory>

namespace reaper::daemon {

namespace {

/// Users that are counted apart: more have no servers on one host.
constexpr std::size_t kMostUsers = 1000;

}  // namespace

using report::Event;
using report::EventKind;

Events::Events(boost::asio::io_context& loop, EventsSetup setup)
    : setup_(std::move(setup)),
      ids_(setup_.stamp),
      stream_(setup_.stream),
      hooks_(
          loop, [this](Event event) { publish(std::move(event)); }, setup_.hooks) {}

std::vector<std::string> Events::configure(const policy::EventSettings& settings,
                                           const std::vector<policy::Hook>& hooks) {
    if (!settings.journal) journal_.reset();
    if (settings.journal && !journal_) journal_.emplace(setup_.journal_socket);
    const report::EventLogSettings log{settings.log, settings.log_size, settings.log_files};
    if (log.path.empty()) {
        log_.reset();
    } else if (log_) {
        log_->configure(log);
    } else {
        log_.emplace(log);
    }
    return hooks_.configure(hooks);
}

std::string Events::publish(Event event) {
    event.id = ids_.next();
    if (event.at == WallTime{}) event.at = setup_.wall();
    count(statistics_, event);
    if (event.server && (by_user_.contains(event.uid) || by_user_.size() < kMostUsers)) {
        count(by_user_[event.uid], event);
    }
    const std::string id = event.id;
    const auto line = std::make_shared<const std::string>(report::to_json_line(event));
    std::optional<std::string> journal_trouble;
    std::optional<std::string> log_trouble;
    if (journal_) {
        journal_->write(event);
        journal_trouble = journal_->trouble();
    }
    if (log_) {
        log_->write(*line, setup_.steady());
        log_trouble = log_->trouble();
    }
    stream_.push(event, *line);
    hooks_.run(event, line);
    // After the event itself everywhere, and with each sink's trouble told only when it changes: this
    // ends after one event for each.
    tell_trouble("journal", journal_trouble);
    tell_trouble("log", log_trouble);
    return id;
}

Statistics Events::statistics_of(uid_t uid) const {
    const auto found = by_user_.find(uid);
    return found == by_user_.end() ? Statistics() : found->second;
}

void Events::tell_trouble(const char* sink, const std::optional<std::string>& trouble) {
    if (!trouble) return;
    Event event;
    event.kind = EventKind::log_trouble;
    event.message = *trouble;
    event.detail["sink"] = sink;
    publish(std::move(event));
}

void Events::finish(std::chrono::milliseconds patience, std::function<void()> done) {
    hooks_.finish(patience, std::move(done));
}

}  // namespace reaper::daemon
