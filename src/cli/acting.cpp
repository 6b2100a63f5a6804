#include "cli/acting.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "cli/status_line.h"

namespace reaper::cli {
namespace {

pass::Voice voice() {
    const auto line = std::make_shared<StatusLine>();
    const auto draw = [line](std::size_t through, std::size_t of) {
        line->draw(std::to_string(through) + " of " + std::to_string(of) + " servers");
        if (through == of) line->erase();
    };
    return {[](const std::string& text) { complain(text); },
            [](const std::string& text) { remark(text); }, draw};
}

}  // namespace

Result<std::unique_ptr<pass::Acting>> prepare_acting(const ChosenPolicy& policy,
                                                     const pass::Interrupts& interrupts) {
    const std::shared_ptr<const ChosenPolicy> borrowed(&policy, [](const ChosenPolicy*) {});
    return pass::Acting::prepare(borrowed, interrupts.fd(), pass::kPatience, voice());
}

bool confirmed(const std::string& question, bool yes, const pass::Interrupts& interrupts) {
    if (yes) return true;
    static_cast<void>(write_all(STDERR_FILENO, question + " [y/N] ", "standard error"));
    std::array<pollfd, 2> waiting{pollfd{STDIN_FILENO, POLLIN, 0}, pollfd{interrupts.fd(), POLLIN, 0}};
    if (::poll(waiting.data(), waiting.size(), -1) <= 0 || waiting[1].revents != 0) {
        static_cast<void>(write_all(STDERR_FILENO, "\n", "standard error"));
        return false;
    }
    std::array<char, 64> answer{};
    const ssize_t length = ::read(STDIN_FILENO, answer.data(), answer.size());
    std::string word(answer.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
    word.resize(std::min(word.find_first_of(" \t\r\n"), word.size()));
    if (length <= 0) static_cast<void>(write_all(STDERR_FILENO, "\n", "standard error"));
    return word == "y" || word == "Y" || word == "yes" || word == "Yes" || word == "YES";
}

std::optional<UsageError> nobody_to_ask(bool yes) {
    if (yes || (::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1)) return std::nullopt;
    return UsageError{
        "there is no terminal to ask on before anything is done: add --yes if you mean it"};
}

ExitCode exit_code_of(const std::vector<report::Done>& done) {
    const bool all = std::all_of(done.begin(), done.end(), [](const report::Done& one) {
        return enforce::succeeded(one.outcome.effect) ||
               one.outcome.effect == enforce::Effect::cancelled;
    });
    return all ? ExitCode::ok : ExitCode::failed;
}

}  // namespace reaper::cli
