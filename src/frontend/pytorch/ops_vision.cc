// Sampling at computed places, sliding windows as matrices, regions of interest.
#include <algorithm>
#include <cmath>
#include <limits>

#include "frontend/pytorch/ops.h"
#include "frontend/pytorch/refusal.h"

namespace bmnet::frontend::pytorch {
namespace {

Value grid_sampler(Call& c) {
  static constexpr const char* kModes[] = {"linear", "nearest", "cubic"};
  static constexpr const char* kPaddings[] = {"zeros", "border", "reflection"};
  const int64_t mode = c.integer(2, 0), padding = c.integer(3, 0);
  if (mode < 0 || mode > 2 || padding < 0 || padding > 2)
    reject("torch.{}: interpolation mode {}, padding mode {}; each is 0, 1 or 2", c.op(), mode, padding);
  return c.result(c.t.emit("grid_sample",
                           {{"mode", std::string(kModes[mode])},
                            {"padding", std::string(kPaddings[padding])},
                            {"align_corners", c.boolean(4, false)}},
                           {c.f32(0), c.f32(1)}));
}

// Coordinates of `count` elements of an axis: the outermost centres, or the outer edges, are -1 and 1.
float base_coordinate(int64_t index, int64_t count, bool align_corners) {
  const auto n = static_cast<float>(count), i = static_cast<float>(index);
  if (align_corners) return count > 1 ? -1 + 2 * i / (n - 1) : 0;
  return (2 * i + 1) / n - 1;
}
// theta [N,A,A+1] applied to the places of an output of `size` [N,C,spatial…].
Value affine_grid(Call& c) {
  const ValueId theta = c.f32(0);
  const Shape size = c.integers(1), matrix = c.t.shape(theta);
  const bool align_corners = c.boolean(2, false);
  const size_t axes = size.size() < 2 ? 0 : size.size() - 2;
  if ((axes != 2 && axes != 3) || matrix != Shape{size[0], static_cast<int64_t>(axes), static_cast<int64_t>(axes) + 1})
    reject("torch.affine_grid_generator: a matrix of shape {} for size {}", to_string(matrix), to_string(size));
  int64_t places = 1;
  for (size_t i = 2; i < size.size(); ++i) {
    if (size[i] < 1 || size[i] > (int64_t{1} << 24) / places) refuse("torch.{} of size {}", c.op(), to_string(size));
    places *= size[i];
  }
  std::vector<float> base;
  for (int64_t place = 0; place < places; ++place) {
    int64_t rest = place;
    for (size_t axis = size.size(); axis-- > 2; rest /= size[axis])
      base.push_back(base_coordinate(rest % size[axis], size[axis], align_corners));
    base.push_back(1);
  }
  const ValueId grid =
      c.t.emit("matmul", {{"transpose_b", true}}, {c.t.floats(base, {places, static_cast<int64_t>(axes) + 1}), theta});
  Shape shape = {size[0]};
  shape.insert(shape.end(), size.begin() + 2, size.end());
  shape.push_back(static_cast<int64_t>(axes));
  return c.result(c.t.reshape(grid, shape));
}

// x.unfold(axis, size, step): windows of an axis; their elements become a new last axis.
Value unfold(Call& c) {
  const ValueId x = c.tensor(0);
  const Shape shape = c.t.shape(x);
  const size_t axis = c.axis(c.integer(1), shape.size());
  const int64_t size = c.integer(2), step = c.integer(3);
  if (shape.empty() || size < 1 || step < 1 || size > shape[axis])
    reject("torch.unfold: windows of {} in steps of {} over shape {}", size, step, to_string(shape));
  const int64_t count = (shape[axis] - size) / step + 1;
  if (count > (int64_t{1} << 24) / size) refuse("torch.unfold into {} windows of {}", count, size);
  std::vector<int64_t> places;
  for (int64_t window = 0; window < count; ++window)
    for (int64_t i = 0; i < size; ++i) places.push_back(window * step + i);
  const ValueId y =
      c.t.emit("gather", {{"axis", static_cast<int64_t>(axis)}}, {x, c.t.integers(places, {count, size})});
  std::vector<int64_t> order;
  for (size_t i = 0; i <= shape.size(); ++i)
    if (i != axis + 1) order.push_back(static_cast<int64_t>(i));
  order.push_back(static_cast<int64_t>(axis) + 1);
  return c.result(c.t.permute(y, order));
}

constexpr int64_t kMaxTaps = 4096;

struct Windows {
  std::vector<int64_t> kernel, dilations, pads, strides;
  int64_t taps() const { return kernel[0] * kernel[1]; }
};
// kernel_size, dilation, padding, stride from argument `first` on.
Windows windows_of(Call& c, size_t first) {
  Windows w{c.window(first, 2), c.window(first + 1, 2, {1}), c.window(first + 2, 2, {0}), c.window(first + 3, 2, {1})};
  for (size_t i = 0; i < 2; ++i)
    if (w.kernel[i] < 1 || w.dilations[i] < 1 || w.pads[i] < 0 || w.strides[i] < 1 || w.kernel[i] > kMaxTaps ||
        w.dilations[i] > kMaxTaps || w.pads[i] > (1 << 20) || w.strides[i] > (1 << 20))
      reject("torch.{}: kernel {}, dilation {}, padding {}, stride {}", c.op(), to_string(w.kernel),
             to_string(w.dilations), to_string(w.pads), to_string(w.strides));
  if (w.taps() > kMaxTaps) refuse("torch.{}: {} elements in a window; at most {}", c.op(), w.taps(), kMaxTaps);
  return w;
}

// [N,C,H,W] -> [N,C*taps,places]: every window a column.
Value im2col(Call& c) {
  ValueId x = c.f32(0);
  const bool single = c.t.shape(x).size() == 3;
  Shape shape = c.t.shape(x);
  if (single) shape.insert(shape.begin(), 1);
  if (shape.size() != 4) reject("torch.im2col of shape {}: [N,C,H,W] is needed", to_string(shape));
  x = c.t.reshape(x, shape);
  const Windows w = windows_of(c, 1);
  x = c.t.emit("pad",
               {{"pads", std::vector<int64_t>{0, 0, w.pads[0], w.pads[1], 0, 0, w.pads[0], w.pads[1]}},
                {"mode", std::string("constant")},
                {"value", 0.0f}},
               {x});
  int64_t out[2];
  for (size_t i = 0; i < 2; ++i) {
    const int64_t room = c.t.shape(x)[2 + i] - ((w.kernel[i] - 1) * w.dilations[i] + 1);
    if (room < 0) reject("torch.im2col: a kernel of {} is larger than {}", to_string(w.kernel), to_string(shape));
    out[i] = room / w.strides[i] + 1;
  }
  std::vector<ValueId> taps;
  for (int64_t i = 0; i < w.kernel[0]; ++i)
    for (int64_t j = 0; j < w.kernel[1]; ++j) {
      const ValueId rows = c.t.slice(x, 2, i * w.dilations[0], out[0], w.strides[0]);
      const ValueId tap = c.t.slice(rows, 3, j * w.dilations[1], out[1], w.strides[1]);
      taps.push_back(c.t.reshape(tap, {shape[0], shape[1], 1, out[0] * out[1]}));
    }
  Shape result = {shape[0], shape[1] * w.taps(), out[0] * out[1]};
  if (single) result.erase(result.begin());
  return c.result(c.t.reshape(c.t.concat(taps, 2), result));
}

// [N,C*taps,places] -> [N,C,H,W]: the columns added where their windows stand, as a transposed convolution of ones.
Value col2im(Call& c) {
  ValueId x = c.f32(0);
  Shape shape = c.t.shape(x);
  const bool single = shape.size() == 2;
  if (single) shape.insert(shape.begin(), 1);
  const std::vector<int64_t> size = c.window(1, 2);
  const Windows w = windows_of(c, 2);
  if (shape.size() != 3 || shape[1] % w.taps() != 0)
    reject("torch.col2im of shape {}: [N, C * {}, windows] is needed", to_string(shape), w.taps());
  int64_t places[2];
  std::vector<int64_t> extra(2);
  for (size_t i = 0; i < 2; ++i) {
    const int64_t room = size[i] + 2 * w.pads[i] - ((w.kernel[i] - 1) * w.dilations[i] + 1);
    if (room < 0 || size[i] > (1 << 24)) reject("torch.col2im to {}", to_string(size));
    places[i] = room / w.strides[i] + 1;
    extra[i] = room % w.strides[i];
  }
  if (places[0] * places[1] != shape[2])
    reject("torch.col2im: {} windows, size {} has {}", shape[2], to_string(size), places[0] * places[1]);
  const int64_t channels = shape[1] / w.taps();
  std::vector<float> ones(static_cast<size_t>(w.taps() * w.taps()), 0);
  for (int64_t tap = 0; tap < w.taps(); ++tap) ones[static_cast<size_t>(tap * w.taps() + tap)] = 1;
  // Channels are images here: all share the one set of weights.
  x = c.t.reshape(x, {shape[0] * channels, w.taps(), places[0], places[1]});
  const ValueId y = c.t.emit("conv_transpose",
                             {{"strides", w.strides},
                              {"pads", std::vector<int64_t>{w.pads[0], w.pads[1], w.pads[0], w.pads[1]}},
                              {"dilations", w.dilations},
                              {"output_padding", extra},
                              {"group", int64_t{1}}},
                             {x, c.t.floats(ones, {w.taps(), 1, w.kernel[0], w.kernel[1]})});
  Shape result = {shape[0], channels, size[0], size[1]};
  if (single) result.erase(result.begin());
  return c.result(c.t.reshape(y, result));
}

// Values put where max_pool2d took them from.
Value max_unpool(Call& c) {
  const ValueId x = c.f32(0), at = c.t.cast(c.tensor(1), DType::kI64);
  const Shape shape = c.t.shape(x);
  const std::vector<int64_t> size = c.window(2, 2);
  if (shape.size() < 3 || c.t.shape(at) != shape || size[0] < 1 || size[1] < 1 || size[0] > (1 << 20) ||
      size[1] > (1 << 20))
    reject("torch.max_unpool2d of shape {} to {}", to_string(shape), to_string(size));
  const int64_t lead = element_count(std::span(shape).first(shape.size() - 2));
  const Shape flat = {lead, element_count(shape) / std::max<int64_t>(lead, 1)};
  const ValueId y =
      c.t.emit("scatter_elements", {{"axis", int64_t{1}}},
               {c.t.filled(DType::kF32, {lead, size[0] * size[1]}, 0), c.t.reshape(at, flat), c.t.reshape(x, flat)});
  Shape result(shape.begin(), shape.end() - 2);
  result.insert(result.end(), {size[0], size[1]});
  return c.result(c.t.reshape(y, result));
}

// f(input, weight, offset, mask, bias, stride_h, stride_w, pad_h, pad_w, dil_h, dil_w, groups, offset_groups, use_mask)
Value deform_conv(Call& c) {
  const ValueId weight = c.f32(1);
  const Shape shape = c.t.shape(weight);
  if (shape.size() != 4) reject("deform_conv2d: weights of shape {}", to_string(shape));
  const std::vector<int64_t> kernel = {shape[2], shape[3]};
  const int64_t pad_h = c.integer(7), pad_w = c.integer(8);
  std::vector<ValueId> inputs = {c.f32(0), c.f32(2)};
  if (c.boolean(13, true) && element_count(c.t.shape(c.tensor(3))) > 0) inputs.push_back(c.f32(3));
  const ValueId windows = c.t.emit("deform_gather",
                                   {{"kernel", kernel},
                                    {"strides", std::vector<int64_t>{c.integer(5), c.integer(6)}},
                                    {"pads", std::vector<int64_t>{pad_h, pad_w, pad_h, pad_w}},
                                    {"dilations", std::vector<int64_t>{c.integer(9), c.integer(10)}},
                                    {"offset_groups", c.integer(12)}},
                                   inputs);
  return c.result(c.t.emit("conv",
                           {{"strides", kernel},
                            {"pads", std::vector<int64_t>(4, 0)},
                            {"dilations", std::vector<int64_t>{1, 1}},
                            {"group", c.integer(11)}},
                           {windows, weight, c.f32(4)}));
}

// rois [K,5]: index of the image, then the box; or a list of boxes for every image.
ValueId regions(Call& c) {
  ValueId rois = -1;
  if (const Items* items = c.at(1).items()) {
    std::vector<ValueId> parts;
    const std::vector<ValueId> boxes = c.tensors(1);
    for (size_t i = 0; i < items->size(); ++i) {
      const Shape shape = c.t.shape(boxes[i]);
      if (shape.size() != 2) reject("torch.{}: boxes of shape {}", c.op(), to_string(shape));
      parts.push_back(c.t.concat(
          {c.t.filled(DType::kF32, {shape[0], 1}, static_cast<double>(i)), c.t.cast(boxes[i], DType::kF32)}, 1));
    }
    if (parts.empty()) reject("torch.{} without boxes", c.op());
    rois = c.t.concat(parts, 0);
  } else {
    rois = c.f32(1);
  }
  const Shape shape = c.t.shape(rois);
  if (shape.size() != 2 || shape[1] != 5) reject("torch.{}: regions of shape {}", c.op(), to_string(shape));
  return rois;
}
ValueId aligned_regions(Call& c, int64_t sampling_ratio, bool aligned) {
  const ValueId rois = regions(c);
  const int64_t count = c.t.shape(rois)[0];
  const ValueId index = c.t.cast(c.t.reshape(c.t.slice(rois, 1, 0, 1), {count}), DType::kI64);
  return c.t.emit("roi_align",
                  {{"pooled_h", c.integer(3)},
                   {"pooled_w", c.integer(4)},
                   {"spatial_scale", static_cast<float>(c.number(2))},
                   {"sampling_ratio", std::max<int64_t>(sampling_ratio, 0)},
                   {"mode", std::string("avg")},
                   {"aligned", aligned}},
                  {c.f32(0), c.t.slice(rois, 1, 1, 4), index});
}
Value roi_align(Call& c) { return c.result(aligned_regions(c, c.integer(5, 0), c.boolean(6, false))); }

// The second result, where the maxima stand, is for training.
Value unused(const char* what) {
  auto cell = std::make_shared<Cell>();
  cell->name = what;
  return cell;
}
Value roi_pool(Call& c) {
  const ValueId y = c.t.emit(
      "roi_pool",
      {{"pooled_h", c.integer(3)}, {"pooled_w", c.integer(4)}, {"spatial_scale", static_cast<float>(c.number(2))}},
      {c.f32(0), regions(c)});
  return make_tuple({c.result(y), unused("the places of torchvision.roi_pool")});
}

// Every bin reads a channel of its own: of all channels by all bins those that belong together.
Value ps_roi_align(Call& c) {
  const int64_t bins = c.integer(3) * c.integer(4);
  const Shape in = c.t.shape(c.f32(0));
  if (in.size() != 4 || bins < 1 || bins > kMaxTaps || in[1] % bins != 0)
    reject("ps_roi_align: {} bins of shape {}", bins, to_string(in));
  const ValueId all = aligned_regions(c, c.integer(5, 0), true);
  const int64_t rois = c.t.shape(all)[0], channels = in[1] / bins;
  std::vector<float> chosen(static_cast<size_t>(bins * bins), 0);
  for (int64_t bin = 0; bin < bins; ++bin) chosen[static_cast<size_t>(bin * bins + bin)] = 1;
  const ValueId masked =
      c.t.binary("mul", c.t.reshape(all, {rois, channels, bins, bins}), c.t.floats(chosen, {bins, bins}));
  const ValueId y = c.t.emit(
      "reduce", {{"kind", std::string("sum")}, {"axes", std::vector<int64_t>{2}}, {"keep_dims", false}}, {masked});
  return make_tuple({c.result(c.t.reshape(y, {rois, channels, c.integer(3), c.integer(4)})),
                     unused("the channels of torchvision.ps_roi_align")});
}

// torchvision rounds after scaling and has no last pixel, psroi_pool before and with one: the regions are given to it
// in whole pixels of the map, at least one wide, less that pixel.
Value ps_roi_pool(Call& c) {
  const int64_t bins = c.integer(3) * c.integer(4);
  const Shape in = c.t.shape(c.f32(0));
  if (in.size() != 4 || bins < 1 || bins > kMaxTaps || in[1] % bins != 0)
    reject("ps_roi_pool: {} bins of shape {}", bins, to_string(in));
  const ValueId rois = regions(c);
  const auto corner = [&](int64_t first) {
    return c.t.unary("floor", c.t.unary("linear", c.t.slice(rois, 1, first, 2), c.number(2), 0.5));
  };
  const ValueId begin = corner(1), end = c.t.binary("max", corner(3), c.t.unary("linear", begin, 1, 1));
  const ValueId whole = c.t.concat({c.t.slice(rois, 1, 0, 1), begin, c.t.unary("linear", end, 1, -1)}, 1);
  const ValueId y = c.t.emit("psroi_pool",
                             {{"output_channels", in[1] / bins},
                              {"pooled_h", c.integer(3)},
                              {"pooled_w", c.integer(4)},
                              {"spatial_scale", 1.0f}},
                             {c.f32(0), whole});
  return make_tuple({c.result(y), unused("the channels of torchvision.ps_roi_pool")});
}

// As many indices as boxes, best first; those that are missing are -1.
Value nms(Call& c) {
  const ValueId boxes = c.f32(0), scores = c.f32(1);
  const Shape shape = c.t.shape(boxes);
  if (shape.size() != 2 || shape[1] != 4 || c.t.shape(scores) != Shape{shape[0]})
    reject("torchvision.nms: boxes of shape {}, scores of shape {}", to_string(shape), to_string(c.t.shape(scores)));
  const int64_t count = shape[0];
  const ValueId rows = c.t.emit("non_max_suppression",
                                {{"max_per_class", count},
                                 {"iou_threshold", static_cast<float>(c.number(2))},
                                 {"score_threshold", -std::numeric_limits<float>::infinity()},
                                 {"center_point_box", false},
                                 {"max_rows", count}},
                                {c.t.reshape(boxes, {1, count, 4}), c.t.reshape(scores, {1, 1, count})});
  const ValueId kept = c.t.reshape(c.t.slice(rows, 1, 2, 1), {count});
  c.t.mark_open_ended(kept);
  return c.result(kept);
}

constexpr std::string_view kSampler = "input grid interpolation_mode padding_mode align_corners";

constexpr OpRow kRows[] = {
    {"grid_sampler", kSampler, grid_sampler, "grid_sample"},
    {"grid_sampler_2d", kSampler, grid_sampler, "grid_sample"},
    {"grid_sampler_3d", kSampler, grid_sampler, "grid_sample"},
    {"affine_grid_generator", "theta size align_corners", affine_grid, "matmul"},
    {"unfold", "self dimension size step", unfold, "gather transpose"},
    {"im2col", "self kernel_size dilation padding stride", im2col, "pad slice concat"},
    {"col2im", "self output_size kernel_size dilation padding stride", col2im, "conv_transpose"},
    {"max_unpool2d", "self indices output_size", max_unpool, "scatter_elements"},
    {"torchvision.deform_conv2d",
     "input weight offset mask bias stride_h stride_w pad_h pad_w dilation_h dilation_w groups offset_groups use_mask",
     deform_conv, "deform_gather conv"},
    {"torchvision.roi_align", "input rois spatial_scale pooled_height pooled_width sampling_ratio aligned", roi_align,
     "roi_align"},
    {"torchvision.roi_pool", "input rois spatial_scale pooled_height pooled_width", roi_pool, "roi_pool"},
    {"torchvision.ps_roi_align", "input rois spatial_scale pooled_height pooled_width sampling_ratio", ps_roi_align,
     "roi_align binary reduce"},
    {"torchvision.ps_roi_pool", "input rois spatial_scale pooled_height pooled_width", ps_roi_pool,
     "unary binary psroi_pool"},
    {"torchvision.nms", "dets scores iou_threshold", nms, "non_max_suppression",
     "as many indices as boxes, -1 where none is left; what they choose is 0 there"},
};

}  // namespace

std::span<const OpRow> vision_ops() { return kRows; }

}  // namespace bmnet::frontend::pytorch
