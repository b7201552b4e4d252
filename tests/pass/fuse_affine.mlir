// RUN: bmnet-opt --pass-pipeline='builtin.module(func.func(bmnet-fuse-affine))' %s | FileCheck %s

// scale 4 / sqrt(3 + 1) = 2, offset 5 - 1 * 2 = 3: weight 10 -> 20, bias 3.
// CHECK-LABEL: func @batch_norm_goes_into_the_convolution
// CHECK-DAG: dense<2.000000e+01> : tensor<1x1x1x1xf32>
// CHECK-DAG: dense<3.000000e+00> : tensor<1xf32>
// CHECK: nn.conv
// CHECK-NOT: nn.batch_norm
func.func @batch_norm_goes_into_the_convolution(%x: tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32> {
  %w = nn.constant {value = dense<10.0> : tensor<1x1x1x1xf32>} : tensor<1x1x1x1xf32>
  %scale = nn.constant {value = dense<4.0> : tensor<1xf32>} : tensor<1xf32>
  %bias = nn.constant {value = dense<5.0> : tensor<1xf32>} : tensor<1xf32>
  %mean = nn.constant {value = dense<1.0> : tensor<1xf32>} : tensor<1xf32>
  %variance = nn.constant {value = dense<3.0> : tensor<1xf32>} : tensor<1xf32>
  %a = nn.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x1x2x2xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x2x2xf32>
  %b = nn.batch_norm %a, %scale, %bias, %mean, %variance {epsilon = 1.0 : f32} : (tensor<1x1x2x2xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x2x2xf32>
  return %b : tensor<1x1x2x2xf32>
}

// CHECK-LABEL: func @a_sum_becomes_the_bias_of_a_matrix_product
// CHECK: dense<[1.000000e+00, 2.000000e+00]>
// CHECK: nn.matmul %{{.*}}, %{{.*}}, %{{.*}}
// CHECK-NOT: nn.binary
func.func @a_sum_becomes_the_bias_of_a_matrix_product(%x: tensor<3x1xf32>) -> tensor<3x2xf32> {
  %w = nn.constant {value = dense<[[7.0, 8.0]]> : tensor<1x2xf32>} : tensor<1x2xf32>
  %c = nn.constant {value = dense<[1.0, 2.0]> : tensor<2xf32>} : tensor<2xf32>
  %a = nn.matmul %x, %w : (tensor<3x1xf32>, tensor<1x2xf32>) -> tensor<3x2xf32>
  %b = nn.binary %a, %c {kind = "add"} : (tensor<3x2xf32>, tensor<2xf32>) -> tensor<3x2xf32>
  return %b : tensor<3x2xf32>
}

// CHECK-LABEL: func @a_convolution_with_another_use_stays
// CHECK: nn.conv
// CHECK: nn.binary
func.func @a_convolution_with_another_use_stays(%x: tensor<1x1x2x2xf32>) -> (tensor<1x1x2x2xf32>, tensor<1x1x2x2xf32>) {
  %w = nn.constant {value = dense<10.0> : tensor<1x1x1x1xf32>} : tensor<1x1x1x1xf32>
  %c = nn.constant {value = dense<2.0> : tensor<1xf32>} : tensor<1xf32>
  %a = nn.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x1x2x2xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x2x2xf32>
  %b = nn.binary %a, %c {kind = "mul"} : (tensor<1x1x2x2xf32>, tensor<1xf32>) -> tensor<1x1x2x2xf32>
  return %a, %b : tensor<1x1x2x2xf32>, tensor<1x1x2x2xf32>
}

// Output channels of a grouped transposed convolution: [IC, OC/group, ...], channel = group * OC/group + column.
// CHECK-LABEL: func @scales_of_a_grouped_transposed_convolution
// CHECK-DAG: dense<{{\[\[\[\[}}1.000000e+01{{\]\]\]}}, {{\[\[\[}}2.000000e+02{{\]\]\]\]}}> : tensor<2x1x1x1xf32>
func.func @scales_of_a_grouped_transposed_convolution(%x: tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32> {
  %w = nn.constant {value = dense<[[[[1.0]]], [[[2.0]]]]> : tensor<2x1x1x1xf32>} : tensor<2x1x1x1xf32>
  %c = nn.constant {value = dense<[[[10.0]], [[100.0]]]> : tensor<2x1x1xf32>} : tensor<2x1x1xf32>
  %a = nn.conv_transpose %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, output_padding = array<i64: 0, 0>, group = 2 : i64} : (tensor<1x2x2x2xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x2x2xf32>
  %b = nn.binary %a, %c {kind = "mul"} : (tensor<1x2x2x2xf32>, tensor<2x1x1xf32>) -> tensor<1x2x2x2xf32>
  return %b : tensor<1x2x2x2xf32>
}
