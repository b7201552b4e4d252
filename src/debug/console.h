// Where the debugger's commands come from and its answers go.
#pragma once

#include <cstdio>
#include <functional>
#include <istream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace bmnet::debug {

class Console {
 public:
  virtual ~Console() = default;
  // The next line without its end; none at the end of the input.
  virtual std::optional<std::string> read_line(std::string_view prompt) = 0;
  virtual void write(std::string_view text) = 0;
  // Whether somebody asked to stop the program (Ctrl-C) since the last call.
  virtual bool interrupted() { return false; }
  // A person types: an empty line means the last command again.
  virtual bool interactive() const { return false; }
};

// Lines of a file or pipe, each written with its prompt before its answer; blank lines and lines that begin with # are
// left out.
class ScriptConsole : public Console {
 public:
  ScriptConsole(std::istream& in, std::FILE* out) : in_(in), out_(out) {}
  std::optional<std::string> read_line(std::string_view prompt) override;
  void write(std::string_view text) override;
  bool interrupted() override;

 private:
  std::istream& in_;
  std::FILE* out_;
};

// Suggestions for the last word of a line.
using Completion = std::function<std::vector<std::string>(std::string_view line)>;

// A terminal on stdin and stdout with editing, history and completion (line_editor.h).
std::unique_ptr<Console> terminal_console(Completion complete);

// From now on Ctrl-C does not end the process but is told by interrupted().
void catch_interrupts();

}  // namespace bmnet::debug
