#include "guard/spared.h"

#include "classify/builtin_client.h"
#include "scan/process_dir.h"
#include "scan/protection.h"

namespace reaper::guard {
namespace {

Result<classify::Classifier> compile(const std::vector<std::string>& clients) {
    std::vector<classify::ClientPattern> patterns;
    for (const std::string& client : clients) patterns.push_back({client, client});
    return classify::Classifier::compile({}, std::move(patterns));
}

}  // namespace

Result<void> Spared::check(const std::vector<std::string>& clients) {
    if (clients.empty()) return {};
    const auto compiled = compile(clients);
    if (!compiled) return tl::unexpected(compiled.error());
    return {};
}

classify::Classification Spared::classify(const classify::CommandLine& line, const std::string& exe) {
    classify::Classification builtin = classify::builtin_client(line, exe);
    if (clients_.empty() || builtin.role == classify::Role::client) return builtin;
    if (!classifier_) {
        if (auto compiled = compile(clients_)) classifier_ = std::move(*compiled);
    }
    return classifier_ ? classifier_->classify(line, {exe, {}}) : builtin;
}

std::optional<bool> Spared::has(ProcessId id) {
    const auto unseen = [](const Error& error) {
        return scan::says_gone(error) ? std::optional(false) : std::nullopt;
    };
    const auto dir = scan::ProcessDir::open(id);
    if (!dir) return unseen(dir.error());
    const auto line = dir->command_line();
    if (!line) return unseen(line.error());
    const auto stat = dir->stat();
    if (!stat) return unseen(stat.error());
    scan::Process process;
    process.id = id;
    process.cmdline = *line;
    process.comm = stat->comm;
    const std::string exe = dir->link("exe").value_or("");
    return scan::is_never_ended(process,
                                classify(classify::CommandLine::from_proc(process.cmdline), exe));
}

}  // namespace reaper::guard
