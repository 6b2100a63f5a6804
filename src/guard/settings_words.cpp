#include "guard/settings_words.h"

#include <charconv>
#include <cstdint>
#include <string_view>

#include "guard/spared.h"

namespace reaper::guard {
namespace {

using std::string_view;

/// Numbers in the unit of the member: milliseconds, bytes, percent, count. "none": there is none.
using Number = std::optional<std::int64_t>;

struct Word {
    string_view name;
    Number (*get)(const Settings&);
    void (*set)(Settings&, Number);
};

std::int64_t number(std::chrono::milliseconds time) {
    return time.count();
}
std::int64_t number(Bytes size) {
    return static_cast<std::int64_t>(size.value);
}
std::int64_t number(CpuPercent cpu) {
    return static_cast<std::int64_t>(cpu.value);
}
std::int64_t number(unsigned count) {
    return count;
}
std::int64_t number(AtLimit what) {
    return static_cast<std::int64_t>(what);
}

void assign(std::chrono::milliseconds& time, std::int64_t value) {
    time = std::chrono::milliseconds(value);
}
void assign(Bytes& size, std::int64_t value) {
    size.value = static_cast<std::uint64_t>(value);
}
void assign(CpuPercent& cpu, std::int64_t value) {
    cpu.value = static_cast<double>(value);
}
void assign(unsigned& count, std::int64_t value) {
    count = static_cast<unsigned>(value);
}
void assign(AtLimit& what, std::int64_t value) {
    what = value == 0 ? AtLimit::refuse : value == 1 ? AtLimit::evict_idle : AtLimit::allow;
}

template <typename T>
struct Unwrapped {
    static Number get(const T& value) { return number(value); }
    static void set(T& target, Number value) {
        if (value) assign(target, *value);
    }
};
template <typename T>
struct Unwrapped<std::optional<T>> {
    static Number get(const std::optional<T>& value) {
        return value ? Number(number(*value)) : Number();
    }
    static void set(std::optional<T>& target, Number value) {
        target.reset();
        if (value) assign(target.emplace(), *value);
    }
};

template <auto Member>
constexpr Word word(string_view name) {
    using Type = std::remove_cvref_t<decltype(std::declval<Settings>().*Member)>;
    return {name, [](const Settings& settings) { return Unwrapped<Type>::get(settings.*Member); },
            [](Settings& settings, Number value) { Unwrapped<Type>::set(settings.*Member, value); }};
}

constexpr Word kWords[] = {
    word<&Settings::at_limit>("at_limit"),
    word<&Settings::idle>("idle"),
    word<&Settings::max_request>("max_request"),
    word<&Settings::max_response>("max_response"),
    word<&Settings::requests_per_second>("requests_per_second"),
    word<&Settings::call_timeout>("call_timeout"),
    word<&Settings::close_wait>("close_wait"),
    word<&Settings::grace>("grace"),
    word<&Settings::restarts>("restarts"),
    word<&Settings::backoff>("backoff"),
    word<&Settings::backoff_factor>("backoff_factor"),
    word<&Settings::max_backoff>("max_backoff"),
    word<&Settings::healthy>("healthy"),
    word<&Settings::breaker_failures>("breaker_failures"),
    word<&Settings::breaker_window>("breaker_window"),
    word<&Settings::breaker_pause>("breaker_pause"),
    word<&Settings::ping_interval>("ping_interval"),
    word<&Settings::ping_timeout>("ping_timeout"),
    word<&Settings::request_timeout>("request_timeout"),
    word<&Settings::memory>("memory"),
    word<&Settings::cpu>("cpu"),
    word<&Settings::pids>("pids"),
    word<&Settings::open_files>("open_files"),
    word<&Settings::log_size>("log_size"),
    word<&Settings::log_files>("log_files"),
};

constexpr string_view kAmong[] = {"client", "user", "host"};

/// False where it is none.
bool read_number(string_view text, Number& value) {
    if (text == "none") return value.reset(), true;
    std::int64_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    value = number;
    return read.ec == std::errc{} && read.ptr == text.data() + text.size() && number >= 0;
}

bool read_setting(string_view name, string_view text, Settings& settings) {
    for (const Word& word : kWords) {
        if (word.name != name) continue;
        Number value;
        if (!read_number(text, value)) return false;
        word.set(settings, value);
        return true;
    }
    return false;
}

bool read_word(string_view name, string_view text, Task& task) {
    if (name == "type") return task.type = text, true;
    if (name == "name") return task.name = text, true;
    if (name == "runtime") return task.runtime = text, true;
    if (name == "state") return task.state = text, true;
    if (name == "client") return task.clients.emplace_back(text), true;
    if (name == "limit") {
        Number limit;
        if (!read_number(text, limit) || !limit) return false;
        task.limit = static_cast<unsigned>(*limit);
        return true;
    }
    if (name == "among") {
        for (std::size_t i = 0; i < std::size(kAmong); ++i) {
            if (kAmong[i] == text) return task.among = static_cast<Among>(i), true;
        }
        return false;
    }
    return read_setting(name, text, task.settings);
}

std::string text_of(const Number& value) {
    return value ? std::to_string(*value) : "none";
}

}  // namespace

std::vector<std::string> to_words(const Task& task) {
    std::vector<std::string> words;
    const auto say = [&](string_view name, string_view text) {
        words.push_back(std::string(name) + '=' + std::string(text));
    };
    if (!task.type.empty()) say("type", task.type);
    if (!task.name.empty()) say("name", task.name);
    if (task.limit) say("limit", std::to_string(*task.limit));
    if (task.among != Among::client) say("among", kAmong[static_cast<std::size_t>(task.among)]);
    const Settings usual;
    for (const Word& word : kWords) {
        const Number value = word.get(task.settings);
        if (value != word.get(usual)) say(word.name, text_of(value));
    }
    for (const std::string& client : task.clients) say("client", client);
    if (!task.runtime.empty()) say("runtime", task.runtime);
    if (!task.state.empty()) say("state", task.state);
    words.emplace_back("--");
    words.insert(words.end(), task.command.begin(), task.command.end());
    return words;
}

Result<Task> task_from(const std::vector<std::string>& words) {
    Task task;
    std::size_t at = 0;
    for (; at < words.size() && words[at] != "--"; ++at) {
        const string_view word = words[at];
        const std::size_t equals = word.find('=');
        if (equals == string_view::npos ||
            !read_word(word.substr(0, equals), word.substr(equals + 1), task))
            return fail("understand", words[at], "it is no setting of the guard");
    }
    if (at + 1 >= words.size()) return fail("start the server", "", "there is no command behind '--'");
    if (const auto right = Spared::check(task.clients); !right) return tl::unexpected(right.error());
    task.command.assign(words.begin() + static_cast<std::ptrdiff_t>(at) + 1, words.end());
    return task;
}

}  // namespace reaper::guard
