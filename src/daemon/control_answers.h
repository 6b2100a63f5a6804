// What a call comes to: asked of the backend, put into JSON.
//
// Internal to daemon/control_*.
#pragma once

#include <functional>
#include <string>

#include "daemon/control_backend.h"
#include "daemon/control_routes.h"
#include "daemon/http_text.h"

namespace reaper::daemon {

struct AnswerContext {
    ControlBackend& backend;
    ControlFigures figures;
    WallTime now{};
};

/// `done` is called once, now or later. Not for an event stream that is followed.
void find_answer(const Call& call, const Peer& peer, std::string_view body, const AnswerContext& context,
                 std::function<void(Answer)> done);

}  // namespace reaper::daemon
