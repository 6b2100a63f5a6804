#include "scan/strays.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "support/child.h"

namespace reaper::scan {
namespace {

TEST(Strays, AreTheParentlessOfTheSameProgramBegunSince) {
    test::Pair tell = test::make_pipe();
    test::Pair end = test::make_pipe();  // What has no parent leaves when the test does.
    const test::Child parent =
        test::Child::fork({},
                          [&] {
                              const pid_t pid = ::fork();
                              if (pid != 0) {
                                  if (::write(tell.second.get(), &pid, sizeof pid) != sizeof pid)
                                      ::_exit(1);
                                  return;
                              }
                              char c = 0;
                              ::close(end.second.get());
                              ::_exit(::read(end.first.get(), &c, 1) == 0 ? 0 : 1);
                          },
                          {tell.second.get(), end.first.get()});
    pid_t pid = 0;
    ASSERT_EQ(::read(tell.first.get(), &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
    const ProcessId stray = test::identify(pid);
    const std::vector programs = {std::filesystem::read_symlink("/proc/self/exe").string()};
    const auto found = [&](uid_t uid, BootTime since, const std::vector<std::string>& of) {
        const auto strays = find_strays(uid, since, of);
        return std::find(strays.begin(), strays.end(), stray) != strays.end();
    };
    EXPECT_FALSE(found(::getuid(), stray.start, programs)) << "it still has its parent";
    parent.kill_to_zombie();
    EXPECT_TRUE(found(::getuid(), stray.start, programs));
    EXPECT_FALSE(found(::getuid() + 1, stray.start, programs));
    EXPECT_FALSE(found(::getuid(), stray.start, {"/bin/false"}));
    EXPECT_FALSE(found(::getuid(), stray.start + std::chrono::seconds(1), programs));
}

}  // namespace
}  // namespace reaper::scan
