// What others match command lines with, each behind the same question: the first pattern that matches.
#pragma once

#include <re2/re2.h>
#include <re2/set.h>

#include <memory>
#include <optional>
#include <regex>
#include <string>
#include <vector>

#include "classify/classifier.h"

namespace reaper::bench {

using Match = std::optional<std::size_t>;

/// std::regex, one after the other. Minds case, in its favour: std::regex::icase costs it more.
class StdRegexes {
  public:
    explicit StdRegexes(const std::vector<classify::TypePattern>& patterns);
    [[nodiscard]] Match first_match(const std::string& text) const;

  private:
    std::vector<std::regex> patterns_;
};

/// RE2, one after the other; like our own without regard to case.
class Re2s {
  public:
    explicit Re2s(const std::vector<classify::TypePattern>& patterns);
    [[nodiscard]] Match first_match(const std::string& text) const;

  private:
    std::vector<std::unique_ptr<re2::RE2>> patterns_;
};

/// RE2::Set as it comes: nothing is cut, an automaton that outgrows its memory is a wrong no.
class Re2Set {
  public:
    explicit Re2Set(const std::vector<classify::TypePattern>& patterns);
    [[nodiscard]] Match first_match(const std::string& text) const;

  private:
    re2::RE2::Set set_;
};

}  // namespace reaper::bench
