#include "base/progress.h"

#include <fmt/format.h>
#include <unistd.h>

namespace bmnet {
namespace {

constexpr int kBarWidth = 30;
constexpr int kLineStepPercent = 25;  // plain output: a line at each quarter of a long stage

}  // namespace

Progress::Style Progress::style_for(std::FILE* stream) { return isatty(fileno(stream)) ? Style::kBar : Style::kLines; }

void Progress::begin_stage(std::string_view name, uint64_t total) {
  end_stage();
  stage_ = name;
  total_ = total;
  done_ = 0;
  shown_percent_ = -1;
  if (style_ == Style::kLines) fmt::print(stream_, "{}\n", stage_);
  draw();
}

void Progress::step(uint64_t done) {
  done_ = done;
  draw();
}

void Progress::end_stage() {
  if (style_ == Style::kBar && !stage_.empty()) fmt::print(stream_, "\r\033[K");
  std::fflush(stream_);
  stage_.clear();
}

void Progress::draw() {
  if (style_ == Style::kQuiet || stage_.empty()) return;
  const int percent = total_ ? static_cast<int>(std::min<uint64_t>(done_, total_) * 100 / total_) : 0;
  if (percent == shown_percent_) return;
  if (style_ == Style::kBar) {
    const int filled = percent * kBarWidth / 100;
    fmt::print(stream_, "\r\033[K{} [{:#<{}}{:.<{}}] {}%", stage_, "", filled, "", kBarWidth - filled, percent);
    std::fflush(stream_);
  } else if (total_ && percent / kLineStepPercent != shown_percent_ / kLineStepPercent && percent > 0) {
    fmt::print(stream_, "{}: {}%\n", stage_, percent);
  }
  shown_percent_ = percent;
}

}  // namespace bmnet
