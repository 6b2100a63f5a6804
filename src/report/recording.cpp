#include "report/recording.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "report/recorded_json.h"
#include "report/recorded_text.h"

namespace reaper::report {
namespace {

using Json = nlohmann::ordered_json;

// docs/recording.md describes every key; a test holds the two together.

/// Command lines are shortened further and further until the line fits into kMaxRecordedLine: ten
/// thousand processes with 64 KiB of arguments each are an attack, but one that must not end a
/// recording.
constexpr std::size_t kCommandLineSizes[] = {64 * 1024, 4096, 256, 0};

/// More than this is not even tried: a byte takes up to six as JSON, and a host's take some 300 KiB.
constexpr std::size_t kMaxCommandLineBytes = kMaxRecordedLine / 4;

std::size_t command_line_bytes(const scan::Sample& sample, std::size_t each) {
    std::size_t sum = 0;
    for (const scan::Process& process : sample.processes) sum += std::min(process.cmdline.size(), each);
    return sum;
}

void put(Json& json, const char* key, std::string_view bytes) {
    if (!bytes.empty()) json[key] = encode_bytes(bytes);
}

Json end_to_json(const scan::ChannelEnd& end) {
    Json json;
    json["kind"] = scan::to_string(end.kind);
    json["state"] = scan::to_string(end.state);
    if (end.inode != 0) json["inode"] = end.inode;
    put(json, "method", end.method);
    put(json, "events", end.events);
    if (end.maker) json["maker"] = *end.maker;
    return json;
}

Json detail_to_json(const scan::ProcessDetail& detail) {
    Json json = Json::object();
    put(json, "exe", detail.exe);
    put(json, "cwd", detail.cwd);
    put(json, "cgroup", detail.cgroup);
    if (detail.in) json["in"] = end_to_json(*detail.in);
    if (detail.out) json["out"] = end_to_json(*detail.out);
    if (detail.debug_in) json["debug_in"] = end_to_json(*detail.debug_in);
    if (detail.debug_out) json["debug_out"] = end_to_json(*detail.debug_out);
    if (detail.anonymous) json["anon"] = detail.anonymous->value;
    if (detail.swapped) json["swap"] = detail.swapped->value;
    if (detail.listening) {
        json["listen"] = Json::array();
        for (const std::string& socket : *detail.listening)
            json["listen"].push_back(encode_bytes(socket));
    }
    if (detail.main_of_unit) json["unit"] = encode_bytes(*detail.main_of_unit);
    return json;
}

Json process_to_json(const scan::Process& process, std::size_t command_line_size) {
    const RecordedCommand command = encode_command_line(process.cmdline, command_line_size);
    Json json;
    json["pid"] = process.id.pid;
    json["start"] = process.id.start.count();
    json["ppid"] = process.parent;
    json["sid"] = process.session;
    json["uid"] = process.uid;
    json["state"] = encode_bytes(std::string_view(&process.state, 1));
    if (process.kernel_thread) json["kernel"] = true;
    put(json, "comm", process.comm);
    if (!command.arguments.empty()) json["argv"] = command.arguments;
    if (command.nuls != command.usual_nuls()) json["nuls"] = command.nuls;
    json["threads"] = process.threads;
    json["cpu"] = process.cpu_time.count();
    json["rss"] = process.resident.value;
    if (process.detail) json["detail"] = detail_to_json(*process.detail);
    return json;
}

std::string dump(const scan::Sample& sample, std::size_t command_line_size) {
    Json json;
    json["taken_ms"] = sample.taken_at.time_since_epoch().count();
    json["mono_ms"] = sample.monotonic.time_since_epoch().count();
    json["boot_ms"] = sample.since_boot.count();
    json["viewer"]["uid"] = sample.viewer.uid;
    json["viewer"]["sees_everything"] = sample.viewer.sees_everything;
    json["processes"] = Json::array();
    for (const scan::Process& process : sample.processes) {
        json["processes"].push_back(process_to_json(process, command_line_size));
    }
    // ASCII only: a recording does no harm to the terminal it is shown on.
    return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

// ---- reading

scan::ChannelEnd end_from_json(const Fields& fields) {
    scan::ChannelEnd end;
    end.kind = fields.named("kind", scan::end_kind_from).value_or(scan::EndKind::unknown);
    end.state = fields.named("state", scan::end_state_from).value_or(scan::EndState::unknown);
    end.inode = fields.unsigned_or("inode", UINT64_MAX, 0);
    end.method = fields.bytes_or_empty("method");
    end.events = fields.bytes_or_empty("events");
    if (fields.has("maker")) end.maker = static_cast<pid_t>(fields.integer("maker", 0, kMaxPid));
    return end;
}

scan::ProcessDetail detail_from_json(const Fields& fields) {
    scan::ProcessDetail detail;
    detail.exe = fields.bytes_or_empty("exe");
    detail.cwd = fields.bytes_or_empty("cwd");
    detail.cgroup = fields.bytes_or_empty("cgroup");
    if (fields.has("in")) detail.in = end_from_json(fields.object("in"));
    if (fields.has("out")) detail.out = end_from_json(fields.object("out"));
    if (fields.has("debug_in")) detail.debug_in = end_from_json(fields.object("debug_in"));
    if (fields.has("debug_out")) detail.debug_out = end_from_json(fields.object("debug_out"));
    if (fields.has("anon")) detail.anonymous = Bytes{fields.unsigned_or("anon", kMaxBytes, 0)};
    if (fields.has("swap")) detail.swapped = Bytes{fields.unsigned_or("swap", kMaxBytes, 0)};
    if (fields.has("listen")) detail.listening = fields.bytes_list("listen");
    if (fields.has("unit")) detail.main_of_unit = fields.bytes_or_empty("unit");
    return detail;
}

scan::Process process_from_json(const Fields& fields) {
    scan::Process process;
    process.id.pid = static_cast<pid_t>(fields.integer("pid", 1, kMaxPid));
    process.id.start = Ticks(fields.integer("start", 0, kMaxTicks));
    process.parent = static_cast<pid_t>(fields.integer("ppid", 0, kMaxPid));
    process.session = static_cast<pid_t>(fields.integer("sid", -1, kMaxPid));
    process.uid = static_cast<uid_t>(fields.integer("uid", 0, UINT32_MAX));
    const std::string state = fields.bytes_or_empty("state");
    if (state.size() != 1) fields.refuse("state", "is not one character");
    process.state = state.empty() ? '?' : state[0];
    process.kernel_thread = fields.boolean_or("kernel", false);
    process.comm = fields.bytes_or_empty("comm");
    RecordedCommand command;
    if (fields.has("argv")) command.arguments = fields.encoded_list("argv");
    command.nuls = fields.unsigned_or("nuls", kMaxRecordedCommand, command.usual_nuls());
    process.cmdline = decode_command_line(command);
    process.threads = static_cast<unsigned>(fields.integer("threads", 0, kMaxThreads));
    process.cpu_time = Ticks(fields.integer("cpu", 0, kMaxTicks));
    process.resident = Bytes{fields.unsigned_or("rss", kMaxBytes, 0)};
    if (fields.has("detail")) process.detail = detail_from_json(fields.object("detail"));
    return process;
}

scan::Sample sample_from_json(const Fields& fields) {
    scan::Sample sample;
    sample.taken_at =
        WallTime(std::chrono::milliseconds(fields.integer("taken_ms", 0, kMaxMilliseconds)));
    sample.monotonic =
        MonotonicTime(std::chrono::milliseconds(fields.integer("mono_ms", 0, kMaxMilliseconds)));
    sample.since_boot = BootTime(fields.integer("boot_ms", 0, kMaxMilliseconds));
    const Fields viewer = fields.object("viewer");
    sample.viewer.uid = static_cast<uid_t>(viewer.integer("uid", 0, UINT32_MAX));
    sample.viewer.sees_everything = viewer.boolean_or("sees_everything", false);
    pid_t last = 0;
    fields.each("processes", [&](const Fields& one) {
        sample.processes.push_back(process_from_json(one));
        const pid_t pid = sample.processes.back().id.pid;
        if (pid <= last) one.refuse("pid", "is not higher than the one before it");
        last = pid;
    });
    return sample;
}

}  // namespace

std::string recording_header() {
    Json json;
    json["recording"] = kRecordingVersion;
    json["program"] = "mcp-reaper";
    return json.dump();
}

std::string to_line(const scan::Sample& sample) {
    std::string line;
    for (const std::size_t size : kCommandLineSizes) {
        if (size > 0 && command_line_bytes(sample, size) > kMaxCommandLineBytes) continue;
        line = dump(sample, size);
        if (line.size() <= kMaxRecordedLine) break;
    }
    return line;
}

Result<scan::Sample> from_line(std::string_view line) {
    const Result<nlohmann::json> parsed = parse_bounded(line);
    if (!parsed) return tl::unexpected(parsed.error());
    std::string problem;
    scan::Sample sample = sample_from_json(Fields(*parsed, "", problem));
    if (!problem.empty()) return fail("read the sample", "", problem);
    return sample;
}

}  // namespace reaper::report
