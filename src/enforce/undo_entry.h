// One entry of the undo journal as the text of its file.
//
// Internal to enforce/.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "enforce/undo_journal.h"

namespace reaper::enforce {

std::string to_text(const UndoEntry& entry);

/// The entry that a file named after `cage` holds; the Error's reason says what is wrong with it: an
/// entry that is damaged, or whose contents belong under another name.
Result<UndoEntry> entry_from_text(std::string_view text, const std::string& cage);

}  // namespace reaper::enforce
