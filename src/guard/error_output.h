// What a server writes to its stderr: into a file that rotates, and on to the client's stderr as the
// specification allows. Never on to stdout, and never in the way of messages: a client that does not
// read its stderr misses some of it, the file has it all.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/unique_fd.h"
#include "guard/settings.h"
#include "guard/stream.h"
#include "report/event_log.h"

namespace reaper::guard {

class ErrorOutput {
  public:
    /// `path` of the file; empty: none is written.
    ErrorOutput(const Settings& settings, const std::string& path, Stream client);

    void attach(UniqueFd from) { from_ = Stream::own(std::move(from)); }
    /// Takes what is still there, then closes it.
    void detach(MonotonicTime now);
    /// What the last server has said is forgotten (tail()).
    void begin() { tail_.clear(); }

    void pump(MonotonicTime now);
    void flush() { client_.flush(); }
    /// A sentence of our own, behind "mcp-reaper: ".
    void say(std::string_view sentence, MonotonicTime now);

    [[nodiscard]] int to_read() const { return from_.fd(); }
    [[nodiscard]] int to_write() const {
        return client_.waiting() > 0 && !client_.over() ? client_.fd() : -1;
    }
    /// The last of it, at most 4 KiB.
    [[nodiscard]] const std::string& tail() const { return tail_; }
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

  private:
    void take(std::string_view bytes, MonotonicTime now);
    void log(std::string_view bytes, MonotonicTime now);
    void pass_on(std::string_view bytes);

    Stream from_;
    Outlet client_;
    report::EventLog log_;
    bool logs_;
    std::string half_;  ///< A line that has no newline yet.
    std::string tail_;
    std::uint64_t bytes_ = 0;
};

}  // namespace reaper::guard
