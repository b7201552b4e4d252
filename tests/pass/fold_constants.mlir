// RUN: bmnet-opt --pass-pipeline='builtin.module(func.func(bmnet-fold-constants))' %s | FileCheck %s

// CHECK-LABEL: func @a_sum_of_constants
// CHECK: nn.constant {value = dense<[11, 22]> : tensor<2xi64>}
// CHECK: return
func.func @a_sum_of_constants() -> tensor<2xi64> {
  %a = nn.constant {value = dense<[1, 2]> : tensor<2xi64>} : tensor<2xi64>
  %b = nn.constant {value = dense<[10, 20]> : tensor<2xi64>} : tensor<2xi64>
  %c = nn.binary %a, %b {kind = "add"} : (tensor<2xi64>, tensor<2xi64>) -> tensor<2xi64>
  return %c : tensor<2xi64>
}
