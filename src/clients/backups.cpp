#include "clients/backups.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/whole_file.h"
#include "clients/config_file.h"
#include "pass/private_directory.h"
#include "report/humanize.h"
#include "report/moment.h"

namespace reaper::clients {
namespace {

using nlohmann::json;

constexpr int kVersion = 1;
constexpr std::size_t kMostHead = std::size_t{64} * 1024;
constexpr std::string_view kEnding = ".backup";
constexpr const char* kRead = "read the backup";

std::string head_of(const Backup& backup) {
    const json head = {{"version", kVersion},
                       {"path", backup.path},
                       {"reason", backup.reason},
                       {"taken", report::rfc3339(backup.taken)},
                       {"digest", fmt::format("{:016x}", backup.digest)},
                       {"written", fmt::format("{:016x}", backup.written)},
                       {"size", backup.size},
                       {"mode", backup.mode},
                       {"user", backup.user},
                       {"group", backup.group}};
    return head.dump(-1, ' ', true, json::error_handler_t::replace) + '\n';
}

std::uint64_t number_in(const json& head, const char* key) {
    return std::stoull(head.at(key).get<std::string>(), nullptr, 16);
}

Result<Backup> parse(const std::string& text, unsigned number, const std::string& file) {
    const std::size_t end = text.find('\n');
    Backup backup;
    backup.number = number;
    try {
        const json head = json::parse(text.substr(0, end));
        if (head.at("version").get<int>() != kVersion)
            return fail(kRead, file, "it is of another version of this program");
        backup.path = head.at("path");
        backup.reason = head.at("reason");
        backup.taken = report::moment_from(head.at("taken").get<std::string>()).value_or(WallTime{});
        backup.digest = number_in(head, "digest");
        backup.written = number_in(head, "written");
        backup.size = head.at("size");
        backup.mode = head.at("mode").get<mode_t>() & 07777U;
        backup.user = head.at("user");
        backup.group = head.at("group");
    } catch (const std::exception&) {
        return fail(kRead, file, "it is damaged");
    }
    backup.text = text.substr(end + 1);
    if (backup.text.size() != backup.size || digest_of(backup.text) != backup.digest)
        return fail(kRead, file, "it is damaged: its checksum is not that of its text");
    return backup;
}

}  // namespace

std::string Backups::prefix_of(const std::string& path) const {
    return fmt::format("{:016x}-", digest_of(path));
}

std::string Backups::file_of(const std::string& path, unsigned number) const {
    return fmt::format("{}/{}{:06}{}", directory_, prefix_of(path), number, kEnding);
}

Result<std::vector<unsigned>> Backups::numbers_of(const std::string& path) const {
    std::error_code error;
    std::filesystem::directory_iterator entries(directory_, error);
    std::vector<unsigned> numbers;
    if (error == std::errc::no_such_file_or_directory) return numbers;
    const std::string prefix = prefix_of(path);
    for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
        const std::string name = entries->path().filename().string();
        if (!name.starts_with(prefix) || !name.ends_with(kEnding)) continue;
        const char* const begin = name.data() + prefix.size();
        const char* const end = name.data() + name.size() - kEnding.size();
        unsigned number = 0;
        const auto read = std::from_chars(begin, end, number);
        if (read.ec == std::errc{} && read.ptr == end) numbers.push_back(number);
    }
    if (error) return fail_errno("read", directory_, error.value());
    std::sort(numbers.rbegin(), numbers.rend());
    return numbers;
}

Result<unsigned> Backups::store(Backup backup) const {
    if (auto made = pass::make_private_directory(directory_); !made)
        return tl::unexpected(std::move(made.error()));
    auto numbers = numbers_of(backup.path);
    if (!numbers) return tl::unexpected(std::move(numbers.error()));
    backup.number = numbers->empty() ? 1 : numbers->front() + 1;
    backup.digest = digest_of(backup.text);
    backup.size = backup.text.size();
    const std::string file = file_of(backup.path, backup.number);
    if (auto written = write_whole_file(file, head_of(backup) + backup.text); !written)
        return tl::unexpected(std::move(written.error()));
    for (std::size_t i = kKeptBackups - 1; i < numbers->size(); ++i) {
        ::unlink(file_of(backup.path, (*numbers)[i]).c_str());
    }
    return backup.number;
}

Result<std::vector<KeptBackup>> Backups::of(const std::string& path) const {
    const auto numbers = numbers_of(path);
    if (!numbers) return tl::unexpected(numbers.error());
    std::vector<KeptBackup> backups;
    for (const unsigned number : *numbers) {
        const std::string file = file_of(path, number);
        auto text = read_whole_file(file, kMostHead + kMaxConfigBytes);
        if (!text) {
            backups.push_back({number, tl::unexpected(std::move(text.error()))});
            continue;
        }
        backups.push_back({number, parse(*text, number, file)});
    }
    return backups;
}

}  // namespace reaper::clients
