#include "daemon/http_text.h"

#include <fmt/format.h>

namespace reaper::daemon {
namespace {

/// RFC 9110, section 15. What nobody of us answers is not in it.
std::string_view reason_of(unsigned status) {
    switch (status) {
        case 200:
            return "OK";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 409:
            return "Conflict";
        case 413:
            return "Content Too Large";
        case 422:
            return "Unprocessable Content";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 503:
            return "Service Unavailable";
        default:
            return "Refused";
    }
}

}  // namespace

Answer answer_of(const Refusal& refusal) {
    return {refusal.status, kJson, to_json(refusal), refusal.retry_after, refusal.allow};
}

std::string to_text(const Answer& answer, bool keep_alive, bool head) {
    std::string text = fmt::format(
        "HTTP/1.1 {} {}\r\nServer: mcp-reaper\r\nContent-Type: {}\r\nContent-Length: {}\r\n"
        "Cache-Control: no-store\r\n",
        answer.status, reason_of(answer.status), answer.type, answer.body.size());
    if (answer.retry_after) text += fmt::format("Retry-After: {}\r\n", answer.retry_after->count());
    if (!answer.allow.empty()) text += fmt::format("Allow: {}\r\n", answer.allow);
    text += keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
    return head ? text : text + answer.body;
}

std::string stream_header(bool chunked) {
    return fmt::format(
        "HTTP/1.1 200 OK\r\nServer: mcp-reaper\r\nContent-Type: {}\r\nCache-Control: no-store\r\n{}\r\n",
        kJsonLines, chunked ? "Transfer-Encoding: chunked\r\n" : "Connection: close\r\n");
}

std::string stream_line(std::string_view line, bool chunked) {
    if (!chunked) return fmt::format("{}\n", line);
    return fmt::format("{:x}\r\n{}\n\r\n", line.size() + 1, line);
}

}  // namespace reaper::daemon
