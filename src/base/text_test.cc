#include "base/text.h"

#include <gtest/gtest.h>

namespace bmnet {
namespace {

TEST(printable, leaves_plain_text_alone) { EXPECT_EQ(printable("conv1: 3 x 3\n"), "conv1: 3 x 3\n"); }
TEST(printable, leaves_other_scripts_alone) { EXPECT_EQ(printable("卷积 é"), "卷积 é"); }
TEST(printable, escapes_bytes_that_are_no_text) { EXPECT_EQ(printable("a\xF0z"), "a\\xF0z"); }
TEST(printable, escapes_control_characters) { EXPECT_EQ(printable("a\x1B[31m"), "a\\x1B[31m"); }
TEST(printable, escapes_a_sequence_that_is_cut_off) { EXPECT_EQ(printable("\xE5\x8D"), "\\xE5\\x8D"); }
TEST(printable, escapes_overlong_forms) { EXPECT_EQ(printable("\xC0\x80"), "\\xC0\\x80"); }

}  // namespace
}  // namespace bmnet
