// RUN: bmnet-opt --pass-pipeline='builtin.module(func.func(bmnet-canonicalize))' %s | FileCheck %s

// CHECK-LABEL: func @two_reshapes_are_one
// CHECK: nn.reshape %arg0 {shape = array<i64: 6>}
// CHECK-NEXT: return
func.func @two_reshapes_are_one(%x: tensor<2x3xf32>) -> tensor<6xf32> {
  %a = nn.reshape %x {shape = array<i64: 3, 2>} : (tensor<2x3xf32>) -> tensor<3x2xf32>
  %b = nn.reshape %a {shape = array<i64: 6>} : (tensor<3x2xf32>) -> tensor<6xf32>
  return %b : tensor<6xf32>
}

// CHECK-LABEL: func @opposite_transposes_cancel
// CHECK-NEXT: return %arg0
func.func @opposite_transposes_cancel(%x: tensor<2x3x4xf32>) -> tensor<2x3x4xf32> {
  %a = nn.transpose %x {permutation = array<i64: 1, 2, 0>} : (tensor<2x3x4xf32>) -> tensor<3x4x2xf32>
  %b = nn.transpose %a {permutation = array<i64: 2, 0, 1>} : (tensor<3x4x2xf32>) -> tensor<2x3x4xf32>
  return %b : tensor<2x3x4xf32>
}

// CHECK-LABEL: func @a_transpose_of_axes_of_size_one_is_a_reshape
// CHECK: nn.reshape
// CHECK-NOT: nn.transpose
func.func @a_transpose_of_axes_of_size_one_is_a_reshape(%x: tensor<1x3x1x4xf32>) -> tensor<1x1x3x4xf32> {
  %a = nn.transpose %x {permutation = array<i64: 0, 2, 1, 3>} : (tensor<1x3x1x4xf32>) -> tensor<1x1x3x4xf32>
  return %a : tensor<1x1x3x4xf32>
}

// CHECK-LABEL: func @subtracting_a_constant_is_adding
// CHECK: dense<-2.0
// CHECK: kind = "add"
func.func @subtracting_a_constant_is_adding(%x: tensor<3xf32>) -> tensor<3xf32> {
  %c = nn.constant {value = dense<2.0> : tensor<1xf32>} : tensor<1xf32>
  %a = nn.binary %x, %c {kind = "sub"} : (tensor<3xf32>, tensor<1xf32>) -> tensor<3xf32>
  return %a : tensor<3xf32>
}

// CHECK-LABEL: func @dividing_by_zero_stays
// CHECK: kind = "div"
func.func @dividing_by_zero_stays(%x: tensor<3xf32>) -> tensor<3xf32> {
  %c = nn.constant {value = dense<0.0> : tensor<1xf32>} : tensor<1xf32>
  %a = nn.binary %x, %c {kind = "div"} : (tensor<3xf32>, tensor<1xf32>) -> tensor<3xf32>
  return %a : tensor<3xf32>
}

// CHECK-LABEL: func @scale_and_offset_are_one_batch_norm
// CHECK: nn.batch_norm %arg0
// CHECK-NEXT: return
func.func @scale_and_offset_are_one_batch_norm(%x: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %s = nn.constant {value = dense<[[[2.0]], [[3.0]]]> : tensor<2x1x1xf32>} : tensor<2x1x1xf32>
  %o = nn.constant {value = dense<[[[0.5]], [[0.25]]]> : tensor<2x1x1xf32>} : tensor<2x1x1xf32>
  %a = nn.binary %x, %s {kind = "mul"} : (tensor<1x2x4x4xf32>, tensor<2x1x1xf32>) -> tensor<1x2x4x4xf32>
  %b = nn.binary %a, %o {kind = "add"} : (tensor<1x2x4x4xf32>, tensor<2x1x1xf32>) -> tensor<1x2x4x4xf32>
  return %b : tensor<1x2x4x4xf32>
}

// CHECK-LABEL: func @zero_padding_moves_into_the_convolution
// CHECK-NOT: nn.pad
// CHECK: nn.conv
// CHECK-SAME: pads = array<i64: 1, 2, 3, 4>
func.func @zero_padding_moves_into_the_convolution(%x: tensor<1x1x8x8xf32>, %w: tensor<1x1x1x1xf32>) -> tensor<1x1x12x14xf32> {
  %a = nn.pad %x {pads = array<i64: 0, 0, 1, 2, 0, 0, 3, 4>} : (tensor<1x1x8x8xf32>) -> tensor<1x1x12x14xf32>
  %b = nn.conv %a, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x1x12x14xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x12x14xf32>
  return %b : tensor<1x1x12x14xf32>
}

// CHECK-LABEL: func @x_times_its_sigmoid_is_silu
// CHECK: kind = "silu"
// CHECK-NOT: sigmoid
func.func @x_times_its_sigmoid_is_silu(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = nn.unary %x {kind = "sigmoid"} : (tensor<4xf32>) -> tensor<4xf32>
  %b = nn.binary %x, %a {kind = "mul"} : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %b : tensor<4xf32>
}
