#include "guard/record.h"

#include <dirent.h>
#include <simdjson.h>
#include <unistd.h>

#include <chrono>
#include <memory>

#include "base/whole_file.h"
#include "guard/json_text.h"
#include "scan/process_dir.h"

namespace reaper::guard {
namespace {

constexpr std::size_t kLargest = 64 * 1024;

struct CloseDir {
    void operator()(DIR* dir) const { ::closedir(dir); }
};

std::int64_t signed_of(std::uint64_t value) {
    return static_cast<std::int64_t>(value);
}

std::string counts_json(const Relay::Counts& counts) {
    return JsonObject()
        .add("from_client", signed_of(counts.from_client))
        .add("from_server", signed_of(counts.from_server))
        .add("not_json", signed_of(counts.garbage))
        .add("too_large", signed_of(counts.over_long))
        .text();
}

std::string latency_json(const Exchanges::Latency& latency) {
    return JsonObject()
        .add("answers", signed_of(latency.answers))
        .add("median_us", latency.median.count())
        .add("longest_us", latency.longest.count())
        .text();
}

std::string_view text_member(simdjson::ondemand::document& document, std::string_view name) {
    std::string_view text;
    return document[name].get_string().get(text) == simdjson::SUCCESS ? text : std::string_view();
}

std::optional<Neighbour> read_neighbour(const std::string& file) {
    const auto text = read_whole_file(file, kLargest);
    if (!text) return std::nullopt;
    simdjson::ondemand::parser parser;
    const simdjson::padded_string padded(*text);
    simdjson::ondemand::document document;
    if (parser.iterate(padded).get(document) != simdjson::SUCCESS) return std::nullopt;
    const auto id = ProcessId::parse(text_member(document, "guard"));
    if (!id) return std::nullopt;
    Neighbour neighbour{*id, std::string(text_member(document, "type")), {}, false, false, 0};
    neighbour.client = text_member(document, "client");
    neighbour.parked = text_member(document, "state") == "parked";
    std::int64_t number = 0;
    if (document["unanswered"].get_int64().get(number) == simdjson::SUCCESS)
        neighbour.asked = number > 0;
    if (document["last_message_ms"].get_int64().get(number) == simdjson::SUCCESS)
        neighbour.last_message_ms = number;
    return neighbour;
}

}  // namespace

std::int64_t wall_ms() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::string to_json(const Record& record) {
    JsonObject object;
    object.add("version", std::int64_t{1}).add("guard", record.guard.text());
    object.add("name", record.name).add("type", record.type).add("command", record.command);
    object.add("state", record.state).add("since_ms", record.since_ms);
    if (record.client) object.add("client", record.client->text());
    if (record.server) {
        object.add("server", record.server->text()).add("server_since_ms", record.server_since_ms);
    }
    object.add("restarts", std::int64_t{record.restarts}).add("breaker", record.breaker);
    if (record.next_start_ms != 0) object.add("next_start_ms", record.next_start_ms);
    object.add("revision", record.revision).add_json("messages", counts_json(record.counts));
    object.add("unanswered", signed_of(record.unanswered))
        .add_json("latency", latency_json(record.latency));
    object.add("last_message_ms", record.last_message_ms);
    if (!record.last_crash.empty()) object.add("last_crash", record.last_crash);
    if (!record.log.empty()) object.add("log", record.log);
    return object.text() + '\n';
}

std::string guards_directory(const std::string& runtime) {
    return runtime + "/guards";
}

std::string record_file(const std::string& runtime, ProcessId guard) {
    return guards_directory(runtime) + '/' + guard.text() + ".json";
}

std::vector<Neighbour> neighbours(const std::string& runtime, ProcessId self) {
    std::vector<Neighbour> all;
    const std::string directory = guards_directory(runtime);
    const std::unique_ptr<DIR, CloseDir> dir(::opendir(directory.c_str()));
    if (!dir) return all;
    while (const dirent* entry = ::readdir(dir.get())) {
        std::string_view name = entry->d_name;
        if (!name.ends_with(".json")) continue;
        const std::string file = directory + '/' + std::string(name);
        name.remove_suffix(5);
        const auto id = ProcessId::parse(name);
        if (!id || *id == self) continue;
        if (const auto process = scan::ProcessDir::open(*id); !process) {
            if (scan::says_gone(process.error())) ::unlink(file.c_str());
            continue;
        }
        if (auto neighbour = read_neighbour(file)) all.push_back(std::move(*neighbour));
    }
    return all;
}

}  // namespace reaper::guard
