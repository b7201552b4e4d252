// Operators over windows of the spatial axes: convolution, pooling, resizing, regions.
#include <algorithm>
#include <cmath>

#include "frontend/pytorch/ops.h"
#include "frontend/pytorch/refusal.h"

namespace bmnet::frontend::pytorch {
namespace {

constexpr int64_t kMaxWindowElements = int64_t{1} << 24;

std::vector<int64_t> twice(const std::vector<int64_t>& pads) {
  std::vector<int64_t> both = pads;
  both.insert(both.end(), pads.begin(), pads.end());
  return both;
}

// PyTorch allows inputs without a batch axis.
struct Batched {
  ValueId x;
  bool added = false;
};
Batched batched(Call& c, ValueId x, size_t spatial) {
  Shape shape = c.t.shape(x);
  if (shape.size() != spatial + 1 && shape.size() != spatial + 2)
    reject("torch.{}: a tensor of shape {} where {} axes are needed", c.op(), to_string(shape), spatial + 2);
  if (shape.size() == spatial + 2) return {x};
  shape.insert(shape.begin(), 1);
  return {c.t.reshape(x, shape), true};
}
Value unbatched(Call& c, ValueId y, bool added) {
  const Shape shape = c.t.shape(y);
  return c.result(added ? c.t.reshape(y, Shape(shape.begin() + 1, shape.end())) : y);
}

struct Convolution {
  std::vector<int64_t> strides, pads, dilations, output_padding;
  int64_t groups = 1;
  bool transposed = false;
};

Value convolve(Call& c, const Convolution& conv, size_t spatial) {
  const Batched in = batched(c, c.f32(0), spatial);
  std::vector<ValueId> inputs = {in.x, c.f32(1)};
  if (c.given(2)) inputs.push_back(c.f32(2));
  op::Attributes attributes{
      {"strides", conv.strides}, {"pads", conv.pads}, {"dilations", conv.dilations}, {"group", conv.groups}};
  if (conv.transposed) attributes.set("output_padding", conv.output_padding);
  return unbatched(c, c.t.emit(conv.transposed ? "conv_transpose" : "conv", std::move(attributes), inputs), in.added);
}

size_t spatial_of_weight(Call& c) {
  const size_t rank = c.t.shape(c.tensor(1)).size();
  if (rank < 3 || rank > 5) reject("torch.{}: weights of rank {}", c.op(), rank);
  return rank - 2;
}

std::vector<int64_t> named_padding(Call& c, const std::string& mode, const std::vector<int64_t>& dilations) {
  const Shape& weight = c.t.shape(c.tensor(1));
  std::vector<int64_t> begins(dilations.size(), 0), ends(dilations.size(), 0);
  if (mode != "same" && mode != "valid") reject("torch.{}: padding '{}'", c.op(), mode);
  if (mode == "same")
    for (size_t i = 0; i < begins.size(); ++i) {
      if (dilations[i] < 0 || dilations[i] > (1 << 20) || weight[i + 2] > (1 << 20))
        reject("torch.{}: dilation {}", c.op(), dilations[i]);
      const int64_t total = dilations[i] * (weight[i + 2] - 1);
      begins[i] = total / 2;
      ends[i] = total - total / 2;
    }
  begins.insert(begins.end(), ends.begin(), ends.end());
  return begins;
}

Value convolution(Call& c) {
  const size_t n = spatial_of_weight(c);
  return convolve(
      c, {c.window(3, n), twice(c.window(4, n)), c.window(5, n), c.window(7, n), c.integer(8), c.boolean(6, false)}, n);
}
Value conv(Call& c) {
  const size_t n = spatial_of_weight(c);
  const std::vector<int64_t> dilations = c.window(5, n, {1});
  const std::string mode = c.text(4, "");
  return convolve(c,
                  {c.window(3, n, {1}),
                   mode.empty() ? twice(c.window(4, n, {0})) : named_padding(c, mode, dilations),
                   dilations,
                   {},
                   c.integer(6, 1),
                   false},
                  n);
}
Value convolution_mode(Call& c) {
  const size_t n = spatial_of_weight(c);
  const std::vector<int64_t> dilations = c.window(5, n);
  return convolve(c, {c.window(3, n), named_padding(c, c.text(4, ""), dilations), dilations, {}, c.integer(6), false},
                  n);
}
Value conv_transpose(Call& c) {
  const size_t n = spatial_of_weight(c);
  return convolve(c,
                  {c.window(3, n, {1}), twice(c.window(4, n, {0})), c.window(7, n, {1}), c.window(5, n, {0}),
                   c.integer(6, 1), true},
                  n);
}

struct Pool {
  std::vector<int64_t> kernel, strides, pads, dilations;
  bool ceil = false;
};

ValueId pool(Call& c, ValueId x, const std::string& kind, const Pool& p, bool count_include_pad) {
  return c.t.emit("pool",
                  {{"kind", kind},
                   {"kernel", p.kernel},
                   {"strides", p.strides},
                   {"pads", twice(p.pads)},
                   {"dilations", p.dilations},
                   {"rounding", std::string(p.ceil ? "ceil" : "floor")},
                   {"count_include_pad", count_include_pad}},
                  {x});
}

// For every output place (first) the places of the input in its window (second), flat over the spatial axes;
// places outside are the input's size.
using Windows = std::vector<std::vector<std::vector<int64_t>>>;  // by axis: by output: input positions or -1

struct Pooled {
  ValueId values, indices;
};
// Maximum and its place in the input, by gathered windows.
Pooled max_with_places(Call& c, ValueId x, const Windows& windows) {
  const Shape shape = c.t.shape(x);
  const int64_t places = element_count(std::span(shape).subspan(2));
  std::vector<std::vector<int64_t>> flat = {{0}};  // by output
  for (size_t axis = 0; axis < windows.size(); ++axis) {
    std::vector<std::vector<int64_t>> next;
    for (const auto& outer : flat)
      for (const auto& positions : windows[axis]) {
        std::vector<int64_t> window;
        for (const int64_t base : outer)
          for (const int64_t at : positions) window.push_back(base < 0 || at < 0 ? -1 : base * shape[axis + 2] + at);
        next.push_back(std::move(window));
        if (static_cast<int64_t>(next.size() * next.back().size()) > kMaxWindowElements)
          refuse("torch.{}: too many windows", c.op());
      }
    flat = std::move(next);
  }
  size_t widest = 1;
  for (const auto& window : flat) widest = std::max(widest, window.size());
  const auto outputs = static_cast<int64_t>(flat.size()), width = static_cast<int64_t>(widest);
  if (outputs * width > kMaxWindowElements) refuse("torch.{}: too many windows", c.op());
  std::vector<int64_t> table;
  for (auto& window : flat) {
    window.resize(widest, -1);
    for (const int64_t at : window) table.push_back(at < 0 ? places : at);
  }
  const ValueId indices = c.t.integers(table, {outputs, width});
  const ValueId lowest = c.t.filled(DType::kF32, {shape[0], shape[1], 1}, -std::numeric_limits<float>::infinity());
  const ValueId line = c.t.concat({c.t.reshape(x, {shape[0], shape[1], places}), lowest}, 2);
  const ValueId gathered = c.t.emit("gather", {{"axis", int64_t{2}}}, {line, indices});
  const ValueId best =
      c.t.emit("arg_reduce", {{"kind", std::string("max")}, {"axis", int64_t{3}}, {"keep_dims", true}}, {gathered});
  const ValueId tables = c.t.broadcast(indices, {shape[0], shape[1], outputs, width});
  const ValueId place = c.t.emit("gather_elements", {{"axis", int64_t{3}}}, {tables, best});
  const ValueId value = c.t.emit(
      "reduce", {{"kind", std::string("max")}, {"axes", std::vector<int64_t>{3}}, {"keep_dims", false}}, {gathered});
  Shape result = {shape[0], shape[1]};
  for (const auto& axis : windows) result.push_back(static_cast<int64_t>(axis.size()));
  return {c.t.reshape(value, result), c.t.reshape(place, result)};
}

Pool max_pool_of(Call& c, size_t n) {
  Pool p;
  p.kernel = c.window(1, n);
  p.strides = c.window(2, n, p.kernel);
  p.pads = c.window(3, n, {0});
  p.dilations = c.window(4, n, {1});
  p.ceil = c.boolean(5, false);
  return p;
}
template <size_t N>
Value max_pool(Call& c) {
  const Batched in = batched(c, c.f32(0), N);
  return unbatched(c, pool(c, in.x, "max", max_pool_of(c, N), false), in.added);
}
template <size_t N>
Value max_pool_with_indices(Call& c) {
  const Batched in = batched(c, c.f32(0), N);
  const Pool p = max_pool_of(c, N);
  const ValueId values = pool(c, in.x, "max", p, false);
  Windows windows(N);
  for (size_t axis = 0; axis < N; ++axis)
    if (c.t.shape(values)[axis + 2] > kMaxWindowElements / p.kernel[axis]) refuse("torch.{}: too many windows", c.op());
  for (size_t axis = 0; axis < N; ++axis)
    for (int64_t out = 0; out < c.t.shape(values)[axis + 2]; ++out) {
      std::vector<int64_t> positions;
      for (int64_t k = 0; k < p.kernel[axis]; ++k) {
        const int64_t at = out * p.strides[axis] - p.pads[axis] + k * p.dilations[axis];
        positions.push_back(at < 0 || at >= c.t.shape(in.x)[axis + 2] ? -1 : at);
      }
      windows[axis].push_back(std::move(positions));
    }
  const ValueId places = max_with_places(c, in.x, windows).indices;
  return make_tuple({unbatched(c, values, in.added), unbatched(c, places, in.added)});
}
template <size_t N>
Value avg_pool(Call& c) {
  const Batched in = batched(c, c.f32(0), N);
  Pool p;
  p.kernel = c.window(1, N);
  p.strides = c.window(2, N, p.kernel);
  p.pads = c.window(3, N, {0});
  p.dilations.assign(N, 1);
  p.ceil = c.boolean(4, false);
  if (!c.given(6)) return unbatched(c, pool(c, in.x, "average", p, c.boolean(5, true)), in.added);
  const double ratio = static_cast<double>(element_count(p.kernel)) / static_cast<double>(c.integer(6));
  if (p.ceil) refuse("torch.{}: divisor_override together with ceil_mode", c.op());
  return unbatched(c, c.t.unary("linear", pool(c, in.x, "average", p, true), ratio, 0), in.added);
}

// Output sizes of adaptive pooling; None keeps an axis.
std::vector<int64_t> adaptive_sizes(Call& c, const Shape& shape, size_t n) {
  std::vector<int64_t> sizes;
  const Items* items = c.at(1).items();
  for (size_t i = 0; i < n; ++i) {
    const Value& item = items ? (items->size() == n ? (*items)[i] : items->empty() ? Value() : (*items)[0]) : c.at(1);
    const auto number = known_number(c.t, item);
    sizes.push_back(number && number->as<int64_t>() ? *number->as<int64_t>() : shape[i + 2]);
    if (sizes.back() < 1 || sizes.back() > 65536) reject("torch.{}: size {}", c.op(), sizes.back());
  }
  return sizes;
}
bool divides(const Shape& shape, const std::vector<int64_t>& sizes) {
  for (size_t i = 0; i < sizes.size(); ++i)
    if (shape[i + 2] % sizes[i] != 0) return false;
  return true;
}
ValueId even_pool(Call& c, ValueId x, const std::string& kind, const std::vector<int64_t>& sizes) {
  Pool p;
  for (size_t i = 0; i < sizes.size(); ++i) p.kernel.push_back(c.t.shape(x)[i + 2] / sizes[i]);
  p.strides = p.kernel;
  p.pads.assign(sizes.size(), 0);
  p.dilations.assign(sizes.size(), 1);
  return pool(c, x, kind, p, true);
}
template <size_t N>
Value adaptive_avg_pool(Call& c) {
  const Batched in = batched(c, c.f32(0), N);
  ValueId x = in.x;
  const Shape shape = c.t.shape(x);
  const std::vector<int64_t> sizes = adaptive_sizes(c, shape, N);
  if (divides(shape, sizes)) return unbatched(c, even_pool(c, x, "average", sizes), in.added);
  // Windows of different widths: axis by axis a product with a matrix of weights.
  for (size_t i = 0; i < N; ++i) {
    const int64_t from = shape[i + 2], to = sizes[i];
    if (from > 0 && to > (int64_t{1} << 24) / from) refuse("torch.{} of {} to {}", c.op(), from, to);
    std::vector<float> matrix(static_cast<size_t>(from * to), 0);
    for (int64_t out = 0; out < to; ++out) {
      const int64_t begin = out * from / to, end = ((out + 1) * from + to - 1) / to;
      for (int64_t at = begin; at < end; ++at)
        matrix[static_cast<size_t>(at * to + out)] = 1.0f / static_cast<float>(end - begin);
    }
    std::vector<int64_t> axes(N + 2);
    for (size_t axis = 0; axis < axes.size(); ++axis) axes[axis] = static_cast<int64_t>(axis);
    std::swap(axes[i + 2], axes[N + 1]);
    x = c.t.permute(c.t.emit("matmul", {}, {c.t.permute(x, axes), c.t.floats(matrix, {from, to})}), axes);
  }
  return unbatched(c, x, in.added);
}
template <size_t N>
Value adaptive_max_pool(Call& c) {
  const Batched in = batched(c, c.f32(0), N);
  const Shape shape = c.t.shape(in.x);
  const std::vector<int64_t> sizes = adaptive_sizes(c, shape, N);
  Windows windows(N);
  for (size_t i = 0; i < N; ++i)
    for (int64_t out = 0; out < sizes[i]; ++out) {
      std::vector<int64_t> positions;
      const int64_t end = ((out + 1) * shape[i + 2] + sizes[i] - 1) / sizes[i];
      for (int64_t at = out * shape[i + 2] / sizes[i]; at < end; ++at) positions.push_back(at);
      windows[i].push_back(std::move(positions));
    }
  // All windows of an axis in one width: the narrow ones are filled up with places outside.
  for (auto& axis : windows) {
    size_t widest = 0;
    for (const auto& window : axis) widest = std::max(widest, window.size());
    for (auto& window : axis) window.resize(widest, -1);
  }
  const Pooled pooled = max_with_places(c, in.x, windows);
  const ValueId values = divides(shape, sizes) ? even_pool(c, in.x, "max", sizes) : pooled.values;
  return make_tuple({unbatched(c, values, in.added), unbatched(c, pooled.indices, in.added)});
}

// Sizes and scales of a resize: torch.f(x, size) or with scale factors (a list, or one number an axis).
Value resize(Call& c, const std::string& mode, bool align_corners, size_t scales_at, bool exact = false) {
  const ValueId x = c.f32(0);
  const Shape shape = c.t.shape(x);
  if (shape.size() < 3) reject("torch.{} of shape {}", c.op(), to_string(shape));
  const size_t n = shape.size() - 2;
  std::vector<double> factors;
  if (const Items* items = c.at(scales_at).items()) {
    for (const Value& item : *items) {
      const auto number = known_number(c.t, item);
      if (!number) refuse("torch.{}: scale factors must be known when compiling", c.op());
      factors.push_back(number->as<double>() ? *number->as<double>() : static_cast<double>(*number->as<int64_t>()));
    }
  } else if (c.given(scales_at)) {
    for (size_t i = 0; i < n && c.given(scales_at + i); ++i) factors.push_back(c.number(scales_at + i));
  }
  if (factors.size() != n) factors.clear();
  std::vector<int64_t> sizes;
  if (c.given(1)) {
    sizes = c.window(1, n);
  } else {
    if (factors.empty()) reject("torch.{}: neither size nor scale factors are given", c.op());
    for (size_t i = 0; i < n; ++i) {
      const double size = std::floor(static_cast<double>(shape[i + 2]) * factors[i]);
      if (!(size >= 1 && size < 1e9)) reject("torch.{}: scale factor {}", c.op(), factors[i]);
      sizes.push_back(static_cast<int64_t>(size));
    }
  }
  op::Attributes attributes{{"sizes", sizes}, {"mode", mode}};
  const bool asymmetric = mode == "nearest" && !exact;
  const std::string coordinates = asymmetric ? "asymmetric" : align_corners ? "align_corners" : "half_pixel";
  attributes.set("coordinates", coordinates);
  if (mode == "nearest") attributes.set("nearest_mode", std::string(exact ? "round_prefer_ceil" : "floor"));
  if (!factors.empty() && !align_corners) attributes.set("scales", std::vector<float>(factors.begin(), factors.end()));
  return c.result(c.t.emit("resize", std::move(attributes), {x}));
}
Value nearest(Call& c) { return resize(c, "nearest", false, 2); }
Value nearest_exact(Call& c) { return resize(c, "nearest", false, 2, true); }
Value linear(Call& c) { return resize(c, "linear", c.boolean(2, false), 3); }
Value cubic(Call& c) { return resize(c, "cubic", c.boolean(2, false), 3); }

constexpr std::string_view kConv = "input weight bias stride padding dilation groups";
constexpr std::string_view kConvTranspose = "input weight bias stride padding output_padding groups dilation";
constexpr std::string_view kMaxPool = "self kernel_size stride padding dilation ceil_mode";
constexpr std::string_view kAvgPool = "self kernel_size stride padding ceil_mode count_include_pad divisor_override";

constexpr OpRow kRows[] = {
    {"_convolution",
     "input weight bias stride padding dilation transposed output_padding groups benchmark deterministic cudnn_enabled "
     "allow_tf32",
     convolution, "conv conv_transpose"},
    {"convolution", "input weight bias stride padding dilation transposed output_padding groups", convolution,
     "conv conv_transpose"},
    {"_convolution_mode", kConv, convolution_mode, "conv"},
    {"conv1d", kConv, conv, "conv"},
    {"conv2d", kConv, conv, "conv"},
    {"conv3d", kConv, conv, "conv"},
    {"conv_transpose1d", kConvTranspose, conv_transpose, "conv_transpose"},
    {"conv_transpose2d", kConvTranspose, conv_transpose, "conv_transpose"},
    {"conv_transpose3d", kConvTranspose, conv_transpose, "conv_transpose"},
    {"max_pool1d", kMaxPool, max_pool<1>, "pool"},
    {"max_pool2d", kMaxPool, max_pool<2>, "pool"},
    {"max_pool3d", kMaxPool, max_pool<3>, "pool"},
    {"max_pool1d_with_indices", kMaxPool, max_pool_with_indices<1>, "pool gather arg_reduce"},
    {"max_pool2d_with_indices", kMaxPool, max_pool_with_indices<2>, "pool gather arg_reduce"},
    {"max_pool3d_with_indices", kMaxPool, max_pool_with_indices<3>, "pool gather arg_reduce"},
    {"avg_pool1d", kAvgPool, avg_pool<1>, "pool"},
    {"avg_pool2d", kAvgPool, avg_pool<2>, "pool"},
    {"avg_pool3d", kAvgPool, avg_pool<3>, "pool"},
    {"adaptive_avg_pool1d", "self output_size", adaptive_avg_pool<1>, "pool matmul"},
    {"adaptive_avg_pool2d", "self output_size", adaptive_avg_pool<2>, "pool matmul"},
    {"adaptive_avg_pool3d", "self output_size", adaptive_avg_pool<3>, "pool matmul"},
    {"adaptive_max_pool1d", "self output_size", adaptive_max_pool<1>, "pool gather arg_reduce"},
    {"adaptive_max_pool2d", "self output_size", adaptive_max_pool<2>, "pool gather arg_reduce"},
    {"adaptive_max_pool3d", "self output_size", adaptive_max_pool<3>, "pool gather arg_reduce"},
    {"upsample_nearest1d", "self output_size scales", nearest, "resize"},
    {"upsample_nearest2d", "self output_size scales_h scales_w", nearest, "resize"},
    {"upsample_nearest3d", "self output_size scales_d scales_h scales_w", nearest, "resize"},
    {"_upsample_nearest_exact1d", "self output_size scales", nearest_exact, "resize"},
    {"_upsample_nearest_exact2d", "self output_size scales_h scales_w", nearest_exact, "resize"},
    {"_upsample_nearest_exact3d", "self output_size scales_d scales_h scales_w", nearest_exact, "resize"},
    {"upsample_linear1d", "self output_size align_corners scales", linear, "resize"},
    {"upsample_bilinear2d", "self output_size align_corners scales_h scales_w", linear, "resize"},
    {"upsample_trilinear3d", "self output_size align_corners scales_d scales_h scales_w", linear, "resize"},
    {"upsample_bicubic2d", "self output_size align_corners scales_h scales_w", cubic, "resize"},
};

}  // namespace

std::span<const OpRow> window_ops() { return kRows; }

}  // namespace bmnet::frontend::pytorch
