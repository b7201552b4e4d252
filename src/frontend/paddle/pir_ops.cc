// The operators of Paddle 3 by those of the older format.
#include <algorithm>

#include "frontend/paddle/pir.h"

namespace bmnet::frontend::paddle {
namespace {

// clang-format off
constexpr std::string_view kInterpolated = "X OutSize SizeTensor Scale";
constexpr PirRow unary(std::string_view name, std::string_view type = {}, std::string_view attributes = {}) {
  return {name, type.empty() ? name : type, "X", "Out", attributes};
}
constexpr PirRow binary(std::string_view name, std::string_view type) { return {name, type, "X Y", "Out", ""}; }
constexpr PirRow reduction(std::string_view name, std::string_view type, std::string_view operands) {
  return {name, type, operands, "Out", "axis=dim keepdim=keep_dim"};
}
constexpr PirRow kRows[] = {
    // layers
    {"conv2d", "conv2d", "Input Filter", "Output", ""}, {"conv3d", "conv3d", "Input Filter", "Output", ""},
    {"depthwise_conv2d", "depthwise_conv2d", "Input Filter", "Output", ""},
    {"conv2d_transpose", "conv2d_transpose", "Input Filter @output_size", "Output", ""},
    {"conv2d_transpose_bias", "conv2d_transpose", "Input Filter Bias @output_size", "Output", ""},
    {"depthwise_conv2d_transpose", "depthwise_conv2d_transpose", "Input Filter @output_size", "Output", ""},
    {"conv3d_transpose", "conv3d_transpose", "Input Filter", "Output", ""},
    {"pool2d", "pool2d", "X @ksize", "Out", ""}, {"pool3d", "pool3d", "X", "Out", "kernel_size=ksize"},
    {"max_pool2d_with_index", "max_pool2d_with_index", "X", "Out Mask", "kernel_size=ksize"},
    {"batch_norm_", "batch_norm", "X Mean Variance Scale Bias", "Y", "data_format=data_layout"},
    {"batch_norm", "batch_norm", "X Mean Variance Scale Bias", "Y", "data_format=data_layout"},
    {"sync_batch_norm_", "sync_batch_norm", "X Mean Variance Scale Bias", "Y", "data_format=data_layout"},
    {"layer_norm", "layer_norm", "X Scale Bias", "Y", ""},
    {"group_norm", "group_norm", "X Scale Bias", "Y", "data_format=data_layout"},
    {"instance_norm", "instance_norm", "X Scale Bias", "Y", ""},
    {"nearest_interp", "nearest_interp_v2", kInterpolated, "Out", "data_format=data_layout"},
    {"bilinear_interp", "bilinear_interp_v2", kInterpolated, "Out", "data_format=data_layout"},
    {"bicubic_interp", "bicubic_interp_v2", kInterpolated, "Out", "data_format=data_layout"},
    {"linear_interp", "linear_interp_v2", kInterpolated, "Out", "data_format=data_layout"},
    {"trilinear_interp", "trilinear_interp_v2", kInterpolated, "Out", "data_format=data_layout"},
    {"rnn", "rnn", "Input PreState WeightList SequenceLength DropoutStateIn", "Out DropoutState State", ""},
    {"dropout", "dropout", "X Seed @dropout_prob", "Out", "p=dropout_prob mode=dropout_implementation"},
    // element by element
    unary("abs"), unary("acos"), unary("acosh"), unary("asin"), unary("asinh"), unary("atan"), unary("atanh"), unary("ceil"),
    unary("cos"), unary("cosh"), unary("erf"), unary("exp"), unary("expm1"), unary("floor"), unary("log"), unary("log10"),
    unary("log1p"), unary("log2"), unary("logical_not"), unary("logsigmoid"), unary("mish"), unary("reciprocal"),
    unary("relu"), unary("relu6"), unary("round"), unary("rsqrt"), unary("sigmoid"), unary("sign"), unary("silu"),
    unary("sin"), unary("sinh"), unary("softsign"), unary("sqrt"), unary("square"), unary("tan"), unary("tanh"),
    unary("tanh_shrink"), unary("trunc"), unary("bitwise_not"), unary("isnan", "isnan_v2"), unary("isinf", "isinf_v2"),
    unary("isfinite", "isfinite_v2"), unary("gelu"), unary("swish"), unary("stanh"), unary("celu"), unary("elu"),
    unary("selu"), unary("softplus"), unary("thresholded_relu"), unary("hardswish", "hard_swish"),
    unary("hardsigmoid", "hard_sigmoid"), unary("hardtanh", "brelu"), unary("leaky_relu", "leaky_relu", "negative_slope=alpha"),
    unary("softshrink", "softshrink", "threshold=lambda"), unary("hardshrink", "hard_shrink"), unary("pow", "pow", "y=factor"),
    {"prelu", "prelu", "X Alpha", "Out", ""}, {"clip", "clip", "X @min @max", "Out", ""},
    {"scale", "scale", "X @scale", "Out", ""}, {"cast", "cast", "X", "Out", "dtype=out_dtype"},
    binary("add", "elementwise_add"), binary("subtract", "elementwise_sub"), binary("multiply", "elementwise_mul"),
    binary("divide", "elementwise_div"), binary("maximum", "elementwise_max"), binary("minimum", "elementwise_min"),
    binary("elementwise_pow", "elementwise_pow"), binary("remainder", "elementwise_mod"),
    binary("floor_divide", "elementwise_floordiv"), binary("fmax", "elementwise_fmax"), binary("fmin", "elementwise_fmin"),
    binary("equal", "equal"), binary("not_equal", "not_equal"), binary("greater_than", "greater_than"),
    binary("greater_equal", "greater_equal"), binary("less_than", "less_than"), binary("less_equal", "less_equal"),
    binary("logical_and", "logical_and"), binary("logical_or", "logical_or"), binary("logical_xor", "logical_xor"),
    binary("bitwise_and", "bitwise_and"), binary("bitwise_or", "bitwise_or"), binary("bitwise_xor", "bitwise_xor"),
    {"atan2", "atan2", "X1 X2", "Out", ""}, {"where", "where", "Condition X Y", "Out", ""}, {"add_n", "sum", "X", "Out", ""},
    unary("softmax"), unary("log_softmax"), unary("assign"), unary("assign_out_", "assign"), unary("share_data_", "share_data"),
    {"increment", "increment", "X", "Out", "value=step"}, {"increment_", "increment", "X", "Out", "value=step"},
    // matrices
    {"matmul", "matmul_v2", "X Y", "Out", "transpose_x=trans_x transpose_y=trans_y"}, binary("bmm", "bmm"),
    {"mv", "mv", "X Vec", "Out", ""}, {"dot", "dot", "X Y", "Out", ""}, {"einsum", "einsum", "Operands", "Out", ""},
    {"addmm", "addmm", "Input X Y", "Out", "alpha=Alpha beta=Beta"}, {"fc", "fc", "Input W Bias", "Out", ""},
    // reductions, order
    reduction("mean", "reduce_mean", "X"), reduction("sum", "reduce_sum", "X @dim"), reduction("max", "reduce_max", "X @dim"),
    reduction("min", "reduce_min", "X @dim"), reduction("prod", "reduce_prod", "X @dim"), reduction("all", "reduce_all", "X"),
    reduction("any", "reduce_any", "X"), reduction("amax", "reduce_amax", "X"), reduction("amin", "reduce_amin", "X"),
    {"logsumexp", "logsumexp", "X", "Out", "axis=dim keepdim=keep_dim"}, {"mean_all", "mean", "X", "Out", ""},
    {"p_norm", "p_norm", "X", "Out", ""}, {"norm", "norm", "X", "Out", ""},
    {"frobenius_norm", "frobenius_norm", "X @dim", "Out", "axis=dim keepdim=keep_dim"},
    {"argmax", "arg_max", "X @axis", "Out", ""}, {"argmin", "arg_min", "X @axis", "Out", ""},
    {"topk", "top_k_v2", "X @k", "Out Indices", ""}, {"argsort", "argsort", "X", "Out Indices", ""},
    {"cumsum", "cumsum", "X @axis", "Out", ""},
    // shapes
    {"reshape", "reshape2", "X Shape|ShapeTensor", "Out", ""}, {"reshape_", "reshape2", "X Shape|ShapeTensor", "Out", ""},
    {"flatten", "flatten_contiguous_range", "X", "Out", ""}, {"squeeze", "squeeze2", "X @axes", "Out", ""},
    {"unsqueeze", "unsqueeze2", "X AxesTensor|AxesTensorList", "Out", ""}, {"transpose", "transpose2", "X", "Out", "perm=axis"},
    {"concat", "concat", "X @axis", "Out", ""}, {"stack", "stack", "X", "Y", ""},
    {"split", "split", "X @sections @axis", "Out", ""}, {"split_with_num", "split", "X @axis", "Out", ""},
    {"unstack", "unstack", "X", "Y", ""}, {"unbind", "unbind", "X", "Out", ""},
    {"slice", "slice", "Input StartsTensor|StartsTensorList EndsTensor|EndsTensorList", "Out", ""},
    {"strided_slice", "strided_slice", "Input StartsTensor|StartsTensorList EndsTensor|EndsTensorList StridesTensor|StridesTensorList", "Out", ""},
    {"expand", "expand_v2", "X Shape|expand_shapes_tensor", "Out", ""}, {"expand_as", "expand_as_v2", "X Y", "Out", ""},
    {"tile", "tile", "X RepeatTimes|repeat_times_tensor", "Out", ""}, {"pad", "pad", "X @pad_value", "Out", ""},
    {"pad3d", "pad3d", "X @paddings", "Out", "pad_value=value"}, {"flip", "flip", "X", "Out", ""},
    {"reverse", "reverse", "X @axis", "Out", ""}, {"roll", "roll", "X @shifts", "Out", ""},
    {"meshgrid", "meshgrid", "X", "Out", ""}, {"pixel_shuffle", "pixel_shuffle", "X", "Out", ""},
    {"pixel_unshuffle", "pixel_unshuffle", "X", "Out", ""}, {"shuffle_channel", "shuffle_channel", "X", "Out", ""},
    {"unfold", "unfold", "X", "Y", ""}, {"crop", "crop_tensor", "X @shape @offsets", "Out", ""}, {"maxout", "maxout", "X", "Out", ""},
    {"shape", "shape", "Input", "Out", ""}, {"shape64", "shape64", "Input", "Out", ""}, {"numel", "size", "Input", "Out", ""},
    {"full", "fill_constant", "", "Out", ""}, {"full_", "fill_constant", "Output", "Out", ""},
    {"full_int_array", "assign_value", "", "Out", "value=int64_values"},
    {"full_like", "fill_any_like", "X @value", "Out", ""}, {"full_with_tensor", "fill_constant", "ValueTensor ShapeTensor|ShapeTensorList", "Out", ""},
    {"full_batch_size_like", "fill_constant_batch_size_like", "Input", "Out", ""},
    {"assign_value", "assign_value", "", "Out", "values=fp32_values"}, {"assign_value_", "assign_value", "Output", "Out", "values=fp32_values"},
    {"arange", "range", "Start End Step", "Out", ""}, {"linspace", "linspace", "Start Stop Num", "Out", ""},
    {"eye", "eye", "@num_rows @num_columns", "Out", ""}, {"tril", "tril", "X", "Out", ""}, {"triu", "triu", "X", "Out", ""},
    // choice of elements
    {"embedding", "lookup_table_v2", "Ids W", "Out", ""}, {"gather", "gather", "X Index @axis", "Out", ""},
    {"gather_nd", "gather_nd", "X Index", "Out", ""}, {"index_select", "index_select", "X Index", "Out", "axis=dim"},
    {"index_sample", "index_sample", "X Index", "Out", ""}, {"one_hot", "one_hot_v2", "X @depth", "Out", ""},
    {"take_along_axis", "take_along_axis", "Input Index", "Result", "axis=Axis"},
    {"put_along_axis", "put_along_axis", "Input Index Value", "Result", "axis=Axis reduce=Reduce"},
    {"scatter", "scatter", "X Ids Updates", "Out", ""}, {"scatter_nd_add", "scatter_nd_add", "X Index Updates", "Out", ""},
    {"set_value", "set_value", "Input @starts @ends @steps", "Out", ""}, {"set_value_", "set_value", "Input @starts @ends @steps", "Out", ""},
    {"set_value_with_tensor", "set_value", "Input ValueTensor @starts @ends @steps", "Out", ""},
    {"set_value_with_tensor_", "set_value", "Input ValueTensor @starts @ends @steps", "Out", ""},
    // places, boxes, regions
    {"grid_sample", "grid_sampler", "X Grid", "Output", ""}, {"affine_grid", "affine_grid", "Theta OutputShape", "Output", ""},
    {"deformable_conv", "deformable_conv", "Input Offset Filter Mask", "Output", ""},
    {"temporal_shift", "temporal_shift", "X", "Out", ""}, {"yolo_box", "yolo_box", "X ImgSize", "Boxes Scores", ""},
    {"prior_box", "prior_box", "Input Image", "Boxes Variances", ""}, {"box_coder", "box_coder", "PriorBox PriorBoxVar TargetBox", "OutputBox", ""},
    {"box_clip", "box_clip", "Input ImInfo", "Output", ""},
    {"multiclass_nms3", "multiclass_nms3", "BBoxes Scores RoisNum", "Out Index NmsRoisNum", ""},
    {"matrix_nms", "matrix_nms", "BBoxes Scores", "Out Index RoisNum", ""},
    {"roi_align", "roi_align", "X ROIs RoisNum", "Out", ""}, {"roi_pool", "roi_pool", "X ROIs RoisNum", "Out", ""},
    {"psroi_pool", "psroi_pool", "X ROIs RoisNum", "Out", ""},
    {"generate_proposals", "generate_proposals_v2", "Scores BboxDeltas ImShape Anchors Variances", "RpnRois RpnRoiProbs RpnRoisNum",
     "pre_nms_top_n=pre_nms_topN post_nms_top_n=post_nms_topN"},
    {"distribute_fpn_proposals", "distribute_fpn_proposals", "FpnRois RoisNum", "MultiFpnRois MultiLevelRoIsNum RestoreIndex", ""},
    {"collect_fpn_proposals", "collect_fpn_proposals", "MultiLevelRois MultiLevelScores MultiLevelRoIsNum", "FpnRois RoisNum", "post_nms_topn=post_nms_topN"},
    {"quantize_linear", "quantize_linear", "X Scale ZeroPoint", "Y", ""}, {"dequantize_linear", "dequantize_linear", "X Scale ZeroPoint", "Y", ""},
};
// clang-format on

}  // namespace

std::span<const PirRow> pir_rows() { return kRows; }

const PirRow* find_pir_row(std::string_view name) {
  const auto* row = std::ranges::find(kRows, name, &PirRow::name);
  return row == std::end(kRows) ? nullptr : row;
}

}  // namespace bmnet::frontend::paddle
