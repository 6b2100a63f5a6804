// Where there is no way to make cages: refuses everything with the reason.
//
// Internal to enforce/.
#pragma once

#include <string>
#include <vector>

#include "enforce/cages.h"

namespace reaper::enforce {

class NoCages final : public Cages {
  public:
    explicit NoCages(std::string why) : why_(std::move(why)) {}

    [[nodiscard]] CageAbilities abilities() const override { return {.backend = "", .why_none = why_}; }
    Result<void> put(const std::string& cage, uid_t, std::span<const ProcessId>) override {
        return refused(cage);
    }
    Result<void> limit(const std::string& cage, const CageLimits&) override { return refused(cage); }
    Result<void> freeze(const std::string& cage, bool) override { return refused(cage); }
    Result<std::vector<ProcessId>> processes(const std::string& cage) override { return refused(cage); }
    Result<std::vector<std::string>> list() override { return std::vector<std::string>{}; }
    Result<void> remove(const std::string& cage) override { return refused(cage); }

  private:
    [[nodiscard]] tl::unexpected<Error> refused(const std::string& cage) const {
        return fail("use the cage", cage, why_);
    }
    std::string why_;
};

}  // namespace reaper::enforce
