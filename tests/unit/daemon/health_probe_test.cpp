// One health request against servers that answer well, badly, late and never.
#include "daemon/health_probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <utility>  // Boost 1.74 with g++ 12: before anything of Asio.

#include "http_host.h"

using namespace reaper;
using namespace reaper::daemon;
using namespace std::chrono_literals;
using test::HttpHost;
using test::Manners;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

class HealthProbeOf : public ::testing::Test {
  protected:
    /// What comes of asking; the test fails where nothing does.
    std::string ask(const HttpHost& host, std::chrono::milliseconds timeout = 5s) {
        return ask({false, host.port(), "127.0.0.1:" + std::to_string(host.port()), "/health?a=b"},
                   timeout);
    }

    std::string ask(const HealthAddress& address, std::chrono::milliseconds timeout = 5s) {
        std::optional<std::string> answer;
        unsigned calls = 0;
        const auto probe = ask_health(loop_, address, timeout, [&](std::string why) {
            answer = std::move(why);
            ++calls;
            loop_.stop();
        });
        EXPECT_FALSE(answer) << "before the loop ran";
        loop_.restart();
        loop_.run_for(20s);
        loop_.restart();
        loop_.run_for(20ms);  // What was under way may come to its end, and must not tell again.
        EXPECT_EQ(calls, 1U);
        return answer.value_or("nothing came of it");
    }

    static std::string on_port(const HttpHost& host) {
        return " on port " + std::to_string(host.port());
    }

    boost::asio::io_context loop_;
};

Manners answering(std::string answer) {
    Manners manners;
    manners.answer = std::move(answer);
    return manners;
}

}  // namespace

TEST_F(HealthProbeOf, AServerThatIsWellFindsNothing) {
    HttpHost host(loop_);
    EXPECT_EQ(ask(host), "");
    EXPECT_THAT(host.request(), StartsWith("GET /health?a=b HTTP/1.1\r\n"));
    EXPECT_THAT(host.request(),
                HasSubstr("\r\nHost: 127.0.0.1:" + std::to_string(host.port()) + "\r\n"));
    EXPECT_THAT(host.request(), HasSubstr("\r\nConnection: close\r\n"));
}

TEST_F(HealthProbeOf, AServerGoesByItsStatus) {
    for (const char* status : {"200 OK", "204 No Content", "299 Odd", "301 Moved", "399 Odd"}) {
        HttpHost host(loop_, answering(std::string("HTTP/1.1 ") + status +
                                       "\r\nLocation: http://192.0.2.1/\r\n\r\n"));
        EXPECT_EQ(ask(host), "") << status;
        EXPECT_EQ(host.connections(), 1U) << "redirects are not followed";
    }
    for (const char* status : {"400 Bad", "404 Not Found", "500 Oops", "503 Busy", "101 Odd"}) {
        HttpHost host(loop_, answering(std::string("HTTP/1.1 ") + status + "\r\n\r\n"));
        EXPECT_EQ(ask(host), "HTTP status " + std::string(status).substr(0, 3) + on_port(host));
    }
}

TEST_F(HealthProbeOf, AServerThatNeverAnswersEndsInTime) {
    HttpHost host(loop_, answering(""));
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(ask(host, 200ms), "no answer within 200 ms" + on_port(host));
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 200ms);
}

TEST_F(HealthProbeOf, AServerThatAnswersLateButInTimeIsWell) {
    Manners late;
    late.after = 200ms;
    HttpHost host(loop_, late);
    EXPECT_EQ(ask(host, 10s), "");
    EXPECT_EQ(ask(host, 50ms), "no answer within 50 ms" + on_port(host));
}

TEST_F(HealthProbeOf, AServerThatDripsDoesNotGetMoreTime) {
    Manners drips;
    drips.byte_by_byte = true;
    HttpHost host(loop_, drips);
    EXPECT_EQ(ask(host, 300ms), "no answer within 300 ms" + on_port(host));
}

TEST_F(HealthProbeOf, AServerThatHangsUpIsTold) {
    Manners manners;
    manners.reset = true;
    HttpHost resets(loop_, manners);
    EXPECT_EQ(ask(resets), "connection reset" + on_port(resets));
    manners.reset = false;
    manners.close = true;
    HttpHost closes(loop_, manners);
    EXPECT_EQ(ask(closes), "connection closed without an answer" + on_port(closes));
}

TEST_F(HealthProbeOf, APortThatNobodyListensOnIsTold) {
    std::uint16_t port = 0;
    {
        const HttpHost gone(loop_);
        port = gone.port();
    }
    EXPECT_EQ(ask({false, port, "x", "/"}), "connection refused on port " + std::to_string(port));
}

TEST_F(HealthProbeOf, AnAnswerThatIsNoHttpIsNone) {
    for (const char* text : {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/9.9 200 OK\r\n\r\n"}) {
        HttpHost host(loop_, answering(text));
        EXPECT_THAT(ask(host), StartsWith("no answer in HTTP (")) << text;
    }
}

TEST_F(HealthProbeOf, AnAnswersHeadIsReadUpToABoundAndItsBodyNotAtAll) {
    HttpHost endless(loop_, answering("HTTP/1.1 200 OK\r\nX: " + std::string(1024UL * 1024, 'x')));
    EXPECT_THAT(ask(endless), StartsWith("no answer in HTTP ("));
    HttpHost stream(loop_,
                    answering("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nid: 1\n"));
    EXPECT_EQ(ask(stream), "") << "an event stream has no end";
}

TEST_F(HealthProbeOf, AServerTellsNothingMoreOnceItIsCancelled) {
    HttpHost host(loop_);
    const auto probe = ask_health(loop_, {false, host.port(), "x", "/"}, 100ms,
                                  [](const std::string&) { ADD_FAILURE() << "told"; });
    probe->cancel();
    loop_.restart();
    loop_.run_for(300ms);
}
