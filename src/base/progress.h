// Progress of long work on stderr: a bar on a terminal, plain lines otherwise, nothing when quiet.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace bmnet {

class Progress {
 public:
  enum class Style { kQuiet, kLines, kBar };

  // kBar when `stream` is a terminal, else kLines.
  static Style style_for(std::FILE* stream);

  explicit Progress(Style style, std::FILE* stream = stderr) : style_(style), stream_(stream) {}
  ~Progress() { end_stage(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Starts a stage of `total` steps (0: unknown), ending the one before.
  void begin_stage(std::string_view name, uint64_t total = 0);
  void step(uint64_t done);
  void end_stage();

 private:
  void draw();

  Style style_;
  std::FILE* stream_;
  std::string stage_;
  uint64_t total_ = 0, done_ = 0;
  int shown_percent_ = -1;
};

}  // namespace bmnet
