// Convolution, pooling, matrix product.
include "nn/Nn.td"

def Nn_ConvOp : Nn_Op<"conv"> {
  let summary = "convolution over 1 to 3 spatial axes";
  let description = [{
    input [N,IC,spatial…], weight [OC,IC/group,kernel…], bias [OC] optional. pads lists all begins, then all ends; it may
    be negative (cropping). output = floor((in + pads - ((kernel-1)*dilation+1)) / stride) + 1 on each spatial axis.
  }];
  let arguments = (ins Nn_Tensor:$input, Nn_Tensor:$weight, Optional<Nn_Tensor>:$bias,
    DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations, DefaultValuedAttr<I64Attr, "1">:$group);
  let results = (outs Nn_Tensor:$output);
}

def Nn_ConvTransposeOp : Nn_Op<"conv_transpose"> {
  let summary = "transposed convolution (the gradient of conv towards its input)";
  let description = [{
    input [N,IC,spatial…], weight [IC,OC/group,kernel…], bias [OC] optional.
    output = (in-1)*stride + (kernel-1)*dilation + 1 + output_padding - pads on each spatial axis.
  }];
  let arguments = (ins Nn_Tensor:$input, Nn_Tensor:$weight, Optional<Nn_Tensor>:$bias,
    DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations, DenseI64ArrayAttr:$output_padding,
    DefaultValuedAttr<I64Attr, "1">:$group);
  let results = (outs Nn_Tensor:$output);
}

def Nn_PoolOp : Nn_Op<"pool"> {
  let summary = "max or average pooling over 1 to 3 spatial axes";
  let description = [{
    kind "max" or "average". rounding of the output size: "floor"; "ceil", where a last window that would start at or
    behind the end of input + begin pad is dropped (PyTorch, ONNX, Caffe with padding); "ceil_keep", where it stays.
    The divisor of an average is the number of window positions inside the padded input when count_include_pad, else
    inside the input. Max ignores padding. A window without any element gives the lowest number (max) or 0 (average).
  }];
  let arguments = (ins Nn_Tensor:$input, StrAttr:$kind, DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides,
    DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations, DefaultValuedStrAttr<StrAttr, "floor">:$rounding,
    DefaultValuedAttr<BoolAttr, "false">:$count_include_pad);
  let results = (outs Nn_Tensor:$output);
}

def Nn_MatmulOp : Nn_Op<"matmul"> {
  let summary = "matrix product with broadcast batch axes";
  let description = [{
    numpy.matmul of a [...,M,K] and b [...,K,N] (rank-1 operands as in numpy), each optionally transposed on its last two
    axes; bias, when present, broadcasts to the result.
  }];
  let arguments = (ins Nn_Tensor:$a, Nn_Tensor:$b, Optional<Nn_Tensor>:$bias,
    DefaultValuedAttr<BoolAttr, "false">:$transpose_a, DefaultValuedAttr<BoolAttr, "false">:$transpose_b);
  let results = (outs Nn_Tensor:$output);
}

def Nn_EinsumOp : Nn_Op<"einsum"> {
  let summary = "Einstein summation";
  let description = [{ equation as in numpy, without ellipsis or with one; every operand f32. }];
  let arguments = (ins Variadic<Nn_Tensor>:$inputs, StrAttr:$equation);
  let results = (outs Nn_Tensor:$output);
}
