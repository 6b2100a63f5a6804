// mcp-reaper doctor: what this host allows, what follows, and what to do about each gap.
#include "report/doctor.h"

#include "cli/command.h"
#include "cli/output.h"
#include "cli/policy_option.h"
#include "cli/terminal.h"
#include "clients/inspection.h"
#include "pass/places.h"
#include "report/history_reader.h"

namespace reaper::cli {
namespace {

report::OurDirectory directory(const Result<std::string>& place) {
    if (!place) return {"", enforce::Tried::failed(place.error().reason)};
    return {*place, enforce::can_make_files(*place)};
}

enforce::Tried try_history(const Result<std::string>& state) {
    if (!state) return enforce::Tried::failed(state.error().reason);
    report::HistoryQuery newest;
    newest.limit = 1;
    const auto page = report::read_history(pass::history_file(*state), newest);
    return page ? enforce::Tried::fine() : enforce::Tried::failed(page.error().message());
}

ExitCode run(const Arguments& arguments) {
    if (const auto fits = arguments.expect_operands(0, 0, ""); !fits) {
        return usage_error("doctor", fits.error());
    }
    const auto format = arguments.choice("format", {"table", "json"});
    if (!format) return usage_error("doctor", format.error());

    report::DoctorFacts facts;
    facts.host = enforce::read_host_facts();
    const pass::Places places = pass::our_places();
    facts.runtime = directory(places.runtime);
    facts.state = directory(places.state);
    facts.history = try_history(places.state);
    const auto policy = choose_policy(arguments.value("policy"));
    if (policy) {
        facts.policy = policy->name;
        facts.mode = policy->loaded.policy.mode;
    }
    std::vector<report::CheckPoint> points = report::check(facts);
    const std::vector<report::CheckPoint> configurations = clients::inspect(
        clients::known_files(clients::our_surroundings()),
        {policy ? &policy->loaded.classifier : nullptr, policy::process_environment, {}});
    points.insert(points.end(), configurations.begin(), configurations.end());
    return print(*format == "json" ? to_json(points) : to_table(points, table_options()),
                 can_act(points) ? ExitCode::ok : ExitCode::failed);
}

}  // namespace

Command doctor_command() {
    Page page;
    page.name = "doctor";
    page.summary = "show what this host allows, and what to do about each gap";
    page.usage = {"mcp-reaper doctor [OPTION]..."};
    page.description = {
        "Tries what is needed to see, judge, end, throttle and freeze servers: privileges, what may be "
        "looked at, calls of the kernel, cgroups, systemd, our own directories, the policy. Each is "
        "tried "
        "on mcp-reaper itself or on a child of its own; nothing is changed.",
        "Then the configurations of clients that mcp-reaper wrap --discover finds: one that is broken, "
        "a "
        "command that is not found, a package that is misspelt, a variable that is not set, two servers "
        "with one name.",
        "A point is 'ok'; 'limited': something is less exact, slower, or not possible for other users' "
        "servers; or 'missing': something is not possible at all. Below it stands what follows and what "
        "to do."};
    page.options = {policy_option(),
                    {"format", 0, "FORMAT", "'table' for people (the default) or 'json' for programs."}};
    page.examples = {{"mcp-reaper doctor", "What can be done as this user."},
                     {"sudo mcp-reaper doctor", "What can be done as root."},
                     {"mcp-reaper doctor --format json | jq '.points[] | select(.standing != \"ok\")'",
                      "The gaps alone."}};
    page.exit_codes = {"0  Servers can be ended here.",
                       "1  They cannot: something essential is missing, or the report was not written.",
                       "2  Wrong use."};
    return {std::move(page), run, {}};
}

}  // namespace reaper::cli
