#include "report/recorded_text.h"

#include "report/command_text.h"
#include "report/redact.h"
#include "report/utf8.h"

namespace reaper::report {
namespace {

constexpr char32_t kByteBase = 0xF700;

bool stands_for_byte(char32_t value) {
    return value >= kByteBase + 0x80 && value <= kByteBase + 0xFF;
}

}  // namespace

std::string encode_bytes(std::string_view bytes) {
    std::string text;
    text.reserve(bytes.size());
    while (!bytes.empty()) {
        const CodePoint point = decode_utf8(bytes);
        if (point.valid && !stands_for_byte(point.value)) {
            text += bytes.substr(0, point.size);
        } else {
            for (const char c : bytes.substr(0, point.size)) {
                append_utf8(text, kByteBase + static_cast<unsigned char>(c));
            }
        }
        bytes.remove_prefix(point.size);
    }
    return text;
}

std::string decode_bytes(std::string_view text) {
    std::string bytes;
    bytes.reserve(text.size());
    while (!text.empty()) {
        const CodePoint point = decode_utf8(text);
        if (point.valid && stands_for_byte(point.value)) {
            bytes += static_cast<char>(static_cast<unsigned char>(point.value - kByteBase));
        } else {
            bytes += text.substr(0, point.size);
        }
        text.remove_prefix(point.size);
    }
    return bytes;
}

RecordedCommand encode_command_line(std::string_view bytes, std::size_t max_bytes) {
    RecordedCommand command;
    const std::string_view body = bytes.substr(0, max_bytes);
    const std::size_t last = body.find_last_not_of('\0');
    command.nuls = body.size() - (last == std::string_view::npos ? 0 : last + 1);
    for (const std::string& argument : redact(split_arguments(body)))
        command.arguments.push_back(encode_bytes(argument));
    return command;
}

std::string decode_command_line(const RecordedCommand& command) {
    std::string bytes;
    for (std::size_t i = 0; i < command.arguments.size(); ++i) {
        if (i > 0) bytes += '\0';
        bytes += decode_bytes(command.arguments[i]);
    }
    bytes.append(command.nuls, '\0');
    return bytes;
}

}  // namespace reaper::report
