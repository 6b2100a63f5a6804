#include "guard/envelope.h"

#include <gtest/gtest.h>

#include <string>

namespace reaper::guard {
namespace {

/// Nothing where it is no JSON-RPC.
const Envelopes* read(EnvelopeReader& reader, std::string& line) {
    line.reserve(line.size() + kPadding);
    return reader.read(line);
}

struct Case {
    std::string line;
    std::string id;
    std::string method;
};

TEST(Envelope, TellsWhoAsksWhat) {
    EnvelopeReader reader;
    const Case cases[] = {
        {R"({"jsonrpc":"2.0","id":7,"method":"tools/list"})", "7", "tools/list"},
        {R"({"method":"x","params":{"id":9,"method":"y"},"jsonrpc":"2.0","id":"a b"})", R"("a b")", "x"},
        {R"( { "id" : null , "method" : "x" } )", "null", "x"},
        {R"({"id":-1.5e3,"result":{}})", "-1.5e3", ""},
        {R"({"id":{"a":[1,2]},"method":"odd"})", R"({"a":[1,2]})", "odd"},
        {R"({"id":[1, 2],"method":"odd"})", "[1, 2]", "odd"},
        {R"({"id":"q\"\\","result":1})", R"("q\"\\")", ""},
        {R"({"method":"notifications/x","params":["}","{","\"id\":3"]})", "", "notifications/x"},
        {R"({})", "", ""},
    };
    for (Case one : cases) {
        const Envelopes* const found = read(reader, one.line);
        ASSERT_NE(found, nullptr) << one.line;
        ASSERT_EQ(found->all.size(), 1U);
        EXPECT_FALSE(found->batch);
        EXPECT_EQ(found->all[0].id, one.id) << one.line;
        EXPECT_EQ(found->all[0].method, one.method) << one.line;
    }
}

TEST(Envelope, ReadsBatches) {
    EnvelopeReader reader;
    std::string line = R"([{"id":1,"method":"a"},{"method":"b"},{"id":"x","error":{}}])";
    const Envelopes* const found = read(reader, line);
    ASSERT_NE(found, nullptr);
    EXPECT_TRUE(found->batch);
    ASSERT_EQ(found->all.size(), 3U);
    EXPECT_TRUE(found->all[0].asks());
    EXPECT_TRUE(found->all[1].tells());
    EXPECT_TRUE(found->all[2].answers());
    EXPECT_TRUE(found->all[2].has_error);
}

TEST(Envelope, IsNothingThatIsNotWhole) {
    EnvelopeReader reader;
    for (std::string line :
         {"", " ", "npm warn x", "42", "\"text\"", "null", "{", R"({"id":1)", R"({"id":1,"a":{})",
          R"({"id":1}})", R"({"id":1}{"id":2})", "[1]", "[{}", R"({"id":)", "{\"a\":\"\xff\"}"}) {
        EXPECT_EQ(read(reader, line), nullptr) << line;
    }
}

TEST(Envelope, ReadsLongLines) {
    EnvelopeReader reader;
    std::string line = R"({"id":1,"result":")" + std::string(3'000'000, 'x') + R"("})";
    ASSERT_NE(read(reader, line), nullptr);
    std::string brief = R"({"id":2,"result":0})";
    EXPECT_EQ(read(reader, brief)->all[0].id, "2");
}

TEST(CanonicalId, IsTheSameHoweverItIsWritten) {
    EXPECT_EQ(canonical_id("1.0"), canonical_id("1"));
    EXPECT_EQ(canonical_id("1e2"), canonical_id("100"));
    EXPECT_EQ(canonical_id(R"("\u0061")"), canonical_id(R"("a")"));
    EXPECT_NE(canonical_id("1"), canonical_id(R"("1")"));
    EXPECT_NE(canonical_id("1.5"), canonical_id("1"));
    EXPECT_NE(canonical_id(R"("1.0")"), canonical_id(R"("1")"));
}

TEST(Envelope, TellsFromItsBeginningWhatALongMessageIs) {
    EXPECT_EQ(kind_at_beginning(R"({"jsonrpc":"2.0","id":3,"method":"a/b","par)"), Kind::asks);
    EXPECT_EQ(kind_at_beginning(R"({ "params" : {"result": "long, and brok)"), Kind::asks);
    EXPECT_EQ(kind_at_beginning(R"({"result":{"method":"x", "params": [)"), Kind::answers);
    EXPECT_EQ(kind_at_beginning(R"({"id":"\"method\"","error":{)"), Kind::answers);
    EXPECT_EQ(kind_at_beginning(R"({"id":3,"_meta":{"method":"x","params":)"), Kind::unknown);
    EXPECT_EQ(kind_at_beginning(R"([{"id":3,"method":"x"}])"), Kind::unknown) << "a batch";
    EXPECT_EQ(kind_at_beginning(""), Kind::unknown);
}

TEST(IdAtEitherEnd, IsTheOutermostObjects) {
    EXPECT_EQ(id_at_either_end(R"({"jsonrpc":"2.0","id":7,"params":"xxxxx)", "xxxx\"}"), "7");
    EXPECT_EQ(id_at_either_end(R"({"a":{"id":1,"b":[{"id":2}]},"id":"s","c":"xx)", ""), "\"s\"");
    EXPECT_EQ(id_at_either_end(R"({"params":"xxx)", R"(xxx","jsonrpc":"2.0","id":12})"), "12");
    EXPECT_EQ(id_at_either_end(R"({"params":"xxx)", R"(xxx"}, "id": "a", "jsonrpc":"2.0" } )"), "\"a\"");
    EXPECT_EQ(id_at_either_end(R"({"params":{"x":"xx)", R"(xx","id":3}})"), "") << "of an object within";
    EXPECT_EQ(id_at_either_end(R"({"params":"xxx)", R"(\"id\":3})"), "") << "within a text";
    EXPECT_EQ(id_at_either_end("xxxx", "xxxx"), "");
}

TEST(Answers, TellRevisionAndResult) {
    const std::string line = R"({"id":1,"result":{"protocolVersion":"2025-06-18","tools":[1, 2]}})";
    EXPECT_EQ(protocol_version(line), "2025-06-18");
    EXPECT_EQ(result_text(line), R"({"protocolVersion":"2025-06-18","tools":[1, 2]})");
    EXPECT_EQ(protocol_version(R"({"id":1,"error":{}})"), "");
}

}  // namespace
}  // namespace reaper::guard
