// Regions of interest: roi_pool, psroi_pool, roi_align, non_max_suppression.
#include <algorithm>
#include <cmath>
#include <limits>

#include "op/family.h"
#include "op/kernel.h"
#include "op/nms.h"

namespace bmnet::op {
namespace {

struct Pooling {
  int64_t height = 0, width = 0;
  float scale = 1;
};

Result<Pooling> read_pooling(const Attributes& attributes) {
  Pooling p;
  BMNET_ASSIGN(p.height, attributes.get<int64_t>("pooled_h"));
  BMNET_ASSIGN(p.width, attributes.get<int64_t>("pooled_w"));
  BMNET_ASSIGN(p.scale, attributes.get<float>("spatial_scale"));
  BMNET_TRY(check_range("pooled_h", p.height, 1, kMaxWindow));
  BMNET_TRY(check_range("pooled_w", p.width, 1, kMaxWindow));
  if (!(p.scale > 0)) return user_error("spatial_scale {} is not positive", p.scale);
  return p;
}

Status check_regions(std::span<const TensorInfo> inputs, int64_t columns) {
  BMNET_TRY(check_f32(inputs[0], "the input"));
  BMNET_TRY(check_f32(inputs[1], "rois"));
  BMNET_TRY(check_rank(inputs[0], "the input", 4));
  BMNET_TRY(check_rank(inputs[1], "rois", 2));
  return check_shape(inputs[1], "rois", {inputs[1].shape[0], columns});
}

// -1: a row without a region, as operators that find regions fill theirs up; its result is zero.
Status check_image(int64_t image, int64_t images) {
  if (image >= -1 && image < images) return {};
  return user_error("a region names image {} of {}", image, images);
}

Status check_numbers(const float* roi, int64_t number) {
  if (std::none_of(roi, roi + 4, [](float x) { return std::isnan(x); })) return {};
  return user_error("region {} is not a number", number);
}

Result<Infos> infer_roi_pool(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 2));
  BMNET_TRY(check_regions(inputs, 5));
  BMNET_ASSIGN(const Pooling p, read_pooling(attributes));
  return result(DType::kF32, {inputs[1].shape[0], inputs[0].shape[1], p.height, p.width});
}

// Rows [first, last) of the feature map that bin `index` of `bins` covers, for a region from `start` of `length`.
struct Bin {
  int64_t first, last;
};
Bin bin_of(int64_t index, int64_t bins, int64_t start, int64_t length, int64_t extent) {
  const float size = static_cast<float>(length) / static_cast<float>(bins);
  const auto edge = [&](float at) { return std::clamp<int64_t>(static_cast<int64_t>(at) + start, 0, extent); };
  return {edge(std::floor(static_cast<float>(index) * size)), edge(std::ceil(static_cast<float>(index + 1) * size))};
}

Status roi_pool(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const Pooling p, read_pooling(attributes));
  const Shape& in = inputs[0].shape();
  float* out = pointer<float>(outputs[0]);
  // Far outside the map every bin is empty anyway; the bound keeps the arithmetic in range.
  const auto pixel = [&](float x) {
    return static_cast<int64_t>(std::clamp(number_cast<double>(std::round(x * p.scale)), -0x1p40, 0x1p40));
  };
  for (int64_t r = 0; r < inputs[1].shape()[0]; ++r) {
    const float* roi = pointer<float>(inputs[1]) + r * 5;
    const auto image = number_cast<int64_t>(roi[0]);
    BMNET_TRY(check_image(image, in[0]));
    BMNET_TRY(check_numbers(roi + 1, r));
    if (image < 0) {
      out += in[1] * p.height * p.width;
      continue;
    }
    const int64_t x1 = pixel(roi[1]), y1 = pixel(roi[2]);
    const int64_t width = std::max<int64_t>(pixel(roi[3]) - x1 + 1, 1),
                  height = std::max<int64_t>(pixel(roi[4]) - y1 + 1, 1);
    for (int64_t c = 0; c < in[1]; ++c) {
      const float* plane = pointer<float>(inputs[0]) + (image * in[1] + c) * in[2] * in[3];
      for (int64_t ph = 0; ph < p.height; ++ph)
        for (int64_t pw = 0; pw < p.width; ++pw) {
          const Bin ys = bin_of(ph, p.height, y1, height, in[2]), xs = bin_of(pw, p.width, x1, width, in[3]);
          const bool empty = ys.last <= ys.first || xs.last <= xs.first;
          float most = empty ? 0 : std::numeric_limits<float>::lowest();
          for (int64_t y = ys.first; y < ys.last; ++y)
            for (int64_t x = xs.first; x < xs.last; ++x) most = std::max(most, plane[y * in[3] + x]);
          *out++ = most;
        }
    }
  }
  return {};
}

Result<Infos> infer_psroi_pool(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 2));
  BMNET_TRY(check_regions(inputs, 5));
  BMNET_ASSIGN(const Pooling p, read_pooling(attributes));
  BMNET_ASSIGN(const int64_t channels, attributes.get<int64_t>("output_channels"));
  BMNET_TRY(check_range("output_channels", channels, 1, kMaxWindow));
  const int64_t given = inputs[0].shape[1];
  if (given / p.height / p.width != channels || given % (p.height * p.width) != 0)
    return user_error("{} x {} bins of {} channels do not fit the input's {} channels", p.height, p.width, channels,
                      given);
  return result(DType::kF32, {inputs[1].shape[0], channels, p.height, p.width});
}

// First and behind the last row (column) of a bin whose edges lie at these places.
Bin covering(float from, float to, int64_t extent) {
  const auto inside = [&](float at) {  // also of what is no number
    return at > 0 ? at < static_cast<float>(extent) ? static_cast<int64_t>(at) : extent : 0;
  };
  return {inside(std::floor(from)), inside(std::ceil(to))};
}

float average_inside(const float* plane, int64_t width, Bin ys, Bin xs) {
  if (ys.last <= ys.first || xs.last <= xs.first) return 0;
  double sum = 0;
  for (int64_t y = ys.first; y < ys.last; ++y)
    for (int64_t x = xs.first; x < xs.last; ++x) sum += plane[y * width + x];
  return static_cast<float>(sum / static_cast<double>((ys.last - ys.first) * (xs.last - xs.first)));
}

Status psroi_pool(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const Pooling p, read_pooling(attributes));
  const Shape &in = inputs[0].shape(), &to = outputs[0].shape();
  float* out = pointer<float>(outputs[0]);
  for (int64_t r = 0; r < to[0]; ++r) {
    const float* roi = pointer<float>(inputs[1]) + r * 5;
    const auto image = number_cast<int64_t>(roi[0]);
    BMNET_TRY(check_image(image, in[0]));
    BMNET_TRY(check_numbers(roi + 1, r));
    if (image < 0) {
      out += to[1] * to[2] * to[3];
      continue;
    }
    const float x1 = std::round(roi[1]) * p.scale, x2 = (std::round(roi[3]) + 1) * p.scale;
    const float y1 = std::round(roi[2]) * p.scale, y2 = (std::round(roi[4]) + 1) * p.scale;
    const float bin_w = std::max(x2 - x1, 0.1f) / static_cast<float>(p.width);
    const float bin_h = std::max(y2 - y1, 0.1f) / static_cast<float>(p.height);
    for (int64_t c = 0; c < to[1]; ++c)
      for (int64_t ph = 0; ph < p.height; ++ph)
        for (int64_t pw = 0; pw < p.width; ++pw) {
          const int64_t channel = (c * p.height + ph) * p.width + pw;
          const float* plane = pointer<float>(inputs[0]) + (image * in[1] + channel) * in[2] * in[3];
          const auto row = static_cast<float>(ph), column = static_cast<float>(pw);
          *out++ = average_inside(plane, in[3], covering(y1 + row * bin_h, y1 + (row + 1) * bin_h, in[2]),
                                  covering(x1 + column * bin_w, x1 + (column + 1) * bin_w, in[3]));
        }
  }
  return {};
}

Result<Infos> infer_roi_align(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 3));
  BMNET_TRY(check_regions(inputs, 4));
  BMNET_TRY(IndexTypes::check(inputs[2], "batch_indices"));
  BMNET_TRY(check_shape(inputs[2], "batch_indices", {inputs[1].shape[0]}));
  BMNET_ASSIGN(const Pooling p, read_pooling(attributes));
  BMNET_ASSIGN(const int64_t sampling, attributes.get<int64_t>("sampling_ratio"));
  BMNET_TRY(check_range("sampling_ratio", sampling, 0, 1 << 12));
  BMNET_TRY(choice(attributes, "mode", {"avg", "max"}));
  BMNET_TRY(attributes.get<bool>("aligned"));
  return result(DType::kF32, {inputs[1].shape[0], inputs[0].shape[1], p.height, p.width});
}

// Four neighbours of a point and their weights; all weights 0 outside the map.
struct Bilinear {
  int64_t places[4] = {};
  float weights[4] = {};
};
Bilinear bilinear(float y, float x, int64_t height, int64_t width) {
  if (!(y >= -1 && y <= static_cast<float>(height) && x >= -1 && x <= static_cast<float>(width))) return {};
  const auto split = [](float at, int64_t extent, int64_t& low, int64_t& high) {
    at = std::max(at, 0.0f);
    low = std::min(static_cast<int64_t>(at), extent - 1);
    high = std::min(low + 1, extent - 1);
    return low == extent - 1 ? 0.0f : at - static_cast<float>(low);
  };
  int64_t y0, y1, x0, x1;
  const float fy = split(y, height, y0, y1), fx = split(x, width, x0, x1);
  return {{y0 * width + x0, y0 * width + x1, y1 * width + x0, y1 * width + x1},
          {(1 - fy) * (1 - fx), (1 - fy) * fx, fy * (1 - fx), fy * fx}};
}

struct Samples {
  std::vector<Bilinear> points;  // of every bin, `each` a bin
  int64_t each = 0;
};

Result<Samples> sample_region(const Pooling& p, const float* roi, int64_t sampling, bool aligned, int64_t height,
                              int64_t width) {
  const float shift = aligned ? 0.5f : 0.0f;
  const float x1 = roi[0] * p.scale - shift, y1 = roi[1] * p.scale - shift;
  float w = roi[2] * p.scale - shift - x1, h = roi[3] * p.scale - shift - y1;
  if (!aligned) w = std::max(w, 1.0f), h = std::max(h, 1.0f);
  const float bin_w = w / static_cast<float>(p.width), bin_h = h / static_cast<float>(p.height);
  constexpr float kMostSamples = 1 << 12;  // a side of a bin
  if (!(bin_w <= kMostSamples && bin_h <= kMostSamples))
    return user_error("a region of {} x {} pixels is out of proportion", w, h);
  const int64_t rows = sampling > 0 ? sampling : static_cast<int64_t>(std::ceil(bin_h));
  const int64_t columns = sampling > 0 ? sampling : static_cast<int64_t>(std::ceil(bin_w));
  Samples samples;
  samples.each = std::max<int64_t>(rows, 0) * std::max<int64_t>(columns, 0);
  const auto place = [](float start, float bin, int64_t index, int64_t step, int64_t steps) {
    return start + static_cast<float>(index) * bin +
           (static_cast<float>(step) + 0.5f) * bin / static_cast<float>(steps);
  };
  for (int64_t ph = 0; ph < p.height; ++ph)
    for (int64_t pw = 0; pw < p.width; ++pw)
      for (int64_t iy = 0; iy < rows; ++iy)
        for (int64_t ix = 0; ix < columns; ++ix)
          samples.points.push_back(
              bilinear(place(y1, bin_h, ph, iy, rows), place(x1, bin_w, pw, ix, columns), height, width));
  return samples;
}

float average_of(const Samples& samples, int64_t bin, const float* plane) {
  double sum = 0;
  for (int64_t i = bin * samples.each; i < (bin + 1) * samples.each; ++i)
    for (int k = 0; k < 4; ++k) sum += samples.points[i].weights[k] * plane[samples.points[i].places[k]];
  return static_cast<float>(sum / static_cast<double>(std::max<int64_t>(samples.each, 1)));
}

// As ONNX has it: the largest weighted neighbour, not the largest interpolated sample.
float maximum_of(const Samples& samples, int64_t bin, const float* plane) {
  if (samples.each == 0) return 0;
  float most = std::numeric_limits<float>::lowest();
  for (int64_t i = bin * samples.each; i < (bin + 1) * samples.each; ++i)
    for (int k = 0; k < 4; ++k)
      most = std::max(most, samples.points[i].weights[k] * plane[samples.points[i].places[k]]);
  return most;
}

Status roi_align(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const Pooling p, read_pooling(attributes));
  BMNET_ASSIGN(const int64_t sampling, attributes.get<int64_t>("sampling_ratio"));
  BMNET_ASSIGN(const std::string mode, attributes.get<std::string>("mode"));
  BMNET_ASSIGN(const bool aligned, attributes.get<bool>("aligned"));
  const Shape& in = inputs[0].shape();
  const int64_t plane_size = in[2] * in[3], bins = p.height * p.width;
  if (plane_size == 0) return {};
  float* out = pointer<float>(outputs[0]);
  for (int64_t r = 0; r < inputs[1].shape()[0]; ++r) {
    const int64_t image =
        inputs[2].dtype() == DType::kI32 ? pointer<int32_t>(inputs[2])[r] : pointer<int64_t>(inputs[2])[r];
    BMNET_TRY(check_image(image, in[0]));
    if (image < 0) {
      out += in[1] * bins;
      continue;
    }
    BMNET_ASSIGN(const Samples samples,
                 sample_region(p, pointer<float>(inputs[1]) + r * 4, sampling, aligned, in[2], in[3]));
    for (int64_t c = 0; c < in[1]; ++c) {
      const float* plane = pointer<float>(inputs[0]) + (image * in[1] + c) * plane_size;
      for (int64_t bin = 0; bin < bins; ++bin)
        *out++ = mode == "avg" ? average_of(samples, bin, plane) : maximum_of(samples, bin, plane);
    }
  }
  return {};
}

Result<Infos> infer_non_max_suppression(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 2));
  BMNET_TRY(check_f32(inputs[0], "boxes"));
  BMNET_TRY(check_f32(inputs[1], "scores"));
  BMNET_TRY(check_rank(inputs[0], "boxes", 3));
  BMNET_TRY(check_rank(inputs[1], "scores", 3));
  const Shape& boxes = inputs[0].shape;
  BMNET_TRY(check_shape(inputs[0], "boxes", {boxes[0], boxes[1], 4}));
  BMNET_TRY(check_shape(inputs[1], "scores", {boxes[0], inputs[1].shape[1], boxes[1]}));
  BMNET_ASSIGN(const int64_t per_class, attributes.get<int64_t>("max_per_class"));
  BMNET_ASSIGN(const int64_t rows, attributes.get<int64_t>("max_rows"));
  BMNET_TRY(check_range("max_per_class", per_class, 0, std::numeric_limits<int64_t>::max()));
  BMNET_TRY(check_range("max_rows", rows, 0, kMaxExtent));
  BMNET_ASSIGN(const float iou, attributes.get<float>("iou_threshold"));
  if (!(iou >= 0 && iou <= 1)) return user_error("iou_threshold {} is not in [0, 1]", iou);
  BMNET_TRY(attributes.get<float>("score_threshold"));
  BMNET_TRY(attributes.get<bool>("center_point_box"));
  return result(DType::kI64, {rows, 3});
}

Box read_box(const float* values, bool center) {
  if (center) {
    const float x = values[0], y = values[1], w = values[2], h = values[3];
    return {x - w / 2, y - h / 2, x + w / 2, y + h / 2};
  }
  // y1, x1, y2, x2 of any two opposite corners.
  return {std::min(values[1], values[3]), std::min(values[0], values[2]), std::max(values[1], values[3]),
          std::max(values[0], values[2])};
}

Status non_max_suppression(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const int64_t per_class, attributes.get<int64_t>("max_per_class"));
  BMNET_ASSIGN(const float iou, attributes.get<float>("iou_threshold"));
  BMNET_ASSIGN(const float least_score, attributes.get<float>("score_threshold"));
  BMNET_ASSIGN(const bool center, attributes.get<bool>("center_point_box"));
  const int64_t images = inputs[0].shape()[0], count = inputs[0].shape()[1], classes = inputs[1].shape()[1];
  int64_t* out = pointer<int64_t>(outputs[0]);
  std::fill_n(out, outputs[0].count(), -1);
  int64_t free = outputs[0].shape()[0];
  for (int64_t n = 0; n < images; ++n) {
    std::vector<Box> boxes;
    for (int64_t i = 0; i < count; ++i)
      boxes.push_back(read_box(pointer<float>(inputs[0]) + (n * count + i) * 4, center));
    for (int64_t c = 0; c < classes; ++c) {
      const auto candidates =
          best_of_class(pointer<float>(inputs[1]) + (n * classes + c) * count, 1, count, c, least_score, -1);
      for (const Candidate& one : suppress({.threshold = iou, .most = per_class}, candidates, boxes)) {
        if (free-- <= 0) return {};
        *out++ = n, *out++ = c, *out++ = one.box;
      }
    }
  }
  return {};
}

constexpr OpSpec kOps[] = {
    {"roi_pool", infer_roi_pool, roi_pool},
    {"psroi_pool", infer_psroi_pool, psroi_pool},
    {"roi_align", infer_roi_align, roi_align},
    {"non_max_suppression", infer_non_max_suppression, non_max_suppression},
};

}  // namespace

std::span<const OpSpec> region_ops() { return kOps; }

}  // namespace bmnet::op
