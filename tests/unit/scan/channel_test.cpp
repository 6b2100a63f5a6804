#include "scan/channel.h"

#include <gtest/gtest.h>

#include <array>

namespace reaper::scan {
namespace {

ChannelEnd end_in(EndState state) {
    ChannelEnd end;
    end.state = state;
    return end;
}

Channel combined(EndState in, EndState out) {
    return combine(end_in(in), end_in(out));
}

TEST(Channel, OnePeerThatIsThereKeepsItOpen) {
    for (const EndState other : {EndState::unknown, EndState::open, EndState::closed, EndState::none}) {
        EXPECT_EQ(combined(EndState::open, other), Channel::open);
        EXPECT_EQ(combined(other, EndState::open), Channel::open);
    }
}

TEST(Channel, IsUnknownWhileOneEndMayNotBeLookedAt) {
    for (const EndState other : {EndState::unknown, EndState::closed, EndState::none}) {
        EXPECT_EQ(combined(EndState::unknown, other), Channel::unknown);
        EXPECT_EQ(combined(other, EndState::unknown), Channel::unknown);
    }
}

TEST(Channel, IsClosedOnlyWhenBothEndsAre) {
    EXPECT_EQ(combined(EndState::closed, EndState::closed), Channel::closed);
    EXPECT_EQ(combined(EndState::closed, EndState::none), Channel::none);
    EXPECT_EQ(combined(EndState::none, EndState::closed), Channel::none);
}

TEST(Channel, IsNoneWithoutPeers) {
    EXPECT_EQ(combined(EndState::none, EndState::none), Channel::none);
}

TEST(Channel, NamesOfKindsAndStatesReadBack) {
    for (const EndKind kind :
         {EndKind::unknown, EndKind::absent, EndKind::null_device, EndKind::file, EndKind::terminal,
          EndKind::pipe, EndKind::fifo, EndKind::unix_socket, EndKind::inet_socket, EndKind::other}) {
        EXPECT_EQ(end_kind_from(to_string(kind)), kind);
    }
    for (const EndState state : {EndState::unknown, EndState::open, EndState::closed, EndState::none}) {
        EXPECT_EQ(end_state_from(to_string(state)), state);
    }
    EXPECT_EQ(end_kind_from("tube"), std::nullopt);
    EXPECT_EQ(end_state_from(""), std::nullopt);
    EXPECT_EQ(to_string(Channel::open), "open");
    EXPECT_EQ(to_string(Channel::closed), "closed");
    EXPECT_EQ(to_string(Channel::none), "none");
    EXPECT_EQ(to_string(Channel::unknown), "unknown");
}

}  // namespace
}  // namespace reaper::scan
