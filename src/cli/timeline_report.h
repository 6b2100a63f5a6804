// A timeline, told: as text for people, or as JSON for a program (docs/recording.md, "Replay output").
#pragma once

#include <string>

#include "cli/timeline.h"
#include "report/scan_report.h"

namespace reaper::cli {

inline constexpr int kReplaySchemaVersion = 1;

struct ReplayContext {
    std::string recording;  ///< The file's name.
    std::string policy;
    policy::Mode mode = policy::Mode::enforce;
    std::string note;  ///< What the reader of the recording remarked.
};

std::string to_text(const Timeline& timeline, const ReplayContext& context,
                    const report::TableOptions& options);

/// One JSON object, pretty-printed, with a newline at its end.
std::string to_json(const Timeline& timeline, const ReplayContext& context);

}  // namespace reaper::cli
