#include "daemon/policy_keeper.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "base/digest.h"
#include "policy/last_good.h"
#include "policy/policy_file.h"

namespace reaper::daemon {
namespace {

using policy::PolicyErrors;

/// Tells one text from another, for people; nothing is protected by it.
std::string checksum_of(std::string_view text) {
    Digest digest;
    digest.add(text);
    std::array<char, 17> digits{};
    std::snprintf(digits.data(), digits.size(), "%016llx",
                  static_cast<unsigned long long>(digest.value()));
    return digits.data();
}

PolicyErrors about_the_file(const std::string& file, std::string what) {
    policy::PolicyError error;
    error.file = file;
    error.what = std::move(what);
    return {error};
}

struct Read {
    std::string text;
    pass::ChosenPolicy policy;
};

/// The file's policy or, for an empty name, the built-in one.
tl::expected<Read, PolicyErrors> read(const std::string& file) {
    if (file.empty()) {
        auto built_in = policy::default_policy();
        if (!built_in) return tl::unexpected(std::move(built_in.error()));
        return Read{std::string(policy::default_policy_text()),
                    {std::move(*built_in), "default (built in)"}};
    }
    auto text = policy::read_policy_file(file);
    if (!text) return tl::unexpected(about_the_file(file, text.error()));
    auto loaded = policy::parse_policy(*text, file);
    if (!loaded) return tl::unexpected(std::move(loaded.error()));
    return Read{std::move(*text), {std::move(*loaded), file}};
}

}  // namespace

/// Empty: the built-in one.
std::string PolicyKeeper::file_now() const {
    if (sources_.given) return *sources_.given;
    return pass::installed_policy().value_or("");
}

tl::expected<PolicyKeeper, PolicyErrors> PolicyKeeper::start(Sources sources, WallTime now) {
    PolicyKeeper keeper(std::move(sources));
    const std::string file = keeper.file_now();
    auto chosen = read(file);
    if (chosen) {
        keeper.adopt(std::move(chosen->policy), file, chosen->text, now);
        return keeper;
    }
    if (keeper.sources_.last_good.empty()) return tl::unexpected(std::move(chosen.error()));
    const auto kept = policy::load_last_good(keeper.sources_.last_good);
    if (!kept || !*kept || (*kept)->file != file) {
        PolicyErrors errors = std::move(chosen.error());
        if (!kept) errors.push_back(about_the_file(keeper.sources_.last_good, kept.error()).front());
        return tl::unexpected(std::move(errors));
    }
    auto good = policy::parse_policy((*kept)->text, file);
    if (!good) return tl::unexpected(std::move(chosen.error()));
    keeper.take({std::move(*good), file}, file, (*kept)->text, now);
    keeper.refuse(chosen.error(), now);
    return keeper;
}

void PolicyKeeper::take(pass::ChosenPolicy policy, const std::string& file, const std::string& text,
                        WallTime now) {
    status_ = {.name = policy.name,
               .file = file,
               .checksum = checksum_of(text),
               .loaded_at = now,
               .refused = std::nullopt};
    policy_ = std::make_shared<const pass::ChosenPolicy>(std::move(policy));
}

void PolicyKeeper::adopt(pass::ChosenPolicy policy, const std::string& file, const std::string& text,
                         WallTime now) {
    take(std::move(policy), file, text, now);
    trouble_.clear();
    if (file.empty() || sources_.last_good.empty()) return;
    if (const auto stored = policy::store_last_good(sources_.last_good, {file, text}); !stored) {
        trouble_ = stored.error().message() + "; a restart will not know the last good policy";
    }
}

void PolicyKeeper::refuse(const PolicyErrors& errors, WallTime now) {
    RefusedPolicy refused{.at = now, .errors = {}};
    for (const policy::PolicyError& error : errors) refused.errors.push_back(error.message());
    status_.refused = std::move(refused);
}

std::vector<std::string> PolicyKeeper::files() const {
    if (sources_.given) return {*sources_.given};
    return pass::policy_places();
}

tl::expected<bool, PolicyErrors> PolicyKeeper::reload(WallTime now) {
    const std::string file = file_now();
    // Nor does another one take its place: what it said may protect somebody.
    const bool gone =
        !status_.file.empty() && file != status_.file && ::access(status_.file.c_str(), F_OK) != 0;
    if (gone) {
        PolicyErrors errors = about_the_file(
            status_.file, "the file is gone; what it said stays in force until the daemon is restarted");
        refuse(errors, now);
        return tl::unexpected(std::move(errors));
    }
    auto chosen = read(file);
    if (!chosen) {
        refuse(chosen.error(), now);
        return tl::unexpected(std::move(chosen.error()));
    }
    const bool same = file == status_.file && checksum_of(chosen->text) == status_.checksum;
    if (same) {
        status_.refused.reset();
        // ${NAME} may stand for something else only in another process: the same text is the same
        // policy.
        return false;
    }
    adopt(std::move(chosen->policy), file, chosen->text, now);
    return true;
}

}  // namespace reaper::daemon
