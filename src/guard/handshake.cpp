#include "guard/handshake.h"

#include <utility>

#include "base/digest.h"

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
        // In a batch it may not be.
        if (auto kept = KeptRequest::of(line, message)) initialize_ = std::move(kept);
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
    if (!agreed_ || !initialize_) return std::nullopt;
    return initialize_->under(id);
}

bool Handshake::tools_differ(std::string_view line) {
    const std::uint64_t now = digest_of(result_text(line));
    const bool differ = tools_ && *tools_ != now;
    tools_ = now;
    return differ;
}

}  // namespace reaper::guard
