// What each process of a sample is by its command line, in the sample's order.
//
// Internal to scan/.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "classify/classification.h"

namespace reaper::scan {

/// Shared, not copied: a look that is repeated every second finds the same again and again.
class Classifications {
  public:
    Classifications() = default;
    Classifications(std::vector<classify::Classification> all) {
        for (classify::Classification& what : all) add(std::move(what));
    }

    void reserve(std::size_t size) { all_.reserve(size); }
    void add(classify::Classification what) {
        all_.push_back(std::make_shared<const classify::Classification>(std::move(what)));
    }
    /// Null: nothing in particular.
    void add(std::shared_ptr<const classify::Classification> what) { all_.push_back(std::move(what)); }

    [[nodiscard]] std::size_t size() const { return all_.size(); }
    [[nodiscard]] const classify::Classification& operator[](std::size_t index) const {
        static const classify::Classification kNothing;
        return all_[index] ? *all_[index] : kNothing;
    }

  private:
    std::vector<std::shared_ptr<const classify::Classification>> all_;
};

}  // namespace reaper::scan
