#include "pass/places.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "pass/users.h"

namespace reaper::pass {
namespace {

constexpr const char* kOurName = "/mcp-reaper";

/// The variable's value if it is an absolute path.
std::optional<std::string> absolute(const char* variable) {
    const char* const value = std::getenv(variable);
    if (value == nullptr || value[0] != '/') return std::nullopt;
    return value;
}

/// systemd lists all of a service's directories, with colons between: ours is the first.
std::optional<std::string> given_by_systemd(const char* variable) {
    std::optional<std::string> list = absolute(variable);
    if (list) list->resize(std::min(list->find(':'), list->size()));
    return list;
}

/// After `su` without `-l` HOME and XDG_RUNTIME_DIR are still somebody else's.
bool is_our_directory(const std::string& path) {
    struct stat found {};
    return ::stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode) && found.st_uid == ::geteuid();
}

Result<std::string> runtime_place() {
    if (auto given = given_by_systemd("RUNTIME_DIRECTORY")) return *std::move(given);
    if (::geteuid() == 0) return std::string("/run") + kOurName;
    const std::optional<std::string> said = absolute("XDG_RUNTIME_DIR");
    if (said && is_our_directory(*said)) return *said + kOurName;
    const std::string usual = "/run/user/" + std::to_string(::geteuid());
    if (is_our_directory(usual)) return usual + kOurName;
    return fail(
        "find a directory for what lasts until the next reboot", "",
        (said ? "XDG_RUNTIME_DIR is no directory of yours, and " : "XDG_RUNTIME_DIR is not set, and ") +
            usual + " is not there (a log-in through systemd makes it)");
}

Result<std::string> state_place() {
    if (auto given = given_by_systemd("STATE_DIRECTORY")) return *std::move(given);
    if (::geteuid() == 0) return std::string("/var/lib") + kOurName;
    if (auto base = xdg_home("XDG_STATE_HOME", ".local/state")) return *std::move(base) + kOurName;
    return fail("find a directory for the history", "",
                "user " + std::to_string(::geteuid()) + " has no home directory; set XDG_STATE_HOME");
}

}  // namespace

std::optional<std::string> our_home() {
    std::optional<std::string> home = absolute("HOME");
    if (home && is_our_directory(*home)) return home;
    home = home_directory(::geteuid());
    return home && home->starts_with('/') ? home : std::nullopt;
}

Places our_places() {
    return {runtime_place(), state_place()};
}

std::string history_file(const std::string& state) {
    return state + "/history.db";
}

std::optional<std::string> xdg_home(const char* variable, const std::string& below_home) {
    if (auto said = absolute(variable)) return said;
    auto base = our_home();
    if (base) *base += '/' + below_home;
    return base;
}

}  // namespace reaper::pass
