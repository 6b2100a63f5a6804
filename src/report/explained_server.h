// The parts of an explanation that tell of the server a process belongs to.
#pragma once

#include <optional>
#include <string>

#include "policy/plan.h"
#include "policy/policy.h"
#include "report/text_writer.h"
#include "scan/sample.h"
#include "scan/snapshot.h"

namespace reaper::report {

struct ServerCase {
    const scan::Sample& sample;
    const scan::Snapshot& snapshot;
    const scan::Server& server;
    const policy::Verdict& verdict;
    const policy::Plan& plan;
    const policy::Policy& policy;
};

/// Its processes as a tree, `asked` marked.
void tell_tree(const ServerCase& one, const ProcessId& asked, TextWriter& out);
/// Channel, client, standalone, usage: what was seen and how.
void tell_evidence(const ServerCase& one, TextWriter& out);
/// Each limit against its value.
void tell_limits(const ServerCase& one, TextWriter& out);
/// Each rule and whether it holds.
void tell_rules(const ServerCase& one, TextWriter& out);
/// What would be done, in one sentence.
std::string verdict_sentence(const ServerCase& one);

/// "pipe:[123], its writer is gone (poll: HUP, by pidfd_getfd+poll)". `peer` is "writer" or "reader".
std::string end_in_words(const scan::ChannelEnd& end, std::string_view peer);

}  // namespace reaper::report
