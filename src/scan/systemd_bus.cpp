#include "scan/systemd_bus.h"

#include <systemd/sd-bus.h>
#include <unistd.h>

#include <cstdint>
#include <string_view>

namespace reaper::scan {
namespace {

using Clock = std::chrono::steady_clock;

/// "unix:path=…" with what a D-Bus address may not hold escaped.
std::string bus_address(const std::string& path) {
    std::string address = "unix:path=";
    constexpr std::string_view kHex = "0123456789abcdef";
    for (const char c : path) {
        const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           c == '_' || c == '-' || c == '/' || c == '.';
        if (plain) {
            address += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            address += '%';
            address += kHex[byte >> 4U];
            address += kHex[byte & 0xFU];
        }
    }
    return address;
}

}  // namespace

void CloseBus::operator()(sd_bus* bus) const {
    sd_bus_close_unref(bus);
}

void UnrefMessage::operator()(sd_bus_message* message) const {
    sd_bus_message_unref(message);
}

Bus connect_bus(const std::string& path, bool through_bus, std::chrono::microseconds patience) {
    if (::access(path.c_str(), F_OK) != 0 || patience.count() <= 0) return nullptr;
    const auto deadline = Clock::now() + patience;
    sd_bus* raw = nullptr;
    if (sd_bus_new(&raw) < 0) return nullptr;
    Bus bus(raw);
    if (sd_bus_set_address(raw, bus_address(path).c_str()) < 0) return nullptr;
    if (sd_bus_set_bus_client(raw, through_bus ? 1 : 0) < 0 || sd_bus_start(raw) < 0) return nullptr;
    // sd_bus_call would wait 90 s for a bus that never says hello.
    for (;;) {
        const int ready = sd_bus_is_ready(raw);
        if (ready != 0) return ready > 0 ? std::move(bus) : nullptr;
        const int done = sd_bus_process(raw, nullptr);
        if (done < 0) return nullptr;
        if (done > 0) continue;
        const auto rest = std::chrono::duration_cast<std::chrono::microseconds>(deadline - Clock::now());
        if (rest.count() <= 0 || sd_bus_wait(raw, static_cast<std::uint64_t>(rest.count())) < 0)
            return nullptr;
    }
}

}  // namespace reaper::scan
