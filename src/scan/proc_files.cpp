#include "scan/proc_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <ctime>
#include <string>

#include "classify/command_line.h"
#include "scan/process_table.h"

namespace reaper::scan {
namespace {

constexpr std::size_t kStatBytes = 1024;  // 52 numbers and a name of 15 bytes: 400 at most in practice

/// struct linux_dirent64 of getdents64(2): where its fields are.
constexpr std::size_t kInode = 0;
constexpr std::size_t kRecordLength = 16;
constexpr std::size_t kName = 19;

/// "123/stat" for pid 123.
class PidPath {
  public:
    PidPath(pid_t pid, std::string_view file) {
        char* const end = std::to_chars(text_.data(), text_.data() + text_.size(), pid).ptr;
        std::memcpy(end, file.data(), file.size());
        end[file.size()] = '\0';
    }
    [[nodiscard]] const char* get() const { return text_.data(); }

  private:
    std::array<char, 32> text_{};
};

void add_entry(const char* record, std::vector<ListedProcess>& all) {
    const char* const name = record + kName;
    ListedProcess entry;
    const auto number = std::from_chars(name, name + std::strlen(name), entry.pid);
    if (number.ec != std::errc{} || *number.ptr != '\0' || entry.pid <= 0) return;
    std::memcpy(&entry.inode, record + kInode, sizeof entry.inode);
    all.push_back(entry);
}

}  // namespace

ProcFiles::ProcFiles()
    : proc_(::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC)),
      buffer_(classify::kMaxCommandLineBytes) {}

Result<std::vector<ListedProcess>> ProcFiles::list() {
    std::vector<ListedProcess> all;
    if (::lseek(proc_.get(), 0, SEEK_SET) != 0) return fail_errno("list", "/proc", errno);
    for (;;) {
        const long length = ::syscall(SYS_getdents64, proc_.get(), buffer_.data(), buffer_.size());
        if (length < 0) return fail_errno("list", "/proc", errno);
        if (length == 0) break;
        for (long at = 0; at < length;) {
            const char* const record = buffer_.data() + at;
            std::uint16_t size = 0;
            std::memcpy(&size, record + kRecordLength, sizeof size);
            add_entry(record, all);
            at += size;
        }
    }
    if (all.empty()) return fail("list", "/proc", "it shows no process at all");
    return all;
}

Result<StatText> ProcFiles::stat(pid_t pid) {
    const auto failed = [&](int code) {
        return fail_errno("look at process", std::to_string(pid), code);
    };
    const UniqueFd file(::openat(proc_.get(), PidPath(pid, "/stat").get(), O_RDONLY | O_CLOEXEC));
    if (!file) return failed(errno == ENOENT ? ESRCH : errno);
    auto stat = read_stat(file.get());
    if (!stat) return failed(ESRCH);
    return std::move(*stat);
}

std::optional<uid_t> ProcFiles::owner(pid_t pid) {
    struct stat directory {};
    if (::fstatat(proc_.get(), PidPath(pid, "").get(), &directory, 0) != 0) return std::nullopt;
    return directory.st_uid;
}

std::string_view ProcFiles::command_line(pid_t pid) {
    const ssize_t length = read_command_line(proc_.get(), pid, buffer_);
    return length <= 0 ? std::string_view()
                       : std::string_view(buffer_.data(), static_cast<std::size_t>(length));
}

std::optional<StatText> read_stat(int file) {
    std::array<char, kStatBytes> buffer;
    const ssize_t length = ::pread(file, buffer.data(), buffer.size(), 0);
    if (length <= 0) return std::nullopt;
    return parse_stat({buffer.data(), static_cast<std::size_t>(length)});
}

std::optional<std::int64_t> cpu_nanoseconds(pid_t pid) {
    // As clock_getcpuclockid(3) makes it, without asking the kernel for its resolution first.
    constexpr clockid_t kScheduled = 2;
    const auto clock = static_cast<clockid_t>((~static_cast<unsigned>(pid) << 3U) | kScheduled);
    timespec spent{};
    if (::clock_gettime(clock, &spent) != 0) return std::nullopt;
    return static_cast<std::int64_t>(spent.tv_sec) * 1'000'000'000 + spent.tv_nsec;
}

}  // namespace reaper::scan
