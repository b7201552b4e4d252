// Element-wise operators.
include "nn/Nn.td"

def Nn_UnaryOp : Nn_Op<"unary"> {
  let summary = "function of every element";
  let description = [{
    kind: abs, neg, sign, ceil, floor, round (half to even), sqrt, rsqrt, reciprocal, square, exp, log, erf, sin, cos, tan,
    asin, acos, atan, sinh, cosh, tanh, asinh, acosh, atanh, sigmoid, relu, softplus (log(exp(alpha*x)+1)/alpha, alpha 1
    by default), softsign, mish, silu, hard_swish, gelu (erf form), gelu_tanh, is_nan, is_inf, not (bool);
    with alpha and beta: leaky_relu (alpha), elu (alpha), celu (alpha), selu (alpha, beta = gamma), clip (min alpha, max
    beta), hard_sigmoid (alpha*x+beta), thresholded_relu (alpha), shrink (lambd alpha, bias beta), linear (alpha*x+beta),
    power (x ** alpha), log_sigmoid. is_nan, is_inf and not give bool, all others the operand's type.
  }];
  let arguments = (ins Nn_Tensor:$input, StrAttr:$kind, DefaultValuedAttr<F32Attr, "0.0f">:$alpha, DefaultValuedAttr<F32Attr, "0.0f">:$beta);
  let results = (outs Nn_Tensor:$output);
}

def Nn_BinaryOp : Nn_Op<"binary"> {
  let summary = "function of two elements, with multidirectional broadcast";
  let description = [{
    kind: add, sub, mul, div (integers: towards zero), max, min, pow, mod (sign of the divisor), fmod (sign of the
    dividend), floor_div, squared_difference, atan2, and, or, xor (bool or integer), shift_left, shift_right.
    Both operands have one type, which is the result's. numpy broadcasting. Integers wrap around; divided by zero they are 0.
    max and min pass NaN on.
  }];
  let arguments = (ins Nn_Tensor:$a, Nn_Tensor:$b, StrAttr:$kind);
  let results = (outs Nn_Tensor:$output);
}

def Nn_CompareOp : Nn_Op<"compare"> {
  let summary = "comparison of two elements, with multidirectional broadcast";
  let description = [{ kind: eq, ne, lt, le, gt, ge. Both operands have one type; the result is bool. }];
  let arguments = (ins Nn_Tensor:$a, Nn_Tensor:$b, StrAttr:$kind);
  let results = (outs Nn_Tensor:$output);
}

def Nn_SelectOp : Nn_Op<"select"> {
  let summary = "on_true where the condition holds, else on_false; all three broadcast";
  let arguments = (ins Nn_Tensor:$condition, Nn_Tensor:$on_true, Nn_Tensor:$on_false);
  let results = (outs Nn_Tensor:$output);
}

def Nn_PreluOp : Nn_Op<"prelu"> {
  let summary = "x where x >= 0, else slope * x";
  let description = [{ slope broadcasts to input by numpy rules (front ends reshape [C] to [C,1,1]). }];
  let arguments = (ins Nn_Tensor:$input, Nn_Tensor:$slope);
  let results = (outs Nn_Tensor:$output);
}

def Nn_CastOp : Nn_Op<"cast"> {
  let summary = "conversion to another element type, as C converts (where C leaves it open: saturated, NaN becomes 0); to: a name of base/tensor.h, such as f32";
  let arguments = (ins Nn_Tensor:$input, StrAttr:$to);
  let results = (outs Nn_Tensor:$output);
}
