// A second opinion on an edit, by another reader of JSON (nlohmann's): the two texts say the same but
// for what is run, and what is run is the same but for the guard before it.
#pragma once

#include <string>

#include "base/result.h"
#include "clients/json_text.h"

namespace reaper::clients {

/// `file` is what an Error calls it. An Error is a mistake of ours, or a text that only one of the two
/// readers takes: nothing must be written then.
Result<void> check_edit(const JsonText& before, const JsonText& after, const std::string& file);

}  // namespace reaper::clients
