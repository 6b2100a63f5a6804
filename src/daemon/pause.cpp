#include "daemon/pause.h"

#include <unistd.h>

#include <cerrno>
#include <charconv>

#include "base/whole_file.h"

namespace reaper::daemon {
namespace {

constexpr std::string_view kForGood = "until resumed\n";
constexpr std::size_t kMostBytes = 64;

}  // namespace

Result<Pause> Pause::load(const std::string& file) {
    Pause pause(file);
    const auto text = read_whole_file(file, kMostBytes);
    if (!text && text.error().errno_code == ENOENT) return pause;
    if (!text) return tl::unexpected(text.error());
    if (*text != kForGood) {
        BootTime::rep milliseconds = 0;
        const char* const end = text->data() + text->size();
        const auto read = std::from_chars(text->data(), end, milliseconds);
        if (read.ec != std::errc{} || std::string_view(read.ptr, end) != "\n") {
            return fail("understand the pause in", file, "it is damaged");
        }
        pause.until_ = BootTime(milliseconds);
    }
    pause.paused_ = true;
    return pause;
}

Pause Pause::unknown(const std::string& file) {
    Pause pause(file);
    pause.paused_ = true;
    return pause;
}

Result<void> Pause::begin(std::optional<std::chrono::seconds> span, BootTime now) {
    paused_ = true;
    until_.reset();
    if (span) until_ = now + *span;
    if (file_.empty()) return {};
    return write_whole_file(file_,
                            until_ ? std::to_string(until_->count()) + "\n" : std::string(kForGood));
}

Result<void> Pause::resume() {
    paused_ = false;
    until_.reset();
    if (file_.empty() || ::unlink(file_.c_str()) == 0 || errno == ENOENT) return {};
    return fail_errno("remove", file_, errno);
}

bool Pause::has_run_out(BootTime now) {
    if (!paused_ || in_force(now)) return false;
    static_cast<void>(resume());
    return true;
}

}  // namespace reaper::daemon
