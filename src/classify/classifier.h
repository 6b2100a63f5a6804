// Command line -> role, type and program. Pure; safe to use from several threads.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "classify/classification.h"
#include "classify/command_line.h"

namespace reaper::classify {

/// One pattern of a server type, in RE2's syntax, matched anywhere in the program slot, without
/// regard to case. The first listed that matches wins.
struct TypePattern {
    std::string type;
    std::string pattern;
    bool match_line = false;  ///< Match the whole command line instead of the program slot.
};

/// One more program to be known as a client.
struct ClientPattern {
    std::string name;
    std::string pattern;
};

inline constexpr std::size_t kMaxPatterns = 1000;
inline constexpr std::size_t kMaxPatternLength = 1000;
/// A program slot is cut to this before it is matched: a hostile 4 KiB slot costs RE2::Set milliseconds,
/// 256 bytes cost 18 µs with 50 patterns "x.*y" and 71 µs with 500 (bench/classify_bench.cpp).
inline constexpr std::size_t kMaxSlotBytes = 256;
/// A whole line for `match_line` patterns is cut to this.
inline constexpr std::size_t kMaxMatchLineBytes = 1024;

/// What scan knows of a process beside its command line; empty where it may not look.
struct Surroundings {
    std::string_view exe;  ///< /proc/PID/exe
    std::string_view cwd;  ///< /proc/PID/cwd: a relative script is resolved against it.
};

class Classifier {
  public:
    /// Fails with the reason where a pattern is not RE2 syntax, too long, too many, or where the set
    /// as a whole is too large for RE2 (`subject` names the type).
    static Result<Classifier> compile(std::vector<TypePattern> types,
                                      std::vector<ClientPattern> clients = {});

    Classifier(Classifier&&) noexcept;
    Classifier& operator=(Classifier&&) noexcept;
    ~Classifier();

    [[nodiscard]] Classification classify(const CommandLine& line,
                                          const Surroundings& surroundings = {}) const;

    /// The first pattern that matches this program slot (or, for `match_line` patterns, the line);
    /// nothing where none does. This is the hot path: no allocation for a slot without a match.
    [[nodiscard]] std::optional<std::size_t> match_slot(std::string_view slot) const;

    [[nodiscard]] const std::vector<TypePattern>& types() const;

  private:
    struct Compiled;
    explicit Classifier(std::unique_ptr<Compiled> compiled);
    std::unique_ptr<Compiled> compiled_;
};

}  // namespace reaper::classify
