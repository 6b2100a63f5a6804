#include <istream>
#include <nlohmann/json.hpp>

#include "report/recorded_json.h"
#include "report/recording.h"

namespace reaper::report {
namespace {

constexpr const char* kAction = "read the recording";

struct Line {
    std::string text;
    bool ended = false;  ///< With a newline: it is whole.
    bool too_long = false;
};

/// The next line, nothing at the end. Stops reading a line that is longer than a recorder writes.
std::optional<Line> read_line(std::istream& in) {
    Line line;
    char block[8192];
    while (line.text.size() <= kMaxRecordedLine) {
        in.getline(block, sizeof block);
        const auto count = static_cast<std::size_t>(in.gcount());
        if (in.bad() || (in.eof() && count == 0)) break;
        if (in.eof()) {
            line.text.append(block, count);
            break;
        }
        if (in.fail()) {  // the block is full and the line goes on
            in.clear(in.rdstate() & ~std::ios::failbit);
            line.text.append(block, count);
            continue;
        }
        line.text.append(block, count - 1);  // gcount counts the newline that it takes
        line.ended = true;
        break;
    }
    line.too_long = line.text.size() > kMaxRecordedLine;
    if (line.text.empty() && !line.ended) return std::nullopt;
    return line;
}

}  // namespace

RecordingReader::RecordingReader(std::istream& in, std::string name) : in_(in), name_(std::move(name)) {}

Result<void> RecordingReader::open() {
    const std::optional<Line> line = read_line(in_);
    if (in_.bad()) return fail(kAction, name_, "it cannot be read");
    if (!line) return fail(kAction, name_, "it is empty");
    line_number_ = 1;
    const Result<nlohmann::json> header = parse_bounded(line->text);
    const bool ours =
        header && header->contains("recording") && (*header)["recording"].is_number_integer();
    if (!ours) {
        return fail(kAction, name_,
                    "it is not a recording of mcp-reaper: its first line is not a header");
    }
    const nlohmann::json& version = (*header)["recording"];
    if (version != kRecordingVersion) {
        return fail(kAction, name_,
                    "it has version " + version.dump() + ", this program reads version " +
                        std::to_string(kRecordingVersion));
    }
    return {};
}

Result<std::optional<scan::Sample>> RecordingReader::next() {
    const std::optional<Line> line = read_line(in_);
    if (in_.bad()) return fail(kAction, name_, "it cannot be read");
    if (!line) return std::nullopt;
    ++line_number_;
    const std::string place = name_ + ", line " + std::to_string(line_number_);
    if (line->too_long) return fail(kAction, place, "the line is longer than 64 MiB");

    Result<scan::Sample> sample = from_line(line->text);
    if (!sample && !line->ended) {
        note_ = "the last line is cut off and was left out";
        return std::nullopt;
    }
    if (!sample) return fail(kAction, place, sample.error().reason);
    if (last_ && sample->monotonic < *last_) {
        return fail(kAction, place, "its clock goes backwards: recordings cannot be joined");
    }
    last_ = sample->monotonic;
    return std::optional<scan::Sample>(std::move(*sample));
}

}  // namespace reaper::report
