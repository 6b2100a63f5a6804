// The cells of the leak matrix: each real server, in each state, whose client ends in each way, with the
// guard and without it.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "npm_client.h"

namespace reaper::integration {

enum class Way { close, exit, sigterm, sigkill, terminal_closed, wrapper_killed, guard_killed };

inline constexpr std::array kWays = {
    Way::close,           Way::exit,           Way::sigterm,     Way::sigkill,
    Way::terminal_closed, Way::wrapper_killed, Way::guard_killed};

enum class ClientKind { sdk, python };

struct Cell {
    Launch launch;  ///< Without the guard, and named as in the matrix: "memory", "puppeteer, page open".
    Way way = Way::close;
    bool guarded = true;
    ClientKind client = ClientKind::sdk;
};

std::string name_of(Way way);           ///< "terminal closed"
std::string name_of(const Cell& cell);  ///< "guarded, puppeteer, page open, SIGKILL (Python)"

/// The rows of the matrix: every server idle, then those with a browser, with a page open. Those that
/// cannot do without a browser are left out where there is none.
std::vector<Launch> rows_of_the_matrix();

/// All cells of one round, a way after the other. Every second round has Python's client wherever that
/// can end in this way.
std::vector<Cell> cells_of_round(int round);

/// So many guarded cells that between them have every server, every way and an open page.
std::vector<Cell> sample_of_cells(std::size_t count);

}  // namespace reaper::integration
