// Damaged and hostile cfgs and weights: each gives a network or one clear message.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "base/file.h"
#include "base/testing.h"
#include "frontend/darknet/darknet_fuzz.cc"
#include "frontend/testing.h"

namespace bmnet::frontend::darknet {
namespace {

using testing::HasSubstr;

std::vector<std::string> corpus() {
  std::vector<std::string> inputs;
  for (const auto& entry : std::filesystem::directory_iterator(bmnet::test::source_file("src/frontend/darknet/corpus")))
    inputs.push_back(*read_text(entry.path()));
  std::ranges::sort(inputs);
  return inputs;
}

void replay(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

TEST(darknet_corpus, gives_networks_or_clear_messages) {
  size_t files = 0, networks = 0;
  for (const std::string& input : corpus()) {
    replay(input);
    ++files, networks += import_fuzz_input(as_bytes(input)).has_value();
  }
  EXPECT_EQ(files, 10u);
  EXPECT_EQ(networks, 6u);
}

TEST(darknet_corpus, survives_mutated_bytes) {
  std::mt19937 random(3);
  for (const std::string& input : corpus())
    for (int i = 0; i < 300; ++i) replay(frontend::test::mutated(input, random));
}

// Every number of every cfg in turn.
TEST(darknet_corpus, survives_absurd_numbers) {
  for (const std::string& input : corpus())
    for (size_t equals = input.find('='); equals != std::string::npos; equals = input.find('=', equals + 1))
      for (const char* number : {"-1", "0", "3", "65536", "1073741824", "-1073741824", "1e300", "-1e300", "nan", "inf",
                                 "9223372036854775808", "", "x", "0x10", "1,2,3"}) {
        const size_t end = std::min(input.find('\n', equals), input.size());
        replay(input.substr(0, equals + 1) + number + input.substr(end));
      }
}

std::string refusal(const std::string& cfg) {
  const auto model = import_fuzz_input(as_bytes(cfg));
  return model ? "it is not refused" : model.error().message;
}
const std::string kNet = "[net]\nwidth=4\nheight=4\nchannels=2\n";

TEST(hostile_cfg, with_absurd_numbers_is_refused) {
  const nn::SmallModels small(kFuzzLimits);
  EXPECT_THAT(refusal("[net]\nwidth=1073741824\nheight=1073741824\nchannels=1073741824\n[dropout]\n"),
              HasSubstr("fuzz.cfg: the input: shape [1,1073741824,1073741824,1073741824] has more than 2^40 elements"));
  EXPECT_THAT(refusal(kNet + "[convolutional]\nfilters=nan\n"), HasSubstr("line 5: [convolutional] filters=nan"));
  EXPECT_THAT(refusal(kNet + "[convolutional]\nfilters=1e300\n"), HasSubstr("out of range"));
  EXPECT_THAT(refusal(kNet + "[convolutional]\nfilters=1\nsize=1073741824\n"), HasSubstr("2^40 elements"));
  EXPECT_THAT(refusal(kNet + "[route]\nlayers=1e300\n"), HasSubstr("refers to layer 1e+300"));
  EXPECT_THAT(refusal(kNet + "[upsample]\nstride=1000000000\n"), HasSubstr("stride=1000000000 is above 4096"));
  EXPECT_THAT(refusal(kNet + "[rnn]\nhidden=1000000000\noutput=1000000000\n"), HasSubstr("rnn_0"));
}

TEST(hostile_cfg, cannot_fill_the_memory) {
  const nn::SmallModels small(kFuzzLimits);
  EXPECT_THAT(refusal("[net]\ninputs=65536\n[connected]\noutput=65536\n"),
              HasSubstr("bytes of constants that the file does not hold"));
  EXPECT_THAT(refusal(kNet + "[yolo]\nnum=1000000000\nclasses=1\n"), HasSubstr("uses anchor 0, there are 0"));
  std::string sections = kNet;
  for (int i = 0; i < 20000; ++i) sections += "[dropout]\n";
  EXPECT_THAT(refusal(sections), HasSubstr("more than 10000 sections"));
}

TEST(hostile_weights, shorter_than_told_are_refused) {
  const std::string cfg = kNet + "[convolutional]\nfilters=1\nsize=1\n";
  const std::string header("\0\0\0\0\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
  EXPECT_THAT(refusal(cfg + '\0' + header.substr(0, 10)), HasSubstr("too short for the header"));
  EXPECT_THAT(refusal(cfg + '\0' + header),
              HasSubstr("ends at byte 20, but conv_0 biases needs 1 floats from byte 20"));
  EXPECT_THAT(refusal(cfg + '\0' + header + std::string(8, '\0')), HasSubstr("conv_0 weights needs 2 floats"));
  EXPECT_EQ(refusal(cfg + '\0' + header + std::string(12, '\0')), "it is not refused");
  EXPECT_THAT(refusal(cfg + '\0' + header + std::string(16, '\0')), HasSubstr("1 numbers more than the cfg uses"));
  EXPECT_THAT(refusal(cfg + '\0' + std::string(20, '\x7f')), HasSubstr("not a Darknet weights file"));
}

}  // namespace
}  // namespace bmnet::frontend::darknet
