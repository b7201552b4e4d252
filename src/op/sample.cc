// Reading a feature map at computed places: grid_sample, deform_gather.
#include <cmath>

#include "op/family.h"
#include "op/kernel.h"

namespace bmnet::op {
namespace {

// Input positions of one axis and their weights for one coordinate; -1 stands for a place outside, which reads 0.
struct Taps {
  int64_t places[4] = {-1, -1, -1, -1};
  float weights[4] = {};
  int count = 0;
  void add(int64_t place, float weight) {
    places[count] = place;
    weights[count++] = weight;
  }
};

constexpr float kFar = 0x1p30f;  // beyond any feature map; the bound keeps the conversion to integers defined

int64_t inside(float place, int64_t extent) {
  return place >= 0 && place < static_cast<float>(extent) ? static_cast<int64_t>(place) : -1;
}

struct GridSample {
  std::string mode, padding;
  bool align_corners = false;
};

Result<GridSample> read_grid_sample(const Attributes& attributes) {
  GridSample g;
  BMNET_ASSIGN(g.mode, choice(attributes, "mode", {"nearest", "linear", "cubic"}));
  BMNET_ASSIGN(g.padding, choice(attributes, "padding", {"zeros", "border", "reflection"}));
  BMNET_ASSIGN(g.align_corners, attributes.get<bool>("align_corners"));
  return g;
}

Result<Infos> infer_grid_sample(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 2));
  BMNET_TRY(check_f32(inputs[0], "the input"));
  BMNET_TRY(check_f32(inputs[1], "the grid"));
  BMNET_TRY(check_rank(inputs[0], "the input", 4, 5));
  const Shape &in = inputs[0].shape, &grid = inputs[1].shape;
  BMNET_TRY(check_rank(inputs[1], "the grid", in.size()));
  Shape expected = grid;
  expected.front() = in.front();
  expected.back() = static_cast<int64_t>(in.size()) - 2;
  BMNET_TRY(check_shape(inputs[1], "the grid", expected));
  for (size_t axis = 2; axis < in.size(); ++axis)
    if (in[axis] < 1) return user_error("spatial axis {} of the input is empty", axis - 2);
  BMNET_TRY(read_grid_sample(attributes));
  Shape shape = {in[0], in[1]};
  shape.insert(shape.end(), grid.begin() + 1, grid.end() - 1);
  return result(DType::kF32, std::move(shape));
}

// [-1, 1] as a position of the axis.
float position_of(float coordinate, int64_t extent, bool align_corners) {
  const auto size = static_cast<float>(extent);
  return align_corners ? (coordinate + 1) / 2 * (size - 1) : ((coordinate + 1) * size - 1) / 2;
}

// Mirrored at the centres of the outermost elements (align_corners) or at their outer edges.
float reflected(float position, int64_t extent, bool align_corners) {
  const float low = align_corners ? 0 : -0.5f;
  const float span = static_cast<float>(align_corners ? extent - 1 : extent);
  if (span == 0) return 0;
  const float distance = std::fabs(position - low);
  const float rest = std::fmod(distance, span);
  const bool even = std::fmod(std::floor(distance / span), 2.0f) == 0;
  return (even ? rest : span - rest) + low;
}

float padded(const GridSample& g, float position, int64_t extent) {
  if (g.padding == "reflection") position = reflected(position, extent, g.align_corners);
  if (g.padding != "zeros") position = std::fmin(std::fmax(position, 0.0f), static_cast<float>(extent - 1));
  return std::fabs(position) < kFar ? position : -kFar;
}

// The four weights of cubic convolution with a = -0.75.
void cubic_weights(float t, float (&w)[4]) {
  constexpr float a = -0.75f;
  const auto near = [&](float x) { return ((a + 2) * x - (a + 3)) * x * x + 1; };
  const auto far = [&](float x) { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a; };
  w[0] = far(t + 1), w[1] = near(t), w[2] = near(1 - t), w[3] = far(2 - t);
}

Taps taps_of(const GridSample& g, float coordinate, int64_t extent) {
  float at = position_of(coordinate, extent, g.align_corners);
  Taps taps;
  if (g.mode == "cubic") {
    if (!(std::fabs(at) < kFar)) at = -kFar;
    const float low = std::floor(at);
    float weights[4];
    cubic_weights(at - low, weights);
    for (int i = 0; i < 4; ++i)
      taps.add(inside(std::nearbyint(padded(g, low - 1 + static_cast<float>(i), extent)), extent), weights[i]);
    return taps;
  }
  at = padded(g, at, extent);
  if (g.mode == "nearest") {
    taps.add(inside(std::nearbyint(at), extent), 1);
    return taps;
  }
  const float low = std::floor(at);
  taps.add(inside(low, extent), 1 - (at - low));
  taps.add(inside(low + 1, extent), at - low);
  return taps;
}

// The value of a map of up to three axes between its elements.
float interpolated(const float* plane, const Taps& z, const Taps& y, const Taps& x, int64_t height, int64_t width) {
  float sum = 0;
  for (int i = 0; i < z.count; ++i)
    for (int j = 0; j < y.count; ++j)
      for (int k = 0; k < x.count; ++k) {
        if (z.places[i] < 0 || y.places[j] < 0 || x.places[k] < 0) continue;
        sum += z.weights[i] * y.weights[j] * x.weights[k] *
               plane[(z.places[i] * height + y.places[j]) * width + x.places[k]];
      }
  return sum;
}

Status grid_sample(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const GridSample g, read_grid_sample(attributes));
  const Shape& in = inputs[0].shape();
  const int64_t axes = static_cast<int64_t>(in.size()) - 2;
  const int64_t depth = axes == 3 ? in[2] : 1, height = in[in.size() - 2], width = in.back();
  const int64_t places = extent_between(inputs[1].shape(), 1, inputs[1].shape().size() - 1);
  const auto* grid = pointer<float>(inputs[1]);
  auto* out = pointer<float>(outputs[0]);
  Taps first;
  first.add(0, 1);
  for (int64_t n = 0; n < in[0]; ++n)
    for (int64_t i = 0; i < places; ++i) {
      const float* point = grid + (n * places + i) * axes;  // x, y, z
      const Taps x = taps_of(g, point[0], width), y = taps_of(g, point[1], height);
      const Taps z = axes == 3 ? taps_of(g, point[2], depth) : first;
      for (int64_t c = 0; c < in[1]; ++c) {
        const float* plane = pointer<float>(inputs[0]) + (n * in[1] + c) * depth * height * width;
        out[(n * in[1] + c) * places + i] = interpolated(plane, z, y, x, height, width);
      }
    }
  return {};
}

struct Deform {
  Window window;
  int64_t groups = 1;
};

Result<Deform> read_deform(const Attributes& attributes) {
  Deform d;
  BMNET_ASSIGN(Shape kernel, attributes.get<Shape>("kernel"));
  if (kernel.size() != 2) return user_error("kernel has {} values, 2 are needed", kernel.size());
  BMNET_ASSIGN(d.window, read_window(attributes, std::move(kernel)));
  BMNET_ASSIGN(d.groups, attributes.get<int64_t>("offset_groups"));
  BMNET_TRY(check_range("offset_groups", d.groups, 1, kMaxWindow));
  return d;
}

Result<Infos> infer_deform_gather(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 2, 3));
  for (const TensorInfo& input : inputs) BMNET_TRY(check_f32(input, "an operand"));
  BMNET_TRY(check_rank(inputs[0], "the input", 4));
  BMNET_ASSIGN(const Deform d, read_deform(attributes));
  const Shape& in = inputs[0].shape;
  if (in[1] % d.groups != 0) return user_error("{} offset groups do not divide {} channels", d.groups, in[1]);
  Shape out(2);
  for (size_t axis = 0; axis < 2; ++axis) {
    const int64_t room = in[2 + axis] + d.window.begin(axis) + d.window.end(axis) - d.window.extent(axis);
    if (room < 0) return user_error("the kernel is larger than the padded input {}", to_string(in));
    out[axis] = room / d.window.strides[axis] + 1;
  }
  const int64_t taps = d.window.kernel[0] * d.window.kernel[1];
  BMNET_TRY(check_shape(inputs[1], "the offset", {in[0], 2 * d.groups * taps, out[0], out[1]}));
  if (inputs.size() == 3) BMNET_TRY(check_shape(inputs[2], "the mask", {in[0], d.groups * taps, out[0], out[1]}));
  return result(DType::kF32, {in[0], in[1], out[0] * d.window.kernel[0], out[1] * d.window.kernel[1]});
}

Taps linear_taps(float at, int64_t extent) {
  Taps taps;
  if (!(at > -1 && at < static_cast<float>(extent))) return taps;
  const float low = std::floor(at);
  taps.add(inside(low, extent), 1 - (at - low));
  taps.add(inside(low + 1, extent), at - low);
  return taps;
}

Status deform_gather(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const Deform d, read_deform(attributes));
  const Window& w = d.window;
  const Shape &in = inputs[0].shape(), &out = outputs[0].shape();
  const int64_t rows = w.kernel[0], columns = w.kernel[1], taps = rows * columns;
  const int64_t height = out[2] / rows, width = out[3] / columns, plane = height * width;
  const int64_t channels = in[1] / d.groups;  // that share their offsets
  Taps flat;
  flat.add(0, 1);
  for (int64_t index = 0; index < in[0] * d.groups * taps * plane; ++index) {
    const int64_t x = index % width, y = index / width % height, tap = index / plane % taps,
                  group = index / (plane * taps) % d.groups, n = index / (plane * taps * d.groups);
    const int64_t i = tap / columns, j = tap % columns;
    const float* offset = pointer<float>(inputs[1]) + ((n * d.groups + group) * taps + tap) * 2 * plane + y * width + x;
    const Taps ys = linear_taps(static_cast<float>(y * w.strides[0] - w.begin(0) + i * w.dilations[0]) + offset[0],
                                in[2]),
               xs = linear_taps(static_cast<float>(x * w.strides[1] - w.begin(1) + j * w.dilations[1]) + offset[plane],
                                in[3]);
    const float factor = inputs.size() == 3 ? pointer<float>(inputs[2])[index] : 1;
    for (int64_t c = group * channels; c < (group + 1) * channels; ++c) {
      const float* map = pointer<float>(inputs[0]) + (n * in[1] + c) * in[2] * in[3];
      pointer<float>(outputs[0])[((n * in[1] + c) * out[2] + y * rows + i) * out[3] + x * columns + j] =
          factor * interpolated(map, flat, ys, xs, in[2], in[3]);
    }
  }
  return {};
}

constexpr OpSpec kOps[] = {
    {"grid_sample", infer_grid_sample, grid_sample},
    {"deform_gather", infer_deform_gather, deform_gather},
};

}  // namespace

std::span<const OpSpec> sample_ops() { return kOps; }

}  // namespace bmnet::op
