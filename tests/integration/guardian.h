// Leaves nothing behind: what a test started ends with it, however the test ends.
#pragma once

namespace reaper::integration {

/// Splits this program in two. The guardian becomes the subreaper of all that follows (so orphans get
/// a parent that is not pid 1, as under `systemd --user`), waits, kills what is left and exits with the
/// test's status; it does not return. The test goes on as its child.
void start_guardian();

/// Ends all that this test has started so far.
void end_what_was_started();

}  // namespace reaper::integration
