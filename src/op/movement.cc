// Operators that move elements and never look at them: reshape, transpose, concat, slice, pad, broadcast_to, tile,
// depth_to_space, space_to_depth, reverse. Any element type.
#include <algorithm>
#include <numeric>

#include "op/family.h"
#include "op/kernel.h"

namespace bmnet::op {
namespace {

// Fills `output`, row-major in `shape`, from `input` at first + sum(index * strides).
void gather_strided(const Tensor& input, int64_t first, const Shape& strides, const Shape& shape, Tensor& output) {
  visit_size(input.dtype(), [&]<typename T>() {
    copy_strided(pointer<T>(input) + first, strides, pointer<T>(output), strides_of(shape), shape);
  });
}

Result<Infos> infer_reshape(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 1));
  BMNET_ASSIGN(const Shape shape, attributes.get<Shape>("shape"));
  BMNET_TRY(check_info({inputs[0].dtype, shape}));
  if (element_count(shape) != inputs[0].count())
    return user_error("{} elements of shape {} do not fit shape {}", inputs[0].count(), to_string(inputs[0].shape),
                      to_string(shape));
  return result(inputs[0].dtype, shape);
}

Status reshape(const Attributes&, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  if (inputs[0].bytes()) std::memcpy(outputs[0].raw(), inputs[0].raw(), inputs[0].bytes());
  return {};
}

Result<Infos> infer_transpose(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 1));
  BMNET_ASSIGN(const Shape permutation, attributes.get<Shape>("permutation"));
  const Shape& in = inputs[0].shape;
  Shape sorted = permutation, all(in.size());
  std::sort(sorted.begin(), sorted.end());
  std::iota(all.begin(), all.end(), 0);
  if (sorted != all)
    return user_error("{} is not a permutation of the axes of shape {}", to_string(permutation), to_string(in));
  Shape out;
  for (int64_t axis : permutation) out.push_back(in[axis]);
  return result(inputs[0].dtype, std::move(out));
}

Status transpose(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const Shape permutation, attributes.get<Shape>("permutation"));
  const Shape own = strides_of(inputs[0].shape());
  Shape strides;
  for (int64_t axis : permutation) strides.push_back(own[axis]);
  gather_strided(inputs[0], 0, strides, outputs[0].shape(), outputs[0]);
  return {};
}

Result<Infos> infer_concat(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 1, 1 << 20));
  BMNET_ASSIGN(const int64_t axis, attributes.get<int64_t>("axis"));
  BMNET_TRY(check_axis("axis", axis, inputs[0].shape.size()));
  Shape shape = inputs[0].shape;
  shape[axis] = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    BMNET_TRY(check_same_dtype(inputs[0], "operand 0", inputs[i], fmt::format("operand {}", i)));
    Shape rest = inputs[i].shape;
    if (rest.size() == shape.size()) rest[axis] = shape[axis];
    if (rest != shape)
      return user_error("operand {} of shape {} does not join operand 0 of shape {} along axis {}", i,
                        to_string(inputs[i].shape), to_string(inputs[0].shape), axis);
    shape[axis] += inputs[i].shape[axis];
  }
  return result(inputs[0].dtype, std::move(shape));
}

Status concat(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const int64_t axis, attributes.get<int64_t>("axis"));
  const Shape& shape = outputs[0].shape();
  const size_t unit = byte_size(outputs[0].dtype()) * extent_between(shape, axis + 1, shape.size());
  const int64_t outer = extent_between(shape, 0, axis);
  char* out = static_cast<char*>(outputs[0].raw());
  for (int64_t o = 0; o < outer; ++o)
    for (const Tensor& input : inputs) {
      const size_t size = input.shape()[axis] * unit;
      if (size) std::memcpy(out, static_cast<const char*>(input.raw()) + o * size, size);
      out += size;
    }
  return {};
}

Result<Infos> infer_slice(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 1));
  BMNET_ASSIGN(const Shape starts, attributes.get<Shape>("starts"));
  BMNET_ASSIGN(const Shape sizes, attributes.get<Shape>("sizes"));
  BMNET_ASSIGN(const Shape steps, attributes.get<Shape>("steps"));
  const Shape& in = inputs[0].shape;
  BMNET_TRY(check_list("starts", starts, in.size(), 0, kMaxExtent));
  BMNET_TRY(check_list("sizes", sizes, in.size(), 0, kMaxExtent));
  BMNET_TRY(check_list("steps", steps, in.size(), -kMaxExtent, kMaxExtent));
  for (size_t axis = 0; axis < in.size(); ++axis) {
    if (steps[axis] == 0) return user_error("the step of axis {} is 0", axis);
    if (sizes[axis] == 0) continue;
    const int64_t room = steps[axis] > 0 ? in[axis] - 1 - starts[axis] : starts[axis];
    if (starts[axis] >= in[axis] || sizes[axis] - 1 > room / std::abs(steps[axis]))
      return user_error("{} elements from {} in steps of {} leave axis {} of {} elements", sizes[axis], starts[axis],
                        steps[axis], axis, in[axis]);
  }
  return result(inputs[0].dtype, sizes);
}

Status slice(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const Shape starts, attributes.get<Shape>("starts"));
  BMNET_ASSIGN(const Shape steps, attributes.get<Shape>("steps"));
  Shape strides = strides_of(inputs[0].shape());
  int64_t first = 0;
  for (size_t axis = 0; axis < strides.size(); ++axis) {
    first += starts[axis] * strides[axis];
    strides[axis] *= outputs[0].shape()[axis] > 1 ? steps[axis] : 0;
  }
  gather_strided(inputs[0], first, strides, outputs[0].shape(), outputs[0]);
  return {};
}

Result<Infos> infer_broadcast_to(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 1));
  BMNET_ASSIGN(const Shape shape, attributes.get<Shape>("shape"));
  BMNET_TRY(check_info({inputs[0].dtype, shape}));
  BMNET_TRY(check_broadcasts_to(inputs[0].shape, "the input", shape));
  return result(inputs[0].dtype, shape);
}

Status broadcast_to(const Attributes&, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  const Shape& shape = outputs[0].shape();
  gather_strided(inputs[0], 0, broadcast_strides(inputs[0].shape(), shape), shape, outputs[0]);
  return {};
}

Result<Infos> infer_tile(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 1));
  BMNET_ASSIGN(const Shape repeats, attributes.get<Shape>("repeats"));
  Shape shape = inputs[0].shape;
  BMNET_TRY(check_list("repeats", repeats, shape.size(), 0, kMaxExtent));
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    if (shape[axis] != 0 && repeats[axis] > kMaxExtent / shape[axis])
      return unsupported("axis {} would have more than {} elements", axis, kMaxExtent);
    shape[axis] *= repeats[axis];
  }
  return result(inputs[0].dtype, std::move(shape));
}

Status tile(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const Shape repeats, attributes.get<Shape>("repeats"));
  const Shape own = strides_of(inputs[0].shape());
  Shape shape, strides;  // every axis as [repeats, extent]; copies do not advance in the input
  for (size_t axis = 0; axis < own.size(); ++axis) {
    shape.insert(shape.end(), {repeats[axis], inputs[0].shape()[axis]});
    strides.insert(strides.end(), {0, own[axis]});
  }
  gather_strided(inputs[0], 0, strides, shape, outputs[0]);
  return {};
}

Result<Infos> infer_reverse(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 1));
  BMNET_ASSIGN(const Shape axes, attributes.get<Shape>("axes"));
  BMNET_TRY(check_axes("axes", axes, inputs[0].shape.size()));
  return result(inputs[0].dtype, inputs[0].shape);
}

Status reverse(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const Shape axes, attributes.get<Shape>("axes"));
  const Shape& shape = inputs[0].shape();
  Shape strides = strides_of(shape);
  int64_t first = 0;
  for (int64_t axis : axes) {
    first += (shape[axis] - 1) * strides[axis];
    strides[axis] = -strides[axis];
  }
  gather_strided(inputs[0], first, strides, shape, outputs[0]);
  return {};
}

Result<int64_t> read_block(const Attributes& attributes, const TensorInfo& input) {
  BMNET_TRY(check_rank(input, "the input", 4));
  BMNET_ASSIGN(const int64_t block, attributes.get<int64_t>("block"));
  BMNET_TRY(check_range("block", block, 1, 1 << 15));
  return block;
}

Result<Infos> infer_depth_to_space(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 1));
  BMNET_ASSIGN(const int64_t block, read_block(attributes, inputs[0]));
  BMNET_TRY(choice(attributes, "mode", {"DCR", "CRD"}));
  const Shape& in = inputs[0].shape;
  if (in[1] % (block * block) != 0) return user_error("block {} squared does not divide {} channels", block, in[1]);
  return result(inputs[0].dtype, {in[0], in[1] / (block * block), in[2] * block, in[3] * block});
}

Status depth_to_space(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const int64_t block, attributes.get<int64_t>("block"));
  BMNET_ASSIGN(const std::string mode, attributes.get<std::string>("mode"));
  const Shape& in = inputs[0].shape();
  const int64_t n = in[0], c = in[1] / (block * block), h = in[2], w = in[3], plane = h * w;
  // Strides in the input of block row, block column and channel.
  const int64_t by = mode == "DCR" ? block * c * plane : block * plane;
  const int64_t bx = mode == "DCR" ? c * plane : plane;
  const int64_t channel = mode == "DCR" ? plane : block * block * plane;
  gather_strided(inputs[0], 0, {in[1] * plane, channel, w, by, 1, bx}, {n, c, h, block, w, block}, outputs[0]);
  return {};
}

Result<Infos> infer_space_to_depth(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 1));
  BMNET_ASSIGN(const int64_t block, read_block(attributes, inputs[0]));
  const Shape& in = inputs[0].shape;
  if (in[2] % block != 0 || in[3] % block != 0)
    return user_error("block {} does not divide {} x {} pixels", block, in[2], in[3]);
  return result(inputs[0].dtype, {in[0], in[1] * block * block, in[2] / block, in[3] / block});
}

Status space_to_depth(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const int64_t block, attributes.get<int64_t>("block"));
  const Shape& in = inputs[0].shape();
  const int64_t n = in[0], c = in[1], h = in[2] / block, w = in[3] / block;
  gather_strided(inputs[0], 0, {c * in[2] * in[3], in[3], 1, in[2] * in[3], in[3] * block, block},
                 {n, block, block, c, h, w}, outputs[0]);
  return {};
}

Result<Infos> infer_pad(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 1));
  BMNET_ASSIGN(const std::string mode, choice(attributes, "mode", {"constant", "reflect", "edge", "wrap"}));
  BMNET_ASSIGN(const Shape pads, attributes.get<Shape>("pads"));
  BMNET_TRY(attributes.get<float>("value"));
  Shape shape = inputs[0].shape;
  BMNET_TRY(check_list("pads", pads, 2 * shape.size(), -kMaxExtent, kMaxExtent));
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    const int64_t in = shape[axis];
    shape[axis] += pads[axis] + pads[shape.size() + axis];
    if (shape[axis] < 0) return user_error("pads leave {} elements on axis {}", shape[axis], axis);
    if (mode != "constant" && in == 0 && shape[axis] > 0)
      return user_error("mode {} has nothing to copy on the empty axis {}", mode, axis);
  }
  if (mode == "constant" && inputs[0].dtype != DType::kBool) BMNET_TRY(NumberTypes::check(inputs[0], "the input"));
  return result(inputs[0].dtype, std::move(shape));
}

// The element of an axis of `extent` that stands at `place`, which may be outside.
int64_t mirrored(int64_t place, int64_t extent) {
  if (extent == 1) return 0;
  const int64_t period = 2 * (extent - 1);
  const int64_t rest = ((place % period) + period) % period;
  return rest < extent ? rest : period - rest;
}
int64_t source_of(const std::string& mode, int64_t place, int64_t extent) {
  if (mode == "edge") return std::clamp<int64_t>(place, 0, extent - 1);
  if (mode == "wrap") return ((place % extent) + extent) % extent;
  return mirrored(place, extent);
}

void pad_constant(const Tensor& input, const Shape& pads, float value, Tensor& output) {
  if (input.dtype() == DType::kBool)
    std::memset(output.raw(), value != 0, output.bytes());
  else
    (void)NumberTypes::visit(
        output.dtype(), [&]<typename T>() { std::fill_n(pointer<T>(output), output.count(), number_cast<T>(value)); });
  const Shape &in = input.shape(), &out = output.shape();
  const Shape in_strides = strides_of(in), out_strides = strides_of(out);
  Shape common(in.size());  // the part of the input that stays
  int64_t from = 0, to = 0;
  for (size_t axis = 0; axis < in.size(); ++axis) {
    const int64_t begin = pads[axis], cropped = std::max<int64_t>(0, -begin), shifted = std::max<int64_t>(0, begin);
    common[axis] = std::max<int64_t>(0, std::min(in[axis] - cropped, out[axis] - shifted));
    from += cropped * in_strides[axis];
    to += shifted * out_strides[axis];
  }
  if (element_count(common) == 0) return;
  visit_size(input.dtype(), [&]<typename T>() {
    copy_strided(pointer<T>(input) + from, in_strides, pointer<T>(output) + to, out_strides, common);
  });
}

// Axis by axis from the last: each step copies whole slices to the places that show them.
Status pad_copies(const Tensor& input, const Shape& pads, const std::string& mode, Tensor& output) {
  Tensor current = input;
  for (size_t axis = input.shape().size(); axis-- > 0;) {
    const int64_t extent = current.shape()[axis];
    Shape shape = current.shape();
    shape[axis] = output.shape()[axis];
    if (pads[axis] == 0 && shape[axis] == extent) continue;
    Tensor next({input.dtype(), shape});
    const int64_t outer = extent_between(shape, 0, axis);
    const size_t unit = byte_size(input.dtype()) * extent_between(shape, axis + 1, shape.size());
    const char* from = static_cast<const char*>(current.raw());
    char* to = static_cast<char*>(next.raw());
    for (int64_t o = 0; o < outer; ++o)
      for (int64_t i = 0; i < shape[axis]; ++i, to += unit)
        std::memcpy(to, from + (o * extent + source_of(mode, i - pads[axis], extent)) * unit, unit);
    current = std::move(next);
  }
  if (output.bytes()) std::memcpy(output.raw(), current.raw(), output.bytes());
  return {};
}

Status pad(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const std::string mode, attributes.get<std::string>("mode"));
  BMNET_ASSIGN(const Shape pads, attributes.get<Shape>("pads"));
  BMNET_ASSIGN(const float value, attributes.get<float>("value"));
  if (mode == "constant") return pad_constant(inputs[0], pads, value, outputs[0]), Status{};
  return pad_copies(inputs[0], pads, mode, outputs[0]);
}

constexpr OpSpec kOps[] = {
    {"reshape", infer_reshape, reshape},
    {"transpose", infer_transpose, transpose},
    {"concat", infer_concat, concat},
    {"slice", infer_slice, slice},
    {"pad", infer_pad, pad},
    {"broadcast_to", infer_broadcast_to, broadcast_to},
    {"tile", infer_tile, tile},
    {"reverse", infer_reverse, reverse},
    {"depth_to_space", infer_depth_to_space, depth_to_space},
    {"space_to_depth", infer_space_to_depth, space_to_depth},
};

}  // namespace

std::span<const OpSpec> movement_ops() { return kOps; }

}  // namespace bmnet::op
