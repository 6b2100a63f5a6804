// Servers beside their verdicts, in the order in which people should read them.
#pragma once

#include <string>
#include <vector>

#include "policy/plan.h"
#include "scan/snapshot.h"

namespace reaper::report {

struct JudgedServer {
    const scan::Server* server = nullptr;
    const policy::Verdict* verdict = nullptr;
};

/// In the snapshot's order. A server without a verdict gets a healthy one with nothing in it.
std::vector<JudgedServer> judged(const scan::Snapshot& snapshot, const policy::Plan& plan);

/// Worst status first, then by type, then by pid.
void sort_worst_first(std::vector<JudgedServer>& servers);

/// "playwright 4711": how a server is named in a sentence. Printable.
std::string name_of(const scan::Server& server);

/// How the CLIENT column names it: "claude 4650", "python3? 4650" where it is just any ancestor,
/// "gone (4650)", "standalone", "-". Printable.
std::string client_cell(const scan::Server& server);

}  // namespace reaper::report
