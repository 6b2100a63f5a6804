// The default policy against labelled command lines and process trees of real servers (tests/data/).
#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "policy/loader.h"
#include "scan/assemble.h"
#include "support/sample_builder.h"

using namespace reaper;
using nlohmann::json;

namespace {

std::vector<json> read_lines(const std::string& name) {
    std::ifstream file(REAPER_SOURCE_DIR "/tests/data/" + name);
    EXPECT_TRUE(file.is_open()) << name;
    std::vector<json> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(json::parse(line));
    return lines;
}

const policy::LoadedPolicy& default_policy() {
    static const policy::LoadedPolicy loaded = std::move(policy::default_policy().value());
    return loaded;
}

bool names(const std::string& type) {
    for (const policy::ServerType& server : default_policy().policy.servers) {
        if (server.type == type) return true;
    }
    return false;
}

scan::ChannelEnd end_of(const std::string& target) {
    const auto inode = [&] { return std::stoull(target.substr(target.find('[') + 1)); };
    if (target.starts_with("socket:")) {
        return test::ProcessBuilder::end(scan::EndKind::unix_socket, inode(), scan::EndState::open);
    }
    if (target.starts_with("pipe:")) {
        return test::ProcessBuilder::end(scan::EndKind::pipe, inode(), scan::EndState::open);
    }
    const bool null = target == "/dev/null";
    return test::ProcessBuilder::end(null ? scan::EndKind::null_device : scan::EndKind::file, 0,
                                     scan::EndState::none);
}

scan::Process process_of(const json& row) {
    test::ProcessBuilder builder(row["pid"], row["ppid"], row["comm"]);
    builder.argv(row["cmdline"].get<std::vector<std::string>>())
        .started(row["start_ticks"].get<std::int64_t>());
    builder.detail().exe = row["exe"].is_null() ? "" : row["exe"];
    builder.detail().cwd = row["cwd"].is_null() ? "" : row["cwd"];
    builder.detail().in = end_of(row["fd0"]);
    builder.detail().out = end_of(row["fd1"]);
    return builder;
}

}  // namespace

TEST(LabelledCommandLines, AreAllClassifiedRight) {
    std::map<std::string, std::string> exceptions;  // What of the row is excepted, by command line.
    for (const json& line : read_lines("cmdlines_exceptions.jsonl"))
        exceptions[line["cmdline"]] = line["part"];
    std::size_t checked = 0;
    for (const json& line : read_lines("cmdlines.jsonl")) {
        const std::string text = line["cmdline"];
        const auto exception = exceptions.find(text);
        if (exception != exceptions.end() && exception->second == "mcp") continue;
        ++checked;
        const auto what = default_policy().classifier.classify(classify::CommandLine::from_text(text));
        const bool server = what.role == classify::Role::server || what.role == classify::Role::launcher;
        EXPECT_EQ(server, line["mcp"].get<bool>())
            << text << "\n  " << what.rule << " in " << what.command.program;
        if (server && exception == exceptions.end() && line["type"].is_string() && names(line["type"])) {
            EXPECT_EQ(what.type, line["type"].get<std::string>()) << text << "\n  " << what.rule;
        }
    }
    EXPECT_GT(checked, 500U);
}

TEST(LabelledCommandLines, ExceptionsAreStillNeeded) {
    std::map<std::string, json> labels;
    for (const json& line : read_lines("cmdlines.jsonl")) labels[line["cmdline"]] = line;
    for (const json& line : read_lines("cmdlines_exceptions.jsonl")) {
        ASSERT_TRUE(labels.contains(line["cmdline"])) << line["cmdline"];
        const auto what = default_policy().classifier.classify(
            classify::CommandLine::from_text(line["cmdline"].get<std::string>()));
        const bool server = what.role == classify::Role::server || what.role == classify::Role::launcher;
        const json& label = labels[line["cmdline"]];
        if (line["part"] == "mcp") {
            EXPECT_NE(server, label["mcp"].get<bool>()) << line["cmdline"];
        } else {
            EXPECT_NE(what.type, label["type"].get<std::string>()) << line["cmdline"];
        }
    }
}

TEST(RecordedTrees, AreOneServerEach) {
    for (const json& row : read_lines("trees.jsonl")) {
        const std::string name =
            row["package"].get<std::string>() + " by " + row["launcher"].get<std::string>();
        std::vector<scan::Process> processes;
        processes.push_back(
            test::ProcessBuilder(row["client_pid"], 1, "claude").argv({"claude"}).started(2));
        std::set<pid_t> expected;
        for (const json& process : row["tree"]) {
            processes.push_back(process_of(process));
            expected.insert(process["pid"].get<pid_t>());
        }
        const scan::Snapshot snapshot =
            scan::assemble(test::sample_of(processes), default_policy().classifier);
        const std::string type = row["type"];
        if (type == "inspector") {  // A tool with a page of its own: a client.
            EXPECT_TRUE(snapshot.servers.empty()) << name;
            continue;
        }
        ASSERT_FALSE(snapshot.servers.empty()) << name;
        std::set<pid_t> found;
        for (const scan::Server& server : snapshot.servers) {
            for (const scan::Member& member : server.members) found.insert(member.id.pid);
        }
        EXPECT_EQ(found, expected) << name;
        // A bridge is a server, and the server behind it another.
        EXPECT_LE(snapshot.servers.size(), type == "supergateway" ? 2U : 1U) << name;
        const scan::Server* outer = &snapshot.servers.front();
        for (const scan::Server& server : snapshot.servers) {
            if (server.type == type) outer = &server;
        }
        if (names(type)) {
            EXPECT_EQ(outer->type, type) << name << ": " << outer->rule;
        }
        ASSERT_TRUE(outer->client.has_value()) << name;
        EXPECT_EQ(outer->client->pid, row["client_pid"].get<pid_t>()) << name;
    }
}
