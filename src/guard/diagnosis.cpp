#include "guard/diagnosis.h"

#include <sys/wait.h>

#include <array>
#include <csignal>
#include <cstring>

namespace reaper::guard {
namespace {

using std::string_view;

struct Symptom {
    string_view words;
    string_view meaning;
};

// What is most telling stands first.
constexpr auto kSymptoms = std::to_array<Symptom>({
    {"heap out of memory",
     "the server needed more memory than node gives it (NODE_OPTIONS=--max-old-space-size)"},
    {"E404", "npm does not know the package: is its name spelt right?"},
    {"404 Not Found", "npm does not know the package: is its name spelt right?"},
    {"ETARGET", "npm knows the package, but not this version of it"},
    {"could not determine executable", "the package has no program to run: is it a server?"},
    {"EBADENGINE", "the package asks for another version of node"},
    {"Unsupported engine", "the package asks for another version of node"},
    {"ENOTFOUND registry", "the npm registry cannot be reached: is the network there?"},
    {"EAI_AGAIN", "names cannot be looked up: is the network there?"},
    {"ECONNREFUSED", "something that the server connects to is not there"},
    {"EADDRINUSE", "another process, perhaps another copy of the server, has the port it listens on"},
    {"ENOSPC", "the disk is full"},
    {"EACCES", "the server may not read or write something it needs"},
    {"Cannot find module",
     "a file of the server is missing: is its path right, is it installed and built?"},
    {"ERR_MODULE_NOT_FOUND",
     "a file of the server is missing: is its path right, is it installed and built?"},
    {"ModuleNotFoundError", "a Python package that the server needs is not installed"},
    {"No module named", "a Python package that the server needs is not installed"},
    {"No such file or directory", "a file that the command names is not there"},
    {"SyntaxError",
     "the server's own code cannot be read: often a version of node or Python that is too old"},
    {"API key", "the server wants a key or token in its environment"},
    {"API_KEY", "the server wants a key or token in its environment"},
    {"environment variable", "the server wants something in its environment"},
    {"Usage:", "the server was given arguments that it does not understand"},
    {"usage:", "the server was given arguments that it does not understand"},
    {"unknown option", "the server was given arguments that it does not understand"},
});

string_view meaning_of_signal(int number) {
    switch (number) {
        case SIGKILL:
            return "somebody has killed it: the kernel where memory was short, or a person";
        case SIGSEGV:
        case SIGBUS:
        case SIGILL:
            return "a mistake in the program or in a native module of it";
        case SIGABRT:
            return "it has given up by itself, often for want of memory";
        case SIGTERM:
        case SIGINT:
        case SIGHUP:
            return "somebody has asked it to end";
        default:
            return "";
    }
}

}  // namespace

std::string how_it_ended(std::optional<int> status) {
    if (!status) return "it closed its output";
    if (WIFSIGNALED(*status)) {
        const int number = WTERMSIG(*status);
        const char* const name = ::sigabbrev_np(number);
        return "it was ended by signal " + std::to_string(number) +
               (name != nullptr ? " (SIG" + std::string(name) + ")" : "");
    }
    return "it ended with status " + std::to_string(WEXITSTATUS(*status));
}

std::string usual_meaning(std::optional<int> status, string_view errors) {
    for (const Symptom& symptom : kSymptoms) {
        if (errors.find(symptom.words) != string_view::npos) return std::string(symptom.meaning);
    }
    if (!status) return "";
    if (WIFSIGNALED(*status)) return std::string(meaning_of_signal(WTERMSIG(*status)));
    switch (WEXITSTATUS(*status)) {
        case 0:
            return "it took its work for done: is it a server that speaks over stdin and stdout?";
        case 126:
            return "a program that the command names may not be executed";
        case 127:
            return "a program that the command names is not there";
        default:
            return "";
    }
}

string_view last_lines(string_view text, std::size_t most) {
    const std::size_t last = text.find_last_not_of(" \t\r\n");
    text = text.substr(0, last == string_view::npos ? 0 : last + 1);
    if (text.size() <= most) return text;
    text.remove_prefix(text.size() - most);
    const std::size_t newline = text.find('\n');
    return newline == string_view::npos ? text : text.substr(newline + 1);
}

}  // namespace reaper::guard
