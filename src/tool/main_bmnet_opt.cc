// bmnet-opt: runs passes on the text form of an nn graph. For tests of passes and for looking at them.
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "nn/dialect.h"
#include "pass/optimize.h"

int main(int argc, char** argv) {
  mlir::DialectRegistry registry;
  registry.insert<bmnet::nn::NnDialect, mlir::func::FuncDialect>();
  bmnet::pass::register_passes();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "BMNet pass driver\n", registry));
}
