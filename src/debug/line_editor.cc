#include "debug/line_editor.h"

#include <algorithm>

namespace bmnet::debug {
namespace {

constexpr char kEscape = '\x1b';
constexpr char control_key(char letter) { return static_cast<char>(letter & 0x1F); }
constexpr size_t kMaxLine = 4096;

bool continues_letter(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

std::string common_prefix(const std::vector<std::string>& words) {
  std::string prefix = words.front();
  for (const std::string& word : words) {
    const auto [mine, theirs] = std::ranges::mismatch(prefix, word);
    prefix.erase(mine, prefix.end());
  }
  return prefix;
}

}  // namespace

void LineEditor::start() {
  line_.clear();
  typed_.clear();
  escape_.clear();
  cursor_ = 0;
  at_ = history_.size();
  suggestions_.clear();
}

LineEditor::Event LineEditor::key(char byte) {
  suggestions_.clear();
  if (!escape_.empty() || byte == kEscape) {
    escape(byte);
    return Event::kNone;
  }
  if (byte == '\r' || byte == '\n') {
    if (!line_.empty() && (history_.empty() || history_.back() != line_)) history_.push_back(line_);
    return Event::kLine;
  }
  if (byte == control_key('D') && line_.empty()) return Event::kEnd;
  if (static_cast<unsigned char>(byte) < 0x20 || byte == '\x7f')
    control(byte);
  else
    insert({&byte, 1});
  return Event::kNone;
}

void LineEditor::control(char byte) {
  switch (byte) {
    case '\t':
      return complete();
    case '\x7f':
    case '\b':
      return erase(before(cursor_), cursor_);
    case control_key('A'):
      cursor_ = 0;
      return;
    case control_key('B'):
      return left();
    case control_key('C'):
      return start();
    case control_key('D'):
      return erase(cursor_, after(cursor_));
    case control_key('E'):
      cursor_ = line_.size();
      return;
    case control_key('F'):
      return right();
    case control_key('K'):
      return erase(cursor_, line_.size());
    case control_key('N'):
      return walk_history(1);
    case control_key('P'):
      return walk_history(-1);
    case control_key('U'):
      return erase(0, cursor_);
    case control_key('W'): {
      size_t begin = cursor_;
      while (begin > 0 && line_[begin - 1] == ' ') --begin;
      while (begin > 0 && line_[begin - 1] != ' ') --begin;
      return erase(begin, cursor_);
    }
    default:
      return;
  }
}

// ESC [ or ESC O, digits, a letter or ~.
void LineEditor::escape(char byte) {
  escape_ += byte;
  const bool begins = escape_.size() == 1 || (escape_.size() == 2 && (byte == '[' || byte == 'O'));
  const bool parameter = escape_.size() > 2 && escape_.size() < 8 && ((byte >= '0' && byte <= '9') || byte == ';');
  if (begins || parameter) return;
  const std::string sequence = escape_.size() > 2 ? escape_.substr(2) : "";
  escape_.clear();
  if (sequence == "A") return walk_history(-1);
  if (sequence == "B") return walk_history(1);
  if (sequence == "C") return right();
  if (sequence == "D") return left();
  if (sequence == "3~") return erase(cursor_, after(cursor_));
  if (sequence == "H" || sequence == "1~" || sequence == "7~") cursor_ = 0;
  if (sequence == "F" || sequence == "4~" || sequence == "8~") cursor_ = line_.size();
}

void LineEditor::insert(std::string_view text) {
  if (line_.size() + text.size() > kMaxLine) return;
  line_.insert(cursor_, text);
  cursor_ += text.size();
}

void LineEditor::left() { cursor_ = before(cursor_); }
void LineEditor::right() { cursor_ = after(cursor_); }

size_t LineEditor::before(size_t position) const {
  if (position > 0) --position;
  while (position > 0 && continues_letter(line_[position])) --position;
  return position;
}

size_t LineEditor::after(size_t position) const {
  if (position < line_.size()) ++position;
  while (position < line_.size() && continues_letter(line_[position])) ++position;
  return position;
}

void LineEditor::erase(size_t begin, size_t end) {
  line_.erase(begin, end - begin);
  cursor_ = begin;
}

void LineEditor::walk_history(int step) {
  if ((step < 0 && at_ == 0) || (step > 0 && at_ == history_.size())) return;
  if (at_ == history_.size()) typed_ = line_;
  at_ += static_cast<size_t>(step);
  line_ = at_ == history_.size() ? typed_ : history_[at_];
  cursor_ = line_.size();
}

void LineEditor::complete() {
  if (!complete_ || cursor_ != line_.size()) return;
  std::vector<std::string> words = complete_(line_);
  if (words.empty()) return;
  const size_t word = line_.rfind(' ') + 1;  // 0 when there is no blank
  const std::string prefix = common_prefix(words);
  if (prefix.size() > line_.size() - word) insert(std::string_view(prefix).substr(line_.size() - word));
  if (words.size() == 1)
    insert(" ");
  else
    suggestions_ = std::move(words);
}

}  // namespace bmnet::debug
