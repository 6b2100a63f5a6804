// A collector that hears of processes by the kernel's process connector.
//
// Internal to scan/.
#pragma once

#include <chrono>

#include "scan/collector.h"
#include "scan/follower.h"
#include "scan/proc_connector.h"

namespace reaper::scan {

class ConnectorCollector final : public Collector {
  public:
    /// `connector` listens already: what happens while everything is read for the first time is told.
    ConnectorCollector(ProcConnector connector, const classify::Classifier& classifier,
                       std::size_t most_descriptors);

    [[nodiscard]] std::string_view name() const override { return "process connector"; }
    std::optional<std::chrono::milliseconds> drain() override;
    Result<Sample> collect(const Memory* memory) override;
    void use(const classify::Classifier& classifier) override;
    [[nodiscard]] CollectorStats stats() const override;

  private:
    bool take(std::size_t most);

    ProcConnector connector_;
    Follower follower_;
    ConnectorText text_;
    CollectorStats stats_;
    bool lost_ = true;  ///< Nothing is known yet.
    std::chrono::steady_clock::time_point listed_{};
};

}  // namespace reaper::scan
