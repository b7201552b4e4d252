// Normalisation and softmax.
#include <algorithm>
#include <numeric>

#include "frontend/onnx/call.h"

namespace bmnet::frontend::onnx {
namespace {

Result<Values> batch_norm(Call& call) {
  if (call.integer("training_mode", 0) && call.wants(0))
    return unsupported(
        "training_mode=1: statistics of the batch are not available at inference; export the model in evaluation mode");
  for (size_t i = 1; i < 5; ++i)
    if (call.wants(i)) return unsupported("output {} exists only during training", i);
  const float epsilon = call.number("epsilon", 1e-5f);
  if (call.integer("spatial", 1))
    return call.finish("batch_norm", {{"epsilon", epsilon}},
                       {call.in(0), call.in(1), call.in(2), call.in(3), call.in(4)});
  // One set of parameters for every element of [C,H,W].
  BMNET_ASSIGN(const ValueId centered, call.binary("sub", call.in(0), call.in(3)));
  BMNET_ASSIGN(const ValueId variance, call.unary("linear", call.in(4), 1, epsilon));
  BMNET_ASSIGN(const ValueId inverse, call.unary("rsqrt", variance));
  BMNET_ASSIGN(const ValueId factor, call.binary("mul", inverse, call.in(1)));
  BMNET_ASSIGN(const ValueId scaled, call.binary("mul", centered, factor));
  return call.finish("binary", {{"kind", std::string("add")}}, {scaled, call.in(2)});
}

Result<Values> instance_norm(Call& call) {
  if (call.rank(0) < 3) return user_error("the input of shape {} has no spatial axes", to_string(call.shape(0)));
  return call.finish("group_norm", {{"groups", call.shape(0)[1]}, {"epsilon", call.number("epsilon", 1e-5f)}},
                     {call.in(0), call.in(1), call.in(2)});
}

Result<Values> group_norm(Call& call) {
  BMNET_ASSIGN(const int64_t groups, call.required_integer("num_groups"));
  if (call.rank(0) < 2 || groups < 1 || call.shape(0)[1] % groups)
    return user_error("{} groups do not divide the channels of an input of shape {}", groups, to_string(call.shape(0)));
  Values operands = {call.in(0)};
  const int64_t channels = call.shape(0)[1];
  for (size_t i = 1; i <= 2; ++i) {
    ValueId parameter = call.in(i);
    if (element_count(call.shape(i)) == groups && groups != channels) {
      // Before operator set 21 there is one scale and bias per group.
      BMNET_ASSIGN(parameter, call.reshape(parameter, {groups, 1}));
      BMNET_ASSIGN(parameter, call.broadcast(parameter, {groups, channels / groups}));
      BMNET_ASSIGN(parameter, call.reshape(parameter, {channels}));
    }
    operands.push_back(parameter);
  }
  return call.finish("group_norm", {{"groups", groups}, {"epsilon", call.number("epsilon", 1e-5f)}}, operands);
}

Result<Values> layer_norm(Call& call) {
  BMNET_ASSIGN(const int64_t axis, Call::normal_axis(call.integer("axis", -1), call.rank(0)));
  const Shape& x = call.shape(0);
  const float epsilon = call.number("epsilon", 1e-5f);
  const Shape normalized(x.begin() + axis, x.end());
  Values operands = {call.in(0)};
  for (size_t i = 1; i <= 2 && call.has(i); ++i) {
    BMNET_ASSIGN(const ValueId parameter, call.broadcast(call.in(i), normalized));
    operands.push_back(parameter);
  }
  BMNET_ASSIGN(Values values, call.finish("layer_norm", {{"axis", axis}, {"epsilon", epsilon}}, operands));
  if (!call.wants(1) && !call.wants(2)) return values;
  Shape axes(x.size() - axis);
  std::iota(axes.begin(), axes.end(), axis);
  BMNET_ASSIGN(const ValueId mean,
               call.make("reduce", {{"kind", std::string("mean")}, {"axes", axes}, {"keep_dims", true}}, {call.in(0)}));
  BMNET_ASSIGN(const ValueId centered, call.binary("sub", call.in(0), mean));
  BMNET_ASSIGN(const ValueId squared, call.unary("square", centered));
  BMNET_ASSIGN(const ValueId variance,
               call.make("reduce", {{"kind", std::string("mean")}, {"axes", axes}, {"keep_dims", true}}, {squared}));
  BMNET_ASSIGN(const ValueId shifted, call.unary("linear", variance, 1, epsilon));
  BMNET_ASSIGN(const ValueId inverse, call.unary("rsqrt", shifted));
  return Values{values[0], mean, inverse};
}

// x / sqrt(mean(x*x) + epsilon) * scale over the axes from `axis` on.
Result<Values> rms_norm(Call& call) {
  BMNET_ASSIGN(const int64_t axis, Call::normal_axis(call.integer("axis", -1), call.rank(0)));
  Shape axes(call.rank(0) - axis);
  std::iota(axes.begin(), axes.end(), axis);
  BMNET_ASSIGN(const ValueId squared, call.unary("square", call.in(0)));
  BMNET_ASSIGN(const ValueId mean,
               call.make("reduce", {{"kind", std::string("mean")}, {"axes", axes}, {"keep_dims", true}}, {squared}));
  BMNET_ASSIGN(const ValueId shifted, call.linear(mean, 1, call.number("epsilon", 1e-5f)));
  BMNET_ASSIGN(const ValueId inverse, call.unary("rsqrt", shifted));
  BMNET_ASSIGN(const ValueId normalized, call.binary("mul", call.in(0), inverse));
  return call.finish("binary", {{"kind", std::string("mul")}}, {normalized, call.in(1)});
}

Result<Values> lrn(Call& call) {
  BMNET_ASSIGN(const int64_t size, call.required_integer("size"));
  return call.finish("lrn",
                     {{"size", size},
                      {"alpha", call.number("alpha", 1e-4f)},
                      {"beta", call.number("beta", 0.75f)},
                      {"k", call.number("bias", 1)}},
                     {call.in(0)});
}

Result<Values> lp_normalize(Call& call) {
  BMNET_ASSIGN(const int64_t axis, Call::normal_axis(call.integer("axis", -1), call.rank(0)));
  return call.finish("lp_normalize", {{"axes", Shape{axis}}, {"p", call.integer("p", 2)}}, {call.in(0)});
}

// (x - mean) / sqrt(variance); the first operator sets chose the axes by a flag.
Result<Values> mean_variance(Call& call) {
  Shape axes = call.has_attribute("axes") ? call.integers("axes") : Shape{0, 2, 3};
  if (call.has_attribute("across_channels")) axes = call.integer("across_channels", 0) ? Shape{1, 2, 3} : Shape{2, 3};
  BMNET_ASSIGN(axes, Call::normal_axes(axes, call.rank(0)));
  const auto average = [&](ValueId x) {
    return call.make("reduce", {{"kind", std::string("mean")}, {"axes", axes}, {"keep_dims", true}}, {x});
  };
  BMNET_ASSIGN(const ValueId mean, average(call.in(0)));
  BMNET_ASSIGN(const ValueId centered, call.binary("sub", call.in(0), mean));
  if (!call.integer("normalize_variance", 1)) return Values{centered};
  BMNET_ASSIGN(const ValueId squared, call.unary("square", centered));
  BMNET_ASSIGN(const ValueId variance, average(squared));
  BMNET_ASSIGN(const ValueId deviation, call.unary("sqrt", variance));
  BMNET_ASSIGN(const ValueId safe,
               call.unary("linear", deviation, 1, 1e-9f));  // as the operator's function body has it
  return call.finish("binary", {{"kind", std::string("div")}}, {centered, safe});
}

// ---- softmax family

Result<Values> hardmax(Call& call, ValueId x, int64_t axis) {
  const Shape& shape = call.shape_of(x);
  BMNET_ASSIGN(const ValueId index,
               call.make("arg_reduce", {{"kind", std::string("max")}, {"axis", axis}, {"keep_dims", false}}, {x}));
  return call.finish("one_hot", {{"depth", shape[axis]}, {"axis", axis}, {"on_value", 1.0f}, {"off_value", 0.0f}},
                     {index});
}

Result<Values> along_axis(Call& call, ValueId x, int64_t axis) {
  if (call.kind() == "hardmax") return hardmax(call, x, axis);
  return call.finish("softmax", {{"axis", axis}, {"log", call.kind() == "log_softmax"}}, {x});
}

Result<Values> softmax(Call& call) {
  BMNET_ASSIGN(const int64_t axis, Call::normal_axis(call.integer("axis", -1), call.rank(0)));
  return along_axis(call, call.in(0), axis);
}

// Before operator set 13 the tensor was seen as a matrix [axes before `axis`, the rest], each row of which is
// normalised.
Result<Values> flat_softmax(Call& call) {
  const Shape shape = call.shape(0);
  BMNET_ASSIGN(const int64_t axis, Call::normal_axis(call.integer("axis", 1), call.rank(0)));
  const int64_t rows = element_count(std::span(shape).first(axis)),
                columns = element_count(std::span(shape).subspan(axis));
  if (shape[axis] == columns) return along_axis(call, call.in(0), axis);  // only ones behind the axis
  BMNET_ASSIGN(const ValueId matrix, call.reshape(call.in(0), {rows, columns}));
  BMNET_ASSIGN(const Values normalized, along_axis(call, matrix, 1));
  BMNET_ASSIGN(const ValueId result, call.reshape(normalized[0], shape));
  return Values{result};
}

// clang-format off
constexpr Row kRows[] = {
    {"BatchNormalization", 1, 5, 5, 5, "consumed_inputs:is epsilon:f is_test:i momentum:f spatial:i training_mode:i", batch_norm, "", "batch_norm", "inference only"},
    {"GroupNormalization", 18, 3, 3, 1, "epsilon:f num_groups:i stash_type:i", group_norm, "", "group_norm", ""},
    {"Hardmax", 1, 1, 1, 1, "axis:i", flat_softmax, "hardmax", "arg_reduce, one_hot", ""},
    {"Hardmax", 13, 1, 1, 1, "axis:i", softmax, "hardmax", "arg_reduce, one_hot", ""},
    {"InstanceNormalization", 1, 3, 3, 1, "consumed_inputs:is epsilon:f", instance_norm, "", "group_norm", ""},
    {"LRN", 1, 1, 1, 1, "alpha:f beta:f bias:f size:i", lrn, "", "lrn", ""},
    {"LayerNormalization", 17, 2, 3, 3, "axis:i epsilon:f stash_type:i", layer_norm, "", "layer_norm", ""},
    {"LogSoftmax", 1, 1, 1, 1, "axis:i", flat_softmax, "log_softmax", "softmax", ""},
    {"LogSoftmax", 13, 1, 1, 1, "axis:i", softmax, "log_softmax", "softmax", ""},
    {"LpNormalization", 1, 1, 1, 1, "axis:i p:i", lp_normalize, "", "lp_normalize", ""},
    {"MeanVarianceNormalization", 1, 1, 1, 1, "across_channels:i normalize_variance:i axes:is", mean_variance, "", "reduce, binary, unary", ""},
    {"RMSNormalization", 23, 2, 2, 1, "axis:i epsilon:f stash_type:i", rms_norm, "", "reduce, binary, unary", ""},
    {"Softmax", 1, 1, 1, 1, "axis:i", flat_softmax, "softmax", "softmax", ""},
    {"Softmax", 13, 1, 1, 1, "axis:i", softmax, "softmax", "softmax", ""},
};
// clang-format on

}  // namespace

std::span<const Row> norm_rows() { return kRows; }

}  // namespace bmnet::frontend::onnx
