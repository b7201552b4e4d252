// Values at computed places: grids, deformed windows, shifted frames, unfolded windows.
#include <algorithm>
#include <cmath>

#include "frontend/paddle/call.h"

namespace bmnet::frontend::paddle {
namespace {

using Integers = std::vector<int64_t>;

Result<Values> grid_sampler(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  BMNET_ASSIGN(const ValueId grid, call.in("Grid"));
  const std::string mode = call.text("mode", "bilinear"), padding = call.text("padding_mode", "zeros");
  if (mode != "bilinear" && mode != "nearest") return unsupported("mode={}", mode);
  return one(call.finish("grid_sample",
                         {{"mode", std::string(mode == "bilinear" ? "linear" : "nearest")},
                          {"padding", padding},
                          {"align_corners", call.boolean("align_corners", true)}},
                         {x, grid}));
}

// `count` places from -1 to 1: the centres of pixels, or of the outermost ones at the ends when the corners align.
std::vector<float> unit_places(int64_t count, bool align_corners) {
  std::vector<float> places;
  for (int64_t i = 0; i < count; ++i) {
    const auto at = static_cast<float>(i), all = static_cast<float>(count);
    places.push_back(!align_corners ? (2 * at + 1) / all - 1 : count > 1 ? 2 * at / (all - 1) - 1 : -1);
  }
  return places;
}

// Theta [N,2,3] applied to (x, y, 1) of every pixel.
Result<Values> affine_grid(Call& call) {
  BMNET_ASSIGN(const ValueId theta, call.in("Theta"));
  BMNET_ASSIGN(const Integers size, call.integers_from("output_shape", "OutputShape", ""));
  const Shape shape = call.shape_of(theta);
  if (size.size() != 4 || shape.size() != 3 || shape[1] != 2 || shape[2] != 3)
    return unsupported("a grid of shape {} from a matrix {}; pictures can be compiled", to_string(size),
                       to_string(shape));
  BMNET_ASSIGN(const int64_t count, checked_elements(Shape{size[2], size[3], 3}));
  if (count > 1 << 26) return unsupported("a grid of {} x {}", size[2], size[3]);
  const bool align_corners = call.boolean("align_corners", true);
  const std::vector<float> ys = unit_places(size[2], align_corners), xs = unit_places(size[3], align_corners);
  std::vector<float> points;
  for (const float y : ys)
    for (const float x : xs) points.insert(points.end(), {x, y, 1});
  const ValueId base = call.constant(Tensor::of<float>({1, size[2] * size[3], 3}, points));
  BMNET_ASSIGN(const ValueId grid, call.make("matmul", {{"transpose_b", true}}, {base, theta}));
  return one(call.finish("reshape", {{"shape", Shape{shape[0], size[2], size[3], 2}}}, {grid}));
}

// Two numbers of an attribute; one stands for both.
Result<Integers> pair_of(const Call& call, std::string_view name, int64_t otherwise, int64_t least) {
  Integers values = call.integers(name);
  if (values.empty()) values = {otherwise};
  if (values.size() == 1) values.push_back(values[0]);
  if (values.size() != 2 || std::ranges::any_of(values, [&](int64_t value) { return value < least; }))
    return user_error("{} has the value {}", name, to_string(values));
  return values;
}

Result<Values> deformable_convolution(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("Input"));
  BMNET_ASSIGN(const ValueId offset, call.in("Offset"));
  BMNET_ASSIGN(const ValueId weight, call.in("Filter"));
  const Shape shape = call.shape_of(weight);
  if (shape.size() != 4) return user_error("its weight {} has no window", to_string(shape));
  BMNET_ASSIGN(const Integers strides, pair_of(call, "strides", 1, 1));
  BMNET_ASSIGN(const Integers pads, pair_of(call, "paddings", 0, 0));
  BMNET_ASSIGN(const Integers dilations, pair_of(call, "dilations", 1, 1));
  const Integers kernel{shape[2], shape[3]};
  Values inputs{x, offset};
  if (call.has("Mask")) {
    BMNET_ASSIGN(const ValueId mask, call.in("Mask"));
    inputs.push_back(mask);
  }
  BMNET_ASSIGN(const ValueId windows, call.make("deform_gather",
                                                {{"kernel", kernel},
                                                 {"strides", strides},
                                                 {"pads", Integers{pads[0], pads[1], pads[0], pads[1]}},
                                                 {"dilations", dilations},
                                                 {"offset_groups", call.integer("deformable_groups", 1)}},
                                                inputs));
  return one(call.finish("conv",
                         {{"strides", kernel},
                          {"pads", Integers(4, 0)},
                          {"dilations", Integers{1, 1}},
                          {"group", call.integer("groups", 1)}},
                         {windows, weight}));
}

// Some channels come from the frame before, some from the one behind.
Result<Values> temporal_shift(Call& call) {
  BMNET_TRY(call.require_channels_first("data_format"));
  BMNET_ASSIGN(ValueId x, call.in("X"));
  const Shape s = call.shape_of(x);
  const int64_t frames = call.integer("seg_num", 1);
  const float ratio = call.number("shift_ratio", 0.25f);
  if (s.size() != 4 || frames < 1 || s[0] % frames || !(ratio >= 0 && ratio <= 0.5f))
    return user_error("seg_num {} and shift_ratio {} do not fit {}", frames, ratio, to_string(s));
  const auto before = static_cast<int64_t>(static_cast<float>(s[1]) * ratio);
  const auto behind = static_cast<int64_t>(static_cast<float>(s[1]) * 2 * ratio);
  BMNET_ASSIGN(x, call.reshape(x, {s[0] / frames, frames, s[1], s[2], s[3]}));
  Values parts;
  for (const auto& [from, to, shift] :
       {std::tuple{int64_t{0}, before, int64_t{1}}, {before, behind, int64_t{-1}}, {behind, s[1], int64_t{0}}}) {
    if (from == to) continue;
    BMNET_ASSIGN(ValueId part, call.slice(x, 2, from, to - from));
    if (shift != 0) {
      Integers pads(10, 0);
      pads[1] = shift, pads[6] = -shift;  // one frame comes in, one goes out
      BMNET_ASSIGN(part, call.make("pad", {{"pads", pads}}, {part}));
    }
    parts.push_back(part);
  }
  BMNET_ASSIGN(x, call.make("concat", {{"axis", int64_t{2}}}, parts));
  return one(call.finish("reshape", {{"shape", s}}, {x}));
}

// Windows as columns: [N, C*KH*KW, places].
Result<Values> unfold(Call& call) {
  BMNET_ASSIGN(ValueId x, call.in("X"));
  BMNET_ASSIGN(const Integers kernel, pair_of(call, "kernel_sizes", 1, 1));
  BMNET_ASSIGN(const Integers strides, pair_of(call, "strides", 1, 1));
  BMNET_ASSIGN(const Integers dilations, pair_of(call, "dilations", 1, 1));
  Integers pads = call.integers("paddings");
  if (pads.size() == 1) pads.resize(4, pads[0]);
  if (pads.size() == 2) pads = {pads[0], pads[1], pads[0], pads[1]};
  if (call.rank_of(x) != 4 || pads.size() != 4 || kernel[0] > 1024 / kernel[1])
    return unsupported("windows of {} with paddings {} in {}", to_string(kernel), to_string(pads),
                       to_string(call.shape_of(x)));
  BMNET_ASSIGN(x, call.make("pad", {{"pads", Integers{0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3]}}}, {x}));
  const Shape s = call.shape_of(x);
  Integers places;
  for (size_t i = 0; i < 2; ++i) {
    const int64_t room = s[2 + i] - (kernel[i] - 1) * dilations[i] - 1;
    if (room < 0) return user_error("windows of {} do not fit {}", to_string(kernel), to_string(s));
    places.push_back(room / strides[i] + 1);
  }
  Values taps;
  for (int64_t ky = 0; ky < kernel[0]; ++ky)
    for (int64_t kx = 0; kx < kernel[1]; ++kx) {
      BMNET_ASSIGN(ValueId tap, call.slice(x, 2, ky * dilations[0], places[0], strides[0]));
      BMNET_ASSIGN(tap, call.slice(tap, 3, kx * dilations[1], places[1], strides[1]));
      BMNET_ASSIGN(tap, call.reshape(tap, {s[0], s[1], 1, places[0] * places[1]}));
      taps.push_back(tap);
    }
  BMNET_ASSIGN(x, call.make("concat", {{"axis", int64_t{2}}}, taps));
  return one(call.finish("reshape", {{"shape", Shape{s[0], s[1] * std::ssize(taps), places[0] * places[1]}}}, {x}));
}

// clang-format off
constexpr std::string_view kDeformable = "strides paddings dilations groups deformable_groups";
constexpr Row kRows[] = {
    {"grid_sampler", grid_sampler, "", "mode padding_mode align_corners", "grid_sample", "bilinear, nearest", "Output"},
    {"affine_grid", affine_grid, "", "output_shape align_corners", "matmul", "pictures; a size known at compile time", "Output"},
    {"deformable_conv", deformable_convolution, "", kDeformable, "deform_gather conv", "", "Output"},
    {"deformable_conv_v1", deformable_convolution, "", kDeformable, "deform_gather conv", "", "Output"},
    {"temporal_shift", temporal_shift, "", "seg_num shift_ratio", "slice pad concat", "channels first"},
    {"unfold", unfold, "", "kernel_sizes strides paddings dilations", "pad slice concat", "at most 1024 taps", "Y"},
};
// clang-format on

}  // namespace

std::span<const Row> sample_rows() { return kRows; }

}  // namespace bmnet::frontend::paddle
