#include "debug/console.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "debug/line_editor.h"

namespace bmnet::debug {
namespace {

volatile std::sig_atomic_t interrupt_flag = 0;

bool take_interrupt() {
  const bool was = interrupt_flag != 0;
  interrupt_flag = 0;
  return was;
}

// Raw input while a line is typed; the terminal is its old self while the program runs, so that Ctrl-C is a signal.
class RawMode {
 public:
  RawMode() {
    ok_ = tcgetattr(STDIN_FILENO, &before_) == 0;
    termios raw = before_;
    raw.c_iflag &= ~static_cast<tcflag_t>(ICRNL | IXON);
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG | IEXTEN);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    ok_ = ok_ && tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
  }
  ~RawMode() {
    if (ok_) tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
  }
  RawMode(const RawMode&) = delete;
  RawMode& operator=(const RawMode&) = delete;

 private:
  termios before_{};
  bool ok_ = false;
};

size_t columns() {
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

// Letters, as far as a terminal shows one a column.
size_t width(std::string_view text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

class TerminalConsole : public Console {
 public:
  explicit TerminalConsole(Completion complete) : editor_(std::move(complete)) {}

  std::optional<std::string> read_line(std::string_view prompt) override {
    const RawMode raw;
    editor_.start();
    draw(prompt);
    for (;;) {
      char byte;
      if (read(STDIN_FILENO, &byte, 1) != 1) return end_line(), std::nullopt;
      const LineEditor::Event event = editor_.key(byte);
      if (event == LineEditor::Event::kEnd) return end_line(), std::nullopt;
      if (event == LineEditor::Event::kLine) return end_line(), editor_.line();
      if (!editor_.suggestions().empty()) write(fmt::format("\r\n{}\r\n", fmt::join(editor_.suggestions(), "  ")));
      draw(prompt);
    }
  }

  void write(std::string_view text) override {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  }

  bool interrupted() override { return take_interrupt(); }
  bool interactive() const override { return true; }

 private:
  void end_line() { write("\r\n"); }

  // The line, or the part of it around the cursor when it is wider than the terminal.
  void draw(std::string_view prompt) {
    const std::string_view line = editor_.line();
    const size_t room = columns() - std::min(columns() - 10, prompt.size()) - 1;
    size_t begin = 0;
    while (width(line.substr(begin, editor_.cursor() - begin)) > room) ++begin;
    while (begin < line.size() && (static_cast<unsigned char>(line[begin]) & 0xC0) == 0x80) ++begin;
    size_t end = line.size();
    while (end > editor_.cursor() && width(line.substr(begin, end - begin)) > room) --end;
    while (end < line.size() && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) --end;
    const size_t back = width(line.substr(editor_.cursor(), end - editor_.cursor()));
    std::string text = fmt::format("\r{}{}\x1b[K", prompt, line.substr(begin, end - begin));
    if (back) text += fmt::format("\x1b[{}D", back);
    write(text);
  }

  LineEditor editor_;
};

}  // namespace

std::optional<std::string> ScriptConsole::read_line(std::string_view prompt) {
  for (std::string line; std::getline(in_, line);) {
    if (line.ends_with('\r')) line.pop_back();
    const size_t first = line.find_first_not_of(" \t");
    if (first == std::string::npos || line[first] == '#') continue;
    write(fmt::format("{}{}\n", prompt, line));
    return line;
  }
  return std::nullopt;
}

void ScriptConsole::write(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), out_);
  std::fflush(out_);
}

bool ScriptConsole::interrupted() { return take_interrupt(); }

std::unique_ptr<Console> terminal_console(Completion complete) {
  return std::make_unique<TerminalConsole>(std::move(complete));
}

void catch_interrupts() {
  struct sigaction action{};
  action.sa_handler = [](int) { interrupt_flag = 1; };
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
}

}  // namespace bmnet::debug
