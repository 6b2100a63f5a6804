// A folder of a test's own, gone with it.
#pragma once

#include <filesystem>
#include <string>

namespace reaper::integration {

class Scratch {
  public:
    Scratch();
    ~Scratch();
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

/// Where PATH has that program, with links resolved; empty where it has none.
std::string which(const std::string& program);

}  // namespace reaper::integration
