#include "classify/pattern_set.h"

#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>
#include <cstdint>
#include <mutex>

namespace reaper::classify {
namespace {

// One pattern for a program's name needs a few hundred bytes of program; this refuses "(.{1000}){900}"
// in milliseconds instead of compiling it for seconds.
constexpr std::int64_t kPatternMemoryBytes = 512 * 1024;
constexpr std::int64_t kSetMemoryBytes = 8 * 1024 * 1024;

/// Longer texts are matched one by one. "@modelcontextprotocol/server-sequential-thinking" has 48 bytes.
constexpr std::size_t kMaxSetBytes = 48;

re2::RE2::Options options(std::int64_t memory) {
    re2::RE2::Options options;
    options.set_case_sensitive(false);
    options.set_log_errors(false);
    options.set_max_mem(memory);
    return options;
}

}  // namespace

struct PatternSet::Set {
    re2::RE2::Set set{options(kSetMemoryBytes), re2::RE2::UNANCHORED};
    std::vector<std::string> patterns;  // In the order of the set's own numbers.
    std::vector<std::size_t> indexes;
    // Compiled when the first long text comes: that doubles the time to start, and most hosts have none.
    std::once_flag asked;
    std::vector<std::unique_ptr<re2::RE2>> alone;

    [[nodiscard]] std::optional<std::size_t> first_one_by_one(const re2::StringPiece& text) {
        std::call_once(asked, [this] {
            for (const std::string& pattern : patterns)
                alone.push_back(std::make_unique<re2::RE2>(pattern, options(kSetMemoryBytes)));
        });
        for (std::size_t i = 0; i < alone.size(); ++i) {
            if (re2::RE2::PartialMatch(text, *alone[i])) return indexes[i];
        }
        return std::nullopt;
    }
};

PatternSet::PatternSet() : set_(std::make_unique<Set>()) {}
PatternSet::PatternSet(PatternSet&&) noexcept = default;
PatternSet& PatternSet::operator=(PatternSet&&) noexcept = default;
PatternSet::~PatternSet() = default;

bool PatternSet::add(const std::string& pattern, std::size_t index, std::string& why) {
    if (set_->set.Add(pattern, &why) < 0) return false;
    // Only a counted repetition makes a large program of a short pattern; compiling every pattern twice
    // would double the time to start.
    if (pattern.find('{') != std::string::npos) {
        const re2::RE2 alone(pattern, options(kPatternMemoryBytes));
        if (!alone.ok()) {
            why = alone.error();
            return false;
        }
    }
    set_->patterns.push_back(pattern);
    set_->indexes.push_back(index);
    return true;
}

bool PatternSet::compile() {
    return set_->set.Compile();
}

bool PatternSet::empty() const {
    return set_->patterns.empty();
}

std::optional<std::size_t> PatternSet::first_match(std::string_view text) const {
    if (set_->patterns.empty()) return std::nullopt;
    const re2::StringPiece piece(text.data(), text.size());
    // The set makes a state of every new combination of what it has seen so far: 1 µs a byte of hostile
    // text with fifty patterns "x.*y". One by one takes 4 µs for an ordinary name, but is bounded.
    if (text.size() > kMaxSetBytes) return set_->first_one_by_one(piece);
    std::vector<int> hits;  // Allocates only where something matches.
    re2::RE2::Set::ErrorInfo error{};
    if (set_->set.Match(piece, &hits, &error)) {
        return set_->indexes[static_cast<std::size_t>(*std::min_element(hits.begin(), hits.end()))];
    }
    if (error.kind == re2::RE2::Set::kNoError) return std::nullopt;
    // The set's automaton outgrew its memory on this text: slower, one by one, but never a wrong no.
    return set_->first_one_by_one(piece);
}

}  // namespace reaper::classify
