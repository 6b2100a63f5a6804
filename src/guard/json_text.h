// JSON, written by hand: the few messages and files of the guard do not ask for a library.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace reaper::guard {

/// With quotes and escapes. Bytes that are no UTF-8 become U+FFFD.
std::string json_string(std::string_view text);

/// `{"a": 1, "b": "x"}`, member after member.
class JsonObject {
  public:
    JsonObject& add(std::string_view name, std::string_view text) {
        return add_json(name, json_string(text));
    }
    JsonObject& add(std::string_view name, const char* text) {
        return add(name, std::string_view(text));
    }
    JsonObject& add(std::string_view name, std::int64_t number) {
        return add_json(name, std::to_string(number));
    }
    /// A value that is JSON already.
    JsonObject& add_json(std::string_view name, std::string_view json);

    [[nodiscard]] std::string text() const { return text_ + '}'; }

  private:
    std::string text_ = "{";
};

}  // namespace reaper::guard
