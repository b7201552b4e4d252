#include "device/isa_check/isa_check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <vector>

#include "base/testing.h"

namespace bmnet {
namespace {

struct Outcome {
  int exit_code = 0;
  std::string text;
};

Outcome check(const std::vector<std::string>& files) {
  const std::string path = ::testing::TempDir() + "isa_check.txt";
  std::FILE* out = std::fopen(path.c_str(), "w");
  Outcome outcome;
  outcome.exit_code = isa_check(files, out);
  std::fclose(out);
  std::ifstream in(path);
  outcome.text.assign(std::istreambuf_iterator<char>(in), {});
  return outcome;
}

std::string write_file(const std::string& content) {
  const std::string path = ::testing::TempDir() + "isa_check.json";
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

// A fill of one word 0x01020304 at DDR offset 0: a GDMA command in hexadecimal, first byte first.
std::string fill_command() {
  std::string hex(256, '0');
  const auto put = [&](size_t byte, const std::string& digits) { hex.replace(2 * byte, digits.size(), digits); };
  put(0, "b1");                 // enabled, strides explicit, direction 2
  put(4, "04");                 // special_func 4
  put(12, "04030201");          // constant_value
  put(56, "0100010001000100");  // destination of 1 x 1 x 1 x 1
  put(73, "01");                // destination address 0x1_0000_0000
  put(80, "ffffffffffffffff");  // lane mask
  return hex;
}

std::string fill_case(const std::string& base64) {
  return write_file(R"([{"name":"fill","op":"gdma","cmds":[{"engine":"dma","hex":")" + fill_command() +
                    R"("}],"pre":[],"post":[{"space":"ddr","offset":0,"b64":")" + base64 + R"("}]}])");
}

TEST(isa_check, passes_a_value_case) {
  const Outcome outcome = check({fill_case("BAMCAQ==")});
  EXPECT_EQ(outcome.text, "1 passed, 0 failed\n");
  EXPECT_EQ(outcome.exit_code, 0);
}

TEST(isa_check, names_the_first_differing_byte) {
  const std::string file = fill_case("BAMDAQ==");
  const Outcome outcome = check({file});
  EXPECT_EQ(outcome.text, file + ": fill: DDR at 0x2: word 0x01020304, expected 0x01030304\n0 passed, 1 failed\n");
  EXPECT_EQ(outcome.exit_code, 1);
}

TEST(isa_check, checks_a_formula) {
  const std::string file =
      write_file(R"([{"op":"lookup","fields":{"n":1,"c":64,"h":4,"w":4,"res_addr":134217728},"cycles":24},)"
                 R"({"op":"lookup","fields":{"n":1,"c":65,"h":4,"w":4,"res_addr":134217728},"cycles":24}])");
  EXPECT_EQ(check({file}).text, file + ": lookup (case 1): cycles 48, expected 24\n1 passed, 1 failed\n");
}

TEST(isa_check, checks_a_stream) {
  const std::string file =
      write_file(R"([{"layer":"two","cmds":[[1,10,0],[0,5,1]],"total":15,"tiu_busy":5,"dma_busy":10},)"
                 R"({"layer":"stuck","cmds":[[0,5,1]],"total":5,"tiu_busy":5,"dma_busy":0}])");
  EXPECT_EQ(check({file}).text,
            file + ": stuck (case 1): TIU command 1 waits for id 1 of the GDMA, which never finishes\n" +
                "1 passed, 1 failed\n");
}

TEST(isa_check, refuses_an_unknown_formula) {
  const std::string file = write_file(R"([{"op":"moon","fields":{},"cycles":1}])");
  EXPECT_EQ(check({file}).text, file + ": moon (case 0): no formula \"moon\"\n0 passed, 1 failed\n");
}

TEST(isa_check, refuses_a_missing_parameter) {
  const std::string file = write_file(R"([{"op":"lookup","fields":{},"cycles":1}])");
  EXPECT_EQ(check({file}).text, file + ": lookup (case 0): no parameter \"n\"\n0 passed, 1 failed\n");
}

TEST(isa_check, an_unreadable_file_is_a_failure) {
  const Outcome outcome = check({"/nowhere.json"});
  EXPECT_EQ(outcome.text, "/nowhere.json: cannot be opened\n0 passed, 1 failed\n");
  EXPECT_EQ(outcome.exit_code, 1);
}

TEST(isa_check, fields_must_encode_to_the_command) {
  std::string file = fill_case("BAMCAQ==");
  std::ifstream in(file);
  std::string text((std::istreambuf_iterator<char>(in)), {});
  text.insert(text.find("\"pre\""), R"("fields":{"pio_gdma_enable":1},)");
  file = write_file(text);
  EXPECT_EQ(check({file}).text, file + ": fill: encoded byte 0 is 0x01, expected 0xb1\n0 passed, 1 failed\n");
}

TEST(isa_check, golden_files_pass) {
  const auto folder = test::shared_file("isa/vectors");
  BMNET_REQUIRE_SHARED(folder);
  // The value files have their tests beside the instructions.
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    if (name.starts_with("timing_") || name.find("_emit") != std::string::npos || name.starts_with("gdma_c"))
      files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  ASSERT_GE(files.size(), 8u);
  const Outcome outcome = check(files);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text;
}

}  // namespace
}  // namespace bmnet
