// One line on standard error that is written over and over while something goes on; nothing where no
// terminal is there to show it.
#pragma once

#include <string>

namespace reaper::cli {

class StatusLine {
  public:
    StatusLine();
    StatusLine(const StatusLine&) = delete;
    StatusLine& operator=(const StatusLine&) = delete;
    ~StatusLine() { erase(); }

    /// In place of what stands there. Cut to the terminal's width.
    void draw(const std::string& text);
    void erase();

  private:
    bool live_;
    bool drawn_ = false;
};

}  // namespace reaper::cli
