// mcp-reaper-guard: executed by `mcp-reaper run`, which has read the policy; not for people to call.
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "guard/guard.h"
#include "guard/settings_words.h"

namespace {

int complain(const std::string& what, int code) {
    ::dprintf(STDERR_FILENO, "mcp-reaper-guard: %s\n", what.c_str());
    return code;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const auto task =
            reaper::guard::task_from(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
        if (!task) return complain(task.error().message(), 2);
        return reaper::guard::Guard(*task).run();
    } catch (const std::exception& error) {
        return complain(std::string("unexpected error: ") + error.what(), 1);
    }
}
