// Cages as systemd's transient scopes: <cage>.scope in the slice of the server's user. systemd stays the
// only one that writes cgroups, so limits survive daemon-reload, and a scope goes when it is empty.
//
// Internal to enforce/; others get it from choose_cages().
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "enforce/cages.h"
#include "enforce/cgroup_layout.h"
#include "enforce/systemd_manager.h"

namespace reaper::enforce {

/// The slice for a server that is in this cgroup now: its user's, "user-1000.slice", else system.slice.
std::string slice_for(std::string_view cgroup);

class SystemdCages final : public Cages {
  public:
    /// The system's manager for root (uid 0), the user's own for anybody else. Fails where it is not to
    /// be reached.
    static Result<std::unique_ptr<SystemdCages>> open(const scan::SystemdPlaces& places,
                                                      const CgroupLayout& layout, uid_t uid);

    [[nodiscard]] CageAbilities abilities() const override { return abilities_; }
    Result<void> put(const std::string& cage, uid_t uid, std::span<const ProcessId> processes) override;
    Result<void> limit(const std::string& cage, const CageLimits& limits) override;
    Result<void> freeze(const std::string& cage, bool frozen) override;
    Result<std::vector<ProcessId>> processes(const std::string& cage) override;
    Result<std::vector<std::string>> list() override;
    Result<void> remove(const std::string& cage) override;

  private:
    SystemdCages(scan::SystemdPlaces places, CgroupLayout layout, CgroupHierarchy units, uid_t uid)
        : places_(std::move(places)), layout_(std::move(layout)), units_(std::move(units)), uid_(uid) {}

    [[nodiscard]] Result<SystemdManager> manager(const std::string& cage) const;
    void find_abilities(const std::string& own_cgroup);
    [[nodiscard]] Result<std::string> directory(SystemdManager& manager, const std::string& cage) const;
    Result<void> verify(SystemdManager& manager, const std::string& cage,
                        std::span<const ProcessId> processes) const;
    Result<void> in_force(const std::string& cgroup, const CageLimits& limits) const;

    scan::SystemdPlaces places_;
    CgroupLayout layout_;
    CgroupHierarchy units_;  ///< The one in which systemd keeps its units.
    uid_t uid_;
    CageAbilities abilities_;
};

}  // namespace reaper::enforce
