// Normalisation, reduction, scans.
include "nn/Nn.td"

def Nn_BatchNormOp : Nn_Op<"batch_norm"> {
  let summary = "(x - mean) / sqrt(variance + epsilon) * scale + bias for every channel (axis 1), inference form";
  let arguments = (ins Nn_Tensor:$input, Nn_Tensor:$scale, Nn_Tensor:$bias, Nn_Tensor:$mean, Nn_Tensor:$variance, F32Attr:$epsilon);
  let results = (outs Nn_Tensor:$output);
}

def Nn_LayerNormOp : Nn_Op<"layer_norm"> {
  let summary = "normalisation over the axes from `axis` to the last; scale, then bias (either may be left out from the end) have the shape of those axes";
  let arguments = (ins Nn_Tensor:$input, Variadic<Nn_Tensor>:$scale_and_bias, I64Attr:$axis, F32Attr:$epsilon);
  let results = (outs Nn_Tensor:$output);
}

def Nn_GroupNormOp : Nn_Op<"group_norm"> {
  let summary = "normalisation over groups of channels and all spatial axes; instance norm has groups = C; scale, then bias (either may be left out from the end) are [C]";
  let arguments = (ins Nn_Tensor:$input, Variadic<Nn_Tensor>:$scale_and_bias, I64Attr:$groups, F32Attr:$epsilon);
  let results = (outs Nn_Tensor:$output);
}

def Nn_LrnOp : Nn_Op<"lrn"> {
  let summary = "local response normalisation: x / (k + alpha/size * sum of squares) ** beta";
  let description = [{
    region "across": the sum runs over `size` channels around (floor((size-1)/2) before, the rest behind); "within": over a
    size x size window of the same channel, divided by size*size.
  }];
  let arguments = (ins Nn_Tensor:$input, I64Attr:$size, F32Attr:$alpha, F32Attr:$beta, F32Attr:$k, DefaultValuedStrAttr<StrAttr, "across">:$region);
  let results = (outs Nn_Tensor:$output);
}

def Nn_LpNormalizeOp : Nn_Op<"lp_normalize"> {
  let summary = "x / norm over `axes`; norm = sum|x| (p 1) or sqrt(sum x*x + epsilon) (p 2), at least `floor`; where the norm is 0, so is the result";
  let arguments = (ins Nn_Tensor:$input, DenseI64ArrayAttr:$axes, DefaultValuedAttr<I64Attr, "2">:$p, DefaultValuedAttr<F32Attr, "0.0f">:$epsilon,
    DefaultValuedAttr<F32Attr, "0.0f">:$floor);
  let results = (outs Nn_Tensor:$output);
}

def Nn_SoftmaxOp : Nn_Op<"softmax"> {
  let summary = "softmax along one axis; with `log` its logarithm";
  let arguments = (ins Nn_Tensor:$input, I64Attr:$axis, DefaultValuedAttr<BoolAttr, "false">:$log);
  let results = (outs Nn_Tensor:$output);
}

def Nn_ReduceOp : Nn_Op<"reduce"> {
  let summary = "reduction over `axes` (sorted, non-negative, not empty)";
  let description = [{ kind: mean, sum, max, min, prod, l1, l2, sum_square, log_sum, log_sum_exp, all, any (bool). }];
  let arguments = (ins Nn_Tensor:$input, StrAttr:$kind, DenseI64ArrayAttr:$axes, BoolAttr:$keep_dims);
  let results = (outs Nn_Tensor:$output);
}

def Nn_ArgReduceOp : Nn_Op<"arg_reduce"> {
  let summary = "index of the largest (kind max) or smallest (min) element along an axis, i64; of equal ones the first, or the last";
  let arguments = (ins Nn_Tensor:$input, StrAttr:$kind, I64Attr:$axis, BoolAttr:$keep_dims, DefaultValuedAttr<BoolAttr, "false">:$select_last);
  let results = (outs Nn_Tensor:$output);
}

def Nn_TopKOp : Nn_Op<"top_k"> {
  let summary = "the k largest (or smallest) elements along an axis, sorted, and their indices (i64); of equal ones the lower index first";
  let arguments = (ins Nn_Tensor:$input, I64Attr:$k, I64Attr:$axis, DefaultValuedAttr<BoolAttr, "true">:$largest, DefaultValuedAttr<BoolAttr, "true">:$sorted);
  let results = (outs Nn_Tensor:$values, Nn_Tensor:$indices);
}

def Nn_CumsumOp : Nn_Op<"cumsum"> {
  let summary = "running sum along an axis";
  let arguments = (ins Nn_Tensor:$input, I64Attr:$axis, DefaultValuedAttr<BoolAttr, "false">:$exclusive, DefaultValuedAttr<BoolAttr, "false">:$reverse);
  let results = (outs Nn_Tensor:$output);
}
