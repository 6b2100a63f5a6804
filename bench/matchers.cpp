#include "matchers.h"

#include <algorithm>

namespace reaper::bench {
namespace {

re2::RE2::Options without_case() {
    re2::RE2::Options options;
    options.set_case_sensitive(false);
    options.set_log_errors(false);
    return options;
}

}  // namespace

StdRegexes::StdRegexes(const std::vector<classify::TypePattern>& patterns) {
    for (const classify::TypePattern& type : patterns)
        patterns_.emplace_back(type.pattern, std::regex::ECMAScript | std::regex::optimize);
}

Match StdRegexes::first_match(const std::string& text) const {
    for (std::size_t i = 0; i < patterns_.size(); ++i) {
        if (std::regex_search(text, patterns_[i])) return i;
    }
    return std::nullopt;
}

Re2s::Re2s(const std::vector<classify::TypePattern>& patterns) {
    for (const classify::TypePattern& type : patterns)
        patterns_.push_back(std::make_unique<re2::RE2>(type.pattern, without_case()));
}

Match Re2s::first_match(const std::string& text) const {
    for (std::size_t i = 0; i < patterns_.size(); ++i) {
        if (re2::RE2::PartialMatch(text, *patterns_[i])) return i;
    }
    return std::nullopt;
}

Re2Set::Re2Set(const std::vector<classify::TypePattern>& patterns)
    : set_(without_case(), re2::RE2::UNANCHORED) {
    for (const classify::TypePattern& type : patterns) set_.Add(type.pattern, nullptr);
    set_.Compile();
}

Match Re2Set::first_match(const std::string& text) const {
    std::vector<int> hits;
    if (!set_.Match(text, &hits)) return std::nullopt;
    return static_cast<std::size_t>(*std::min_element(hits.begin(), hits.end()));
}

}  // namespace reaper::bench
