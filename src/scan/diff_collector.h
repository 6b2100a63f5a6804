// A collector that compares the list of all pids with the one before: for where the process connector is
// refused. It cannot see an exec: processes are asked whether they have done anything, for a minute at
// every sample, after that once a minute, and are read again if they have.
//
// Internal to scan/.
#pragma once

#include "scan/collector.h"
#include "scan/follower.h"

namespace reaper::scan {

class DiffCollector final : public Collector {
  public:
    DiffCollector(const classify::Classifier& classifier, std::size_t most_descriptors);

    [[nodiscard]] std::string_view name() const override { return "readdir diff"; }
    std::optional<std::chrono::milliseconds> drain() override { return std::nullopt; }
    Result<Sample> collect(const Memory* memory) override;
    void use(const classify::Classifier& classifier) override;
    [[nodiscard]] CollectorStats stats() const override;

  private:
    Follower follower_;
    CollectorStats stats_;
};

}  // namespace reaper::scan
