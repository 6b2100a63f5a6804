// The real host.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "classify/classifier.h"
#include "enforce/host.h"
#include "scan/assemble.h"

namespace reaper::enforce {

class SystemHost : public Host {
  public:
    /// `classifier` must outlive it. `stop` is a descriptor that is readable when a person wants us to
    /// stop (a signalfd); -1: none.
    SystemHost(const classify::Classifier& classifier, scan::AssembleOptions options,
               std::unique_ptr<Cages> cages, int stop = -1);

    /// What was seen as part of a server before, so that a second look knows it too. Must outlive every
    /// look; null: nothing.
    void know(const scan::Memory* memory) { memory_ = memory; }

    [[nodiscard]] MonotonicTime now() const override;
    [[nodiscard]] std::chrono::steady_clock::time_point instant() const override;
    [[nodiscard]] BootTime since_boot() const override;
    Result<scan::Snapshot> look_again(std::span<const scan::Server> servers) override;
    Result<std::unique_ptr<Held>> hold(ProcessId id) override;
    std::vector<Found> with_descendants(std::span<const ProcessId> ids,
                                        const std::set<ProcessId>& others) override;
    std::optional<Found> find(ProcessId id) override;
    std::vector<ProcessId> strays(uid_t uid, BootTime since,
                                  std::span<const std::string> programs) override;
    std::string program_of(ProcessId id) override;
    Cages& cages() override { return *cages_; }
    void wait(std::span<const Held* const> processes, MonotonicTime until) override;
    [[nodiscard]] bool told_to_stop() const override;

  private:
    [[nodiscard]] std::string protected_as(ProcessId id, const std::string& comm);

    const classify::Classifier& classifier_;
    scan::AssembleOptions options_;
    std::unique_ptr<Cages> cages_;
    int stop_;
    const scan::Memory* memory_ = nullptr;
    std::set<pid_t> own_line_;  ///< This process and its ancestors.
};

}  // namespace reaper::enforce
