// While it is paused the daemon watches and tells, and acts on no rule. What a person orders by hand is
// done all the same. Kept in the runtime directory: a restart of the daemon goes on with it, a reboot
// begins anew.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/units.h"

namespace reaper::daemon {

class Pause {
  public:
    /// With what is stored in `file`. An Error where that cannot be read or understood.
    static Result<Pause> load(const std::string& file);
    /// None, kept nowhere.
    Pause() = default;
    /// What is stored in `file` cannot be told: then nothing is done until somebody resumes it.
    static Pause unknown(const std::string& file);

    /// Nothing for `span`: until resume(). The Error says that a restart would forget it.
    Result<void> begin(std::optional<std::chrono::seconds> span, BootTime now);
    Result<void> resume();

    [[nodiscard]] bool in_force(BootTime now) const { return paused_ && (!until_ || now < *until_); }
    /// When it ends by itself; nothing where it does not, or is none.
    [[nodiscard]] std::optional<BootTime> until() const { return paused_ ? until_ : std::nullopt; }

    /// True once: it has run out since it was last asked.
    bool has_run_out(BootTime now);

  private:
    explicit Pause(std::string file) : file_(std::move(file)) {}

    std::string file_;
    bool paused_ = false;
    std::optional<BootTime> until_;
};

}  // namespace reaper::daemon
