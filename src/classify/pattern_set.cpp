#include "classify/pattern_set.h"

#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>
#include <cstdint>

namespace reaper::classify {
namespace {

// One pattern for a program's name needs a few hundred bytes of program; this refuses "(.{1000}){900}"
// in milliseconds instead of compiling it for seconds.
constexpr std::int64_t kPatternMemoryBytes = 512 * 1024;
constexpr std::int64_t kSetMemoryBytes = 8 * 1024 * 1024;

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
    std::vector<int> hits;  // Allocates only where something matches.
    re2::RE2::Set::ErrorInfo error{};
    const re2::StringPiece piece(text.data(), text.size());
    if (set_->set.Match(piece, &hits, &error)) {
        return set_->indexes[static_cast<std::size_t>(*std::min_element(hits.begin(), hits.end()))];
    }
    if (error.kind == re2::RE2::Set::kNoError) return std::nullopt;
    // The set's automaton outgrew its memory on this text: slower, one by one, but never a wrong no.
    for (std::size_t i = 0; i < set_->patterns.size(); ++i) {
        const re2::RE2 pattern(set_->patterns[i], options(kSetMemoryBytes));
        if (re2::RE2::PartialMatch(piece, pattern)) return set_->indexes[i];
    }
    return std::nullopt;
}

}  // namespace reaper::classify
