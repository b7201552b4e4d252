#include "target/bm1684/exec/vector_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/testing.h"

namespace bmnet::bm1684 {
namespace {

std::filesystem::path write_file(const std::string& name, const std::string& content) {
  const auto path = std::filesystem::path(::testing::TempDir()) / name;
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

TEST(vector_file, decodes_base64) {
  EXPECT_EQ(decode_base64("TWFu").value(), (std::vector<uint8_t>{'M', 'a', 'n'}));
  EXPECT_EQ(decode_base64("TWE=").value(), (std::vector<uint8_t>{'M', 'a'}));
  EXPECT_EQ(decode_base64("TQ==").value(), (std::vector<uint8_t>{'M'}));
}

TEST(vector_file, refuses_broken_base64) {
  EXPECT_EQ(decode_base64("TWF").error().message, "base64 text of 3 characters, not a multiple of 4");
  EXPECT_EQ(decode_base64("T=Fu").error().message, "no base64 digit at 1");
}

TEST(vector_file, reads_command_words_little_endian) {
  const Command command = parse_command("01020304" + std::string(248, '0')).value();
  EXPECT_EQ(command[0], 0x04030201u);
}

TEST(vector_file, refuses_short_commands) {
  EXPECT_EQ(parse_command("00").error().message, "a command has 256 hex digits, not 2");
}

TEST(vector_file, reads_plain_json_too) {
  const auto path = write_file("plain.json", R"([{"name":"a","op":"x","cmds":[],"pre":[],)"
                                             R"("post":[{"space":"l2","offset":4,"b64":"TWFu"}]}])");
  const auto cases = read_vector_file(path);
  ASSERT_TRUE(cases) << cases.error().message;
  EXPECT_EQ(cases->at(0).extent(Access::Space::kL2), 7u);
}

TEST(vector_file, names_the_broken_case) {
  const auto path =
      write_file("broken.json", R"([{"name":"a","op":"x","cmds":[],"pre":[],"post":[{"space":"moon"}]}])");
  EXPECT_EQ(read_vector_file(path).error().message, path.string() + ": case 0: unknown space \"moon\"");
}

TEST(vector_file, refuses_a_region_outside_its_memory) {
  const auto path = write_file("far.json", R"([{"name":"a","op":"x","cmds":[],"post":[],)"
                                           R"("pre":[{"space":"lmem","offset":33554431,"b64":"TWFu"}]}])");
  EXPECT_EQ(read_vector_file(path).error().message,
            path.string() + ": case 0: region of 3 bytes at 33554431 runs out of space \"lmem\"");
}

TEST(vector_file, refuses_what_is_not_json) {
  const auto path = write_file("text.json", "hello");
  EXPECT_EQ(read_vector_file(path).error().message, path.string() + ": not JSON");
}

// 129 MiB of blanks in 130 KiB.
TEST(vector_file, refuses_gzip_bombs) {
  const auto path = write_file("bomb.json.gz", "");
  const std::string blanks(1 << 20, ' ');
  gzFile file = gzopen(path.c_str(), "wb9");
  for (int i = 0; i < 129; ++i) gzwrite(file, blanks.data(), static_cast<unsigned>(blanks.size()));
  gzclose(file);
  EXPECT_EQ(read_vector_file(path).error().message,
            path.string() + ": more than 128 MiB unpacked: no file of test vectors");
}

TEST(vector_file, refuses_broken_gzip_data) {
  const auto path = write_file("cut.json.gz", std::string("\x1f\x8b\x08\0\0\0\0\0\0\3\xab", 11));
  EXPECT_THAT(read_vector_file(path).error().message, testing::HasSubstr("gzip data"));
}

TEST(vector_file, tells_the_first_differing_byte) {
  VectorCase vector;
  vector.after.push_back({Access::Space::kLocal, kLaneBytes + 8, {0x11}});
  EXPECT_EQ(VectorRunner().run(vector).error().message,
            "local memory at 0x80008 (lane 1 + 0x8): word 0x00000000, expected 0x00000011");
}

TEST(vector_file, reads_every_golden_file) {
  const auto folder = test::shared_file("isa/vectors");
  BMNET_REQUIRE_SHARED(folder);
  const auto timing = read_timing_file(folder / "timing_tiu.json.gz");
  ASSERT_TRUE(timing) << timing.error().message;
  EXPECT_EQ(timing->size(), 811u);
  const auto cases = read_vector_file(folder / "tiu_compute_mm2.json.gz");
  ASSERT_TRUE(cases) << cases.error().message;
  EXPECT_EQ(cases->size(), 3u);
}

}  // namespace
}  // namespace bmnet::bm1684
