#include "daemon/control_socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "support/child.h"
#include "support/raw_client.h"

namespace reaper::daemon {
namespace {

using testing::HasSubstr;

mode_t mode_of(const std::string& path) {
    struct stat found {};
    return ::lstat(path.c_str(), &found) == 0 ? found.st_mode & 07777 : 0;
}

TEST(ControlSocket, ModesFollowWhoMayConnect) {
    test::TemporaryDirectory directory;
    const auto own = ControlSocket::bind(directory.path("own"), Reach::owner);
    ASSERT_TRUE(own) << own.error().message();
    EXPECT_EQ(mode_of(own->path()), 0600U);
    EXPECT_EQ(mode_of(directory.path()), 0700U);
    const auto all = ControlSocket::bind(directory.path("all"), Reach::everybody);
    ASSERT_TRUE(all);
    EXPECT_EQ(mode_of(all->path()), 0666U);
    EXPECT_EQ(mode_of(directory.path()), 0711U);  // To be passed through, not to be listed.
}

TEST(ControlSocket, GoesWithItsOwner) {
    test::TemporaryDirectory directory;
    {
        auto socket = ControlSocket::bind(directory.path("s"), Reach::owner);
        ASSERT_TRUE(socket);
        const ControlSocket moved(std::move(*socket));
        EXPECT_TRUE(std::filesystem::exists(directory.path("s")));
    }
    EXPECT_FALSE(std::filesystem::exists(directory.path("s")));
}

TEST(ControlSocket, DoesNotRemoveWhatIsNotItsOwn) {
    test::TemporaryDirectory directory;
    {
        const auto socket = ControlSocket::bind(directory.path("s"), Reach::owner);
        ASSERT_TRUE(socket);
        std::filesystem::remove(directory.path("s"));
        std::ofstream(directory.path("s")) << "somebody else's";
    }
    EXPECT_TRUE(std::filesystem::exists(directory.path("s")));
}

TEST(ControlSocket, TakesThePlaceOfADeadOne) {
    test::TemporaryDirectory directory;
    {
        const auto child = test::Child::fork({}, [&] {
            auto* const left =
                new Result<ControlSocket>(ControlSocket::bind(directory.path("s"), Reach::owner));
            static_cast<void>(left);  // Never closed: it is killed.
        });
    }
    ASSERT_TRUE(std::filesystem::exists(directory.path("s")));
    const auto socket = ControlSocket::bind(directory.path("s"), Reach::owner);
    ASSERT_TRUE(socket) << socket.error().message();
    EXPECT_NO_THROW(test::RawClient(directory.path("s")));
}

TEST(ControlSocket, NeverThatOfALiveOne) {
    test::TemporaryDirectory directory;
    const auto first = ControlSocket::bind(directory.path("s"), Reach::owner);
    ASSERT_TRUE(first);
    const auto second = ControlSocket::bind(directory.path("s"), Reach::owner);
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().message(),
                HasSubstr("process " + std::to_string(::getpid()) + " answers there already"));
    EXPECT_NO_THROW(test::RawClient(directory.path("s")));
}

TEST(ControlSocket, NothingElseIsRemoved) {
    test::TemporaryDirectory directory;
    std::ofstream(directory.path("file")) << "text";
    std::filesystem::create_symlink(directory.path("nowhere"), directory.path("link"));
    for (const char* const name : {"file", "link"}) {
        const auto socket = ControlSocket::bind(directory.path(name), Reach::owner);
        ASSERT_FALSE(socket);
        EXPECT_THAT(socket.error().message(), HasSubstr("no socket"));
        EXPECT_TRUE(std::filesystem::is_symlink(directory.path("link")));
    }
}

TEST(ControlSocket, DirectoriesThatOthersMayWriteAreRefused) {
    test::TemporaryDirectory directory;
    ::chmod(directory.path().c_str(), 0777);
    const auto socket = ControlSocket::bind(directory.path("s"), Reach::owner);
    ASSERT_FALSE(socket);
    EXPECT_THAT(socket.error().message(), HasSubstr("others may write"));
    const auto nowhere = ControlSocket::bind(directory.path("no/such/s"), Reach::owner);
    ASSERT_FALSE(nowhere);
    EXPECT_EQ(nowhere.error().errno_code, ENOENT);
}

TEST(ControlSocket, LongPathsAreRefusedAndSayWhy) {
    const auto socket = ControlSocket::bind("/" + std::string(200, 'x'), Reach::owner);
    ASSERT_FALSE(socket);
    EXPECT_THAT(socket.error().message(), HasSubstr("at most 107 bytes"));
}

}  // namespace
}  // namespace reaper::daemon
