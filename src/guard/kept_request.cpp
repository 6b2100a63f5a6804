#include "guard/kept_request.h"

#include "guard/answers.h"

namespace reaper::guard {

std::optional<KeptRequest> KeptRequest::of(std::string_view line, const Envelope& message) {
    if (line.find_first_not_of(" \t") != line.find('{')) return std::nullopt;
    KeptRequest kept;
    kept.line_ = line;
    kept.id_at_ = static_cast<std::size_t>(message.id.data() - line.data());
    kept.id_size_ = message.id.size();
    return kept;
}

std::string KeptRequest::under(std::string_view id) const {
    return with_id(line_, std::string_view(line_).substr(id_at_, id_size_), id);
}

}  // namespace reaper::guard
