// One request over a connected socket, and its answer as it comes.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/units.h"
#include "pass/interrupts.h"

namespace reaper::cli {

class DaemonWire {
  public:
    /// `fd` is non-blocking and stays the caller's; `interrupts` may be null.
    DaemonWire(int fd, const pass::Interrupts* interrupts);
    DaemonWire(const DaemonWire&) = delete;
    DaemonWire& operator=(const DaemonWire&) = delete;
    ~DaemonWire();

    /// Nothing is waited for beyond this moment.
    void set_deadline(MonotonicTime deadline) { deadline_ = deadline; }

    Result<void> send(std::string_view method, std::string_view target, std::string_view body);

    /// Until the answer is whole. `more` is called with the body whenever it has grown and may take from
    /// it; it says false where it has seen enough.
    Result<void> receive(const std::function<bool(std::string& body)>& more);

    [[nodiscard]] unsigned status() const;
    [[nodiscard]] std::string& body();

  private:
    Result<void> wait_for(short events) const;

    struct Parser;
    int fd_;
    const pass::Interrupts* interrupts_;
    MonotonicTime deadline_{};
    std::unique_ptr<Parser> parser_;
};

}  // namespace reaper::cli
