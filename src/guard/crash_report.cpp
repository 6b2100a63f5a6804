#include "guard/crash_report.h"

#include <sys/wait.h>

#include "base/directory.h"
#include "base/whole_file.h"
#include "guard/json_text.h"
#include "guard/kept_files.h"
#include "guard/record.h"
#include "report/redact.h"

namespace reaper::guard {
namespace {

std::string command_json(const std::vector<std::string>& command) {
    std::string text;
    for (const std::string& word : report::redact(command)) {
        text += (text.empty() ? "" : ", ") + json_string(word);
    }
    return '[' + text + ']';
}

std::string to_json(const std::string& id, std::int64_t at, const CrashReport& report) {
    JsonObject object;
    object.add("version", std::int64_t{1}).add("id", id).add("at_ms", at);
    object.add("name", report.name).add("type", report.type);
    object.add_json("command", command_json(report.command)).add("guard", report.guard.text());
    if (report.server) object.add("server", report.server->text());
    object.add("phase", report.phase).add("what", report.what);
    if (report.status && WIFSIGNALED(*report.status)) {
        object.add("signal", std::int64_t{WTERMSIG(*report.status)});
    } else if (report.status) {
        object.add("exit_status", std::int64_t{WEXITSTATUS(*report.status)});
    }
    object.add("uptime_ms", report.uptime_ms).add("restarts", std::int64_t{report.restarts});
    object.add("peak_memory_kib", static_cast<std::int64_t>(report.peak_memory_kib));
    object.add("cpu_ms", static_cast<std::int64_t>(report.cpu_ms));
    object.add("stderr", report::redact_line(report.errors));
    if (!report.meaning.empty()) object.add("usually", report.meaning);
    object.add("next", report.next);
    return object.text() + '\n';
}

}  // namespace

std::string crashes_directory(const std::string& state) {
    return state + "/guard/crashes";
}

Result<std::string> store_crash(const std::string& state, const CrashReport& report) {
    const std::string directory = crashes_directory(state);
    if (auto made = make_directory(directory); !made) return tl::unexpected(made.error());
    keep_newest(directory, ".json", kCrashReports - 1);
    const std::int64_t at = wall_ms();
    const std::string id = std::to_string(at) + '-' + std::to_string(report.guard.pid);
    const auto written = write_whole_file(directory + '/' + id + ".json", to_json(id, at, report));
    if (!written) return tl::unexpected(written.error());
    return id;
}

}  // namespace reaper::guard
