// mcp-reaper: the program. What it does is in the commands; here is what holds for all of them.
#include <clocale>
#include <csignal>
#include <string>
#include <vector>

#include "cli/dispatch.h"
#include "cli/output.h"

int main(int argc, char** argv) {
    using namespace reaper::cli;
    occupy_standard_descriptors();
    // A reader that is gone and a file that is full are results of write(2), not the end.
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
    std::setlocale(LC_CTYPE, "");  // For the terminal's character set; numbers stay as they are.
    const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
    return static_cast<int>(dispatch(words));
}
