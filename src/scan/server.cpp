#include "scan/server.h"

#include <algorithm>
#include <string_view>

namespace reaper::scan {
namespace {

bool attended(const ChannelEnd& in) {
    return in.kind == EndKind::terminal && in.events.find("HUP") == std::string::npos;
}

}  // namespace

bool Server::in_use() const {
    if (left_over) return !left_over->proven;
    if (channel == Channel::open || channel == Channel::unknown) return true;
    return standalone.value_or(true) || attended(in);
}

unsigned Server::zombies() const {
    return static_cast<unsigned>(std::count_if(members.begin(), members.end(),
                                               [](const Member& member) { return member.zombie; }));
}

}  // namespace reaper::scan
