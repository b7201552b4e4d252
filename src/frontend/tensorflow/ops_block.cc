// Padding; blocks of pixels that go to the batch and come back.
#include <algorithm>

#include "frontend/tensorflow/call.h"

namespace bmnet::frontend::tensorflow {
namespace {

// Pairs (before, behind) of every axis.
Result<Shape> paddings_of(Call& call) {
  BMNET_ASSIGN(const Shape pairs, call.integers_of(1, "the paddings"));
  const Shape from = call.shape(0);
  if (pairs.size() != 2 * from.size())
    return user_error("{} paddings for a tensor of shape {}", pairs.size(), to_string(from));
  Shape result = from;
  for (size_t i = 0; i < from.size(); ++i) {
    if (pairs[2 * i] < 0 || pairs[2 * i + 1] < 0) return user_error("the paddings are [{}]", fmt::join(pairs, ","));
    result[i] = std::min(from[i] + pairs[2 * i] + pairs[2 * i + 1], int64_t{1} << 41);
  }
  BMNET_TRY(checked_count(result));
  return pairs;
}

Result<Values> emit_pad(Call& call, const Shape& pairs, const std::string& mode, float value) {
  const Value& x = call.value(0);
  const Shape places = layout_places(x, call.rank(0));
  Shape pads(pairs.size());
  for (size_t axis = 0; axis < places.size(); ++axis) {
    pads[places[axis]] = pairs[2 * axis];
    pads[places.size() + places[axis]] = pairs[2 * axis + 1];
  }
  return call.finish("pad", {{"pads", pads}, {"mode", mode}, {"value", value}}, {x.id}, x.channels_first);
}

Result<Values> pad(Call& call) {
  BMNET_ASSIGN(const Shape pairs, paddings_of(call));
  float value = 0;
  if (call.input_count() > 2) {
    BMNET_ASSIGN(value, call.number_of(2, "the value"));
  }
  return emit_pad(call, pairs, "constant", value);
}

// SYMMETRIC repeats the edge element, unlike every mode of nn.pad: a gather of each padded axis.
Result<Values> mirror_pad(Call& call) {
  BMNET_ASSIGN(const Shape pairs, paddings_of(call));
  const std::string mode = call.text("mode", "REFLECT");
  if (mode == "REFLECT") return emit_pad(call, pairs, "reflect", 0);
  if (mode != "SYMMETRIC") return user_error("mode '{}' is not defined", mode);
  const Value& x = call.value(0);
  const Shape from = call.shape(0), places = layout_places(x, call.rank(0));
  ValueId id = x.id;
  for (size_t axis = 0; axis < from.size(); ++axis) {
    const int64_t before = pairs[2 * axis], behind = pairs[2 * axis + 1], size = from[axis];
    if (before == 0 && behind == 0) continue;
    if (before > size || behind > size) return user_error("pads of {} and {} for {} elements", before, behind, size);
    std::vector<int64_t> places_in;
    for (int64_t i = -before; i < size + behind; ++i)
      places_in.push_back(i < 0 ? -1 - i : i < size ? i : 2 * size - 1 - i);
    const int64_t count = static_cast<int64_t>(places_in.size());
    BMNET_ASSIGN(id, call.make("gather", {{"axis", places[axis]}}, {id, call.constant({count}, places_in)}));
  }
  return Values{{id, x.channels_first}};
}

// Blocks of the spatial axes 1… against the batch.
struct Blocks {
  Shape block, pairs;
};
Result<Blocks> blocks_of(Call& call) {
  Blocks blocks;
  BMNET_ASSIGN(blocks.block, call.integers_of(1, "the block shape"));
  BMNET_ASSIGN(blocks.pairs, call.integers_of(2, "the paddings or crops"));
  const size_t axes = blocks.block.size();
  if (blocks.pairs.size() != 2 * axes || axes + 1 > call.shape(0).size() || axes > 3)
    return user_error("blocks [{}] for a tensor of shape {}", fmt::join(blocks.block, ","), to_string(call.shape(0)));
  for (const int64_t size : blocks.block)
    if (size < 1 || size > 1 << 20) return user_error("blocks [{}]", fmt::join(blocks.block, ","));
  for (const int64_t size : blocks.pairs)
    if (size < 0 || size > 1 << 20) return user_error("paddings or crops [{}]", fmt::join(blocks.pairs, ","));
  return blocks;
}

Result<Values> space_to_batch(Call& call) {
  BMNET_ASSIGN(const Blocks blocks, blocks_of(call));
  BMNET_ASSIGN(ValueId x, call.plain(0));
  const size_t axes = blocks.block.size();
  Shape shape = call.shape(0), pads(2 * shape.size(), 0);
  const size_t rank = shape.size();
  for (size_t i = 0; i < axes; ++i) {
    pads[1 + i] = blocks.pairs[2 * i];
    pads[rank + 1 + i] = blocks.pairs[2 * i + 1];
    shape[1 + i] += blocks.pairs[2 * i] + blocks.pairs[2 * i + 1];
    if (shape[1 + i] % blocks.block[i])
      return user_error("a padded axis of {} elements does not divide into blocks of {}", shape[1 + i],
                        blocks.block[i]);
  }
  BMNET_TRY(checked_count(shape));
  BMNET_ASSIGN(x, call.make("pad", {{"pads", pads}}, {x}));
  Shape split{shape[0]}, order, result = shape;
  for (size_t i = 0; i < axes; ++i) {
    split.insert(split.end(), {shape[1 + i] / blocks.block[i], blocks.block[i]});
    order.push_back(static_cast<int64_t>(2 + 2 * i));
    result[0] *= blocks.block[i];
    result[1 + i] /= blocks.block[i];
  }
  split.insert(split.end(), shape.begin() + 1 + static_cast<int64_t>(axes), shape.end());
  order.push_back(0);
  for (size_t i = 0; i < axes; ++i) order.push_back(static_cast<int64_t>(1 + 2 * i));
  for (size_t i = 1 + axes; i < rank; ++i) order.push_back(static_cast<int64_t>(i + axes));
  BMNET_ASSIGN(x, call.reshape(x, split));
  BMNET_ASSIGN(x, call.transpose(x, order));
  return call.finish("reshape", {{"shape", result}}, {x});
}

Result<Values> batch_to_space(Call& call) {
  BMNET_ASSIGN(const Blocks blocks, blocks_of(call));
  BMNET_ASSIGN(ValueId x, call.plain(0));
  const size_t axes = blocks.block.size();
  const Shape shape = call.shape(0);
  const size_t rank = shape.size();
  int64_t product = 1;
  for (const int64_t size : blocks.block) product *= size;
  if (product < 1 || shape[0] % product) return user_error("a batch of {} for blocks of {}", shape[0], product);
  Shape split = blocks.block, order{static_cast<int64_t>(axes)}, joined{shape[0] / product};
  split.push_back(shape[0] / product);
  split.insert(split.end(), shape.begin() + 1, shape.end());
  Shape starts{0};
  Shape sizes = joined;
  for (size_t i = 0; i < axes; ++i) {
    order.insert(order.end(), {static_cast<int64_t>(axes + 1 + i), static_cast<int64_t>(i)});
    joined.push_back(shape[1 + i] * blocks.block[i]);
    starts.push_back(blocks.pairs[2 * i]);
    sizes.push_back(joined.back() - blocks.pairs[2 * i] - blocks.pairs[2 * i + 1]);
    if (sizes.back() < 0) return user_error("crops larger than the {} elements of an axis", joined.back());
  }
  for (size_t i = 1 + axes; i < rank; ++i) {
    order.push_back(static_cast<int64_t>(i + axes));
    joined.push_back(shape[i]);
    starts.push_back(0);
    sizes.push_back(shape[i]);
  }
  BMNET_ASSIGN(x, call.reshape(x, split));
  BMNET_ASSIGN(x, call.transpose(x, order));
  BMNET_ASSIGN(x, call.reshape(x, joined));
  return call.finish("slice", {{"starts", starts}, {"sizes", sizes}, {"steps", Shape(rank, 1)}}, {x});
}

// clang-format off
constexpr Row kRows[] = {
    {"Pad", 2, 2, "", pad, "", "pad", "paddings known at import"},
    {"PadV2", 3, 3, "", pad, "", "pad", "paddings and value known at import"},
    {"MirrorPad", 2, 2, "mode:s", mirror_pad, "", "pad gather", "paddings known at import"},
    {"SpaceToBatchND", 3, 3, "", space_to_batch, "", "pad reshape transpose", "blocks known at import"},
    {"BatchToSpaceND", 3, 3, "", batch_to_space, "", "reshape transpose slice", "blocks known at import"},
};
// clang-format on

}  // namespace

std::span<const Row> block_rows() { return kRows; }

}  // namespace bmnet::frontend::tensorflow
