// What the program says: checked writes to standard output, remarks on standard error.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/command.h"

namespace reaper::cli {

enum class Written {
    whole,
    reader_gone,  ///< Whoever read the pipe has seen enough (`| head`): no reason to complain.
};

/// All of `text` to a descriptor, through short writes, EINTR and a full non-blocking pipe.
/// SIGPIPE and SIGXFSZ must be ignored (main.cpp does).
Result<Written> write_all(int fd, std::string_view text, const std::string& name);

/// Standard output. Returns `code`, also where the reader is gone; ExitCode::failed after a
/// complaint where nothing can be written (a full disk).
ExitCode print(std::string_view text, ExitCode code = ExitCode::ok);

/// "mcp-reaper: text" on standard error; control characters in it are made harmless.
void complain(std::string_view text);

/// Lines on standard error as they are, but harmless.
void remark(std::string_view text);

/// Complains about wrong use of `command` ("scan"), says where the help is, returns ExitCode::usage.
ExitCode usage_error(std::string_view command, const UsageError& error);

/// Complains and returns ExitCode::failed.
ExitCode failure(const Error& error);

/// Opens /dev/null on standard descriptors that the caller had closed, so that no file of ours
/// takes their place and gets output that is not meant for it. To be called first.
void occupy_standard_descriptors();

}  // namespace reaper::cli
