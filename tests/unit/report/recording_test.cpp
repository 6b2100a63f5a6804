#include "report/recording.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

namespace reaper::report {
namespace {

using namespace std::string_literals;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

scan::Process process(pid_t pid, std::string cmdline) {
    scan::Process made;
    made.id = {pid, Ticks(79231)};
    made.parent = 1;
    made.session = pid;
    made.uid = 1000;
    made.state = 'S';
    made.comm = "node";
    made.cmdline = std::move(cmdline);
    made.threads = 11;
    made.cpu_time = Ticks(34);
    made.resident = Bytes::from_kib(82492);
    return made;
}

/// Everything that a sample can hold, and the shapes of command lines that are hard to keep.
scan::Sample full_sample() {
    scan::Sample sample;
    sample.taken_at = WallTime(std::chrono::milliseconds(1'790'000'000'123));
    sample.monotonic = MonotonicTime(std::chrono::milliseconds(86'400'001));
    sample.since_boot = BootTime(172'800'002);
    sample.viewer = {1000, false};

    scan::Process kernel = process(2, "");
    kernel.kernel_thread = true;
    kernel.comm = "kthreadd";
    kernel.state = 'I';
    sample.processes.push_back(kernel);

    scan::Process npm =
        process(100, "npm exec @modelcontextprotocol/server-memory"s + std::string(13, '\0'));
    scan::ProcessDetail detail;
    detail.exe = "/usr/bin/node";
    detail.cwd = "/home/dev/work";
    detail.cgroup = "/user.slice/user-1000.slice/session-1.scope";
    detail.in = scan::ChannelEnd{scan::EndKind::unix_socket, scan::EndState::closed, 319925,
                                 "pidfd_getfd+poll",         "IN|HUP|RDHUP",         6559};
    detail.out = scan::ChannelEnd{};
    detail.out->inode = UINT64_MAX;
    detail.debug_in = scan::ChannelEnd{
        scan::EndKind::pipe, scan::EndState::closed, 57370, "pidfd_getfd+poll", "HUP", {}};
    detail.debug_out =
        scan::ChannelEnd{scan::EndKind::pipe, scan::EndState::open, 57372, "pidfd_getfd+poll", "", {}};
    detail.anonymous = Bytes::from_kib(36084);
    detail.swapped = Bytes{0};
    detail.listening = std::vector<std::string>{"tcp 127.0.0.1:8931", "unix /run/\xff.sock"};
    detail.main_of_unit = "";
    npm.detail = detail;
    sample.processes.push_back(npm);

    scan::Process empty_detail = process(101, "a\0b c\0\0d\0"s);
    empty_detail.detail = scan::ProcessDetail{};
    empty_detail.detail->listening.emplace();
    empty_detail.detail->main_of_unit = "mcp.service";
    sample.processes.push_back(empty_detail);

    sample.processes.push_back(process(102, "no end"));
    sample.processes.push_back(process(103, "\0\0"s));
    sample.processes.push_back(
        process(104, "\xff\xfe\x80 \xC3\xA9 \xED\xA0\x80 \xEF\x9E\x80 \x1b[2J\n\0"s));
    scan::Process hostile = process(105, "x\0"s);
    hostile.comm = "foo) Z \xff\n";
    hostile.state = 'Z';
    sample.processes.push_back(hostile);
    return sample;
}

std::string error_of(const std::string& line) {
    const Result<scan::Sample> sample = from_line(line);
    return sample ? "" : sample.error().message();
}

/// A line whose first process has `key` set to `value`, or taken out where that is discarded.
std::string broken(const std::string& pointer, const json& value) {
    json line = json::parse(to_line(full_sample()));
    if (value.is_discarded()) {
        const json::json_pointer at(pointer);
        line[at.parent_pointer()].erase(at.back());
    } else {
        line[json::json_pointer(pointer)] = value;
    }
    return line.dump();
}

TEST(Recording, GivesBackWhatWasRecorded) {
    const scan::Sample sample = full_sample();
    const Result<scan::Sample> back = from_line(to_line(sample));
    ASSERT_TRUE(back) << back.error().message();
    ASSERT_EQ(back->processes.size(), sample.processes.size());
    for (std::size_t i = 0; i < sample.processes.size(); ++i) {
        EXPECT_EQ(back->processes[i], sample.processes[i]) << i;
    }
    EXPECT_EQ(*back, sample);
}

TEST(Recording, IsOneLineOfPlainAscii) {
    for (const char c : to_line(full_sample())) {
        EXPECT_TRUE(c >= ' ' && c < 0x7F) << static_cast<int>(c);
    }
    EXPECT_THAT(recording_header(), Not(HasSubstr("\n")));
}

TEST(Recording, HoldsNoSecrets) {
    scan::Sample sample = full_sample();
    sample.processes.push_back(
        process(200, "sh\0-c\0'x' '--api-key' 'LEAK' --url=postgres://u:LEAK@h/d\0"s));
    sample.processes.push_back(process(201, "npm exec x --access-token LEAK\0\0\0"s));
    sample.processes.push_back(process(202,
                                       "node\0s.js\0--token\0LEAK\0--port\0"
                                       "3000\0"s));
    const std::string line = to_line(sample);
    EXPECT_THAT(line, Not(HasSubstr("LEAK")));
    const Result<scan::Sample> back = from_line(line);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->processes.back().cmdline,
              "node\0s.js\0--token\0***\0--port\0"
              "3000\0"s);
    EXPECT_EQ(*from_line(to_line(*back)), *back);
}

TEST(Recording, StaysReadableUnderAFloodOfLongCommandLines) {
    scan::Sample sample;
    for (pid_t pid = 1; pid <= 1200; ++pid)
        sample.processes.push_back(process(pid, std::string(65536, '\x01')));
    const std::string line = to_line(sample);
    EXPECT_LE(line.size(), 64u * 1024 * 1024);
    const Result<scan::Sample> back = from_line(line);
    ASSERT_TRUE(back) << back.error().message();
    EXPECT_EQ(back->processes.size(), 1200u);
}

TEST(Recording, IgnoresUnknownKeys) {
    EXPECT_EQ(from_line(broken("/processes/0/new", json{{"a", 1}})), full_sample());
    EXPECT_EQ(from_line(broken("/new", 1)), full_sample());
}

TEST(Recording, NamesTheFieldThatIsWrong) {
    const json gone(json::value_t::discarded);
    const std::vector<std::tuple<std::string, json, std::string>> cases = {
        {"/processes/0/pid", gone, "processes[0].pid is missing"},
        {"/processes/0/pid", 0, "processes[0].pid is out of range"},
        {"/processes/0/pid", -1, "processes[0].pid is out of range"},
        {"/processes/0/pid", 4194305, "processes[0].pid is out of range"},
        {"/processes/0/pid", "2", "processes[0].pid is not a whole number"},
        {"/processes/0/pid", 2.5, "processes[0].pid is not a whole number"},
        {"/processes/0/pid", UINT64_MAX, "processes[0].pid is out of range"},
        {"/processes/1/pid", 2, "processes[1].pid is not higher than the one before it"},
        {"/processes/0/start", -1, "processes[0].start is out of range"},
        {"/processes/0/start", INT64_MAX, "processes[0].start is out of range"},
        {"/processes/0/uid", 4294967296, "processes[0].uid is out of range"},
        {"/processes/0/state", "SS", "processes[0].state is not one character"},
        {"/processes/0/state", gone, "processes[0].state is not one character"},
        {"/processes/0/comm", 1, "processes[0].comm is not a text"},
        {"/processes/0/kernel", 1, "processes[0].kernel is neither true nor false"},
        {"/processes/0/argv", "x", "processes[0].argv is not a list"},
        {"/processes/0/argv", json{1}, "processes[0].argv holds something that is not a text"},
        {"/processes/0/nuls", 1e9, "processes[0].nuls is not a whole number"},
        {"/processes/0/nuls", 1000000000, "processes[0].nuls is out of range"},
        {"/processes/0/rss", -1, "processes[0].rss is not a whole number"},
        {"/processes/1/detail", json::array(), "processes[1].detail is not an object"},
        {"/processes/1/detail/in/kind", "tube", "processes[1].detail.in.kind is not one of its words"},
        {"/processes/1/detail/in/state", gone, "processes[1].detail.in.state is not one of its words"},
        {"/processes/1/detail/in/maker", -2, "processes[1].detail.in.maker is out of range"},
        {"/processes/1/detail/listen", json{nullptr},
         "detail.listen holds something that is not a text"},
        {"/processes", gone, "processes is missing"},
        {"/processes", 1, "processes is not a list"},
        {"/processes/0", 1, "processes holds something that is not an object"},
        {"/viewer", gone, "viewer is missing"},
        {"/mono_ms", -1, "mono_ms is out of range"},
        {"/boot_ms", gone, "boot_ms is missing"},
        {"/taken_ms", "now", "taken_ms is not a whole number"},
    };
    for (const auto& [pointer, value, message] : cases) {
        EXPECT_THAT(error_of(broken(pointer, value)), HasSubstr(message)) << pointer;
    }
}

TEST(Recording, RefusesWhatIsNoSample) {
    EXPECT_THAT(error_of(""), HasSubstr("it is not JSON"));
    EXPECT_THAT(error_of("[]"), HasSubstr("it is not a JSON object"));
    EXPECT_THAT(error_of("{\"a\":\"\xff\"}"), HasSubstr("it is not JSON"));
    EXPECT_THAT(error_of("{\"a\":\"\\ud800\"}"), HasSubstr("it is not JSON"));
    EXPECT_THAT(error_of(std::string(100'000, '[')), HasSubstr("it is nested too deeply"));
    EXPECT_THAT(error_of("[" + std::string(5'000'000, ',') + "]"), HasSubstr("too many values"));
    EXPECT_THAT(error_of(std::string(64 * 1024 * 1024 + 1, ' ')), HasSubstr("longer than 64 MiB"));
}

TEST(Recording, OfAnOlderRecorderSaysNothingOfDebuggingPipes) {
    const auto sample = from_line(
        R"({"taken_ms":1,"mono_ms":1,"boot_ms":1,"viewer":{"uid":0,"sees_everything":true},"processes":)"
        R"([{"pid":7,"start":1,"ppid":1,"sid":7,"uid":0,"state":"S","threads":1,"cpu":0,"rss":0,)"
        R"("argv":["chrome","--remote-debugging-pipe"],"detail":{"exe":"/opt/chrome"}}]})");
    ASSERT_TRUE(sample) << sample.error().message();
    EXPECT_EQ(sample->processes[0].detail->debug_in, std::nullopt);
    EXPECT_EQ(sample->processes[0].detail->debug_out, std::nullopt);
}

// ---- the reader

std::string recording() {
    scan::Sample second = full_sample();
    second.monotonic += std::chrono::seconds(5);
    return recording_header() + '\n' + to_line(full_sample()) + '\n' + to_line(second) + '\n';
}

TEST(RecordingReader, ReadsSampleBySample) {
    std::istringstream in(recording());
    RecordingReader reader(in, "x.jsonl");
    ASSERT_TRUE(reader.open());
    EXPECT_EQ(*reader.next(), full_sample());
    EXPECT_TRUE(reader.next()->has_value());
    EXPECT_FALSE(reader.next()->has_value());
    EXPECT_FALSE(reader.next()->has_value());
    EXPECT_EQ(reader.note(), "");
}

TEST(RecordingReader, LeavesOutALastLineThatIsCutOff) {
    const std::string whole = recording();
    std::istringstream in(whole.substr(0, whole.size() - 20));
    RecordingReader reader(in, "x.jsonl");
    ASSERT_TRUE(reader.open());
    EXPECT_TRUE(reader.next()->has_value());
    const auto end = reader.next();
    ASSERT_TRUE(end);
    EXPECT_FALSE(end->has_value());
    EXPECT_EQ(reader.note(), "the last line is cut off and was left out");
}

TEST(RecordingReader, NamesTheLineThatIsBroken) {
    const std::string line = to_line(full_sample());
    std::istringstream in(recording_header() + "\n" + line + "\n" + line.substr(0, 50) + "\n" + line +
                          "\n");
    RecordingReader reader(in, "x.jsonl");
    ASSERT_TRUE(reader.open());
    EXPECT_TRUE(reader.next());
    const auto broken_line = reader.next();
    ASSERT_FALSE(broken_line);
    EXPECT_EQ(broken_line.error().message(),
              "cannot read the recording x.jsonl, line 3: it is not JSON");
}

TEST(RecordingReader, RefusesAClockThatGoesBackwards) {
    scan::Sample earlier = full_sample();
    earlier.monotonic -= std::chrono::milliseconds(1);
    std::istringstream in(recording_header() + "\n" + to_line(full_sample()) + "\n" + to_line(earlier) +
                          "\n");
    RecordingReader reader(in, "x.jsonl");
    ASSERT_TRUE(reader.open());
    EXPECT_TRUE(reader.next());
    const auto second = reader.next();
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().message(), HasSubstr("goes backwards"));
}

TEST(RecordingReader, RefusesOtherFilesAndVersions) {
    const auto open = [](const std::string& text) {
        std::istringstream in(text);
        const Result<void> opened = RecordingReader(in, "x").open();
        return opened ? std::string() : opened.error().message();
    };
    EXPECT_EQ(open(""), "cannot read the recording x: it is empty");
    EXPECT_THAT(open("hello\n"), HasSubstr("is not a recording"));
    EXPECT_THAT(open("{}\n"), HasSubstr("is not a recording"));
    EXPECT_THAT(open("{\"recording\":\"1\"}\n"), HasSubstr("is not a recording"));
    EXPECT_THAT(open("{\"recording\":1"), HasSubstr("is not a recording"));
    EXPECT_THAT(open("{\"recording\":2}\n"),
                HasSubstr("it has version 2, this program reads version 1"));
    EXPECT_EQ(open("{\"recording\":1}"), "");
}

TEST(RecordingReader, SurvivesACutAtEveryByte) {
    const std::string whole = recording();
    for (std::size_t size = 0; size < whole.size(); ++size) {
        std::istringstream in(whole.substr(0, size));
        RecordingReader reader(in, "x");
        if (!reader.open()) continue;
        std::size_t samples = 0;
        while (true) {
            const auto next = reader.next();
            ASSERT_TRUE(next) << size << ": " << next.error().message();
            if (!*next) break;
            ++samples;
        }
        EXPECT_LE(samples, 2u);
    }
}

TEST(RecordingReader, SurvivesAnyByteChanged) {
    const std::string whole = to_line(full_sample());
    for (std::size_t at = 0; at < whole.size(); ++at) {
        for (const char c : {'\0', '"', '}', '9', '\xff'}) {
            std::string changed = whole;
            changed[at] = c;
            from_line(changed);  // an answer of either kind, never a crash
        }
    }
}

// ---- docs/recording.md

void collect(const json& value, std::set<std::string>& keys) {
    if (value.is_array()) {
        for (const json& one : value) collect(one, keys);
    } else if (value.is_object()) {
        for (const auto& [key, one] : value.items()) {
            keys.insert(key);
            collect(one, keys);
        }
    }
}

TEST(Recording, IsDocumentedKeyByKey) {
    std::set<std::string> written;
    collect(json::parse(recording_header()), written);
    collect(json::parse(to_line(full_sample())), written);
    std::ifstream in(std::string(REAPER_SOURCE_DIR) + "/docs/recording.md");
    std::set<std::string> documented;
    for (std::string line; std::getline(in, line);) {
        if (line == "## Replay output") break;  // another format, below in the same document
        if (line.starts_with("| `")) documented.insert(line.substr(3, line.find('`', 3) - 3));
    }
    EXPECT_EQ(documented, written);
}

}  // namespace
}  // namespace reaper::report
