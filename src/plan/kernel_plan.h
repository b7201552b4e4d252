// Slicing of one kernel: cuts its work so that every piece fits local memory, places the pieces, and orders loads,
// computes and stores so that the engines overlap.
#pragma once

#include <array>
#include <functional>

#include "target/bm1684/lower/lowering.h"

namespace bmnet::plan {

// How a kernel's work is cut.
struct Tiling {
  std::array<int64_t, bm1684::Kernel::kAxes> piece{1, 1, 1, 1, 1};  // size of the pieces of every axis
  bool channels_outer = false;  // order of the slices: c, n, h, w instead of n, h, w, c (depth is always innermost)
  bool double_buffered = true;  // the next slice is loaded while one computes

  bool operator==(const Tiling&) const = default;
};

// Turns references of a recipe into buffers of the program. `coefficient` is called once for each content.
struct Buffers {
  std::function<tile::Box(const bm1684::View&)> box;
  std::function<tile::BufferId(const bm1684::Coefficient&)> coefficient;
};

struct KernelPlan {
  Tiling tiling;
  int64_t slices = 0;
  uint64_t cycles = 0;  // of the kernel alone, by the exact cost of its commands
};

// The cheapest tiling found. Unsupported when no cut makes the pieces fit: the message names the kernel.
Result<KernelPlan> plan_kernel(const bm1684::Kernel& kernel);

// Appends the commands. `limit`: only that many slices.
Status emit_kernel(const bm1684::Kernel& kernel, const Tiling& tiling, const Buffers& buffers, tile::Program& program,
                   int32_t layer);

}  // namespace bmnet::plan
