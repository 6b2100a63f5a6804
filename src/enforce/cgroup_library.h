// The part of libcgroup that does what it says: mount points, making groups with their controllers,
// setting values. The rest (moving, freezing, listing) is done on the files: libcgroup 2.0.2 moves
// single threads on v1, and its "success" may mean that nothing was done. So whoever sets a value reads
// it back.
//
// libcgroup keeps its tables in globals: for one thread. Internal to enforce/.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace reaper::enforce {

class CgroupLibrary {
  public:
    /// Reads what is mounted. Fails where there is nothing it knows (no controllers at all).
    static Result<CgroupLibrary> start();

    /// Where this controller's hierarchy is mounted, as libcgroup sees it; empty where nowhere.
    [[nodiscard]] std::string mount_of(const std::string& controller) const;

    /// Makes the group (a path from the mount point, "mcp-reaper/x") and its parents in this
    /// controller's v1 hierarchy, where they are not there.
    [[nodiscard]] Result<void> make(const std::string& group, const std::string& controller) const;

    /// File name and value.
    using Values = std::vector<std::pair<std::string, std::string>>;
    /// Writes them in this order.
    [[nodiscard]] Result<void> set(const std::string& group, const std::string& controller,
                                   const Values& values) const;

  private:
    CgroupLibrary() = default;
};

}  // namespace reaper::enforce
