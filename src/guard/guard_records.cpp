// What a guard tells of itself outside: its record, and reports of crashes.
#include <unistd.h>

#include "base/directory.h"
#include "base/whole_file.h"
#include "guard/crash_report.h"
#include "guard/diagnosis.h"
#include "guard/guard.h"
#include "guard/record.h"
#include "report/redact.h"

namespace reaper::guard {
namespace {

constexpr std::size_t kLongestCommand = 1000;

std::string shown_command(const std::vector<std::string>& command) {
    std::string text;
    for (const std::string& word : report::redact(command)) text += (text.empty() ? "" : " ") + word;
    return report::printable(text, kLongestCommand);
}

}  // namespace

std::string_view Guard::state_name() const {
    if (closing_) return "ending";
    switch (state_) {
        case State::queued:
            return "waiting";
        case State::running:
            return ready_ ? "running" : "restarting";
        case State::waiting:
            return "restarting";
        case State::resting:
            return "resting";
        case State::parked:
            return "parked";
        case State::refused:
            break;
    }
    return "refused";
}

void Guard::write_record() {
    record_at_.reset();
    if (task_.runtime.empty()) return;
    Record record;
    record.guard = self_;
    record.name = task_.shown_name();
    record.type = task_.type;
    record.command = shown_command(task_.command);
    record.state = state_name();
    record.since_ms = since_ms_;
    record.client = client_.id();
    if (server_ && !dead_) {
        record.server = server_->server();
        record.server_since_ms = server_since_ms_;
    }
    record.restarts = restarted_;
    record.breaker = to_string(recovery_.breaker());
    const std::int64_t wall = wall_ms();
    if (state_ == State::waiting || state_ == State::resting)
        record.next_start_ms = wall + (start_at_ - now()).count();
    record.revision = handshake_.revision();
    record.counts = relay_.counts();
    record.unanswered = exchanges_.count();
    record.latency = exchanges_.latency();
    record.last_message_ms = wall - (now() - last_message_).count();
    record.last_crash = last_crash_;
    record.log = log_;
    const std::string file = record_file(task_.runtime, self_);
    // Telling of it is not what it is there for: a full disk stops no server.
    if (make_directory(guards_directory(task_.runtime)))
        static_cast<void>(write_whole_file(file, to_json(record)));
}

void Guard::forget_record() const {
    if (!task_.runtime.empty()) ::unlink(record_file(task_.runtime, self_).c_str());
}

void Guard::note_crash(const Failure& failure, std::string_view next) {
    changed();
    if (task_.state.empty() || !server_) return;
    CrashReport report;
    report.name = task_.shown_name();
    report.type = task_.type;
    report.command = task_.command;
    report.guard = self_;
    report.server = server_->server();
    report.phase = failure.phase;
    report.what = failure.how;
    report.status = failure.status;
    report.uptime_ms = (now() - server_->started()).count();
    report.restarts = restarted_;
    report.peak_memory_kib = server_->peak_memory_kib();
    report.cpu_ms = server_->cpu_ms();
    report.errors = errors_.tail();
    report.meaning = usual_meaning(failure.status, errors_.tail());
    report.next = next;
    if (const auto id = store_crash(task_.state, report)) last_crash_ = *id;
}

}  // namespace reaper::guard
