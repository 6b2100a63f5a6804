#include "scan/second_look.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "scan/assemble.h"
#include "scan/scanner.h"
#include "support/child.h"

namespace reaper::scan {
namespace {

using test::Child;

const classify::Classifier& classifier() {
    static const auto kCompiled = classify::Classifier::compile({});
    return *kCompiled;
}

std::optional<Server> find(const Snapshot& snapshot, const ProcessId& id) {
    for (const Server& server : snapshot.servers) {
        if (server.id == id) return server;
    }
    return std::nullopt;
}

std::vector<ProcessId> members(const Server& server) {
    std::vector<ProcessId> ids;
    for (const Member& member : server.members) ids.push_back(member.id);
    return ids;
}

/// A server with a helper below it, and its client: the test.
class SecondLook : public ::testing::Test {
  protected:
    SecondLook()
        : server_(Child::exec("/bin/sh", {"mcp-server-filesystem"},
                              {.in = in_.first.get(), .out = out_.second.get()})) {
        in_.first.close();
        out_.second.close();
        const std::string script = "sleep 1000 >/dev/null & echo started\n";
        char c = 0;
        if (::write(in_.second.get(), script.data(), script.size()) < 0 ||
            ::read(out_.first.get(), &c, 1) != 1) {
            ADD_FAILURE() << "the server did not start its helper";
        }
    }
    ~SecondLook() override {
        const std::string script = "kill $!; exit\n";
        (void)!::write(in_.second.get(), script.data(), script.size());
        server_.wait();
    }
    [[nodiscard]] std::optional<Server> scan() const {
        return find(assemble(*read_host(classifier(), Depth::servers), classifier()), server_.id());
    }
    [[nodiscard]] static std::optional<Server> look_again(const Server& server) {
        const std::array servers = {server};
        return find(assemble(*read_again(servers, classifier()), classifier()), server.id);
    }

    test::Pair in_ = test::make_pipe();
    test::Pair out_ = test::make_pipe();
    Child server_;
};

TEST_F(SecondLook, SeesTheSameServer) {
    const auto first = scan();
    ASSERT_TRUE(first);
    const auto again = look_again(*first);
    ASSERT_TRUE(again);
    EXPECT_EQ(members(*again), members(*first));
    EXPECT_EQ(again->members.size(), 2U);
    EXPECT_EQ(again->type, first->type);
    EXPECT_EQ(again->channel, first->channel);
    EXPECT_EQ(again->channel, Channel::open);
    EXPECT_EQ(again->standalone, first->standalone);
    EXPECT_EQ(again->uid, first->uid);
    EXPECT_EQ(again->arguments_digest, first->arguments_digest);
    ASSERT_EQ(again->client.has_value(), first->client.has_value());
    if (first->client) {
        EXPECT_EQ(again->client->id, first->client->id);
    }
}

TEST_F(SecondLook, SeesAChannelThatHasClosed) {
    const auto first = scan();
    ASSERT_TRUE(first);
    out_.first.close();
    const auto again = look_again(*first);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->out.state, EndState::closed);
}

TEST(SecondLookAtTheDead, SeesNothing) {
    Server server;
    {
        const Child child = Child::fork();
        server.id = child.id();
        server.members.push_back({});
        server.members.back().id = child.id();
    }
    const std::array servers = {server};
    const auto sample = read_again(servers, classifier());
    ASSERT_TRUE(sample);
    EXPECT_TRUE(assemble(*sample, classifier()).servers.empty());
}

}  // namespace
}  // namespace reaper::scan
