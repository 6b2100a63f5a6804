#include "ledger.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <iterator>
#include <system_error>
#include <thread>

#include "base/unique_fd.h"
#include "processes.h"

namespace reaper::integration {

namespace fs = std::filesystem;

Ledger::Ledger() {
    const UniqueFd file(open(path().c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file || ftruncate(file.get(), sizeof(LedgerPage)) != 0) {
        throw std::system_error(errno, std::generic_category(), path());
    }
    fs::permissions(path(), fs::perms(0666));
    void* const page =
        mmap(nullptr, sizeof(LedgerPage), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
    if (page == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
    page_ = static_cast<LedgerPage*>(page);
}

Ledger::~Ledger() {
    munmap(page_, sizeof(LedgerPage));
}

std::string Ledger::path() const {
    return (scratch_.path() / "ledger").string();
}

std::set<pid_t> Ledger::started() const {
    const unsigned count = std::min(page_->count.load(), LedgerPage::kMost);
    std::set<pid_t> pids(page_->pids.begin(), page_->pids.begin() + count);
    pids.erase(0);  // A fork that failed.
    return pids;
}

bool Ledger::has_room() const {
    return page_->count.load() < LedgerPage::kMost;
}

bool Ledger::at_rest() const {
    const unsigned count = page_->count.load();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // Some hundred forks.
    return page_->count.load() == count;
}

std::set<pid_t> Ledger::living() const {
    std::set<pid_t> pids;
    for (const auto& [pid, info] : read_processes()) {
        const std::string text = text_of("/proc/" + std::to_string(pid) + "/maps");
        if (pid != getpid() && text.find(path()) != std::string::npos) pids.insert(pid);
    }
    return pids;
}

}  // namespace reaper::integration
