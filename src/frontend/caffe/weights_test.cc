#include "frontend/caffe/weights.h"

#include <cstring>
#include <limits>

#include "frontend/caffe/testing.h"

namespace bmnet::caffe::test {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

Result<Weights> parse(const ModelWriter& model) {
  const auto bytes = std::make_shared<std::string>(model.bytes());
  return parse_weights(as_bytes(*bytes), "net.caffemodel", bytes);
}

std::string error_of(const Result<Weights>& weights) { return weights ? "read" : weights.error().message; }

std::vector<float> copied(const Tensor& tensor) {
  std::vector<float> result(tensor.count());
  std::memcpy(result.data(), tensor.raw(), tensor.bytes());
  return result;
}

TEST(weights, borrow_large_blobs_that_are_aligned_in_the_file) {
  int borrowed = 0;
  for (const std::string name : {"big", "big_", "big__", "big___"}) {  // one byte more, and the data one byte further
    ModelWriter model;
    model.blob(name, {100}, std::vector<float>(100, 2.5f)).blob(name, {2}, {1, 2});
    const auto bytes = std::make_shared<std::string>(model.bytes());
    const auto weights = parse_weights(as_bytes(*bytes), "net.caffemodel", bytes);
    ASSERT_TRUE(weights) << weights.error().message;
    const std::vector<Tensor>& blobs = weights->at(name);
    const char* data = static_cast<const char*>(blobs[0].raw());
    borrowed += data >= bytes->data() && data < bytes->data() + bytes->size();
    EXPECT_THAT(copied(blobs[0]), Each(2.5f));
    EXPECT_THAT(copied(blobs[1]), ElementsAre(1, 2));
  }
  EXPECT_EQ(borrowed, 1);
}

TEST(weights, convert_doubles_and_halves) {
  ModelWriter model;
  for (double value : {1.5, -2.0})
    (value > 0 ? model.add_blob("double") : *model.file().mutable_layer(0)->mutable_blobs(0)).add_double_data(value);
  proto::ModelBlob& half = model.add_blob("half");
  const uint16_t halves[] = {0x3c00, 0xc100, 0x0001, 0x7c00, 0x8000};
  half.set_raw_data_type(2);
  half.set_raw_data(halves, sizeof halves);
  const auto weights = parse(model);
  ASSERT_TRUE(weights) << weights.error().message;
  EXPECT_THAT(copied(weights->at("double")[0]), ElementsAre(1.5f, -2.0f));
  EXPECT_THAT(copied(weights->at("half")[0]),
              ElementsAre(1.0f, -2.5f, 5.9604645e-8f, std::numeric_limits<float>::infinity(), -0.0f));
}

TEST(weights, refuse_a_shape_that_does_not_fit_the_data) {
  ModelWriter model;
  model.blob("fc", {2, 3}, {1, 2, 3});
  EXPECT_EQ(error_of(parse(model)),
            "net.caffemodel: layer 'fc', blob 0: its shape [2,3] has 6 elements, the file holds 3");
}

TEST(weights, refuse_absurd_shapes) {
  ModelWriter negative, huge;
  negative.blob("fc", {-1, -1}, {1});
  huge.blob("fc", {int64_t{1} << 62, int64_t{1} << 62}, {1});
  EXPECT_THAT(error_of(parse(negative)), HasSubstr("its shape is [-1,-1]"));
  EXPECT_THAT(error_of(parse(huge)), HasSubstr("its shape is [4611686018427387904,4611686018427387904]"));
}

TEST(weights, refuse_blobs_without_data_and_unknown_raw_types) {
  ModelWriter empty, raw;
  empty.add_blob("fc").set_num(1);
  raw.add_blob("fc").set_raw_data("abcd");
  raw.file().mutable_layer(0)->mutable_blobs(0)->set_raw_data_type(3);
  EXPECT_THAT(error_of(parse(empty)), HasSubstr("layer 'fc', blob 0: it has no data"));
  EXPECT_THAT(error_of(parse(raw)), HasSubstr("raw data of type 3"));
}

TEST(weights, refuse_a_prototxt_and_an_empty_file) {
  EXPECT_EQ(
      error_of(parse_weights(as_bytes("name: \"net\"\nlayer { }\n"), "net.caffemodel", nullptr)),
      "net.caffemodel: a text file; a binary caffemodel is needed here (were prototxt and caffemodel exchanged?)");
  EXPECT_EQ(error_of(parse_weights({}, "net.caffemodel", nullptr)), "net.caffemodel: the file is empty");
}

// ---- Weights against the network ----

const std::string kNet = input({1, 2}) + layer("InnerProduct", "inner_product_param { num_output: 1 }");

TEST(missing_weights, are_an_error_with_the_layers_name) {
  ModelWriter other;
  other.blob("fc7", {1}, {1});
  EXPECT_THAT(refusal(kNet, other), HasSubstr("layer 'layer' (InnerProduct): the caffemodel has no weights for it"));
  const auto without = frontend::import_caffe(kNet, {}, "net.prototxt");
  EXPECT_THAT(without.error().message, HasSubstr("it needs weights; give the caffemodel"));
}

TEST(missing_weights, may_be_drawn_at_random_and_always_the_same) {
  frontend::ImportOptions options;
  options.random_weights = 1;
  const auto text = [&](uint64_t seed) {
    options.random_weights = seed;
    return frontend::import_caffe(kNet, {}, "net.prototxt", options)->to_text(false);
  };
  EXPECT_EQ(text(1), text(1));
  EXPECT_NE(text(1), text(2));
}

TEST(mismatch, too_few_and_too_many_blobs) {
  ModelWriter few, many;
  few.blob("layer", {1, 2}, {1, 2});
  many.blob("layer", {1, 2}, {1, 2}).blob("layer", {1}, {1}).blob("layer", {1}, {1});
  EXPECT_THAT(refusal(kNet, few), HasSubstr("the caffemodel has 1 blobs for it, blob 1 is missing"));
  EXPECT_THAT(refusal(kNet, many), HasSubstr("the caffemodel has 3 blobs for it, the prototxt describes 2"));
}

TEST(mismatch, of_shapes) {
  ModelWriter model;
  model.blob("layer", {2, 1}, {1, 2}).blob("layer", {3}, {1, 2, 3});
  EXPECT_THAT(refusal(kNet, model), HasSubstr("blob 1 of the caffemodel has shape [3], the prototxt makes it [1]"));
}

TEST(shared_parameters, come_from_the_layer_that_has_them) {
  ModelWriter model;
  model.blob("a", {1, 1, 1, 1}, {3});
  const auto imported = import(input({1, 1, 1, 1}) + R"(
      layer { name: "a" type: "Convolution" bottom: "data" top: "a" param { name: "w" } convolution_param { num_output: 1 kernel_size: 1 bias_term: false } }
      layer { name: "b" type: "Convolution" bottom: "a" top: "b" param { name: "w" } convolution_param { num_output: 1 kernel_size: 1 bias_term: false } })",
                               model);
  ASSERT_TRUE(imported) << imported.error().message;
  EXPECT_THAT(values(run(*imported, {{"data", tensor({1, 1, 1, 1}, {2})}})["b"]), ElementsAre(18));
}

TEST(absurd_layers, are_refused_before_anything_is_allocated) {
  frontend::ImportOptions options;
  options.random_weights = 1;
  const auto message = [&](const std::string& net) {
    const auto model = frontend::import_caffe(net, {}, "net.prototxt", options);
    return model ? "imported" : model.error().message;
  };
  EXPECT_THAT(message(input({1, 2}) + layer("InnerProduct", "inner_product_param { num_output: 4000000000 }")),
              HasSubstr("blob 0 would have shape [4000000000,2]"));
  EXPECT_THAT(message(input({1, 2}) + layer("InnerProduct", "inner_product_param { num_output: 1000000000 }")),
              HasSubstr("bytes of constants that the file does not hold"));
  EXPECT_THAT(message(input({1, 2}) + layer("Tile", "tile_param { tiles: 2000000000 }")),
              HasSubstr("tiles 2000000000"));
  EXPECT_THAT(message(input({1, 1, 9, 9}) +
                      layer("Deconvolution", "convolution_param { num_output: 1 kernel_size: 1 stride: 1000000 }")),
              HasSubstr("layer 'layer' (Deconvolution)"));
  EXPECT_THAT(message(input({1, 1, 9, 9}) +
                      layer("Convolution", "convolution_param { num_output: 1 kernel_size: 4000000000 }")),
              HasSubstr("kernel size [4000000000,4000000000]"));
}

}  // namespace
}  // namespace bmnet::caffe::test
