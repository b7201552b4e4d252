#include "nn/limits.h"

#include <vector>

#include "nn/ir.h"
#include "op/check.h"

namespace bmnet::nn {
namespace {

thread_local const SmallModels* small_models = nullptr;
thread_local std::vector<ConstantBudget*> budgets;  // oldest first

std::shared_ptr<mlir::MLIRContext> new_context() {
  auto context = std::make_shared<mlir::MLIRContext>(mlir::MLIRContext::Threading::DISABLED);
  context->loadDialect<NnDialect, mlir::func::FuncDialect>();
  return context;
}

}  // namespace

std::shared_ptr<mlir::MLIRContext> make_context() { return small_models ? small_models->context : new_context(); }

const ImportLimits& import_limits() {
  static constexpr ImportLimits kUsual;
  return small_models ? small_models->limits : kUsual;
}

ConstantBudget::ConstantBudget() { budgets.push_back(this); }
ConstantBudget::~ConstantBudget() { std::erase(budgets, this); }

Status ConstantBudget::take(std::span<const int64_t> shape, DType dtype) {
  const TensorInfo info{dtype, Shape(shape.begin(), shape.end())};
  const int64_t limit = import_limits().made_bytes, size = static_cast<int64_t>(byte_size(dtype));
  if (!op::check_info(info) || info.count() > (limit - bytes_) / size)
    return unsupported("a constant of shape {} makes more than {} bytes of constants that the file does not hold",
                       to_string(info.shape), limit);
  bytes_ += info.count() * size;
  return {};
}

Status reserve_constant(std::span<const int64_t> shape, DType dtype) {
  return budgets.empty() ? ConstantBudget().take(shape, dtype) : budgets.back()->take(shape, dtype);
}

SmallModels::SmallModels(const ImportLimits& limits, std::shared_ptr<mlir::MLIRContext> context)
    : limits(limits), context(context ? std::move(context) : new_context()), outer_(small_models) {
  small_models = this;
}
SmallModels::~SmallModels() { small_models = outer_; }

}  // namespace bmnet::nn
