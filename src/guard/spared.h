// Who in a server's tree is a person's session, and so never ended (safety rule 2): the built-in
// clients, those that a policy adds, terminal multiplexers, people's browsers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/process_id.h"
#include "base/result.h"
#include "classify/classifier.h"

namespace reaper::guard {

class Spared {
  public:
    /// `clients`: RE2 patterns for programs, that check() has passed.
    explicit Spared(std::vector<std::string> clients) : clients_(std::move(clients)) {}

    /// Fails with the reason where one of them is no pattern.
    static Result<void> check(const std::vector<std::string>& clients);

    /// False where it is gone. Nothing where it could not be looked at (no descriptor, no memory).
    [[nodiscard]] std::optional<bool> has(ProcessId process);

  private:
    [[nodiscard]] classify::Classification classify(const classify::CommandLine& line,
                                                    const std::string& exe);

    std::vector<std::string> clients_;
    /// Made when it is first needed, which is when the server ends: until then nothing of it is kept by
    /// fifty guards that wait.
    std::optional<classify::Classifier> classifier_;
};

}  // namespace reaper::guard
