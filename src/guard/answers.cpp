#include "guard/answers.h"

#include "guard/json_text.h"

namespace reaper::guard {
namespace {

std::string line_of(const JsonObject& object) {
    return object.text() + '\n';
}

JsonObject message() {
    JsonObject object;
    object.add("jsonrpc", "2.0");
    return object;
}

}  // namespace

std::string error_answer(std::string_view id, int code, std::string_view text, std::string_view reason) {
    const std::string data = JsonObject().add("by", "mcp-reaper").add("reason", reason).text();
    const std::string error = JsonObject()
                                  .add("code", static_cast<std::int64_t>(code))
                                  .add("message", text)
                                  .add_json("data", data)
                                  .text();
    return line_of(message().add_json("id", id).add_json("error", error));
}

std::string ping(std::string_view id) {
    return line_of(message().add_json("id", id).add("method", "ping"));
}

std::string list_tools(std::string_view id) {
    return line_of(message().add_json("id", id).add("method", "tools/list"));
}

std::string tools_changed() {
    return line_of(message().add("method", "notifications/tools/list_changed"));
}

std::string cancelled(std::string_view id, std::string_view why) {
    const std::string params = JsonObject().add_json("requestId", id).add("reason", why).text();
    return line_of(message().add("method", "notifications/cancelled").add_json("params", params));
}

std::string with_id(std::string_view line, std::string_view id, std::string_view other) {
    const auto at = static_cast<std::size_t>(id.data() - line.data());
    std::string text(line.substr(0, at));
    text += other;
    text += line.substr(at + id.size());
    return text + '\n';
}

}  // namespace reaper::guard
