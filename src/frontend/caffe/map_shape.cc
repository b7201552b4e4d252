// Layers that move data.
#include <algorithm>
#include <numeric>

#include "frontend/caffe/mapping.h"

namespace bmnet::caffe {
namespace {

using Axes = std::vector<int64_t>;

op::Attributes to_shape(Shape shape) { return {{"shape", std::move(shape)}}; }

Result<ValueId> slice_top(LayerCall& call, ValueId input, Shape starts, Shape sizes, size_t index) {
  Shape steps(starts.size(), 1);
  return call.top("slice", {{"starts", std::move(starts)}, {"sizes", std::move(sizes)}, {"steps", std::move(steps)}},
                  {input}, index);
}

Status require_image(const LayerCall& call) {
  const Shape shape = call.shape(call.input());
  if (shape.size() == 4) return {};
  return user_error("its bottom has shape {}; four axes are needed", to_string(shape));
}

}  // namespace

Result<Values> map_concat(LayerCall& call) {
  const auto& concat = call.param().concat_param();
  if (call.inputs().empty()) return user_error("no bottom");
  if (concat.has_axis() && concat.has_concat_dim())
    return user_error("both axis and concat_dim; one of them is enough");
  const int64_t stated = concat.has_concat_dim() ? int64_t{concat.concat_dim()} : concat.axis();
  BMNET_ASSIGN(const int64_t axis, call.axis(stated, call.shape(call.input()).size()));
  return one(call.top("concat", {{"axis", axis}}, call.inputs()));
}

// At the slice points, or into equal parts.
Result<Values> map_slice(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, 1));
  const auto& slice = call.param().slice_param();
  if (slice.has_axis() && slice.has_slice_dim()) return user_error("both axis and slice_dim; one of them is enough");
  const Shape shape = call.shape(call.input());
  BMNET_ASSIGN(const int64_t axis,
               call.axis(slice.has_slice_dim() ? int64_t{slice.slice_dim()} : slice.axis(), shape.size()));
  const int64_t parts = static_cast<int64_t>(call.top_count());
  Axes points(slice.slice_point().begin(), slice.slice_point().end());
  if (points.empty()) {
    if (shape[axis] % parts != 0) return user_error("{} elements do not part into {} equal tops", shape[axis], parts);
    for (int64_t i = 1; i < parts; ++i) points.push_back(i * shape[axis] / parts);
  }
  if (static_cast<int64_t>(points.size()) != parts - 1)
    return user_error("{} slice_point for {} tops; one less than tops are needed", points.size(), parts);
  points.insert(points.begin(), 0);
  points.push_back(shape[axis]);
  Values tops;
  for (int64_t i = 0; i < parts; ++i) {
    if (points[i] >= points[i + 1]) return user_error("slice points must rise and stay below {}", shape[axis]);
    Shape starts(shape.size(), 0), sizes = shape;
    starts[axis] = points[i];
    sizes[axis] = points[i + 1] - points[i];
    BMNET_ASSIGN(const ValueId top, slice_top(call, call.input(), std::move(starts), std::move(sizes), i));
    tops.push_back(top);
  }
  return tops;
}

Result<Values> map_flatten(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, 1));
  const auto& flatten = call.param().flatten_param();
  const Shape shape = call.shape(call.input());
  BMNET_ASSIGN(const int64_t axis, call.axis(flatten.axis(), shape.size()));
  BMNET_ASSIGN(const int64_t end, call.axis(flatten.end_axis(), shape.size()));
  if (end < axis) return user_error("end_axis {} before axis {}", end, axis);
  Shape flat(shape.begin(), shape.begin() + axis);
  flat.push_back(element_count(std::span(shape).subspan(axis, end - axis + 1)));
  flat.insert(flat.end(), shape.begin() + end + 1, shape.end());
  return one(call.top("reshape", to_shape(std::move(flat)), {call.input()}));
}

// Replaces `num_axes` axes from `axis` on. 0 keeps the bottom's dimension at that place, -1 takes what is left.
Result<Values> map_reshape(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, 1));
  const auto& reshape = call.param().reshape_param();
  const Shape shape = call.shape(call.input());
  const int64_t rank = static_cast<int64_t>(shape.size());
  // Here an axis may stand behind the last one.
  BMNET_ASSIGN(const int64_t axis,
               call.axis(reshape.axis() < 0 ? reshape.axis() + rank + 1 : reshape.axis(), rank + 1));
  const int64_t end = reshape.num_axes() == -1 ? rank : axis + reshape.num_axes();
  if (reshape.num_axes() < -1 || end > rank)
    return user_error("num_axes {} from axis {} on; the bottom has shape {}", reshape.num_axes(), axis,
                      to_string(shape));

  Shape result(shape.begin(), shape.begin() + axis);
  std::optional<size_t> open;
  for (int i = 0; i < reshape.shape().dim_size(); ++i) {
    int64_t dim = reshape.shape().dim(i);
    if (dim == 0 && axis + i >= rank)
      return user_error("dim {} is 0, but the bottom has shape {}", i, to_string(shape));
    if (dim == 0) dim = shape[axis + i];
    if (dim < -1 || (dim == -1 && open)) return user_error("dim {} is {}; one -1 is possible, nothing below", i, dim);
    if (dim == -1) open = result.size();
    result.push_back(dim == -1 ? 1 : dim);
  }
  result.insert(result.end(), shape.begin() + end, shape.end());
  const int64_t count = element_count(shape);
  if (!is_sane_shape(result) || (open ? count % element_count(result) != 0 : count != element_count(result))) {
    return user_error("{} has {} elements and cannot become {}", to_string(shape), count, to_string(result));
  }
  if (open) result[*open] = count / element_count(result);
  return one(call.top("reshape", to_shape(std::move(result)), {call.input()}));
}

// Axes not listed follow in their order.
Result<Values> map_permute(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, 1));
  const int64_t rank = static_cast<int64_t>(call.shape(call.input()).size());
  Axes order(call.param().permute_param().order().begin(), call.param().permute_param().order().end());
  for (int64_t axis = 0; axis < rank; ++axis) {
    if (std::find(order.begin(), order.end(), axis) == order.end()) order.push_back(axis);
  }
  Axes sorted = order;
  std::sort(sorted.begin(), sorted.end());
  for (int64_t axis = 0; axis < static_cast<int64_t>(sorted.size()); ++axis) {
    if (sorted[axis] != axis || axis >= rank)
      return user_error("order [{}] is no permutation of {} axes", fmt::join(order, ","), rank);
  }
  return one(call.top("transpose", {{"permutation", order}}, {call.input()}));
}

// Bottom 0 cut down to the size of bottom 1 on the axes from `axis` on.
Result<Values> map_crop(LayerCall& call) {
  BMNET_TRY(call.require_inputs(2, 2));
  const auto& crop = call.param().crop_param();
  const Shape shape = call.shape(call.input());
  const Shape reference = call.shape(call.input(1));
  BMNET_ASSIGN(const int64_t axis, call.axis(crop.axis(), shape.size()));
  if (reference.size() != shape.size()) return user_error("bottoms of {} and {} axes", shape.size(), reference.size());
  const int cropped = static_cast<int>(shape.size() - axis);
  if (crop.offset_size() > 1 && crop.offset_size() != cropped)
    return user_error("{} offset for {} axes; give one, or one each", crop.offset_size(), cropped);
  Shape starts(shape.size(), 0), sizes = shape;
  for (int i = 0; i < cropped; ++i) {
    if (crop.offset_size() > 0) starts[axis + i] = crop.offset(crop.offset_size() == 1 ? 0 : i);
    sizes[axis + i] = reference[axis + i];
    if (starts[axis + i] + sizes[axis + i] > shape[axis + i]) {
      return user_error("{} elements from {} on do not lie inside axis {} of {}", sizes[axis + i], starts[axis + i],
                        axis + i, to_string(shape));
    }
  }
  return one(slice_top(call, call.input(), std::move(starts), std::move(sizes), 0));
}

Result<Values> map_tile(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, 1));
  const auto& tile = call.param().tile_param();
  const Shape shape = call.shape(call.input());
  BMNET_ASSIGN(const int64_t axis, call.axis(tile.axis(), shape.size()));
  if (tile.tiles() < 1 || tile.tiles() > kMaxElements / element_count(shape))
    return user_error("tiles {}", tile.tiles());
  Shape repeats(shape.size(), 1);
  repeats[axis] = tile.tiles();
  return one(call.top("tile", {{"repeats", std::move(repeats)}}, {call.input()}));
}

// The padding layer of the oldest format: zeros around height and width.
Result<Values> map_padding(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, 1));
  BMNET_TRY(require_image(call));
  const auto& pads = call.param().convolution_param().pad();
  const int64_t pad = pads.empty() ? 0 : pads[0];
  if (pad > 1 << 20) return user_error("pad {} is absurd", pad);
  return one(call.top("pad", {{"pads", Axes{0, 0, pad, pad, 0, 0, pad, pad}}}, {call.input()}));
}

Result<Values> map_parameter(LayerCall& call) {
  BMNET_TRY(call.require_inputs(0, 0));
  const auto& dims = call.param().parameter_param().shape().dim();
  return one(call.weight(0, Shape(dims.begin(), dims.end()), Fill::kWeight));
}

// Channels as [group, C/group], transposed.
Result<Values> map_shuffle_channel(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, 1));
  const Shape shape = call.shape(call.input());
  const int64_t group = call.param().shuffle_channel_param().group();
  if (shape.size() < 2 || group < 1 || shape[1] % group != 0)
    return user_error("group {} does not divide the channels of {}", group, to_string(shape));
  const int64_t pixels = element_count(std::span(shape).subspan(2));
  BMNET_ASSIGN(const ValueId grouped,
               call.step("reshape", to_shape({shape[0], group, shape[1] / group, pixels}), {call.input()}));
  BMNET_ASSIGN(const ValueId shuffled, call.step("transpose", {{"permutation", Axes{0, 2, 1, 3}}}, {grouped}));
  return one(call.top("reshape", to_shape(shape), {shuffled}));
}

Result<Values> map_pixel_shuffle(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, 1));
  BMNET_TRY(require_image(call));
  const int64_t factor = call.param().pixel_shuffle_param().upscale_factor();
  if (factor < 1 || factor > 1 << 10) return user_error("upscale_factor {}", factor);
  return one(call.top("depth_to_space", {{"block", factor}, {"mode", "CRD"}}, {call.input()}));
}

// Darknet's order: the channels are first spread over the image, [C/s/s, H*s, W*s], then blocks of s x s pixels become
// channels. (Its "reorg" is known not to be a plain space-to-depth.)
Result<Values> map_reorg(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, 1));
  BMNET_TRY(require_image(call));
  const Shape shape = call.shape(call.input());
  const int64_t s = call.param().reorg_param().stride();
  if (call.param().reorg_param().reverse()) return unsupported("reverse: true; use PixelShuffle or a Deconvolution");
  if (s < 1 || s > 1 << 10 || shape[1] % (s * s) != 0 || shape[2] % s != 0 || shape[3] % s != 0) {
    return user_error("stride {} does not divide shape {} (channels by its square)", s, to_string(shape));
  }
  BMNET_ASSIGN(
      const ValueId spread,
      call.step("reshape", to_shape({shape[0], shape[1] / (s * s), shape[2] * s, shape[3] * s}), {call.input()}));
  BMNET_ASSIGN(const ValueId blocks, call.step("space_to_depth", {{"block", s}}, {spread}));
  return one(call.top("reshape", to_shape({shape[0], shape[1] * s * s, shape[2] / s, shape[3] / s}), {blocks}));
}

namespace {

// Height or width after shrinking and zooming, as DeepLab's fork computes it.
int64_t interpolated(const proto::InterpParameter& interp, int64_t size, int64_t stated,
                     std::optional<int64_t> reference) {
  if (reference) return *reference;
  if (stated > 0) return stated;
  if (interp.has_shrink_factor()) size = (size - 1) / interp.shrink_factor() + 1;
  if (interp.has_zoom_factor()) size += (size - 1) * (interp.zoom_factor() - 1);
  return size;
}

op::Attributes resize(Shape sizes, std::string mode, std::string coordinates) {
  return {{"sizes", std::move(sizes)},
          {"mode", std::move(mode)},
          {"coordinates", std::move(coordinates)},
          {"nearest_mode", "floor"}};
}

}  // namespace

// Bilinear with aligned corners; negative pads crop first. The size: bottom 1, or stated, or by factors.
Result<Values> map_interp(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, 2));
  BMNET_TRY(require_image(call));
  const auto& interp = call.param().interp_param();
  const Shape shape = call.shape(call.input());
  const int64_t begin = interp.pad_beg(), end = interp.pad_end();
  const auto usable = [](int64_t factor) { return factor >= 1 && factor <= 1 << 10; };
  if (begin > 0 || end > 0)
    return user_error("pad_beg {}, pad_end {}; only cropping (values below 0) is possible", begin, end);
  if (!usable(interp.zoom_factor()) || !usable(interp.shrink_factor()))
    return user_error("zoom_factor and shrink_factor must be positive");
  const int64_t height = shape[2] + begin + end, width = shape[3] + begin + end;
  if (height < 1 || width < 1) return user_error("pads {} and {} leave nothing of {}", begin, end, to_string(shape));
  ValueId input = call.input();
  if (begin + end < 0) {
    BMNET_ASSIGN(input, call.step("pad", {{"pads", Axes{0, 0, begin, begin, 0, 0, end, end}}}, {input}));
  }
  std::optional<int64_t> reference_height, reference_width;
  if (call.inputs().size() == 2) {
    const Shape reference = call.shape(call.input(1));
    if (reference.size() != 4)
      return user_error("its second bottom has shape {}; four axes are needed", to_string(reference));
    reference_height = reference[2];
    reference_width = reference[3];
  }
  const Shape sizes{interpolated(interp, height, interp.height(), reference_height),
                    interpolated(interp, width, interp.width(), reference_width)};
  if (!is_sane_shape(sizes)) return user_error("its result would have shape {}", to_string(sizes));
  return one(call.top("resize", resize(sizes, "linear", "align_corners"), {input}));
}

namespace {

// Each value where the mask of the pooling says (an index into the plane), zeros elsewhere.
Result<Values> upsample_by_mask(LayerCall& call, const Shape& sizes) {
  const Shape shape = call.shape(call.input());
  if (call.shape(call.input(1)) != shape)
    return user_error("its mask has shape {}, its first bottom {}", to_string(call.shape(call.input(1))),
                      to_string(shape));
  const Shape flat{shape[0] * shape[1], shape[2] * shape[3]}, plane{flat[0], sizes[0] * sizes[1]};
  if (!is_sane_shape(plane)) return user_error("its result would have shape {}", to_string(sizes));
  BMNET_ASSIGN(const ValueId values, call.reshape(call.input(), flat));
  BMNET_ASSIGN(const ValueId mask, call.reshape(call.input(1), flat));
  BMNET_ASSIGN(const ValueId places, call.step("cast", {{"to", "i64"}}, {mask}));
  BMNET_ASSIGN(const ValueId zeros, call.filled("zeros", plane, 0));
  BMNET_ASSIGN(const ValueId placed,
               call.step("scatter_elements", {{"axis", int64_t{1}}, {"reduction", "none"}}, {zeros, places, values}));
  return one(call.top("reshape", to_shape({shape[0], shape[1], sizes[0], sizes[1]}), {placed}));
}

}  // namespace

// Every pixel repeated, or, with a mask as second bottom, put back where a pooling took it from.
Result<Values> map_upsample(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, 2));
  BMNET_TRY(require_image(call));
  const auto& upsample = call.param().upsample_param();
  const Shape shape = call.shape(call.input());
  const int64_t scale_h = upsample.has_scale_h() ? upsample.scale_h() : upsample.scale();
  const int64_t scale_w = upsample.has_scale_w() ? upsample.scale_w() : upsample.scale();
  if (scale_h > 1 << 10 || scale_w > 1 << 10) return user_error("scale {} by {}", scale_h, scale_w);
  const Shape sizes{
      upsample.has_upsample_h() ? upsample.upsample_h() : shape[2] * scale_h - (upsample.pad_out_h() ? 1 : 0),
      upsample.has_upsample_w() ? upsample.upsample_w() : shape[3] * scale_w - (upsample.pad_out_w() ? 1 : 0)};
  if (!is_sane_shape(sizes)) return user_error("its result would have shape {}", to_string(sizes));
  if (call.inputs().size() == 2) return upsample_by_mask(call, sizes);
  return one(call.top("resize", resize(sizes, "nearest", "asymmetric"), {call.input()}));
}

Result<Values> map_reverse(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, 1));
  BMNET_ASSIGN(const int64_t axis, call.axis(call.param().reverse_param().axis(), call.shape(call.input()).size()));
  return one(call.top("reverse", {{"axes", Axes{axis}}}, {call.input()}));
}

// Images chosen by index.
Result<Values> map_batch_reindex(LayerCall& call) {
  BMNET_TRY(call.require_inputs(2, 2));
  if (call.shape(call.input(1)).size() != 1)
    return user_error("its second bottom has shape {}; a list of indices is needed",
                      to_string(call.shape(call.input(1))));
  BMNET_ASSIGN(const ValueId indices, call.step("cast", {{"to", "i64"}}, {call.input(1)}));
  return one(call.top("gather", {{"axis", int64_t{0}}}, {call.input(), indices}));
}

}  // namespace bmnet::caffe
