#include "frontend/pytorch/effort.h"

#include "frontend/pytorch/refusal.h"
#include "nn/limits.h"

namespace bmnet::frontend::pytorch {
namespace {

constexpr int64_t kEffortPerStep = 1024;

thread_local Effort* effort = nullptr;

}  // namespace

int64_t max_steps() { return nn::import_limits().steps; }

Effort::Effort() : outer_(effort), left_(max_steps() * kEffortPerStep) { effort = this; }
Effort::~Effort() { effort = outer_; }

void Effort::spend(size_t units) {
  if (!effort) return;
  effort->left_ -= static_cast<int64_t>(units);
  if (effort->left_ < 0) reject("the program handles lists and texts without end");
}

}  // namespace bmnet::frontend::pytorch
