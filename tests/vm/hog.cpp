// An MCP server by its name that wants too much, once it is told to: idle until then, so that a test
// that sets something up does not wait for it. Says "ready", and waits for a line.
//
//   hog spin            then two threads that never sleep
//   hog allocate MIB    then takes that much memory and writes to it, and says "allocated"
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>
#include <thread>

namespace {

[[noreturn]] void spin() {
    for (;;) {
        // Without an effect the loop would be undefined, and could be left out.
        asm volatile("");
    }
}

void allocate(std::size_t mib) {
    constexpr std::size_t kMib = 1024 * 1024;
    for (std::size_t done = 0; done < mib; ++done) {
        // Never given back: that is the point of it.
        if (void* const memory = std::malloc(kMib)) std::memset(memory, 1, kMib);
    }
    std::cout << "allocated" << std::endl;
    for (;;) ::pause();
}

}  // namespace

int main(int argc, char** argv) {
    std::cout << "ready" << std::endl;
    std::string line;
    std::getline(std::cin, line);
    if (argc == 3 && std::strcmp(argv[1], "allocate") == 0) allocate(std::stoul(argv[2]));
    std::thread other(spin);
    spin();
}
