#include "daemon/control_answers.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "report/json_values.h"

namespace reaper::daemon {
namespace {

using report::Json;
using Done = std::function<void(Answer)>;

constexpr const char* kPrometheusText = "text/plain; version=0.0.4; charset=utf-8";
constexpr unsigned kUnavailable = 503;

Answer answer_of(const Body& body) {
    if (!body) return daemon::answer_of(body.error());
    return {200, kJson, *body, {}, {}};
}

std::string one_line(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

Answer yes_or_no(const char* what, bool holds) {
    return {holds ? 200 : kUnavailable, kJson, one_line({{what, holds}}), {}, {}};
}

Answer health(const Health& health) {
    const Json json = {{"healthy", health.healthy}, {"reasons", report::texts(health.reasons)}};
    return {health.healthy ? 200 : kUnavailable, kJson, one_line(json), {}, {}};
}

Answer status(ControlBackend& backend, const Peer& peer, const ControlFigures& figures) {
    Status status = backend.status(peer);
    status.connections = figures.connections;
    return {200, kJson, to_json(status), {}, {}};
}

Answer kept_events(ControlBackend& backend, const Peer& peer, const std::string& after) {
    Answer answer{200, kJsonLines, "", {}, {}};
    const auto subscription = backend.subscribe(peer, after, [&](std::string_view line) {
        answer.body.append(line);
        answer.body += '\n';
    });
    backend.unsubscribe(subscription);
    return answer;
}

void history(const Call& call, const Peer& peer, const AnswerContext& context, Done done) {
    const auto query = history_query(call, context.now);
    if (!query) return done(daemon::answer_of(query.error()));
    context.backend.history(peer, *query,
                            [done = std::move(done)](const Body& body) { done(answer_of(body)); });
}

void act(const Peer& peer, std::string_view body, const AnswerContext& context, Done done) {
    const auto request = action_from_json(body);
    if (!request) return done(daemon::answer_of(request.error()));
    context.backend.act(peer, *request, [done = std::move(done)](const Outcomes& outcomes) {
        if (!outcomes) return done(daemon::answer_of(outcomes.error()));
        done({200, kJson, report::outcomes_to_json(*outcomes), {}, {}});
    });
}

void reload(const Peer& peer, std::string_view body, const AnswerContext& context, Done done) {
    if (const auto empty = nothing_from_json(body); !empty)
        return done(daemon::answer_of(empty.error()));
    context.backend.reload([&backend = context.backend, peer, figures = context.figures,
                            done = std::move(done)](const Agreed& agreed) {
        done(agreed ? status(backend, peer, figures) : daemon::answer_of(agreed.error()));
    });
}

Answer pause(const Peer& peer, std::string_view body, const AnswerContext& context) {
    const auto time = pause_from_json(body);
    if (!time) return daemon::answer_of(time.error());
    const Agreed agreed = context.backend.pause(*time);
    return agreed ? status(context.backend, peer, context.figures) : daemon::answer_of(agreed.error());
}

Answer resume(const Peer& peer, std::string_view body, const AnswerContext& context) {
    if (const auto empty = nothing_from_json(body); !empty) return daemon::answer_of(empty.error());
    const Agreed agreed = context.backend.resume();
    return agreed ? status(context.backend, peer, context.figures) : daemon::answer_of(agreed.error());
}

Answer events(const Call& call, const Peer& peer, ControlBackend& backend) {
    const auto query = events_query(call);
    return query ? kept_events(backend, peer, query->after) : daemon::answer_of(query.error());
}

}  // namespace

void find_answer(const Call& call, const Peer& peer, std::string_view body, const AnswerContext& context,
                 Done done) {
    ControlBackend& backend = context.backend;
    switch (call.endpoint) {
        case Endpoint::live:
            return done(yes_or_no("live", backend.live()));
        case Endpoint::ready:
            return done(yes_or_no("ready", backend.ready()));
        case Endpoint::health:
            return done(health(backend.status(peer).health));
        case Endpoint::metrics:
            return done(
                {200, kPrometheusText, to_prometheus(backend.figures(), context.figures), {}, {}});
        case Endpoint::status:
            return done(status(backend, peer, context.figures));
        case Endpoint::servers:
            return done(answer_of(backend.servers(peer)));
        case Endpoint::plan:
            return done(answer_of(backend.plan(peer)));
        case Endpoint::history:
            return history(call, peer, context, std::move(done));
        case Endpoint::events:
            return done(events(call, peer, backend));
        case Endpoint::actions:
            return act(peer, body, context, std::move(done));
        case Endpoint::reload:
            return reload(peer, body, context, std::move(done));
        case Endpoint::pause:
            return done(pause(peer, body, context));
        case Endpoint::resume:
            return done(resume(peer, body, context));
    }
}

}  // namespace reaper::daemon
