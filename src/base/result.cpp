#include "base/result.h"

#include <system_error>

namespace reaper {

std::string Error::message() const {
    std::string text = "cannot " + action;
    if (!subject.empty()) {
        text += ' ';
        text += subject;
    }
    text += ": ";
    text += reason;
    return text;
}

Error Error::from_errno(std::string action, std::string subject, int code) {
    return Error{std::move(action), std::move(subject), std::generic_category().message(code), code};
}

}  // namespace reaper
