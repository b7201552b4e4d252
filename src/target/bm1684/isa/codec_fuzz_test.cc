// Replays the fuzz target on lines and commands made here.
#include "target/bm1684/isa/codec_fuzz.cc"

#include <gtest/gtest.h>

#include <random>

namespace bmnet::bm1684 {
namespace {

constexpr std::string_view kLines[] = {
    "tiu.arith.add #3 @2 opt_res0_prec=fp32 res0_c=64 res0_addr=0x08000000",
    "gdma.move #2 @0 direction=s2l src_start_addr=0x105100000 localmem_mask=0x1 word31=0x1",
    "tiu.family15 tsk_lane_num=0xffffffffffffffff ; comment",
    "gdma.fill constant_value=4294967295 dst_data_format=fp16",
};

TEST(codec_fuzz, survives_its_corpus) {
  for (const std::string_view line : kLines) {
    EXPECT_TRUE(assemble(line)) << line;
    try_as_text(as_bytes(line));
  }
}

TEST(codec_fuzz, survives_mutations) {
  std::mt19937 random(1);
  for (const std::string_view line : kLines)
    for (int i = 0; i < 2000; ++i) {
      std::string mutated(line);
      mutated[random() % mutated.size()] = static_cast<char>(random());
      mutated[random() % mutated.size()] = "#@=. x0"[random() % 7];
      if (random() % 4 == 0) mutated.resize(random() % mutated.size());
      try_as_text(as_bytes(mutated));
    }
}

TEST(codec_fuzz, survives_noise) {
  std::mt19937 random(1);
  for (int i = 0; i < 500; ++i) {
    uint8_t noise[1 + kCommandBytes];
    for (uint8_t& byte : noise) byte = static_cast<uint8_t>(random());
    noise[0] = i % 3;  // a command of either engine, or text
    EXPECT_EQ(LLVMFuzzerTestOneInput(noise, sizeof noise), 0);
  }
}

}  // namespace
}  // namespace bmnet::bm1684
