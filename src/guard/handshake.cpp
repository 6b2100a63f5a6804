#include "guard/handshake.h"

#include "base/digest.h"
#include "guard/answers.h"

namespace reaper::guard {
namespace {

/// Room for what a client tells of itself; a longer one is not kept, and so not said again.
constexpr std::size_t kLongest = 64 * 1024;

std::uint64_t digest_of(std::string_view text) {
    Digest digest;
    digest.add(text);
    return digest.value();
}

}  // namespace

void Handshake::client_said(std::string_view line, const Envelope& message) {
    if (line.size() > kLongest) return;
    if (message.asks() && message.method == "initialize") {
        if (line.find_first_not_of(" \t") != line.find('{')) return;  // In a batch: it may not be.
        initialize_ = line;
        id_at_ = static_cast<std::size_t>(message.id.data() - line.data());
        id_size_ = message.id.size();
    } else if (message.tells() && message.method == "notifications/initialized") {
        initialized_ = std::string(line) + '\n';
    }
}

void Handshake::server_answered(std::string_view method, std::string_view line, const Envelope& answer) {
    if (!answer.has_result) return;
    if (method == "initialize") {
        agreed_ = true;
        revision_ = protocol_version(line);
    } else if (method == "tools/list") {
        tools_ = digest_of(result_text(line));
    }
}

std::optional<std::string> Handshake::initialize_again(std::string_view id) const {
    if (!agreed_ || initialize_.empty()) return std::nullopt;
    const std::string_view line = initialize_;
    return with_id(line, line.substr(id_at_, id_size_), id);
}

bool Handshake::tools_differ(std::string_view line) {
    const std::uint64_t now = digest_of(result_text(line));
    const bool differ = tools_ && *tools_ != now;
    tools_ = now;
    return differ;
}

}  // namespace reaper::guard
