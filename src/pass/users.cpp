#include "pass/users.h"

#include <pwd.h>

#include <cerrno>
#include <charconv>
#include <functional>
#include <vector>

namespace reaper::pass {
namespace {

/// A look-up may go to a directory server: no host has more owners of servers than this that matter.
constexpr std::size_t kMaxLookUps = 1000;

using Find = std::function<int(passwd*, char*, std::size_t, passwd**)>;

struct User {
    std::string name;
    uid_t id = 0;
    std::string home;
};

std::optional<User> look_up(const Find& find) {
    constexpr std::size_t kMaxBuffer = 1024 * 1024;
    std::vector<char> buffer(4096);
    passwd entry{};
    passwd* found = nullptr;
    int error = find(&entry, buffer.data(), buffer.size(), &found);
    while (error == ERANGE && buffer.size() < kMaxBuffer) {
        buffer.resize(buffer.size() * 2);
        error = find(&entry, buffer.data(), buffer.size(), &found);
    }
    if (error != 0 || found == nullptr) return std::nullopt;
    return User{entry.pw_name, entry.pw_uid, entry.pw_dir};
}

std::optional<User> look_up(uid_t uid) {
    return look_up([uid](passwd* entry, char* buffer, std::size_t size, passwd** found) {
        return ::getpwuid_r(uid, entry, buffer, size, found);
    });
}

}  // namespace

std::optional<uid_t> user_id(const std::string& name_or_number) {
    const auto user = look_up([&](passwd* entry, char* buffer, std::size_t size, passwd** found) {
        return ::getpwnam_r(name_or_number.c_str(), entry, buffer, size, found);
    });
    if (user) return user->id;
    uid_t uid = 0;
    const char* const end = name_or_number.data() + name_or_number.size();
    const auto read = std::from_chars(name_or_number.data(), end, uid);
    if (read.ec != std::errc{} || read.ptr != end || name_or_number.empty()) return std::nullopt;
    return uid;
}

std::optional<std::string> home_directory(uid_t uid) {
    const auto user = look_up(uid);
    return user ? std::optional(user->home) : std::nullopt;
}

policy::UserNames user_names(const std::set<uid_t>& uids) {
    policy::UserNames names;
    std::size_t look_ups = 0;
    for (const uid_t uid : uids) {
        if (++look_ups > kMaxLookUps) break;
        if (const auto user = look_up(uid)) names.emplace(uid, user->name);
    }
    return names;
}

policy::UserNames owners(const scan::Snapshot& snapshot) {
    std::set<uid_t> uids;
    for (const scan::Server& server : snapshot.servers) uids.insert(server.uid);
    return user_names(uids);
}

}  // namespace reaper::pass
