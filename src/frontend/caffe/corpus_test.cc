// Damaged files: each gives a network or one clear message.
#include <filesystem>

#include "base/file.h"
#include "base/testing.h"
#include "frontend/caffe/fuzz.h"
#include "frontend/caffe/testing.h"

namespace bmnet::caffe::test {
namespace {

using testing::HasSubstr;
using testing::Not;

void expect_clear_message(const Error& error) {
  EXPECT_NE(error.kind, ErrorKind::kBug) << error.message;
  EXPECT_GT(error.message.size(), 10u);
  EXPECT_THAT(error.message, Not(HasSubstr("\n")));
}

TEST(corpus, gives_networks_or_clear_messages) {
  size_t files = 0, networks = 0;
  for (const auto& entry : std::filesystem::directory_iterator(bmnet::test::source_file("src/frontend/caffe/corpus"))) {
    const auto content = read_text(entry.path());
    ASSERT_TRUE(content) << content.error().message;
    const auto model = import_fuzz_input(as_bytes(*content));
    if (!model) expect_clear_message(model.error());
    ++files;
    networks += model ? 1 : 0;
  }
  EXPECT_GE(files, 7u);
  EXPECT_GE(networks, 6u);
}

const std::string kNet = input({1, 2, 2, 2}) + R"(
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 2 kernel_size: 1 } }
layer { name: "fc" type: "InnerProduct" bottom: "conv" top: "fc" inner_product_param { num_output: 16 bias_term: false } }
)";

std::string model_bytes() {
  ModelWriter model;
  model.blob("conv", {2, 2, 1, 1}, {1, 2, 3, 4})
      .blob("conv", {2}, {1, 2})
      .blob("fc", {16, 8}, std::vector<float>(128, 0.5f));
  return model.bytes();
}

TEST(damaged_files, the_undamaged_ones_are_good) {
  EXPECT_TRUE(frontend::import_caffe(kNet, as_bytes(model_bytes()), "net.prototxt"));
}

TEST(damaged_files, cut_off_caffemodels_are_refused) {
  const std::string bytes = model_bytes();
  for (size_t size = 1; size < bytes.size(); ++size) {
    const auto model = frontend::import_caffe(kNet, as_bytes(std::string_view(bytes).substr(0, size)), "net.prototxt");
    ASSERT_FALSE(model) << size << " of " << bytes.size() << " bytes were enough";
    expect_clear_message(model.error());
  }
}

TEST(damaged_files, cut_off_prototxts_never_do_harm) {
  const std::string bytes = model_bytes();
  for (size_t size = 0; size < kNet.size(); ++size) {
    const auto model = frontend::import_caffe(kNet.substr(0, size), as_bytes(bytes), "net.prototxt");
    if (!model) expect_clear_message(model.error());
  }
}

TEST(damaged_files, flipped_bits_never_do_harm) {
  const std::string bytes = model_bytes();
  for (size_t bit = 0; bit < 8 * bytes.size(); bit += 3) {
    std::string flipped = bytes;
    flipped[bit / 8] ^= static_cast<char>(1 << bit % 8);
    const auto model = frontend::import_caffe(kNet, as_bytes(flipped), "net.prototxt");
    if (!model) expect_clear_message(model.error());
  }
  for (size_t bit = 0; bit < 8 * kNet.size(); bit += 5) {
    std::string flipped = kNet;
    flipped[bit / 8] ^= static_cast<char>(1 << bit % 8);
    const auto model = frontend::import_caffe(flipped, as_bytes(bytes), "net.prototxt");
    if (!model) expect_clear_message(model.error());
  }
}

TEST(damaged_files, exchanged_ones_are_recognised) {
  const std::string bytes = model_bytes();
  const auto both = frontend::import_caffe(bytes, as_bytes(kNet), "net.prototxt");
  ASSERT_FALSE(both);
  EXPECT_THAT(both.error().message, HasSubstr("were prototxt and caffemodel exchanged?"));
  const auto missing = frontend::import_caffe(std::filesystem::path("/nonexistent.prototxt"), {}, {});
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr("/nonexistent.prototxt"));
}

}  // namespace
}  // namespace bmnet::caffe::test
