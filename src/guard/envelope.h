// What a relay must know of a JSON-RPC message: whether it is one, who asks whom, under which id. What
// else is in it is not looked at.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace reaper::guard {

/// The reader looks this far behind the end of a line (simdjson's padding): so many bytes more must be
/// there, whatever is in them.
inline constexpr std::size_t kPadding = 64;

/// One message, in pieces of the line that it was read from.
struct Envelope {
    std::string_view id;      ///< As written: `7`, `"a"`, `null`; empty where there is none.
    std::string_view method;  ///< Without its quotes, escapes as written; empty where there is none.
    bool has_result = false;
    bool has_error = false;

    [[nodiscard]] bool asks() const { return !id.empty() && !method.empty(); }
    [[nodiscard]] bool tells() const { return id.empty() && !method.empty(); }
    [[nodiscard]] bool answers() const { return !id.empty() && method.empty(); }
};

/// A line of the transport: one message, or a batch of them.
struct Envelopes {
    std::vector<Envelope> all;  ///< Valid as long as the line is.
    bool batch = false;
};

class EnvelopeReader {
  public:
    EnvelopeReader();
    ~EnvelopeReader();

    /// Nothing where the line is no JSON object and no array of them, whole to its last brace. kPadding
    /// bytes behind it must be readable. Valid until the next call.
    const Envelopes* read(std::string_view line);

    /// Gives back what reading a long line has taken.
    void relax();

  private:
    struct Parser;
    std::unique_ptr<Parser> parser_;
    Envelopes envelopes_;
};

/// The same id, whoever has written it: `1.0` and `1`, `"\u0061"` and `"a"` are one. For telling which
/// request an answer belongs to.
std::string canonical_id(std::string_view id);

/// What a message is of which only the beginning was kept, by the members that stand there: one that has
/// a method or parameters asks or tells, one that has a result or an error answers.
enum class Kind { unknown, asks, answers };
Kind kind_at_beginning(std::string_view head);

/// The id of a message of which only the beginning and the end were kept, where that can be told for
/// certain: a member of the outermost object. Empty where not.
std::string_view id_at_either_end(std::string_view head, std::string_view tail);

/// The value of `"result": {"protocolVersion": "…"}`; empty where there is none.
std::string protocol_version(std::string_view line);

/// The value of `"params": {"uri": "…"}`; empty where there is none.
std::string resource_address(std::string_view line);

/// The `result` of an answer, as written; empty where there is none.
std::string result_text(std::string_view line);

}  // namespace reaper::guard
