#include "report/utf8.h"

#include <cassert>

namespace reaper::report {
namespace {

std::size_t length_of(unsigned char lead) {
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return 2;
    if (lead >= 0xE0 && lead <= 0xEF) return 3;
    if (lead >= 0xF0 && lead <= 0xF4) return 4;
    return 0;
}

bool is_scalar(char32_t value, std::size_t size) {
    constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
    return value >= kSmallest[size] && value <= 0x10FFFF && (value < 0xD800 || value > 0xDFFF);
}

}  // namespace

CodePoint decode_utf8(std::string_view bytes) {
    assert(!bytes.empty());
    const auto lead = static_cast<unsigned char>(bytes[0]);
    const std::size_t size = length_of(lead);
    if (size == 1) return {lead, 1, true};
    if (size == 0 || size > bytes.size()) return {lead, 1, false};

    char32_t value = lead & (0x7Fu >> size);
    for (std::size_t i = 1; i < size; ++i) {
        const auto next = static_cast<unsigned char>(bytes[i]);
        if ((next & 0xC0u) != 0x80u) return {lead, 1, false};
        value = (value << 6) | (next & 0x3Fu);
    }
    if (!is_scalar(value, size)) return {lead, 1, false};
    return {value, size, true};
}

void append_utf8(std::string& out, char32_t value) {
    const auto byte = [&out](char32_t bits) {
        out += static_cast<char>(static_cast<unsigned char>(bits));
    };
    if (value < 0x80) {
        byte(value);
    } else if (value < 0x800) {
        byte(0xC0u | (value >> 6));
        byte(0x80u | (value & 0x3Fu));
    } else if (value < 0x10000) {
        byte(0xE0u | (value >> 12));
        byte(0x80u | ((value >> 6) & 0x3Fu));
        byte(0x80u | (value & 0x3Fu));
    } else {
        byte(0xF0u | (value >> 18));
        byte(0x80u | ((value >> 12) & 0x3Fu));
        byte(0x80u | ((value >> 6) & 0x3Fu));
        byte(0x80u | (value & 0x3Fu));
    }
}

}  // namespace reaper::report
