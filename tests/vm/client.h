// A client by its looks, and the server that it has started and talks to over pipes. Both end with it.
#pragma once

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <string>

#include "base/unique_fd.h"
#include "guest.h"
#include "processes.h"
#include "program.h"

namespace reaper::vm {

class Client {
  public:
    /// As that user; root where none is given.
    explicit Client(const std::string& server_type, std::optional<uid_t> user = {})
        : program_({REAPER_SUBJECT}, options(server_type, user)) {
        program_.read_line();  // "ready", when its server is.
        for (const auto& [pid, process] : integration::read_processes()) {
            if (process.parent == program_.pid()) server_ = pid;
        }
        process_ = integration::open_process(server_);
    }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client() {
        if (process_) ::syscall(SYS_pidfd_send_signal, process_.get(), SIGKILL, nullptr, 0);
    }

    [[nodiscard]] pid_t server() const { return server_; }
    [[nodiscard]] bool server_lives() const { return !server_ends(std::chrono::milliseconds(0)); }
    [[nodiscard]] bool server_ends(std::chrono::milliseconds within) const {
        return integration::await_exit(process_, within);
    }

    /// SIGKILL: its server is an orphan from now on.
    void die() { program_.kill(); }

  private:
    static integration::StartOptions options(const std::string& server_type, std::optional<uid_t> user) {
        integration::StartOptions options;
        options.environment = {{"SUBJECT_COMM", "claude"},
                               {"SUBJECT_SERVER", server_program(server_type)}};
        options.user = user;
        return options;
    }

    integration::Program program_;
    pid_t server_ = 0;
    UniqueFd process_;
};

}  // namespace reaper::vm
