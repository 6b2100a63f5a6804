// What has once been seen as part of a server stays so: remembered from snapshot to snapshot, because a
// browser whose server has died says nothing of it any more. A value; pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/process_id.h"
#include "classify/classification.h"
#include "scan/sample.h"
#include "scan/server.h"
#include "scan/snapshot.h"

namespace reaper::scan {

/// A server as it was when it was last seen.
struct RememberedServer {
    ProcessId id;
    std::vector<ProcessId> chain;  ///< Its launchers and the server process.
    std::string type;
    classify::TypeSource type_source = classify::TypeSource::none;
    std::string rule;
    classify::LauncherKind launcher_kind = classify::LauncherKind::none;
    std::string program;
    std::uint64_t arguments_digest = 0;
    std::optional<Client> client;
    std::string exe;  ///< Of the server process; empty where it could not be read.

    bool operator==(const RememberedServer&) const = default;
};

/// A process that was seen as part of a server, and by what it is known again.
struct RememberedProcess {
    std::shared_ptr<const RememberedServer> server;
    Member::Part part = Member::Part::helper;
    std::string exe;         ///< Empty where it could not be read.
    std::uint64_t line = 0;  ///< Digest of its name and command line.

    /// It still runs the program that it ran then: the same file or, where that may not be read at one
    /// of the two times, the same name and command line.
    [[nodiscard]] bool still_is(const Process& process) const;
};

class Memory {
  public:
    /// Nothing where that process was never seen as part of a server.
    [[nodiscard]] const RememberedProcess* find(const ProcessId& id) const;
    [[nodiscard]] std::size_t size() const { return processes_.size(); }
    [[nodiscard]] const std::unordered_map<ProcessId, RememberedProcess>& all() const {
        return processes_;
    }

    friend Memory remember(Memory before, const Snapshot& snapshot, const Sample& sample);

  private:
    std::unordered_map<ProcessId, RememberedProcess> processes_;
};

/// What is known after `snapshot`, which was made of `sample` with `before` (assemble.h). Processes that
/// have ended are forgotten. Suspected servers are not remembered: nothing is ever done about them.
Memory remember(Memory before, const Snapshot& snapshot, const Sample& sample);

}  // namespace reaper::scan
