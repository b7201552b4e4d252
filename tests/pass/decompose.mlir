// RUN: bmnet-opt --pass-pipeline='builtin.module(func.func(bmnet-decompose))' %s | FileCheck %s

// CHECK-LABEL: func @layer_norm
// CHECK: kind = "mean"
// CHECK: kind = "sub"
// CHECK: kind = "square"
// CHECK: kind = "mean"
// CHECK: kind = "rsqrt"
// CHECK: kind = "mul"
// CHECK-NOT: nn.layer_norm
func.func @layer_norm(%x: tensor<2x8xf32>) -> tensor<2x8xf32> {
  %y = nn.layer_norm %x {axis = 1 : i64, epsilon = 1.0e-5 : f32} : (tensor<2x8xf32>) -> tensor<2x8xf32>
  return %y : tensor<2x8xf32>
}

// CHECK-LABEL: func @depth_to_space_is_a_transpose
// CHECK: nn.reshape %arg0 {shape = array<i64: 1, 2, 2, 1, 3, 3>}
// CHECK: nn.transpose %{{.*}} {permutation = array<i64: 0, 3, 4, 1, 5, 2>}
// CHECK: nn.reshape
func.func @depth_to_space_is_a_transpose(%x: tensor<1x4x3x3xf32>) -> tensor<1x1x6x6xf32> {
  %y = nn.depth_to_space %x {block = 2 : i64} : (tensor<1x4x3x3xf32>) -> tensor<1x1x6x6xf32>
  return %y : tensor<1x1x6x6xf32>
}

// CHECK-LABEL: func @convolution_over_one_axis
// CHECK: nn.conv
// CHECK-SAME: pads = array<i64: 0, 1, 0, 1>
// CHECK-SAME: (tensor<1x2x1x8xf32>, tensor<4x2x1x3xf32>) -> tensor<1x4x1x8xf32>
func.func @convolution_over_one_axis(%x: tensor<1x2x8xf32>, %w: tensor<4x2x3xf32>) -> tensor<1x4x8xf32> {
  %y = nn.conv %x, %w {strides = array<i64: 1>, pads = array<i64: 1, 1>, dilations = array<i64: 1>} : (tensor<1x2x8xf32>, tensor<4x2x3xf32>) -> tensor<1x4x8xf32>
  return %y : tensor<1x4x8xf32>
}

// CHECK-LABEL: func @einsum_of_two_matrices
// CHECK: nn.matmul
// CHECK-NOT: nn.einsum
func.func @einsum_of_two_matrices(%a: tensor<2x3x4xf32>, %b: tensor<2x5x4xf32>) -> tensor<2x3x5xf32> {
  %y = nn.einsum %a, %b {equation = "bik,bjk->bij"} : (tensor<2x3x4xf32>, tensor<2x5x4xf32>) -> tensor<2x3x5xf32>
  return %y : tensor<2x3x5xf32>
}

// CHECK-LABEL: func @l2_norm_by_square_sum_and_root
// CHECK: kind = "square"
// CHECK: kind = "sum"
// CHECK: kind = "sqrt"
func.func @l2_norm_by_square_sum_and_root(%x: tensor<2x8xf32>) -> tensor<2xf32> {
  %y = nn.reduce %x {kind = "l2", axes = array<i64: 1>, keep_dims = false} : (tensor<2x8xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}
