#include "frontend/paddle/call.h"

#include <algorithm>

namespace bmnet::frontend::paddle {
namespace {

// clang-format off
constexpr Row refused(std::string_view name, std::string_view remark) { return {name, nullptr, "", "", "", remark}; }
constexpr std::string_view kCutBefore = "detections are decoded on the host; end the network before it with --output_names";
constexpr std::string_view kControl = "control flow over blocks is not supported";
constexpr std::string_view kLod = "sequences of varying length (LoD) are not supported";
constexpr Row kRefused[] = {
    refused("anchor_generator", kCutBefore), refused("box_clip", kCutBefore), refused("box_coder", kCutBefore),
    refused("collect_fpn_proposals", kCutBefore), refused("conditional_block", kControl),
    refused("deformable_conv", "deformable convolutions have no operator here"),
    refused("deformable_conv_v1", "deformable convolutions have no operator here"),
    refused("density_prior_box", kCutBefore), refused("distribute_fpn_proposals", kCutBefore),
    refused("generate_proposals", kCutBefore), refused("generate_proposals_v2", kCutBefore),
    refused("matrix_nms", kCutBefore), refused("multiclass_nms", kCutBefore), refused("multiclass_nms2", kCutBefore),
    refused("multiclass_nms3", kCutBefore), refused("sequence_conv", kLod), refused("sequence_expand", kLod),
    refused("sequence_pool", kLod), refused("sequence_softmax", kLod), refused("im2sequence", kLod),
    refused("while", kControl), refused("yolo_box", kCutBefore),
};
// clang-format on

}  // namespace

std::span<const Row> refused_rows() { return kRefused; }

const Row* find_row(std::string_view op) {
  for (const auto& rows : {layer_rows(), math_rows(), shape_rows(), refused_rows()})
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
  if (values.empty() && found->has_f()) values.push_back(found->f());
  return values;
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
