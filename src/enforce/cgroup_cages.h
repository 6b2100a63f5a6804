// Cages as plain cgroups, for hosts where systemd does not rule them: containers, WSL, v1 hosts.
//
// A cage is a group <group>/<cage> in one hierarchy that holds it together (the home: forks stay in it,
// and it can be frozen), and in those hierarchies besides that its limits ask for. The home is cgroup2
// where that can be written, also without controllers, else the v1 freezer.
//
// Internal to enforce/; others get it from choose_cages().
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "enforce/cages.h"
#include "enforce/cgroup_layout.h"
#include "enforce/cgroup_library.h"
#include "enforce/cgroup_limits.h"

namespace reaper::enforce {

class CgroupCages final : public Cages {
  public:
    /// `own` is the text of /proc/self/cgroup: where the top of a hierarchy may not be written, cages
    /// are made below our own group. `group` is the parent of all cages.
    CgroupCages(const CgroupLayout& layout, std::string_view own, std::string group = "mcp-reaper");

    [[nodiscard]] CageAbilities abilities() const override;
    Result<void> put(const std::string& cage, uid_t uid, std::span<const ProcessId> processes) override;
    Result<void> limit(const std::string& cage, const CageLimits& limits) override;
    Result<void> freeze(const std::string& cage, bool frozen) override;
    Result<std::vector<ProcessId>> processes(const std::string& cage) override;
    Result<std::vector<std::string>> list() override;
    Result<void> remove(const std::string& cage) override;

  private:
    /// A hierarchy that can be used, and where in it.
    struct Place {
        CgroupHierarchy hierarchy;
        std::string controller;  ///< Of a limit; empty for the home.
        std::string base;        ///< The directory below which our group is.
    };

    void find_home(const CgroupLayout& layout, std::string_view own);
    void find_limits(const CgroupLayout& layout, std::string_view own);
    [[nodiscard]] bool can_freeze() const;
    [[nodiscard]] const Place* limit_place(std::string_view controller) const;
    [[nodiscard]] std::vector<Place> places() const;
    [[nodiscard]] std::string directory(const Place& place, const std::string& cage) const;
    [[nodiscard]] std::string library_name(const Place& place, const std::string& cage) const;
    [[nodiscard]] Result<void> usable(const std::string& cage) const;

    Result<void> make_home(const std::string& cage);
    Result<void> limit_controller(const Place& place, const std::string& cage,
                                  const std::vector<CgroupValue>& values);
    [[nodiscard]] Result<void> enable_below(const Place& place) const;
    Result<void> lift_again(const std::string& cage);
    Result<void> join(const Place& place, const std::string& cage);
    void balance() const;

    std::string group_;
    std::optional<CgroupLibrary> library_;
    std::optional<Place> home_;
    std::vector<Place> limits_;  ///< One a controller.
    CgroupKind kind_;
    std::string why_none_;
};

}  // namespace reaper::enforce
