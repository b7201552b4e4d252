// Operators of MXNet's numpy interface by those of its older one, where they mean the same.
#include <algorithm>

#include "frontend/mxnet/call.h"

namespace bmnet::frontend::mxnet {
namespace {

struct Alias {
  std::string_view name, means;
};
// clang-format off
constexpr Alias kAliases[] = {
    {"_npi_add", "broadcast_add"}, {"_npi_subtract", "broadcast_sub"}, {"_npi_multiply", "broadcast_mul"},
    {"_npi_true_divide", "broadcast_div"}, {"_npi_mod", "broadcast_mod"}, {"_npi_power", "broadcast_power"},
    {"_npi_maximum", "broadcast_maximum"}, {"_npi_minimum", "broadcast_minimum"},
    {"_npi_add_scalar", "_plus_scalar"}, {"_npi_subtract_scalar", "_minus_scalar"}, {"_npi_rsubtract_scalar", "_rminus_scalar"},
    {"_npi_multiply_scalar", "_mul_scalar"}, {"_npi_true_divide_scalar", "_div_scalar"}, {"_npi_rtrue_divide_scalar", "_rdiv_scalar"},
    {"_npi_power_scalar", "_power_scalar"}, {"_npi_rpower_scalar", "_rpower_scalar"}, {"_npi_maximum_scalar", "_maximum_scalar"},
    {"_npi_minimum_scalar", "_minimum_scalar"}, {"_npi_mod_scalar", "_mod_scalar"}, {"_npi_rmod_scalar", "_rmod_scalar"},
    {"_npi_equal", "broadcast_equal"}, {"_npi_not_equal", "broadcast_not_equal"}, {"_npi_greater", "broadcast_greater"},
    {"_npi_greater_equal", "broadcast_greater_equal"}, {"_npi_less", "broadcast_lesser"}, {"_npi_less_equal", "broadcast_lesser_equal"},
    {"_npi_equal_scalar", "_equal_scalar"}, {"_npi_not_equal_scalar", "_not_equal_scalar"}, {"_npi_greater_scalar", "_greater_scalar"},
    {"_npi_greater_equal_scalar", "_greater_equal_scalar"}, {"_npi_less_scalar", "_lesser_scalar"}, {"_npi_less_equal_scalar", "_lesser_equal_scalar"},
    {"_npi_logical_not", "logical_not"}, {"_npi_logical_and", "broadcast_logical_and"}, {"_npi_logical_or", "broadcast_logical_or"},
    {"_npi_logical_xor", "broadcast_logical_xor"}, {"_npi_where", "where"}, {"_np_copy", "identity"}, {"_npi_copy", "identity"},
    {"_npi_negative", "negative"}, {"_npi_reciprocal", "reciprocal"}, {"_npi_absolute", "abs"}, {"_npi_sign", "sign"},
    {"_npi_rint", "rint"}, {"_npi_ceil", "ceil"}, {"_npi_floor", "floor"}, {"_npi_trunc", "trunc"}, {"_npi_fix", "fix"},
    {"_npi_square", "square"}, {"_npi_sqrt", "sqrt"}, {"_npi_exp", "exp"}, {"_npi_expm1", "expm1"}, {"_npi_log", "log"},
    {"_npi_log2", "log2"}, {"_npi_log10", "log10"}, {"_npi_log1p", "log1p"}, {"_npi_sin", "sin"}, {"_npi_cos", "cos"},
    {"_npi_tan", "tan"}, {"_npi_arcsin", "arcsin"}, {"_npi_arccos", "arccos"}, {"_npi_arctan", "arctan"}, {"_npi_sinh", "sinh"},
    {"_npi_cosh", "cosh"}, {"_npi_tanh", "tanh"}, {"_npi_arcsinh", "arcsinh"}, {"_npi_arccosh", "arccosh"}, {"_npi_arctanh", "arctanh"},
    {"_npi_clip", "clip"}, {"_npi_cast", "Cast"}, {"_npi_mean", "mean"}, {"_np_sum", "sum"}, {"_npi_sum", "sum"}, {"_np_max", "max"},
    {"_npi_max", "max"}, {"_np_min", "min"}, {"_npi_min", "min"}, {"_np_prod", "prod"}, {"_npi_prod", "prod"},
    {"_npi_argmax", "argmax"}, {"_npi_argmin", "argmin"}, {"_np_dot", "dot"}, {"_npi_dot", "dot"}, {"_npi_cumsum", "cumsum"}, {"_np_cumsum", "cumsum"},
    {"_np_transpose", "transpose"}, {"_npi_transpose", "transpose"}, {"_npi_swapaxes", "swapaxes"}, {"_npi_expand_dims", "expand_dims"},
    {"_np_squeeze", "squeeze"}, {"_npi_squeeze", "squeeze"}, {"_npi_concatenate", "concat"}, {"_npi_stack", "stack"}, {"_npi_split", "_split_v2"},
    {"_npi_slice", "slice"}, {"_npi_broadcast_to", "broadcast_to"}, {"_npi_tile", "tile"}, {"_np_repeat", "repeat"}, 
    {"_npi_flip", "flip"}, {"_npi_zeros", "_zeros"}, {"_npi_ones", "_ones"}, {"_npi_full", "_full"},
    {"_npi_arange", "_arange"}, {"_np_zeros_like", "zeros_like"}, {"_np_ones_like", "ones_like"},
    {"_npx_relu", "relu"}, {"_npx_sigmoid", "sigmoid"}, {"_npx_activation", "Activation"}, {"_npx_leaky_relu", "LeakyReLU"},
    {"_npx_softmax", "softmax"}, {"_npx_log_softmax", "log_softmax"}, {"_npx_batch_norm", "BatchNorm"}, {"_npx_layer_norm", "LayerNorm"},
    {"_npx_group_norm", "GroupNorm"}, {"_npx_instance_norm", "InstanceNorm"}, {"_npx_l2_normalization", "L2Normalization"},
    {"_npx_convolution", "Convolution"}, {"_npx_deconvolution", "Deconvolution"}, {"_npx_fully_connected", "FullyConnected"},
    {"_npx_pooling", "Pooling"}, {"_npx_embedding", "Embedding"}, {"_npx_dropout", "Dropout"}, {"_npx_one_hot", "one_hot"},
    {"_npx_pick", "pick"}, {"_npx_topk", "topk"}, {"_npx_gather_nd", "gather_nd"}, {"_npx_batch_flatten", "Flatten"},
    {"_npx_batch_dot", "batch_dot"}, {"_npx_arange_like", "_contrib_arange_like"}, {"_npx_slice", "slice"},
    {"_npx_sequence_mask", "SequenceMask"}, {"_npx_rnn", "RNN"}, {"_npx_roi_pooling", "ROIPooling"},
    {"_npx_reshape_like", "reshape_like"}, {"_npx_broadcast_like", "broadcast_like"}, {"_npx_stop_gradient", "BlockGrad"},
    {"_npx_div_sqrt_dim", "_contrib_div_sqrt_dim"}, {"_npx_multibox_prior", "_contrib_MultiBoxPrior"},
    {"_npx_multibox_detection", "_contrib_MultiBoxDetection"}, {"_npx_erf", "erf"}, {"_npx_cast", "Cast"},
};
// clang-format on

}  // namespace

std::string_view older_name(std::string_view op) {
  const auto* alias = std::ranges::find(kAliases, op, &Alias::name);
  return alias == std::end(kAliases) ? op : alias->means;
}

std::vector<std::pair<std::string_view, std::string_view>> numpy_names() {
  std::vector<std::pair<std::string_view, std::string_view>> names;
  for (const Alias& alias : kAliases) names.emplace_back(alias.name, alias.means);
  return names;
}

}  // namespace bmnet::frontend::mxnet
