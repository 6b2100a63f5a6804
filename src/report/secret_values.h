// Values of names that say they are secrets, in a text whose borders may be lost.
#pragma once

#include <string_view>

#include "report/secret_shapes.h"

namespace reaper::report {

enum class Borders {
    known,  ///< The text is one argument: a value that begins it goes on to its end.
    lost,   ///< The text is a line of arguments: a value ends at a space outside quotes.
};

/// "--opt", "-o", "--": what is never taken for the value of the option before it.
bool is_option(std::string_view word);

/// --opt=value, --opt value, NAME=value, "name": "value", Header: value, ?name=value&…, Bearer value.
void find_named_values(std::string_view text, Borders borders, Spans& spans);

}  // namespace reaper::report
