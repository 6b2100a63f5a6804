#include "guard/ending.h"

#include <csignal>

namespace reaper::guard {
namespace {

using std::chrono::milliseconds;

/// While there is something that SIGKILL has not ended yet.
constexpr milliseconds kLookAgain{50};
/// Who is stopped heeds nothing until it is continued.
void terminate(Tree& tree) {
    tree.signal(SIGTERM);
    tree.signal(SIGCONT);
}

/// What forks all the time is stopped first, so that a look can see all of it.
constexpr int kMostRounds = 20;

}  // namespace

Ending::Ending(EndTimes times, From from, MonotonicTime now)
    : times_(times), due_(now + times.close_wait) {
    if (from != From::closed_stdin) hurry(from, now);
}

void Ending::hurry(From from, MonotonicTime now) {
    if (from == From::sigkill && stage_ != Stage::killing) {
        stage_ = Stage::insisted;
        due_ = now;
    }
    if (from == From::sigterm && stage_ == Stage::closed) due_ = now;
}

std::optional<MonotonicTime> Ending::step(Tree& tree, MonotonicTime now) {
    tree.look();
    if (tree.over()) return std::nullopt;
    if (now < due_) return due_;
    switch (stage_) {
        case Stage::closed:
            terminate(tree);
            stage_ = Stage::terminated;
            return due_ = now + times_.grace / 2;
        case Stage::terminated:
            terminate(tree);
            stage_ = Stage::insisted;
            return due_ = now + times_.grace / 2;
        case Stage::insisted:
        case Stage::killing:
            stage_ = Stage::killing;
            return due_ = kill(tree, now);
    }
    return std::nullopt;
}

MonotonicTime Ending::kill(Tree& tree, MonotonicTime now) {
    for (int round = 0; round < kMostRounds; ++round) {
        tree.signal(SIGSTOP);
        if (tree.look() == 0) break;
    }
    tree.signal(SIGKILL);
    return now + kLookAgain;
}

}  // namespace reaper::guard
