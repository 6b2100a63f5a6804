// Many patterns, one pass: RE2::Set with the answers this program needs of it. Internal to classify/.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace re2 {
class RE2;
}

namespace reaper::classify {

class PatternSet {
  public:
    PatternSet();
    PatternSet(PatternSet&&) noexcept;
    PatternSet& operator=(PatternSet&&) noexcept;
    ~PatternSet();

    /// Adds a pattern under `index`; false with RE2's reason in `why` where it is not one.
    bool add(const std::string& pattern, std::size_t index, std::string& why);

    /// To be called once after the last add(); false where the set as a whole is too large.
    bool compile();

    [[nodiscard]] bool empty() const;

    /// The smallest index of those that match anywhere in `text`.
    [[nodiscard]] std::optional<std::size_t> first_match(std::string_view text) const;

  private:
    struct Set;
    std::unique_ptr<Set> set_;
};

}  // namespace reaper::classify
