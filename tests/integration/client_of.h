// Connections to a daemon's socket as any user: the kernel tells it who connects by the credentials of
// the thread that does.
#pragma once

#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <string>

#include "support/raw_client.h"

namespace reaper::integration {

/// This thread alone is another user for as long as this lives; takes root. (seteuid(3) is for all
/// threads.)
class AsUser {
  public:
    explicit AsUser(uid_t user) { become(user); }
    AsUser(const AsUser&) = delete;
    AsUser& operator=(const AsUser&) = delete;
    ~AsUser() { become(0); }

  private:
    static void become(uid_t user) {
        constexpr uid_t kAsItIs = static_cast<uid_t>(-1);
        ::syscall(SYS_setresuid, kAsItIs, user, kAsItIs);
    }
};

inline test::RawClient client_of(uid_t user, const std::string& socket) {
    const AsUser as(user);
    return test::RawClient(socket);
}

/// The body of an answer.
inline std::string body_of(const std::string& answer) {
    const std::size_t at = answer.find("\r\n\r\n");
    return at == std::string::npos ? "" : answer.substr(at + 4);
}

}  // namespace reaper::integration
