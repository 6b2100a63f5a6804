// docs/policy.md against the table of keys: the reference at its end has a row for every key.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "load_text.h"
#include "policy/event_names.h"
#include "policy/keys.h"
#include "policy/value_text.h"

using namespace reaper;
using namespace reaper::policy;

namespace {

constexpr const char* kBegin = "| Key | Value | Built in | Meaning |\n|---|---|---|---|\n";

/// `| key | what may stand there | the built-in value | help |`
std::string row(const std::string& path, const Key& key, const Value& builtin) {
    const std::string value = write_value(key, builtin);
    const std::string standard = key.required                     ? "required"
                                 : value.empty() || value == "''" ? ""
                                                                  : "`" + value + "`";
    return "| `" + path + std::string(key.name) + "` | " + allowed_values(key) + " | " + standard +
           " | " + std::string(key.help) + " |\n";
}

template <typename T>
std::string rows(const std::string& path, std::span<const Field<T>> fields, const T* builtin) {
    std::string text;
    for (const Field<T>& field : fields) {
        text += row(path, field.key, builtin ? field.get(*builtin) : Value{});
    }
    return text;
}

std::string limit_rows(const std::string& path, bool of_type) {
    std::string text;
    for (const Field<Limits>& field : limit_fields()) {
        text += row(path, field.key, of_type ? Value{} : Value{NoLimit{}});
    }
    return text;
}

std::string reference() {
    const Policy builtin = builtin_defaults();
    std::string text = kBegin;
    text += rows("", policy_fields(), &builtin);
    text += rows("daemon.", daemon_fields(), &builtin.daemon);
    text += limit_rows("limits.", false);
    for (const Rule rule : kRules) {
        text +=
            rows("rules." + std::string(to_string(rule)) + ".", rule_fields(rule), &builtin.rule(rule));
    }
    visit_settings(builtin, [&](const std::string& section, auto fields, const auto& settings) {
        text += rows(section + ".", fields, &settings);
        if (section == "pressure") text += limit_rows("pressure.limits.", false);
    });
    const Hook hook;
    text += rows("hooks[].", hook_fields(), &hook);
    text += rows<ServerType>("servers[].", server_fields(), nullptr);
    const HealthRequest health;
    text += rows("servers[].health.", health_fields(), &health);
    text += rows<GuardSettings>("servers[].guard.", guard_fields(), nullptr);
    text += limit_rows("servers[].limits.", true);
    text += rows<ClientProgram>("clients[].", client_fields(), nullptr);
    text += rows<Exemption>("exempt[].", exempt_fields(), nullptr);
    text += rows<Exemption>("protect[].", protect_fields(), nullptr);
    return text;
}

/// The examples of the document that are whole policies.
std::vector<std::string> examples(const std::string& document) {
    std::vector<std::string> found;
    const std::string fence = "```yaml\n";
    for (std::size_t at = document.find(fence); at != std::string::npos; at = document.find(fence, at)) {
        at += fence.size();
        const std::string text = document.substr(at, document.find("```", at) - at);
        if (text.find("version: 1") != std::string::npos) found.push_back(text);
    }
    return found;
}

}  // namespace

TEST(Reference, HasARowForEveryKey) {
    const std::string document = test::read_file(REAPER_SOURCE_DIR "/docs/policy.md");
    const std::size_t at = document.find(kBegin);
    ASSERT_NE(at, std::string::npos);
    EXPECT_EQ(document.substr(at), reference())
        << "the table at the end of docs/policy.md has to be this:\n"
        << reference();
}

TEST(Reference, NamesEveryEventAHookMayAskFor) {
    const std::string document = test::read_file(REAPER_SOURCE_DIR "/docs/policy.md");
    for (const std::string_view name : kEventNames) {
        EXPECT_NE(document.find("`" + std::string(name) + "`"), std::string::npos) << name;
    }
}

TEST(Reference, HasExamplesThatLoad) {
    const auto found = examples(test::read_file(REAPER_SOURCE_DIR "/docs/policy.md"));
    EXPECT_GE(found.size(), 3U);
    for (const std::string& text : found) {
        const auto wrong = test::mistakes(text);
        EXPECT_TRUE(wrong.empty()) << text << wrong.front();
    }
}
