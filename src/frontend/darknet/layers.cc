// One function a layer type, and the table of them.
#include <algorithm>
#include <cmath>

#include "frontend/darknet/network.h"
#include "nn/limits.h"

namespace bmnet::frontend::darknet {
namespace {

using Integers = std::vector<int64_t>;

constexpr float kBatchNormEpsilon = 1e-6f;

Result<ValueId> constant(Network& network, const std::string& name, Result<Tensor> tensor) {
  if (!tensor) return tl::unexpected(std::move(tensor).error());
  return network.builder.constant(name, *std::move(tensor));
}

Result<int64_t> positive(const Section& section, const std::string& key, int64_t otherwise) {
  BMNET_ASSIGN(const int64_t value, section.integer(key, otherwise));
  if (value < 1) return user_error("line {}: [{}] {}={} must be positive", section.line, section.type, key, value);
  return value;
}

// The layer that `index` of a cfg means: negative counts back from the layer being added.
Result<size_t> layer_index(const Network& network, const Section& section, double index) {
  const auto size = static_cast<double>(network.layers.size());
  const double absolute = index < 0 ? size + index : index;
  if (absolute < 0 || absolute >= size)
    return user_error("line {}: [{}] refers to layer {}, there are {} layers in front of it", section.line,
                      section.type, index, size);
  return static_cast<size_t>(absolute);
}

// scales, mean, variance follow the biases in the file.
Result<ValueId> batch_norm(Network& network, const std::string& name, ValueId x, ValueId bias, int64_t channels) {
  Weights& w = network.weights;
  BMNET_ASSIGN(const ValueId scale, constant(network, name + ".scale", w.take(name + " scales", {channels}, 1, true)));
  BMNET_ASSIGN(const ValueId mean, constant(network, name + ".mean", w.take(name + " means", {channels}, 0.1f)));
  BMNET_ASSIGN(const ValueId variance,
               constant(network, name + ".variance", w.take(name + " variances", {channels}, 1, true)));
  return network.builder.create1("batch_norm", name, {{"epsilon", kBatchNormEpsilon}}, {x, scale, bias, mean, variance},
                                 name);
}

Result<ValueId> convolutional(Network& network, const Section& section, const std::string& name) {
  for (const char* key : {"binary", "xnor", "antialiasing", "deform", "rotate", "stretch", "sway"}) {
    BMNET_ASSIGN(const int64_t value, section.integer(key, 0));
    if (value)
      return unsupported("line {}: {}: {}={} is not supported, only plain convolutions are", section.line, name, key,
                         value);
  }
  BMNET_ASSIGN(const int64_t filters, positive(section, "filters", 1));
  BMNET_ASSIGN(const int64_t size, positive(section, "size", 1));
  BMNET_ASSIGN(const int64_t stride, positive(section, "stride", 1));
  BMNET_ASSIGN(const int64_t stride_x, positive(section, "stride_x", stride));
  BMNET_ASSIGN(const int64_t stride_y, positive(section, "stride_y", stride));
  BMNET_ASSIGN(const int64_t groups, positive(section, "groups", 1));
  BMNET_ASSIGN(const int64_t dilation, positive(section, "dilation", 1));
  BMNET_ASSIGN(const int64_t pad_flag, section.integer("pad", 0));
  BMNET_ASSIGN(int64_t padding, section.integer("padding", 0));
  BMNET_ASSIGN(const int64_t normalize, section.integer("batch_normalize", 0));
  if (pad_flag) padding = size / 2;
  padding *= dilation;

  const Shape& input = network.shape(network.last);
  if (input.size() != 4) return user_error("line {}: {}: its input is not an image", section.line, name);
  const int64_t channels = input[1];
  if (channels % groups || filters % groups)
    return user_error("line {}: {}: groups={} does not divide {} channels and {} filters", section.line, name, groups,
                      channels, filters);

  BMNET_ASSIGN(const ValueId bias,
               constant(network, name + ".bias", network.weights.take(name + " biases", {filters}, 0.1f)));
  // Darknet stores the batch-norm parameters before the weights; the graph wants the convolution first.
  ValueId scale = 0, mean = 0, variance = 0;
  if (normalize) {
    Weights& w = network.weights;
    BMNET_ASSIGN(scale, constant(network, name + ".scale", w.take(name + " scales", {filters}, 1, true)));
    BMNET_ASSIGN(mean, constant(network, name + ".mean", w.take(name + " means", {filters}, 0.1f)));
    BMNET_ASSIGN(variance, constant(network, name + ".variance", w.take(name + " variances", {filters}, 1, true)));
  }
  const double fan_in = static_cast<double>(channels / groups) * static_cast<double>(size) * static_cast<double>(size);
  const float spread = 1.7f / static_cast<float>(std::max(1.0, std::sqrt(fan_in)));
  BMNET_ASSIGN(const ValueId weight,
               constant(network, name + ".weight",
                        network.weights.take(name + " weights", {filters, channels / groups, size, size}, spread)));
  const op::Attributes attributes = {{"strides", Integers{stride_y, stride_x}},
                                     {"pads", Integers(4, padding)},
                                     {"dilations", Integers{dilation, dilation}},
                                     {"group", groups}};
  ValueId x = 0;
  if (normalize) {
    BMNET_ASSIGN(const ValueId plain,
                 network.builder.create1("conv", name, attributes, {network.last, weight}, name + ".conv"));
    BMNET_ASSIGN(x, network.builder.create1("batch_norm", name, {{"epsilon", kBatchNormEpsilon}},
                                            {plain, scale, bias, mean, variance}, name + ".bn"));
  } else {
    BMNET_ASSIGN(x, network.builder.create1("conv", name, attributes, {network.last, weight, bias}, name));
  }
  return activate(network, section, name, x);
}

Result<ValueId> connected(Network& network, const Section& section, const std::string& name, ValueId input,
                          int64_t outputs) {
  BMNET_ASSIGN(const int64_t normalize, section.integer("batch_normalize", 0));
  const Shape& shape = network.shape(input);
  const int64_t inputs = element_count(shape) / std::max<int64_t>(shape[0], 1);
  ValueId x = input;
  if (shape.size() != 2) {
    BMNET_ASSIGN(
        x, network.builder.create1("reshape", name, {{"shape", Integers{shape[0], inputs}}}, {x}, name + ".flat"));
  }
  BMNET_ASSIGN(const ValueId bias,
               constant(network, name + ".bias", network.weights.take(name + " biases", {outputs}, 0.1f)));
  const bool transposed = network.weights.transposed();
  const Shape stored = transposed ? Shape{inputs, outputs} : Shape{outputs, inputs};
  const float spread = 1.7f / std::sqrt(static_cast<float>(inputs));
  BMNET_ASSIGN(const ValueId weight,
               constant(network, name + ".weight", network.weights.take(name + " weights", stored, spread)));
  const op::Attributes attributes = {{"transpose_b", !transposed}};
  if (normalize) {
    BMNET_ASSIGN(const ValueId plain,
                 network.builder.create1("matmul", name, attributes, {x, weight}, name + ".matmul"));
    BMNET_ASSIGN(x, batch_norm(network, name + ".bn", plain, bias, outputs));
  } else {
    BMNET_ASSIGN(x, network.builder.create1("matmul", name, attributes, {x, weight, bias}, name));
  }
  return activate(network, section, name, x);
}

Result<ValueId> connected_layer(Network& network, const Section& section, const std::string& name) {
  BMNET_ASSIGN(const int64_t outputs, positive(section, "output", 1));
  return connected(network, section, name, network.last, outputs);
}

// One time step from a zero state: three connected layers, the state's contribution being that of zeros.
Result<ValueId> rnn(Network& network, const Section& section, const std::string& name) {
  BMNET_ASSIGN(const int64_t hidden, positive(section, "hidden", 1));
  BMNET_ASSIGN(const int64_t outputs, positive(section, "output", 1));
  const int64_t batch = network.shape(network.last)[0];
  const TensorInfo zeros{DType::kF32, {batch, hidden}};
  if (const Status good = nn::reserve_constant(zeros.shape, zeros.dtype); !good)
    return with_context(name, good.error());
  const ValueId state = network.builder.constant(name + ".state", Tensor(zeros));
  BMNET_ASSIGN(const ValueId from_input, connected(network, section, name + ".input", network.last, hidden));
  BMNET_ASSIGN(const ValueId from_state, connected(network, section, name + ".self", state, hidden));
  BMNET_ASSIGN(const ValueId sum, network.builder.create1("binary", name, {{"kind", std::string("add")}},
                                                          {from_input, from_state}, name + ".sum"));
  return connected(network, section, name + ".output", sum, outputs);
}

Result<ValueId> maxpool(Network& network, const Section& section, const std::string& name) {
  BMNET_ASSIGN(const int64_t stride, positive(section, "stride", 1));
  BMNET_ASSIGN(const int64_t stride_x, positive(section, "stride_x", stride));
  BMNET_ASSIGN(const int64_t stride_y, positive(section, "stride_y", stride));
  BMNET_ASSIGN(const int64_t size, positive(section, "size", stride));
  BMNET_ASSIGN(const int64_t padding, section.integer("padding", size - 1));
  BMNET_ASSIGN(const int64_t depth, section.integer("maxpool_depth", 0));
  if (depth)
    return unsupported("line {}: {}: maxpool_depth is not supported, only pooling over height and width", section.line,
                       name);
  const int64_t before = padding / 2, behind = padding - before;
  return network.builder.create1("pool", name,
                                 {{"kind", std::string("max")},
                                  {"kernel", Integers{size, size}},
                                  {"strides", Integers{stride_y, stride_x}},
                                  {"pads", Integers{before, before, behind, behind}},
                                  {"dilations", Integers{1, 1}}},
                                 {network.last}, name);
}

Result<ValueId> local_avgpool(Network& network, const Section& section, const std::string& name) {
  BMNET_ASSIGN(const int64_t stride, positive(section, "stride", 1));
  BMNET_ASSIGN(const int64_t size, positive(section, "size", stride));
  BMNET_ASSIGN(const int64_t padding, section.integer("padding", size - 1));
  const int64_t before = padding / 2, behind = padding - before;
  return network.builder.create1("pool", name,
                                 {{"kind", std::string("average")},
                                  {"kernel", Integers{size, size}},
                                  {"strides", Integers{stride, stride}},
                                  {"pads", Integers{before, before, behind, behind}},
                                  {"dilations", Integers{1, 1}}},
                                 {network.last}, name);
}

Result<ValueId> avgpool(Network& network, const Section& section, const std::string& name) {
  return network.builder.create1("reduce", name,
                                 {{"kind", std::string("mean")}, {"axes", Integers{2, 3}}, {"keep_dims", true}},
                                 {network.last}, name);
}

// The channels [begin, begin + count) of x.
Result<ValueId> channels_of(Network& network, const std::string& name, ValueId x, int64_t begin, int64_t count) {
  Shape sizes = network.shape(x);
  Integers starts(sizes.size(), 0), steps(sizes.size(), 1);
  starts[1] = begin, sizes[1] = count;
  return network.builder.create1("slice", name, {{"starts", starts}, {"sizes", sizes}, {"steps", steps}}, {x}, name);
}

Result<ValueId> route(Network& network, const Section& section, const std::string& name) {
  BMNET_ASSIGN(const std::vector<double> indices, section.numbers("layers"));
  BMNET_ASSIGN(const int64_t groups, positive(section, "groups", 1));
  BMNET_ASSIGN(const int64_t group, section.integer("group_id", 0));
  if (indices.empty()) return user_error("line {}: [route] names no layers", section.line);
  if (group < 0 || group >= groups)
    return user_error("line {}: [route] group_id={} is not below groups={}", section.line, group, groups);
  std::vector<ValueId> parts;
  for (double index : indices) {
    BMNET_ASSIGN(const size_t layer, layer_index(network, section, index));
    ValueId part = network.layers[layer];
    const int64_t channels = network.shape(part).size() > 1 ? network.shape(part)[1] : 0;
    if (groups > 1) {
      if (channels % groups)
        return user_error("line {}: [route] groups={} does not divide {} channels", section.line, groups, channels);
      BMNET_ASSIGN(part, channels_of(network, name, part, channels / groups * group, channels / groups));
    }
    parts.push_back(part);
  }
  if (parts.size() == 1) return parts[0];
  BMNET_ASSIGN(const std::vector<ValueId> joined,
               network.builder.create("concat", name, {{"axis", int64_t{1}}}, parts, {&name, 1}));
  return joined[0];
}

Result<ValueId> shortcut(Network& network, const Section& section, const std::string& name) {
  BMNET_ASSIGN(const std::vector<double> indices, section.numbers("from"));
  if (indices.empty()) return user_error("line {}: [shortcut] has no from", section.line);
  if (section.has("weights_type") && section.text("weights_type", "none") != "none")
    return unsupported("line {}: {}: weighted shortcuts are not supported", section.line, name);
  ValueId sum = network.last;
  for (double index : indices) {
    BMNET_ASSIGN(const size_t layer, layer_index(network, section, index));
    ValueId other = network.layers[layer];
    const Shape a = network.shape(sum), b = network.shape(other);
    const int64_t stride = a.size() == 4 && b.size() == 4 ? std::max<int64_t>(b[2] / a[2], 1) : 0;
    if (stride == 0 || b[2] != a[2] * stride || b[3] != a[3] * stride)
      return unsupported(
          "line {}: {}: adds {} to {}; the added height and width must be equal or the same multiple of the others",
          section.line, name, to_string(b), to_string(a));
    // Of a larger layer, Darknet adds every stride-th pixel.
    if (stride > 1) {
      BMNET_ASSIGN(other, network.builder.create1("slice", name,
                                                  {{"starts", Integers{0, 0, 0, 0}},
                                                   {"sizes", Integers{b[0], b[1], a[2], a[3]}},
                                                   {"steps", Integers{1, 1, stride, stride}}},
                                                  {other}, name + ".sampled"));
    }
    // Darknet adds the channels that both have.
    if (b[1] > a[1]) {
      BMNET_ASSIGN(other, channels_of(network, name + ".part", other, 0, a[1]));
    }
    if (b[1] < a[1]) {
      BMNET_ASSIGN(other, network.builder.create1("pad", name, {{"pads", Integers{0, 0, 0, 0, 0, a[1] - b[1], 0, 0}}},
                                                  {other}, name + ".part"));
    }
    BMNET_ASSIGN(sum, network.builder.create1("binary", name, {{"kind", std::string("add")}}, {sum, other}, name));
  }
  return activate(network, section, name, sum);
}

// scale_channels and sam: the layer `from` times this one.
Result<ValueId> scaled_by(Network& network, const Section& section, const std::string& name) {
  BMNET_ASSIGN(const double from, section.number("from", -1));
  BMNET_ASSIGN(const size_t layer, layer_index(network, section, from));
  BMNET_ASSIGN(const ValueId product, network.builder.create1("binary", name, {{"kind", std::string("mul")}},
                                                              {network.layers[layer], network.last}, name));
  return activate(network, section, name, product);
}

Result<ValueId> upsample(Network& network, const Section& section, const std::string& name) {
  BMNET_ASSIGN(const int64_t stride, positive(section, "stride", 2));
  BMNET_ASSIGN(const double scale, section.number("scale", 1));
  const Shape& s = network.shape(network.last);
  if (s.size() != 4) return user_error("line {}: {}: its input is not an image", section.line, name);
  constexpr int64_t kMostStride = 4096;
  if (stride > kMostStride)
    return unsupported("line {}: {}: stride={} is above {}", section.line, name, stride, kMostStride);
  BMNET_ASSIGN(ValueId y, network.builder.create1("resize", name,
                                                  {{"sizes", Integers{s[2] * stride, s[3] * stride}},
                                                   {"mode", std::string("nearest")},
                                                   {"coordinates", std::string("asymmetric")},
                                                   {"nearest_mode", std::string("floor")}},
                                                  {network.last}, name));
  if (scale == 1) return y;
  return network.builder.create1("unary", name, {{"kind", std::string("linear")}, {"alpha", static_cast<float>(scale)}},
                                 {y}, name);
}

// Darknet's reorg reads [C,H,W] as [C/s²,H*s,W*s] before it takes the blocks apart, and gives [C*s²,H/s,W/s].
Result<ValueId> reorg(Network& network, const Section& section, const std::string& name) {
  BMNET_ASSIGN(const int64_t stride, positive(section, "stride", 1));
  BMNET_ASSIGN(const int64_t reverse, section.integer("reverse", 0));
  const Shape s = network.shape(network.last);
  const int64_t block = stride * stride;
  if (reverse || s.size() != 4 || s[1] % block || s[2] % stride || s[3] % stride)
    return unsupported(
        "line {}: {}: reorg of {} by {} (reverse {}) is not supported: channels must be a multiple of {}", section.line,
        name, to_string(s), stride, reverse, block);
  BMNET_ASSIGN(ValueId x, network.builder.create1(
                              "reshape", name, {{"shape", Integers{s[0], s[1] / block, s[2] * stride, s[3] * stride}}},
                              {network.last}, name + ".wide"));
  BMNET_ASSIGN(x, network.builder.create1("space_to_depth", name, {{"block", stride}}, {x}, name + ".blocks"));
  return network.builder.create1("reshape", name,
                                 {{"shape", Integers{s[0], s[1] * block, s[2] / stride, s[3] / stride}}}, {x}, name);
}

Result<ValueId> softmax(Network& network, const Section& section, const std::string& name) {
  if (section.has("tree")) return unsupported("line {}: {}: softmax over a tree is not supported", section.line, name);
  BMNET_ASSIGN(const int64_t groups, positive(section, "groups", 1));
  BMNET_ASSIGN(const double temperature, section.number("temperature", 1));
  const Shape s = network.shape(network.last);
  const int64_t per_image = element_count(s) / std::max<int64_t>(s[0], 1);
  if (per_image % groups)
    return user_error("line {}: [softmax] groups={} does not divide {} values", section.line, groups, per_image);
  BMNET_ASSIGN(ValueId x,
               network.builder.create1("reshape", name, {{"shape", Integers{s[0], groups, per_image / groups}}},
                                       {network.last}, name + ".flat"));
  if (temperature != 1) {
    BMNET_ASSIGN(
        x, network.builder.create1("unary", name,
                                   {{"kind", std::string("linear")}, {"alpha", static_cast<float>(1 / temperature)}},
                                   {x}, name + ".cool"));
  }
  BMNET_ASSIGN(x, network.builder.create1("softmax", name, {{"axis", int64_t{2}}}, {x}, name + ".flat_softmax"));
  return network.builder.create1("reshape", name, {{"shape", Integers{s[0], per_image}}}, {x}, name);
}

Result<ValueId> activation_layer(Network& network, const Section& section, const std::string& name) {
  return activate(network, section, name, network.last);
}

Result<ValueId> batchnorm_layer(Network& network, const Section&, const std::string& name) {
  const int64_t channels = network.shape(network.last)[1];  // every value has a batch and channels
  BMNET_ASSIGN(const ValueId bias,
               constant(network, name + ".bias", network.weights.take(name + " biases", {channels}, 0.1f)));
  return batch_norm(network, name, network.last, bias, channels);
}

Result<ValueId> no_op(Network& network, const Section&, const std::string&) { return network.last; }

Result<ValueId> detection(Network& network, const Section& section, const std::string& name) {
  const std::string raw = network.layers.empty() ? "data" : network.names.back();
  network.outputs.push_back({raw, network.last});
  if (network.options.decode) {
    BMNET_ASSIGN(const ValueId rows, decode_detections(network, section, name, network.last));
    network.outputs.push_back({name, rows});
  }
  return network.last;
}

}  // namespace

const std::vector<LayerRow>& layer_table() {
  static const std::vector<LayerRow> kTable = {
      {"activation", "activation", activation_layer, "activation", "unary"},
      {"avgpool", "avgpool", avgpool, "", "reduce"},
      {"batchnorm", "batchnorm", batchnorm_layer, "", "batch_norm"},
      {"connected", "connected", connected_layer, "output activation batch_normalize", "matmul batch_norm unary"},
      {"conv", "conv", convolutional, "as convolutional", "conv batch_norm unary"},
      {"convolutional", "conv", convolutional,
       "filters size stride stride_x stride_y pad padding groups dilation batch_normalize activation",
       "conv batch_norm unary"},
      {"cost", "cost", no_op, "", ""},
      {"dropout", "dropout", no_op, "", ""},
      {"local_avgpool", "avgpool", local_avgpool, "size stride padding", "pool"},
      {"max", "maxpool", maxpool, "as maxpool", "pool"},
      {"maxpool", "maxpool", maxpool, "size stride stride_x stride_y padding", "pool"},
      {"region", "region", detection, "anchors classes num softmax", "output"},
      {"reorg", "reorg", reorg, "stride", "reshape space_to_depth"},
      {"reorg3d", "reorg", reorg, "stride", "reshape space_to_depth"},
      {"rnn", "rnn", rnn, "hidden output activation batch_normalize", "matmul batch_norm unary binary"},
      {"route", "route", route, "layers groups group_id", "concat slice"},
      {"sam", "sam", scaled_by, "from activation", "binary unary"},
      {"scale_channels", "scale_channels", scaled_by, "from activation", "binary unary"},
      {"shortcut", "shortcut", shortcut, "from activation", "binary unary pad slice"},
      {"softmax", "softmax", softmax, "groups temperature", "softmax"},
      {"upsample", "upsample", upsample, "stride scale", "resize"},
      {"yolo", "yolo", detection, "anchors mask classes scale_x_y new_coords", "output"},
  };
  return kTable;
}

}  // namespace bmnet::frontend::darknet
