#include "bmodel/layer_table.h"

#include <gtest/gtest.h>

namespace bmnet::bmodel {
namespace {

LayerTable two_layers() {
  LayerTable table;
  table.layers = {{"conv1", "conv", "tpu", 1000, ""}, {"nms", "detection_output", "cpu", 0, "no TPU form"}};
  table.groups = {{{{{0, 3}}, {{0, 2}, {1, 1}}}}};
  table.tensors = {{"x", -1, -1, DataType::kFloat32, {1, 3, 4, 4}, 0x105100000},
                   {"conv1", 0, 0, DataType::kFloat32, {1, 8, 4, 4}, 0x105101000}};
  return table;
}

TEST(layer_table, survives_encoding) { EXPECT_EQ(*decode_layer_table(encode(two_layers())), two_layers()); }

TEST(layer_table, finds_the_layer_of_a_command) {
  EXPECT_EQ(two_layers().layer_of(0, 1, 1), 0);
  EXPECT_EQ(two_layers().layer_of(0, 1, 2), 1);
}

TEST(layer_table, knows_nothing_of_commands_behind_the_end) { EXPECT_EQ(two_layers().layer_of(0, 0, 3), -1); }

TEST(layer_table, a_foreign_blob_gives_an_empty_table) {
  const std::vector<uint8_t> foreign = {1, 2, 3};
  EXPECT_TRUE(decode_layer_table(foreign)->layers.empty());
}

TEST(layer_table, refuses_a_cut_blob) {
  std::vector<uint8_t> blob = encode(two_layers());
  blob.resize(blob.size() - 4);
  EXPECT_EQ(decode_layer_table(blob).error().message, "the layer table of the BModel is damaged");
}

std::vector<uint8_t> table_of(const std::vector<uint8_t>& cbor) {
  std::vector<uint8_t> blob = {'B', 'M', 'N', 'E', 'T', 'L', 'T', '1'};
  blob.insert(blob.end(), cbor.begin(), cbor.end());
  return blob;
}

TEST(layer_table, refuses_endless_nesting) {
  constexpr uint8_t kArrayOfOne = 0x81;
  EXPECT_FALSE(decode_layer_table(table_of(std::vector<uint8_t>(1 << 20, kArrayOfOne))));
}

TEST(layer_table, refuses_an_array_larger_than_the_table) {
  // {"a": an array of 2^62 elements}
  EXPECT_FALSE(decode_layer_table(table_of({0xA1, 0x61, 'a', 0x9B, 0x40, 0, 0, 0, 0, 0, 0, 0})));
}

TEST(layer_table, refuses_a_number_that_is_no_integer) {
  // {"groups": [[[1e300 as a double]]]}
  EXPECT_FALSE(decode_layer_table(table_of({0xA1, 0x66, 'g',  'r',  'o',  'u',  'p',  's', 0x81, 0x81,
                                            0x81, 0xFB, 0x7E, 0x37, 0xE4, 0x3C, 0x88, 0,   0x75, 0x9C})));
}

TEST(layer_table, refuses_a_tensor_of_no_known_layer) {
  LayerTable table = two_layers();
  table.tensors[1].layer = 2;
  EXPECT_EQ(decode_layer_table(encode(table)).error().message,
            "the layer table of the BModel is damaged: tensor 'conv1'");
}

TEST(layer_table, refuses_a_tensor_larger_than_any_memory) {
  LayerTable table = two_layers();
  table.tensors[0].shape = {1ull << 32, 1ull << 32};
  EXPECT_FALSE(decode_layer_table(encode(table)));
}

TEST(layer_table, refuses_a_tensor_of_unknown_type) {
  LayerTable table = two_layers();
  table.tensors[0].type = static_cast<DataType>(99);
  EXPECT_FALSE(decode_layer_table(encode(table)));
}

}  // namespace
}  // namespace bmnet::bmodel
