#include "debug/line_editor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bmnet::debug {
namespace {

constexpr std::string_view kLeft = "\x1b[D", kUp = "\x1b[A", kDown = "\x1b[B", kHome = "\x1b[H", kDelete = "\x1b[3~";

void type(LineEditor& editor, std::string_view keys) {
  for (const char byte : keys) editor.key(byte);
}

TEST(line_editor, inserts_where_the_cursor_is) {
  LineEditor editor;
  type(editor, "stp");
  type(editor, kLeft);
  type(editor, "e");
  EXPECT_EQ(editor.line(), "step");
  EXPECT_EQ(editor.cursor(), 3u);
}

TEST(line_editor, cuts) {
  LineEditor editor;
  type(editor, "run to conv1\x17");  // Ctrl-W
  EXPECT_EQ(editor.line(), "run to ");
  type(editor, "\x7f");
  EXPECT_EQ(editor.line(), "run to");
  type(editor, kHome);
  type(editor, kDelete);
  EXPECT_EQ(editor.line(), "un to");
  type(editor, "\x0b");  // Ctrl-K
  EXPECT_EQ(editor.line(), "");
}

TEST(line_editor, remembers_lines) {
  LineEditor editor;
  type(editor, "step");
  EXPECT_EQ(editor.key('\r'), LineEditor::Event::kLine);
  editor.start();
  type(editor, "pr");
  type(editor, kUp);
  EXPECT_EQ(editor.line(), "step");
  type(editor, kDown);
  EXPECT_EQ(editor.line(), "pr");
}

TEST(line_editor, moves_over_whole_letters) {
  LineEditor editor;
  type(editor, "ä\x7f");
  EXPECT_EQ(editor.line(), "");
}

TEST(line_editor, completes_the_last_word) {
  LineEditor editor([](std::string_view line) {
    return line == "run to co" ? std::vector<std::string>{"conv1", "conv2"} : std::vector<std::string>{};
  });
  type(editor, "run to co\t");
  EXPECT_EQ(editor.line(), "run to conv");
  EXPECT_THAT(editor.suggestions(), testing::ElementsAre("conv1", "conv2"));
}

TEST(line_editor, ends_at_control_d_on_an_empty_line) {
  LineEditor editor;
  EXPECT_EQ(editor.key('\x04'), LineEditor::Event::kEnd);
  type(editor, "a");
  EXPECT_EQ(editor.key('\x04'), LineEditor::Event::kNone);
}

TEST(line_editor, survives_any_bytes) {
  LineEditor editor([](std::string_view) { return std::vector<std::string>{"word", "work"}; });
  uint32_t state = 1;
  for (int i = 0; i < 100000; ++i) {
    state = state * 1664525 + 1013904223;
    if (editor.key(static_cast<char>(state >> 24)) != LineEditor::Event::kNone) editor.start();
    ASSERT_LE(editor.cursor(), editor.line().size());
  }
}

}  // namespace
}  // namespace bmnet::debug
