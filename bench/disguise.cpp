#include "disguise.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <sstream>
#include <vector>

namespace reaper::bench {

Result<Disguise> Disguise::prepare() {
    constexpr const char* kFile = "/proc/self/stat";
    std::ifstream file(kFile);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const std::size_t close = text.rfind(')');
    if (close == std::string::npos)
        return fail("read", kFile, "it is not in the form that proc(5) describes");
    std::istringstream rest(text.substr(close + 1));
    std::vector<std::uint64_t> fields(3);  // So that fields[n] is field n of proc(5).
    for (std::string word; rest >> word;) fields.push_back(std::strtoull(word.c_str(), nullptr, 10));
    constexpr std::size_t kEnvEnd = 51;
    if (fields.size() <= kEnvEnd) return fail("read", kFile, "it has too few fields");

    Disguise disguise;
    prctl_mm_map& map = disguise.map_;
    map.start_code = fields[26];
    map.end_code = fields[27];
    map.start_stack = fields[28];
    map.start_data = fields[45];
    map.end_data = fields[46];
    map.start_brk = fields[47];
    map.arg_start = fields[48];
    map.arg_end = fields[49];
    map.env_start = fields[50];
    map.env_end = fields[kEnvEnd];
    map.auxv = nullptr;                           // As it is.
    map.exe_fd = static_cast<std::uint32_t>(-1);  // Likewise.
    return disguise;
}

bool Disguise::wear(const std::string& bytes, const std::string& comm) const {
    char* const text = new char[bytes.size()];  // NOLINT: lives as long as the process.
    std::memcpy(text, bytes.data(), bytes.size());
    prctl_mm_map map = map_;
    map.brk = reinterpret_cast<std::uintptr_t>(::sbrk(0));
    map.arg_start = reinterpret_cast<std::uintptr_t>(text);
    map.arg_end = map.arg_start + bytes.size();
    return ::prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0) == 0 &&
           ::prctl(PR_SET_NAME, comm.c_str(), 0, 0, 0) == 0;
}

}  // namespace reaper::bench
