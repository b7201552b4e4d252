// A line being typed: what each byte from a terminal does to it. Knows no terminal, so that tests can type.
//
// Left, right, Home, End, Ctrl-A, Ctrl-E move; Backspace, Delete, Ctrl-K, Ctrl-U, Ctrl-W cut; up and down walk through
// the lines entered before; Tab completes the last word. UTF-8 letters are one step each.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace bmnet::debug {

class LineEditor {
 public:
  enum class Event { kNone, kLine, kEnd };  // kEnd: Ctrl-D on an empty line
  using Completion = std::function<std::vector<std::string>(std::string_view line)>;

  explicit LineEditor(Completion complete = {}) : complete_(std::move(complete)) {}

  void start();  // an empty line
  Event key(char byte);

  const std::string& line() const { return line_; }
  size_t cursor() const { return cursor_; }  // in bytes
  // Suggestions to show after a Tab that had several; empty after any other key.
  const std::vector<std::string>& suggestions() const { return suggestions_; }

 private:
  void escape(char byte);
  void control(char byte);
  void insert(std::string_view text);
  void left();
  void right();
  void erase(size_t begin, size_t end);
  void walk_history(int step);
  void complete();
  size_t before(size_t position) const;  // of the letter that ends there
  size_t after(size_t position) const;

  Completion complete_;
  std::string line_;
  size_t cursor_ = 0;
  std::string escape_;  // an escape sequence that has begun
  std::vector<std::string> history_;
  size_t at_ = 0;      // in history_; history_.size(): the new line
  std::string typed_;  // the new line while an older one is shown
  std::vector<std::string> suggestions_;
};

}  // namespace bmnet::debug
