// How a guard behaves: values, read from the policy's `guard:` (policy/guard_keys.cpp), given to the
// guard on its command line (settings_words.h). Header only: policy/ has it in its Policy, and the guard
// is no part of policy/.
#pragma once

#include <chrono>
#include <optional>

#include "base/units.h"

namespace reaper::guard {

/// What happens where a type has as many servers as it may have.
enum class AtLimit {
    refuse,      ///< The client gets an error that says why.
    evict_idle,  ///< An idle one makes room: it is ended, and started again when it is asked something.
    allow,
};

struct Settings {
    AtLimit at_limit = AtLimit::evict_idle;
    std::chrono::milliseconds idle{300'000};  ///< Nothing said for so long, nothing asked: idle.

    // Messages.
    Bytes max_request = Bytes::from_mib(1);
    Bytes max_response = Bytes::from_mib(10);
    std::optional<unsigned> requests_per_second;  ///< More are slowed down, not refused.
    std::optional<std::chrono::milliseconds>
        call_timeout;  ///< Of a tools/call: then the client gets an error.

    // The end.
    std::chrono::milliseconds close_wait{2'000};  ///< From the closed stdin to SIGTERM.
    std::chrono::milliseconds grace{10'000};      ///< From SIGTERM to SIGKILL.

    // After a crash.
    unsigned restarts = 3;                          ///< Without a healthy period in between.
    std::chrono::milliseconds backoff{1'000};       ///< Before the first.
    unsigned backoff_factor = 2;                    ///< So much longer before each next …
    std::chrono::milliseconds max_backoff{60'000};  ///< … up to this.
    std::chrono::milliseconds healthy{30'000};  ///< After so long a run what was before is forgotten.
    unsigned breaker_failures = 5;              ///< So many failures …
    std::chrono::milliseconds breaker_window{60'000};  ///< … within this: no more is tried …
    std::chrono::milliseconds breaker_pause{300'000};  ///< … for so long; then once.

    // A server that does not answer.
    std::optional<std::chrono::milliseconds> ping_interval = std::chrono::milliseconds(60'000);
    std::chrono::milliseconds ping_timeout{5'000};
    std::optional<std::chrono::milliseconds> request_timeout = std::chrono::milliseconds(300'000);

    // Limits from its birth.
    std::optional<Bytes> memory;
    std::optional<CpuPercent> cpu;
    std::optional<unsigned> pids;
    std::optional<unsigned> open_files;

    // Its stderr.
    Bytes log_size = Bytes::from_mib(1);
    unsigned log_files = 2;

    bool operator==(const Settings&) const = default;
};

}  // namespace reaper::guard
