#include "cli/guard_files.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "base/whole_file.h"
#include "report/redact.h"

namespace reaper::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t kLargest = 64 * 1024;

}  // namespace

Result<std::vector<GuardFile>> read_guard_files(const std::string& directory) {
    std::vector<GuardFile> files;
    std::error_code error;
    fs::directory_iterator entries(directory, error);
    if (error == std::errc::no_such_file_or_directory) return files;
    if (error) return fail_errno("read", directory, error.value());
    for (const fs::directory_entry& entry : entries) {
        if (entry.path().extension() != ".json") continue;
        const auto text = read_whole_file(entry.path().string(), kLargest);
        if (!text) continue;  // It may be gone by now.
        json content = json::parse(*text, nullptr, false);
        if (content.is_object()) files.push_back({entry.path().stem().string(), std::move(content)});
    }
    std::sort(files.begin(), files.end(),
              [](const GuardFile& a, const GuardFile& b) { return a.name < b.name; });
    return files;
}

std::string shown_text(const json& object, const char* name, const char* otherwise) {
    const auto found = object.find(name);
    if (found == object.end() || !found->is_string() || found->get_ref<const std::string&>().empty()) {
        return otherwise;
    }
    return report::printable(found->get_ref<const std::string&>());
}

std::int64_t number_in(const json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

}  // namespace reaper::cli
