#include "frontend/paddle/call.h"

#include <algorithm>

namespace bmnet::frontend::paddle {
namespace {

// clang-format off
constexpr Row refused(std::string_view name, std::string_view remark) { return {name, nullptr, "", "", "", remark}; }
constexpr std::string_view kLod = "sequences of varying length (LoD) are not supported; pad them and use rnn";
constexpr std::string_view kOpen = "the number of its results depends on the data; end the network before it with --output_names";
constexpr std::string_view kArrays = "arrays of tensors are not supported";
constexpr std::string_view kRandom = "random values are drawn at run time; give the variable as an input with --input_names";
constexpr std::string_view kControl = "control flow of JSON programs is not supported";
constexpr std::string_view kTraining = "it belongs to training; end the network before it with --output_names";
constexpr Row kRefused[] = {
    refused("sequence_concat", kLod), refused("sequence_conv", kLod), refused("sequence_expand", kLod),
    refused("sequence_expand_as", kLod), refused("sequence_mask", kLod), refused("sequence_pad", kLod),
    refused("sequence_pool", kLod), refused("sequence_reshape", kLod), refused("sequence_reverse", kLod),
    refused("sequence_slice", kLod), refused("sequence_softmax", kLod), refused("sequence_unpad", kLod),
    refused("im2sequence", kLod), refused("lstm", kLod), refused("lstmp", kLod), refused("gru", kLod), refused("row_conv", kLod),
    refused("lod_reset", kLod), refused("ctc_align", kLod), refused("crf_decoding", kLod), refused("linear_chain_crf", kLod),
    refused("fusion_gru", kLod), refused("fusion_lstm", kLod), refused("multi_gru", kLod), refused("add_position_encoding", kLod),
    refused("locality_aware_nms", kLod), refused("retinanet_detection_output", kLod), refused("polygon_box_transform", kLod),
    refused("where_index", kOpen), refused("masked_select", kOpen), refused("unique", kOpen), refused("unique_consecutive", kOpen),
    refused("write_to_array", kArrays), refused("read_from_array", kArrays), refused("lod_array_length", kArrays),
    refused("tensor_array_to_tensor", kArrays), refused("beam_search", kArrays), refused("beam_search_decode", kArrays),
    refused("gaussian_random", kRandom), refused("uniform_random", kRandom), refused("randint", kRandom), refused("bernoulli", kRandom),
    refused("sampling_id", kRandom), refused("multinomial", kRandom),
    refused("softmax_with_cross_entropy", kTraining), refused("cross_entropy", kTraining), refused("cross_entropy2", kTraining),
    refused("yolov3_loss", kTraining), refused("target_assign", kTraining), refused("bipartite_match", kTraining),
    refused("warpctc", kTraining),
    refused("cudnn_lstm", "its weights are one opaque buffer; save the network with rnn (Paddle 2.0 and newer)"),
    refused("pd_op.if", kControl), refused("pd_op.while", kControl), refused("pd_op.pylayer", kControl),
    refused("py_func", "its code is not part of the model; end the network before it with --output_names"),
    refused("deformable_psroi_pooling", "deformable pooling has no operator here"),
    refused("prroi_pool", "precise pooling has no operator here"),
};
// clang-format on

}  // namespace

std::span<const Row> refused_rows() { return kRefused; }

const Row* find_row(std::string_view op) {
  auto all = families();
  all.push_back(refused_rows());
  for (const auto& rows : all)
    for (const Row& row : rows)
      if (row.name == op) return &row;
  return nullptr;
}

std::vector<std::string> arguments_of(const google::protobuf::RepeatedPtrField<paddle_file::OpDesc::Var>& vars,
                                      std::string_view parameter) {
  for (const auto& var : vars)
    if (var.parameter() == parameter) return {var.arguments().begin(), var.arguments().end()};
  return {};
}

Result<ValueId> Call::in(std::string_view parameter) const {
  BMNET_ASSIGN(const Values values, all(parameter));
  return values.front();
}

Result<Values> Call::all(std::string_view parameter) const {
  const std::vector<std::string> names = arguments_of(op_.inputs(), parameter);
  if (names.empty()) return user_error("its input {} is missing", parameter);
  Values values;
  for (const std::string& name : names) {
    const auto found = scope_.find(name);
    if (found == scope_.end()) return user_error("variable '{}' has no value: no input, parameter or operator", name);
    values.push_back(found->second);
  }
  return values;
}

Result<std::vector<int64_t>> Call::integers_from(std::string_view attribute, std::string_view tensor,
                                                 std::string_view list) const {
  if (!list.empty() && has(list)) {
    BMNET_ASSIGN(const Values values, all(list));
    std::vector<int64_t> integers;
    for (const ValueId value : values) {
      BMNET_ASSIGN(const std::vector<int64_t> one, known_integers(value, list));
      if (one.size() != 1) return user_error("an element of {} has {} values", list, one.size());
      integers.push_back(one[0]);
    }
    return integers;
  }
  if (!tensor.empty() && has(tensor)) {
    BMNET_ASSIGN(const ValueId value, in(tensor));
    return known_integers(value, tensor);
  }
  return integers(attribute);
}

const paddle_file::OpDesc::Attr* Call::attribute(std::string_view name) const {
  for (const auto& attribute : op_.attrs())
    if (attribute.name() == name) return &attribute;
  return nullptr;
}

int64_t Call::integer(std::string_view name, int64_t otherwise) const {
  const auto* found = attribute(name);
  if (!found) return otherwise;
  if (found->has_i()) return found->i();
  if (found->has_l()) return tamed(found->l());
  if (found->has_b()) return found->b();
  return otherwise;
}

float Call::number(std::string_view name, float otherwise) const {
  const auto* found = attribute(name);
  if (!found) return otherwise;
  if (found->has_f()) return found->f();
  if (found->has_float64()) return static_cast<float>(found->float64());
  if (found->has_l()) return static_cast<float>(found->l());
  if (found->has_i()) return static_cast<float>(found->i());
  return otherwise;
}

std::string Call::text(std::string_view name, std::string_view otherwise) const {
  const auto* found = attribute(name);
  return found && found->has_s() ? found->s() : std::string(otherwise);
}

std::vector<int64_t> Call::integers(std::string_view name) const {
  const auto* found = attribute(name);
  if (!found) return {};
  std::vector<int64_t> values(found->ints().begin(), found->ints().end());
  std::ranges::transform(found->longs(), std::back_inserter(values), tamed);
  if (values.empty() && (found->has_i() || found->has_l())) values.push_back(integer(name, 0));
  return values;
}

std::vector<float> Call::numbers(std::string_view name) const {
  const auto* found = attribute(name);
  if (!found) return {};
  std::vector<float> values(found->floats().begin(), found->floats().end());
  for (const double value : found->float64s()) values.push_back(static_cast<float>(value));
  if (values.empty())  // whole numbers may be written as such
    for (const int64_t value : integers(name)) values.push_back(static_cast<float>(value));
  if (values.empty() && (found->has_f() || found->has_float64())) values.push_back(number(name, 0));
  return values;
}

std::vector<std::string> Call::texts(std::string_view name) const {
  const auto* found = attribute(name);
  return found ? std::vector<std::string>(found->strings().begin(), found->strings().end())
               : std::vector<std::string>();
}

Result<int64_t> Call::stated_axis(int64_t otherwise, int64_t rank) const {
  int64_t axis = integer("axis", otherwise);
  if (has("AxisTensor") || has("Axis")) {
    BMNET_ASSIGN(const std::vector<int64_t> known, integers_from("", has("Axis") ? "Axis" : "AxisTensor", ""));
    if (known.size() != 1) return user_error("the axis has {} values", known.size());
    axis = known[0];
  }
  return normal_axis(axis, rank);
}

Result<ValueId> Call::activated(ValueId x, const std::string& name) {
  if (name.empty() || name == "identity") return x;
  for (const std::string_view kind : {"relu", "sigmoid", "tanh", "gelu", "mish", "hard_swish"})
    if (name == kind) return unary(kind, x);
  if (name == "relu6") return unary("clip", x, 0, 6);
  if (name == "swish" || name == "silu") return unary("silu", x);
  if (name == "leaky_relu") return unary("leaky_relu", x, number("fuse_alpha", 0.02f));
  return unsupported("the fused activation {}; save the program without fusion passes", name);
}

Status Call::require_channels_first(std::string_view attribute) const {
  const std::string layout = text(attribute, "NCHW");
  if (layout == "NCHW" || layout == "NCDHW" || layout == "AnyLayout" || layout == "NCL" || layout.empty()) return {};
  return unsupported("{}={}; only channels first (NCHW) can be compiled", attribute, layout);
}

void Call::set(std::string_view parameter, size_t i, ValueId value) {
  const std::vector<std::string> names = arguments_of(op_.outputs(), parameter);
  if (i < names.size()) scope_[names[i]] = value;
}

}  // namespace bmnet::frontend::paddle
