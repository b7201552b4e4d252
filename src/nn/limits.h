// What one model may spend while it is imported, so that no file can fill the memory or keep the compiler busy for
// hours.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/status.h"
#include "base/tensor.h"

namespace mlir {
class MLIRContext;
}

namespace bmnet::nn {

struct ImportLimits {
  // Bytes of the constants that a model has and its file does not hold: filled, repeated, drawn at random.
  int64_t made_bytes = int64_t{4} << 30;
  // Calls on constants are folded into constants up to this many elements; beyond it the call stays (a huge Expand, for
  // example). So it does when much would have to be computed, or when a graph has folded so much already that memory
  // could run out.
  int64_t folded_elements = int64_t{1} << 26;
  int64_t folded_elements_in_all = int64_t{1} << 29;
  int64_t folded_macs = int64_t{1} << 32;  // in all; multiply-accumulates, or visits of elements
  // Nodes and statements that are gone through, after functions are expanded and loops unrolled.
  int64_t steps = int64_t{1} << 20;
};

// The limits in force on this thread.
const ImportLimits& import_limits();

// To be asked before a constant is made for the model that is being built on this thread: a few bytes of a file can ask
// for any amount. Errors: absurd dimensions; more than made_bytes together with what was asked for before.
Status reserve_constant(std::span<const int64_t> shape, DType dtype);

// What a model has asked for; every GraphBuilder has one. Requests go to the youngest of the thread.
class ConstantBudget {
 public:
  ConstantBudget();
  ~ConstantBudget();
  ConstantBudget(const ConstantBudget&) = delete;
  ConstantBudget& operator=(const ConstantBudget&) = delete;
  Status take(std::span<const int64_t> shape, DType dtype);

 private:
  int64_t bytes_ = 0;
};

// For programs that import very many small models, such as fuzz targets. While it lives, models of its thread have
// these limits and share one MLIR context, whose making takes longer than a small import. The context keeps every name
// and type it has seen: renew it now and then.
class SmallModels {
 public:
  // `context`: that of an earlier one, to go on with it; null: a new one.
  explicit SmallModels(const ImportLimits& limits, std::shared_ptr<mlir::MLIRContext> context = nullptr);
  ~SmallModels();
  SmallModels(const SmallModels&) = delete;
  SmallModels& operator=(const SmallModels&) = delete;

  const ImportLimits limits;
  const std::shared_ptr<mlir::MLIRContext> context;

 private:
  const SmallModels* outer_;
};

}  // namespace bmnet::nn
