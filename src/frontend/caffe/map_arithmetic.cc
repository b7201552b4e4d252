// Element-wise layers of several bottoms, reductions, softmax.
#include <numeric>

#include "frontend/caffe/mapping.h"

namespace bmnet::caffe {
namespace {

op::Attributes binary(std::string kind) { return {{"kind", std::move(kind)}}; }

// Caffe lays a parameter (or second bottom) over the axes from `axis` on; numpy's broadcasting needs ones behind it.
Result<Shape> aligned_shape(const Shape& input, const Shape& operand, int64_t axis) {
  const size_t covered = axis + operand.size();
  if (covered > input.size())
    return user_error("shape {} from axis {} on does not fit into {}", to_string(operand), axis, to_string(input));
  Shape aligned = operand;
  aligned.insert(aligned.end(), input.size() - covered, 1);
  for (size_t i = 0; i < operand.size(); ++i) {
    if (operand[i] != input[axis + i])
      return user_error("shape {} from axis {} on does not fit into {}", to_string(operand), axis, to_string(input));
  }
  return aligned;
}

// Shape of a learned parameter over `num_axes` axes from `axis` on; -1: all that follow.
Result<Shape> parameter_shape(const Shape& input, int64_t axis, int64_t num_axes) {
  if (num_axes < -1) return user_error("num_axes {}", num_axes);
  const int64_t end = num_axes < 0 ? static_cast<int64_t>(input.size()) : axis + num_axes;
  if (end > static_cast<int64_t>(input.size()))
    return user_error("{} axes from axis {} on; the bottom has shape {}", num_axes, axis, to_string(input));
  return Shape(input.begin() + axis, input.begin() + end);
}

// The operand of a Scale or Bias layer, ready for broadcasting: the second bottom, else blob 0.
template <typename Param>
Result<ValueId> operand_of(LayerCall& call, const Param& param, Fill fill) {
  const Shape input = call.shape(call.input());
  const bool learned = call.inputs().size() == 1;
  const bool scalar = learned ? param.num_axes() == 0 : call.shape(call.input(1)).empty();
  int64_t axis = 0;
  if (!scalar) {
    BMNET_ASSIGN(axis, call.axis(param.axis(), input.size()));
  }
  if (!learned) {
    BMNET_ASSIGN(Shape aligned, aligned_shape(input, call.shape(call.input(1)), axis));
    return call.reshape(call.input(1), std::move(aligned));
  }
  BMNET_ASSIGN(const Shape shape, parameter_shape(input, axis, param.num_axes()));
  BMNET_ASSIGN(const Shape aligned, aligned_shape(input, shape, axis));
  return call.weight(0, aligned, fill);
}

Result<ValueId> weighted(LayerCall& call, size_t index, float coefficient) {
  return call.linear(call.input(index), coefficient, 0.0f);
}

// sum of coefficient * bottom; a coefficient of -1 becomes a subtraction
Result<Values> weighted_sum(LayerCall& call, const std::vector<float>& coefficients) {
  const size_t count = call.inputs().size();
  BMNET_ASSIGN(ValueId sum, weighted(call, 0, coefficients[0]));
  for (size_t i = 1; i < count; ++i) {
    const bool subtract = coefficients[i] == -1.0f;
    BMNET_ASSIGN(const ValueId term, weighted(call, i, subtract ? 1.0f : coefficients[i]));
    const op::Attributes kind = binary(subtract ? "sub" : "add");
    BMNET_ASSIGN(sum, i + 1 == count ? call.top("binary", kind, {sum, term}) : call.step("binary", kind, {sum, term}));
  }
  return Values{sum};
}

}  // namespace

Result<Values> map_eltwise(LayerCall& call) {
  const auto& eltwise = call.param().eltwise_param();
  const size_t count = call.inputs().size();
  if (count < 2) return user_error("{} bottom; at least 2 are needed", count);
  for (ValueId input : call.inputs()) {
    if (call.shape(input) != call.shape(call.input())) {
      return user_error("bottoms of shapes {} and {}; they must be equal", to_string(call.shape(call.input())),
                        to_string(call.shape(input)));
    }
  }
  if (eltwise.coeff_size() > 0 && eltwise.coeff_size() != static_cast<int>(count))
    return user_error("{} coeff for {} bottoms", eltwise.coeff_size(), count);
  if (eltwise.operation() == proto::EltwiseParameter::SUM) {
    std::vector<float> coefficients(eltwise.coeff().begin(), eltwise.coeff().end());
    coefficients.resize(count, 1.0f);
    return weighted_sum(call, coefficients);
  }
  if (eltwise.coeff_size() > 0) return user_error("coeff belongs to operation SUM");
  const op::Attributes kind = binary(eltwise.operation() == proto::EltwiseParameter::PROD ? "mul" : "max");
  ValueId result = call.input();
  for (size_t i = 1; i < count; ++i) {
    BMNET_ASSIGN(result, i + 1 == count ? call.top("binary", kind, {result, call.input(i)})
                                        : call.step("binary", kind, {result, call.input(i)}));
  }
  return Values{result};
}

Result<Values> map_scale(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, 2));
  const auto& scale = call.param().scale_param();
  BMNET_ASSIGN(const ValueId factor, operand_of(call, scale, Fill::kScale));
  if (!scale.bias_term()) return one(call.top("binary", binary("mul"), {call.input(), factor}));
  BMNET_ASSIGN(const ValueId scaled, call.step("binary", binary("mul"), {call.input(), factor}));
  BMNET_ASSIGN(const ValueId bias, call.weight(call.inputs().size() == 1 ? 1 : 0, call.shape(factor), Fill::kBias));
  return one(call.top("binary", binary("add"), {scaled, bias}));
}

Result<Values> map_bias(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, 2));
  BMNET_ASSIGN(const ValueId bias, operand_of(call, call.param().bias_param(), Fill::kBias));
  return one(call.top("binary", binary("add"), {call.input(), bias}));
}

// scale [N,C] or [N,C,1,1] times x, plus y
Result<Values> map_axpy(LayerCall& call) {
  BMNET_TRY(call.require_inputs(3, 3));
  const Shape scale = call.shape(call.input(0));
  const Shape shape = call.shape(call.input(1));
  if (shape.size() < 2 || scale.size() < 2 || element_count(scale) != shape[0] * shape[1] ||
      call.shape(call.input(2)) != shape) {
    return user_error("bottoms of shapes {}, {}, {}; [N,C], [N,C,H,W] twice are needed", to_string(scale),
                      to_string(shape), to_string(call.shape(call.input(2))));
  }
  Shape aligned(shape.size(), 1);
  aligned[0] = shape[0];
  aligned[1] = shape[1];
  BMNET_ASSIGN(const ValueId factor, call.reshape(call.input(0), aligned));
  BMNET_ASSIGN(const ValueId scaled, call.step("binary", binary("mul"), {factor, call.input(1)}));
  return one(call.top("binary", binary("add"), {scaled, call.input(2)}));
}

// Over all axes from `axis` on, which vanish.
Result<Values> map_reduction(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, 1));
  const auto& reduction = call.param().reduction_param();
  const size_t rank = call.shape(call.input()).size();
  BMNET_ASSIGN(const int64_t axis, call.axis(reduction.axis(), rank));
  std::vector<int64_t> axes(rank - axis);
  std::iota(axes.begin(), axes.end(), axis);
  const char* kind = "sum";
  if (reduction.operation() == proto::ReductionParameter::ASUM) kind = "l1";
  if (reduction.operation() == proto::ReductionParameter::SUMSQ) kind = "sum_square";
  if (reduction.operation() == proto::ReductionParameter::MEAN) kind = "mean";
  const op::Attributes attributes{{"kind", kind}, {"axes", axes}, {"keep_dims", false}};
  if (reduction.coeff() == 1.0f) return one(call.top("reduce", attributes, {call.input()}));
  BMNET_ASSIGN(const ValueId reduced, call.step("reduce", attributes, {call.input()}));
  return one(call.top("unary", {{"kind", "linear"}, {"alpha", reduction.coeff()}}, {reduced}));
}

namespace {

struct Extremes {
  ValueId values, indices;  // indices as f32
};

// The k largest along an axis. Of equal ones Caffe takes the higher index first, so the axis is searched backwards.
Result<Extremes> largest(LayerCall& call, ValueId input, int64_t k, int64_t axis) {
  const int64_t size = call.shape(input)[axis];
  BMNET_ASSIGN(const ValueId backwards, call.step("reverse", {{"axes", std::vector<int64_t>{axis}}}, {input}));
  const std::string names[] = {call.param().name() + "/values", call.param().name() + "/indices"};
  BMNET_ASSIGN(const Values found,
               call.graph().create("top_k", call.param().name(), {{"k", k}, {"axis", axis}}, {&backwards, 1}, names));
  BMNET_ASSIGN(const ValueId indices, call.step("cast", {{"to", "f32"}}, {found[1]}));
  BMNET_ASSIGN(const ValueId forwards, call.linear(indices, -1.0f, static_cast<float>(size - 1)));
  return Extremes{found[0], forwards};
}

}  // namespace

// With an axis: along it; without: over everything behind axis 0, as [N,1,k], or [N,2,k] with the values.
Result<Values> map_argmax(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, 1));
  const auto& argmax = call.param().argmax_param();
  const Shape shape = call.shape(call.input());
  const int64_t k = argmax.top_k();
  if (shape.empty()) return user_error("its bottom is a scalar");
  int64_t axis = 2;
  ValueId input = call.input();
  if (argmax.has_axis()) {
    BMNET_ASSIGN(axis, call.axis(argmax.axis(), shape.size()));
  } else {
    BMNET_ASSIGN(input, call.reshape(input, {shape[0], 1, element_count(shape) / shape[0]}));
  }
  if (k < 1 || k > call.shape(input)[axis]) return user_error("top_k {} of {} elements", k, call.shape(input)[axis]);
  if (k == 1 && !argmax.out_max_val()) {
    BMNET_ASSIGN(const ValueId index,
                 call.step("arg_reduce", {{"kind", "max"}, {"axis", axis}, {"keep_dims", true}, {"select_last", true}},
                           {input}));
    return one(call.top("cast", {{"to", "f32"}}, {index}));
  }
  BMNET_ASSIGN(const Extremes found, largest(call, input, k, axis));
  if (argmax.out_max_val() && !argmax.has_axis())
    return one(call.top("concat", {{"axis", int64_t{1}}}, {found.indices, found.values}));
  const ValueId result = argmax.out_max_val() ? found.values : found.indices;
  return one(call.top("reshape", {{"shape", call.shape(result)}}, {result}));
}

Result<Values> map_softmax(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, 1));
  BMNET_ASSIGN(const int64_t axis, call.axis(call.param().softmax_param().axis(), call.shape(call.input()).size()));
  return one(call.top("softmax", {{"axis", axis}}, {call.input()}));
}

Result<Values> map_matmul(LayerCall& call) {
  BMNET_TRY(call.require_inputs(2, 2));
  const auto& product = call.param().matmul_param();
  return one(call.top("matmul", {{"transpose_a", product.transpose_a()}, {"transpose_b", product.transpose_b()}},
                      call.inputs()));
}

}  // namespace bmnet::caffe
