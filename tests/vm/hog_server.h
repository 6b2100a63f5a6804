// The hog (hog.cpp) as a server of ours: we are its client, over its pipes.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "guest.h"
#include "program.h"

namespace reaper::vm {

class Hog {
  public:
    explicit Hog(std::vector<std::string> arguments = {"spin"})
        : program_(command(std::move(arguments))) {
        EXPECT_EQ(program_.read_line(), "ready");
    }

    [[nodiscard]] std::string pid() const { return std::to_string(program_.pid()); }
    [[nodiscard]] std::string cgroup() const { return cgroup_of(program_.pid()); }
    void go() { program_.write_line("go"); }
    integration::Program& program() { return program_; }

  private:
    static std::vector<std::string> command(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), server_program("hog", REAPER_HOG));
        return arguments;
    }

    integration::Program program_;
};

}  // namespace reaper::vm
