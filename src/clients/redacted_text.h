// A client's configuration as it may be shown: the same lines, without the secrets in them.
#pragma once

#include <string>

#include "clients/json_text.h"

namespace reaper::clients {

/// Values of `env` and `headers` go, unless they name a variable (${TOKEN}); so do tokens in
/// `args`. What else a line may hold is for report::redact_line() and printable() to find.
std::string redacted(const JsonText& json);

}  // namespace reaper::clients
