// A process as a user names it: "4711", or "4711@79231" so that no other one can be meant.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/process_id.h"
#include "cli/options.h"
#include "scan/sample.h"

namespace reaper::cli {

struct NamedProcess {
    pid_t pid = 0;
    std::optional<ProcessId> id;
};

/// An error where the text is neither form.
Parsed<NamedProcess> parse_process(const std::string& text);

/// Why no process of the sample is meant; nothing where one is.
std::optional<std::string> missing(const NamedProcess& named, const scan::Sample& sample);

}  // namespace reaper::cli
