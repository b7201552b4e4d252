// Layers that move elements.
#include <numeric>

#include "frontend/tensorflow/keras/layer.h"

namespace bmnet::frontend::tensorflow::keras {
namespace {

Result<Values> flatten(Layer& layer) {
  Value x = layer.input();
  const int64_t rank = layer.rank();
  // Elements go in the order of channels last in either format.
  if (!layer.channels_last() && rank > 2) {
    Shape permutation = to_channels_last(rank);
    BMNET_ASSIGN(x, layer.transpose(x, permutation));
  }
  const Shape shape = layer.shape();
  if (shape.empty()) return user_error("a scalar");
  BMNET_ASSIGN(const Value y, layer.reshape(x, {shape[0], element_count(shape) / shape[0]}));
  return Values{y};
}

Result<Values> reshape(Layer& layer) {
  Shape shape = layer.config.integers("target_shape");
  if (layer.rank() < 1) return user_error("a scalar");
  shape.insert(shape.begin(), layer.shape()[0]);
  BMNET_ASSIGN(const Value y, layer.reshape(layer.input(), shape));
  return Values{y};
}

// Axes count from 1: the batch is not among them.
Result<Values> permute(Layer& layer) {
  Shape permutation = layer.config.integers("dims");
  permutation.insert(permutation.begin(), 0);
  BMNET_ASSIGN(const Value y, layer.transpose(layer.input(), permutation));
  return Values{y};
}

Result<Values> repeat_vector(Layer& layer) {
  const Shape shape = layer.shape();
  const int64_t times = layer.config.integer("n", 0);
  if (shape.size() != 2 || times < 1) return user_error("{} times a tensor of shape {}", times, to_string(shape));
  BMNET_ASSIGN(const Value row, layer.reshape(layer.input(), {shape[0], 1, shape[1]}));
  BMNET_ASSIGN(const Value y, layer.make("Tile", {row, layer.integers({1, times, 1})}));
  return Values{y};
}

// clang-format off
constexpr Row kRows[] = {
    {"Flatten", 1, 1, "data_format", flatten, "", "reshape", ""},
    {"Permute", 1, 1, "dims", permute, "", "transpose", ""},
    {"RepeatVector", 1, 1, "n", repeat_vector, "", "tile", ""},
    {"Reshape", 1, 1, "target_shape", reshape, "", "reshape", ""},
};
// clang-format on

}  // namespace

std::span<const Row> shape_rows() { return kRows; }

}  // namespace bmnet::frontend::tensorflow::keras
