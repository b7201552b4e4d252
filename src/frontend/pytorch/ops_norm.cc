// Normalisation and softmax.
#include "frontend/pytorch/ops.h"
#include "frontend/pytorch/refusal.h"

namespace bmnet::frontend::pytorch {
namespace {

int64_t channels(Call& c) {
  const Shape& shape = c.t.shape(c.tensor(0));
  if (shape.size() < 2) reject("torch.{} of shape {}", c.op(), to_string(shape));
  return shape[1];
}
ValueId parameter(Call& c, size_t index, double otherwise) {
  return c.given(index) ? c.f32(index) : c.t.filled(DType::kF32, {channels(c)}, otherwise);
}

Value batch_norm(Call& c) {
  if (c.boolean(5, false)) refuse("torch.batch_norm in training mode: export the model after model.eval()");
  return c.result(c.t.emit("batch_norm", {{"epsilon", static_cast<float>(c.number(7))}},
                           {c.f32(0), parameter(c, 1, 1), parameter(c, 2, 0), parameter(c, 3, 0), parameter(c, 4, 1)}));
}

// Scale and bias, each optional; a bias alone needs a scale of ones.
std::vector<ValueId> affine(Call& c, size_t weight, size_t bias, const Shape& shape) {
  std::vector<ValueId> inputs = {c.f32(0)};
  if (c.given(weight) || c.given(bias))
    inputs.push_back(c.given(weight) ? c.f32(weight) : c.t.filled(DType::kF32, shape, 1));
  if (c.given(bias)) inputs.push_back(c.f32(bias));
  return inputs;
}

Value instance_norm(Call& c) {
  if (!c.boolean(5, true))
    return c.result(
        c.t.emit("batch_norm", {{"epsilon", static_cast<float>(c.number(7))}},
                 {c.f32(0), parameter(c, 1, 1), parameter(c, 2, 0), parameter(c, 3, 0), parameter(c, 4, 1)}));
  return c.result(c.t.emit("group_norm", {{"groups", channels(c)}, {"epsilon", static_cast<float>(c.number(7))}},
                           affine(c, 1, 2, {channels(c)})));
}
Value group_norm(Call& c) {
  return c.result(c.t.emit("group_norm", {{"groups", c.integer(1)}, {"epsilon", static_cast<float>(c.number(4, 1e-5))}},
                           affine(c, 2, 3, {channels(c)})));
}
Value layer_norm(Call& c) {
  const Shape normalized = c.integers(1);
  const Shape& shape = c.t.shape(c.tensor(0));
  if (normalized.empty() || normalized.size() > shape.size())
    reject("torch.layer_norm over {} of shape {}", to_string(normalized), to_string(shape));
  const auto axis = static_cast<int64_t>(shape.size() - normalized.size());
  return c.result(c.t.emit("layer_norm", {{"axis", axis}, {"epsilon", static_cast<float>(c.number(4, 1e-5))}},
                           affine(c, 2, 3, normalized)));
}

// The statistics that the native forms give besides are for training.
Value with_statistics(const Value& y) {
  const auto unused = [] {
    auto cell = std::make_shared<Cell>();
    cell->name = "the statistics of a normalisation";
    return cell;
  };
  return make_tuple({y, unused(), unused()});
}
Value native_layer_norm(Call& c) { return with_statistics(layer_norm(c)); }
Value native_batch_norm(Call& c) { return with_statistics(batch_norm(c)); }
// f(input, weight, bias, N, C, HxW, group, eps)
Value native_group_norm(Call& c) {
  return with_statistics(
      c.result(c.t.emit("group_norm", {{"groups", c.integer(6)}, {"epsilon", static_cast<float>(c.number(7))}},
                        affine(c, 1, 2, {channels(c)}))));
}

// v * g / |v|, the norm over all axes but `dim`.
Value weight_norm(Call& c) {
  const ValueId v = c.f32(0);
  const size_t rank = c.t.shape(v).size();
  const size_t kept = c.axis(c.integer(2, 0), rank);
  std::vector<int64_t> axes;
  for (size_t i = 0; i < rank; ++i)
    if (i != kept || c.integer(2, 0) == -1) axes.push_back(static_cast<int64_t>(i));
  if (axes.empty()) reject("torch._weight_norm of rank {}", rank);
  const ValueId norm = c.t.emit("reduce", {{"kind", std::string("l2")}, {"axes", axes}, {"keep_dims", true}}, {v});
  return c.result(c.t.binary("mul", v, c.t.binary("div", c.f32(1), norm)));
}

Value softmax_of(Call& c, bool log) {
  const ValueId x = c.f32(0);
  const Shape shape = c.t.shape(x);
  const auto axis = static_cast<int64_t>(c.axis(c.integer(1), shape.size()));
  if (shape.empty()) return c.result(c.t.filled(DType::kF32, {}, log ? 0 : 1));
  return c.result(c.t.emit("softmax", {{"axis", axis}, {"log", log}}, {x}));
}
Value softmax(Call& c) { return softmax_of(c, false); }
Value log_softmax(Call& c) { return softmax_of(c, true); }

constexpr OpRow kRows[] = {
    {"batch_norm", "input weight bias running_mean running_var training momentum eps cudnn_enabled", batch_norm,
     "batch_norm", "evaluation mode"},
    {"instance_norm", "input weight bias running_mean running_var use_input_stats momentum eps cudnn_enabled",
     instance_norm, "group_norm"},
    {"group_norm", "input num_groups weight bias eps cudnn_enabled", group_norm, "group_norm"},
    {"layer_norm", "input normalized_shape weight bias eps cudnn_enable", layer_norm, "layer_norm"},
    {"native_layer_norm", "input normalized_shape weight bias eps", native_layer_norm, "layer_norm"},
    {"native_group_norm", "input weight bias N C HxW group eps", native_group_norm, "group_norm"},
    {"native_batch_norm", "input weight bias running_mean running_var training momentum eps", native_batch_norm,
     "batch_norm", "evaluation mode"},
    {"_weight_norm", "v g dim", weight_norm, "reduce binary"},
    {"softmax", "self dim dtype", softmax, "softmax"},
    {"log_softmax", "self dim dtype", log_softmax, "softmax"},
    {"_softmax", "self dim half_to_float", softmax, "softmax"},
    {"_log_softmax", "self dim half_to_float", log_softmax, "softmax"},
};

}  // namespace

std::span<const OpRow> norm_ops() { return kRows; }

}  // namespace bmnet::frontend::pytorch
