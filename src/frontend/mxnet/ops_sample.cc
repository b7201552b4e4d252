// Values at computed places: grids, transformers, deformed windows, correlation.
#include <algorithm>
#include <cmath>

#include "frontend/mxnet/call.h"

namespace bmnet::frontend::mxnet {
namespace {

using Integers = std::vector<int64_t>;

// Two integers of attribute `key`.
Result<Integers> pair_of(const Call& call, std::string_view key, int64_t otherwise, int64_t least) {
  BMNET_ASSIGN(Integers values, call.node.integers(key));
  if (values.empty()) values.assign(2, otherwise);
  if (values.size() != 2 || std::ranges::any_of(values, [&](int64_t value) { return value < least; }))
    return user_error("attribute {}={}; two values of at least {} are expected", key, call.node.text(key, ""), least);
  return values;
}

// x, then y of every pixel of a grid, from -1 to 1, [2,H*W].
Result<std::vector<float>> unit_grid(int64_t height, int64_t width) {
  BMNET_ASSIGN(const int64_t count, checked_elements(Shape{2, height, width}));
  if (count > 1 << 26) return unsupported("a grid of {} x {}", height, width);
  const auto place = [](int64_t at, int64_t size) {
    return size > 1 ? 2 * static_cast<float>(at) / static_cast<float>(size - 1) - 1 : -1.0f;
  };
  std::vector<float> grid;
  for (int64_t i = 0; i < height * width; ++i) grid.push_back(place(i % width, width));
  for (int64_t i = 0; i < height * width; ++i) grid.push_back(place(i / width, height));
  return grid;
}

// Grid [N,2,H,W] that a matrix [N,6] makes of the unit grid.
Result<ValueId> affine_grid(Call& call, ValueId matrix, int64_t height, int64_t width) {
  const Shape shape = call.shape_of(matrix);
  if (element_count(shape) != shape[0] * 6) return user_error("{} holds no 2 x 3 matrices", to_string(shape));
  BMNET_ASSIGN(std::vector<float> points, unit_grid(height, width));
  points.resize(points.size() / 2 * 3, 1);
  const ValueId base = call.constant(Tensor::of<float>({1, 3, height * width}, points));
  BMNET_ASSIGN(matrix, call.reshape(matrix, {shape[0], 2, 3}));
  BMNET_ASSIGN(const ValueId grid, call.make("matmul", {}, {matrix, base}));
  return call.reshape(grid, {shape[0], 2, height, width});
}

Result<Values> grid_generator(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  const std::string type = call.node.text("transform_type", "affine");
  if (type == "affine") {
    BMNET_ASSIGN(const Integers target, pair_of(call, "target_shape", 0, 1));
    return one(affine_grid(call, x, target[0], target[1]));
  }
  if (type != "warp") return user_error("transform_type={} is unknown", type);
  const Shape shape = call.shape_of(x);  // a flow in pixels
  if (shape.size() != 4 || shape[1] != 2)
    return user_error("its flow has shape {}, [N,2,H,W] is expected", to_string(shape));
  BMNET_ASSIGN(const std::vector<float> points, unit_grid(shape[2], shape[3]));
  const ValueId base = call.constant(Tensor::of<float>({1, 2, shape[2], shape[3]}, points));
  std::vector<float> sizes;
  for (const int64_t size : {shape[3], shape[2]})
    sizes.push_back(2 / static_cast<float>(std::max<int64_t>(size - 1, 1)));
  const ValueId scale = call.constant(Tensor::of<float>({1, 2, 1, 1}, sizes));
  BMNET_ASSIGN(const ValueId moved, call.binary("mul", x, scale));
  return one(call.finish("binary", {{"kind", std::string("add")}}, {moved, base}));
}

Result<Values> finish_sampling(Call& call, ValueId x, ValueId grid) {
  BMNET_ASSIGN(grid, call.transpose(grid, {0, 2, 3, 1}));
  return one(call.finish("grid_sample",
                         {{"mode", std::string("linear")}, {"padding", std::string("zeros")}, {"align_corners", true}},
                         {x, grid}));
}

Result<Values> bilinear_sampler(Call& call) {
  BMNET_ASSIGN(const Values inputs, call.all_inputs());
  if (call.rank_of(inputs[1]) != 4) return user_error("its grid has shape {}", to_string(call.shape_of(inputs[1])));
  return finish_sampling(call, inputs[0], inputs[1]);
}

Result<Values> spatial_transformer(Call& call) {
  BMNET_ASSIGN(const Values inputs, call.all_inputs());
  const Shape shape = call.shape_of(inputs[0]);
  BMNET_ASSIGN(Integers target, pair_of(call, "target_shape", 0, 0));
  if (shape.size() != 4) return user_error("its input {} is not an image", to_string(shape));
  for (size_t i = 0; i < 2; ++i)
    if (target[i] == 0) target[i] = shape[2 + i];
  BMNET_ASSIGN(const ValueId grid, affine_grid(call, inputs[1], target[0], target[1]));
  return finish_sampling(call, inputs[0], grid);
}

Result<Values> deformable_convolution(Call& call) {
  const bool modulated = call.kind() == "mask";
  BMNET_ASSIGN(const ValueId x, call.in(0));
  BMNET_ASSIGN(const ValueId offset, call.in(1));
  const size_t first = modulated ? 3 : 2;
  BMNET_ASSIGN(const Integers kernel, pair_of(call, "kernel", 1, 1));
  BMNET_ASSIGN(const Integers strides, pair_of(call, "stride", 1, 1));
  BMNET_ASSIGN(const Integers pads, pair_of(call, "pad", 0, 0));
  BMNET_ASSIGN(const Integers dilations, pair_of(call, "dilate", 1, 1));
  BMNET_ASSIGN(const int64_t filters, call.node.integer("num_filter", 0));
  BMNET_ASSIGN(const int64_t group, call.node.integer("num_group", 1));
  BMNET_ASSIGN(const int64_t offset_groups, call.node.integer("num_deformable_group", 1));
  BMNET_ASSIGN(const bool no_bias, call.node.boolean("no_bias", false));
  const Shape shape = call.shape_of(x);
  if (shape.size() != 4 || filters < 1 || group < 1 || shape[1] % group || filters % group)
    return user_error("num_filter {} and num_group {} do not fit the input {}", filters, group, to_string(shape));
  Values sampled{x, offset};
  if (modulated) {
    BMNET_ASSIGN(const ValueId mask, call.in(2));
    sampled.push_back(mask);
  }
  BMNET_ASSIGN(const ValueId windows, call.make("deform_gather",
                                                {{"kernel", kernel},
                                                 {"strides", strides},
                                                 {"pads", Integers{pads[0], pads[1], pads[0], pads[1]}},
                                                 {"dilations", dilations},
                                                 {"offset_groups", offset_groups}},
                                                sampled));
  BMNET_ASSIGN(const ValueId weight, call.parameter(first, {filters, shape[1] / group, kernel[0], kernel[1]}));
  Values inputs{windows, weight};
  if (!no_bias) {
    BMNET_ASSIGN(const ValueId bias, call.parameter(first + 1, {filters}));
    inputs.push_back(bias);
  }
  return one(call.finish(
      "conv", {{"strides", kernel}, {"pads", Integers(4, 0)}, {"dilations", Integers{1, 1}}, {"group", group}},
      inputs));
}

struct Displacements {
  int64_t kernel, most, stride, step, pad, border;  // stride of the results, step of the displacements
  bool product;
};
Result<Displacements> displacements_of(const Call& call) {
  Displacements d{};
  BMNET_ASSIGN(d.kernel, call.node.integer("kernel_size", 1));
  BMNET_ASSIGN(d.most, call.node.integer("max_displacement", 1));
  BMNET_ASSIGN(d.stride, call.node.integer("stride1", 1));
  BMNET_ASSIGN(d.step, call.node.integer("stride2", 1));
  BMNET_ASSIGN(d.pad, call.node.integer("pad_size", 0));
  BMNET_ASSIGN(d.product, call.node.boolean("is_multiply", true));
  if (d.kernel < 1 || d.kernel % 2 == 0 || d.most < 0 || d.stride < 1 || d.step < 1 || d.pad < 0 || d.pad > 1 << 16)
    return user_error("kernel_size {}, max_displacement {}, stride1 {}, stride2 {}, pad_size {}", d.kernel, d.most,
                      d.stride, d.step, d.pad);
  if (d.most / d.step > 16)
    return unsupported("{} displacements a side; 33 can be compiled", 2 * (d.most / d.step) + 1);
  d.border = d.most + (d.kernel - 1) / 2;
  return d;
}

// Result channel (dy,dx) is the mean over channels and window of a(y,x) * b(y+dy,x+dx), or of |a - b|.
Result<Values> correlation(Call& call) {
  BMNET_ASSIGN(Values inputs, call.all_inputs());
  BMNET_ASSIGN(const Displacements d, displacements_of(call));
  if (call.rank_of(inputs[0]) != 4 || call.shape_of(inputs[0]) != call.shape_of(inputs[1]))
    return user_error("{} and {} are no two feature maps", to_string(call.shape_of(inputs[0])),
                      to_string(call.shape_of(inputs[1])));
  for (ValueId& input : inputs) {
    BMNET_ASSIGN(input, call.make("pad", {{"pads", Integers{0, 0, d.pad, d.pad, 0, 0, d.pad, d.pad}}}, {input}));
  }
  const Shape shape = call.shape_of(inputs[0]);
  const int64_t height = shape[2] - 2 * d.most, width = shape[3] - 2 * d.most;  // windows included
  if (height < d.kernel || width < d.kernel)
    return user_error("displacements of {} leave nothing of {}", d.most, to_string(shape));
  const auto window = [&](ValueId x, int64_t dy, int64_t dx) -> Result<ValueId> {
    BMNET_ASSIGN(x, call.slice(x, 2, d.most + dy, height));
    return call.slice(x, 3, d.most + dx, width);
  };
  BMNET_ASSIGN(const ValueId still, window(inputs[0], 0, 0));
  Values channels;
  const int64_t reach = d.most / d.step;
  for (int64_t y = -reach; y <= reach; ++y)
    for (int64_t x = -reach; x <= reach; ++x) {
      BMNET_ASSIGN(const ValueId moved, window(inputs[1], y * d.step, x * d.step));
      BMNET_ASSIGN(ValueId both, call.binary(d.product ? "mul" : "sub", still, moved));
      if (!d.product) {
        BMNET_ASSIGN(both, call.unary("abs", both));
      }
      BMNET_ASSIGN(
          both,
          call.make("reduce", {{"kind", std::string("mean")}, {"axes", Integers{1}}, {"keep_dims", true}}, {both}));
      channels.push_back(both);
    }
  BMNET_ASSIGN(const ValueId all, call.make("concat", {{"axis", int64_t{1}}}, channels));
  return one(call.finish("pool",
                         {{"kind", std::string("average")},
                          {"kernel", Integers{d.kernel, d.kernel}},
                          {"strides", Integers{d.stride, d.stride}},
                          {"pads", Integers(4, 0)},
                          {"dilations", Integers{1, 1}},
                          {"rounding", std::string("ceil_keep")},
                          {"count_include_pad", true}},
                         {all}));
}

// clang-format off
constexpr std::string_view kDeformable = "kernel stride dilate pad num_filter num_group num_deformable_group no_bias";
constexpr Row kRows[] = {
    {"GridGenerator", 1, 1, kNoParameters, grid_generator, "", "transform_type target_shape", "matmul binary", ""},
    {"BilinearSampler", 2, 2, kNoParameters, bilinear_sampler, "", "", "grid_sample", ""},
    {"SpatialTransformer", 2, 2, kNoParameters, spatial_transformer, "", "target_shape", "matmul grid_sample", "affine, bilinear"},
    {"Correlation", 2, 2, kNoParameters, correlation, "", "kernel_size max_displacement stride1 stride2 pad_size is_multiply", "slice binary reduce pool", "at most 33 displacements a side"},
    {"_contrib_DeformableConvolution", 3, 4, 2, deformable_convolution, "", kDeformable, "deform_gather conv", ""},
    {"_contrib_ModulatedDeformableConvolution", 4, 5, 3, deformable_convolution, "mask", kDeformable, "deform_gather conv", ""},
};
// clang-format on

}  // namespace

std::span<const Row> sample_rows() { return kRows; }

}  // namespace bmnet::frontend::mxnet
