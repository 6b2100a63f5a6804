// One YAML document as a tree with line and column, read so that no text can do harm.
//
// yaml-cpp keeps silent about duplicate keys, expands aliases, takes the byte 0x04 for the end of the
// file and a quote that is never closed for one that is. So its events are taken directly, and what
// no policy needs is refused: aliases, tags, deep nesting, a second document, control characters.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace reaper::policy {

inline constexpr std::size_t kMaxYamlDepth = 16;       ///< A policy needs five.
inline constexpr std::size_t kMaxYamlNodes = 100'000;  ///< The largest policy allowed needs 20,000.

/// A place in the file; line and column count from 1, columns in characters.
struct YamlMark {
    int line = 0;
    int column = 0;

    auto operator<=>(const YamlMark&) const = default;
};

struct YamlEntry;

struct YamlNode {
    enum class Kind { null, scalar, sequence, mapping };

    Kind kind = Kind::null;
    YamlMark mark;
    std::string text;                ///< scalar
    bool quoted = false;             ///< scalar: in quotes or a block, so text whatever it looks like
    bool from_environment = false;   ///< scalar: a text, or what else its key wants (environment.h)
    std::vector<YamlNode> items;     ///< sequence
    std::vector<YamlEntry> entries;  ///< mapping, in the order of the file; keys may repeat
};

struct YamlEntry {
    YamlNode key;
    YamlNode value;
};

struct YamlMistake {
    YamlMark mark;
    std::string what;
};

/// The only document of `text`, or the first thing that is wrong with it.
tl::expected<YamlNode, YamlMistake> read_yaml(std::string_view text);

/// What a scalar is in YAML's core schema, which JSON Schema validators of editors go by.
enum class ScalarType { text, number, boolean };
ScalarType scalar_type(const YamlNode& scalar);

/// The value of a scalar of type number; infinite or NaN for .inf and .nan.
double number_of(const YamlNode& scalar);

}  // namespace reaper::policy
