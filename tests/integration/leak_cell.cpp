#include "leak_cell.h"

#include "npm_packages.h"

namespace reaper::integration {
namespace {

/// Python's client closes no channel: it can be asked to stop writing, but goes on reading.
bool ends_by_closing(Way way) {
    return way == Way::close || way == Way::wrapper_killed;
}

}  // namespace

std::string name_of(Way way) {
    switch (way) {
        case Way::close:
            return "close";
        case Way::exit:
            return "exit";
        case Way::sigterm:
            return "SIGTERM";
        case Way::sigkill:
            return "SIGKILL";
        case Way::terminal_closed:
            return "terminal closed";
        case Way::wrapper_killed:
            return "wrapper killed";
        case Way::guard_killed:
            return "guard killed";
    }
    return "";
}

std::string name_of(const Cell& cell) {
    return (cell.guarded ? "guarded, " : "direct, ") + cell.launch.name + ", " + name_of(cell.way) +
           (cell.client == ClientKind::python ? " (Python)" : "");
}

std::vector<Launch> rows_of_the_matrix() {
    std::vector<Launch> rows;
    for (Launch& launch : launches_by_npx()) {
        launch.name = launch.type;
        launch.call = nullptr;
        rows.push_back(std::move(launch));
    }
    for (Launch& launch : launches_with_open_page()) {
        launch.name = launch.type + ", page open";
        rows.push_back(std::move(launch));
    }
    return rows;
}

std::vector<Cell> cells_of_round(int round) {
    const std::vector<Launch> rows = rows_of_the_matrix();
    std::vector<Cell> cells;
    for (const Way way : kWays) {
        for (const bool guarded : {true, false}) {
            if (!guarded && way == Way::guard_killed) continue;
            const bool python = round % 2 == 1 && !ends_by_closing(way);
            for (const Launch& launch : rows)
                cells.push_back({launch, way, guarded, python ? ClientKind::python : ClientKind::sdk});
        }
    }
    return cells;
}

std::vector<Cell> sample_of_cells(std::size_t count) {
    const std::vector<Launch> rows = rows_of_the_matrix();
    std::vector<Cell> cells;
    for (std::size_t i = 0; i < count; ++i) {
        const Way way = kWays[i % kWays.size()];
        const bool python = i % 2 == 1 && !ends_by_closing(way);
        cells.push_back(
            {rows[i % rows.size()], way, true, python ? ClientKind::python : ClientKind::sdk});
    }
    return cells;
}

}  // namespace reaper::integration
