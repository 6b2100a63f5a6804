#include "classify/classification.h"

namespace reaper::classify {

std::string_view to_string(Role role) {
    switch (role) {
        case Role::none:
            return "none";
        case Role::client:
            return "client";
        case Role::launcher:
            return "launcher";
        case Role::server:
            return "server";
    }
    return "none";
}

std::string_view to_string(LauncherKind kind) {
    switch (kind) {
        case LauncherKind::none:
            return "none";
        case LauncherKind::wrapper:
            return "wrapper";
        case LauncherKind::supervisor:
            return "supervisor";
        case LauncherKind::container:
            return "container";
    }
    return "none";
}

std::string_view to_string(TypeSource source) {
    switch (source) {
        case TypeSource::none:
            return "none";
        case TypeSource::pattern:
            return "pattern";
        case TypeSource::derived:
            return "derived";
        case TypeSource::structure:
            return "structure";
    }
    return "none";
}

}  // namespace reaper::classify
