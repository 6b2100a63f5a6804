#include <algorithm>
#include <nlohmann/json.hpp>

#include "report/doctor.h"
#include "report/humanize.h"
#include "report/redact.h"
#include "report/text_width.h"
#include "report/text_writer.h"

namespace reaper::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kStandingColumn = 9;
constexpr std::size_t kNameColumn = 21;
constexpr std::size_t kColumns = kStandingColumn + kNameColumn;
/// With less beside the columns the text goes below them.
constexpr std::size_t kLeastBeside = 30;

Style style_of(Standing standing) {
    switch (standing) {
        case Standing::ok:
            return Style::green;
        case Standing::limited:
            return Style::yellow;
        case Standing::missing:
            return Style::bold_red;
    }
    return Style::plain;
}

void tell(const CheckPoint& point, TextWriter& out) {
    const TableOptions& options = out.options();
    const bool below = options.width != 0 && options.width < kColumns + kLeastBeside;
    const std::size_t indent = below ? 2 : kColumns;
    const std::size_t width = options.width == 0 ? 0 : std::max<std::size_t>(options.width - indent, 8);

    std::vector<std::string> lines;
    const auto add = [&](const std::string& text) {
        if (text.empty()) return;
        for (std::string& line : wrap(printable(text), width, 0)) lines.push_back(std::move(line));
    };
    add(point.finding);
    add(point.follows);
    if (!point.remedy.empty()) add("To do: " + point.remedy);

    out.raw(styled(pad(to_string(point.standing), kStandingColumn, Align::left),
                   style_of(point.standing), options.colour));
    out.raw(below ? point.name + '\n' : pad(point.name, kNameColumn, Align::left));
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (i > 0 || below) out.raw(std::string(indent, ' '));
        out.raw(lines[i] + '\n');
    }
}

Json text_or_null(const std::string& text) {
    return text.empty() ? Json(nullptr) : Json(printable(text));
}

}  // namespace

std::string to_table(const std::vector<CheckPoint>& points, const TableOptions& options) {
    TextWriter out(options);
    for (const CheckPoint& point : points) tell(point, out);
    out.blank();
    const auto gaps = std::count_if(points.begin(), points.end(), [](const CheckPoint& point) {
        return point.standing != Standing::ok;
    });
    if (!can_act(points)) {
        out.line("Servers cannot be ended here.", 0, 0);
    } else if (gaps == 0) {
        out.line("All is well.", 0, 0);
    } else {
        out.line("Servers can be ended here, with " +
                     counted(static_cast<std::size_t>(gaps), "limit", "limits") + ".",
                 0, 0);
    }
    return out.take();
}

std::string to_json(const std::vector<CheckPoint>& points) {
    Json json;
    json["schema"] = kDoctorSchema;
    json["can_act"] = can_act(points);
    json["points"] = Json::array();
    for (const CheckPoint& point : points) {
        Json one;
        one["name"] = point.name;
        one["standing"] = to_string(point.standing);
        one["essential"] = point.essential;
        one["finding"] = printable(point.finding);
        one["follows"] = text_or_null(point.follows);
        one["remedy"] = text_or_null(point.remedy);
        json["points"].push_back(std::move(one));
    }
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace reaper::report
