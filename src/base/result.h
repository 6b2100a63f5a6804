// Errors as values.
//
// What can be wrong in the world (a file that is not there, a permission that is missing, a policy
// with a mistake) is an Error in a Result; what can only be a bug is an assertion. No exception
// crosses a folder.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace reaper {

/// What was tried, on what, and why it failed.
struct Error {
    std::string action;   ///< What was tried, as a phrase: "read the policy".
    std::string subject;  ///< On what: a path, a pid; may be empty.
    std::string reason;   ///< Why it failed, in words a user can act on.
    int errno_code = 0;   ///< The system's errno, or 0 where the system had no part in it.

    /// "cannot read the policy /etc/x.yaml: No such file or directory".
    [[nodiscard]] std::string message() const;

    /// An Error whose reason is the text of `code`.
    static Error from_errno(std::string action, std::string subject, int code);
};

template <typename T>
using Result = tl::expected<T, Error>;

/// `return fail("read the policy", path, "it is a directory");`
inline tl::unexpected<Error> fail(std::string action, std::string subject, std::string reason) {
    return tl::unexpected<Error>(Error{std::move(action), std::move(subject), std::move(reason), 0});
}

/// The same, with the reason taken from an errno.
inline tl::unexpected<Error> fail_errno(std::string action, std::string subject, int code) {
    return tl::unexpected<Error>(Error::from_errno(std::move(action), std::move(subject), code));
}

}  // namespace reaper
