// Sees a run of a stage from inside: its sub-nets, and the commands of those on the TPU (device/observer.h).
#pragma once

#include <functional>
#include <string>

#include "base/tensor.h"
#include "device/observer.h"

namespace bmnet::runtime {

struct LoadedStage;

// What a tensor of the stage holds at the moment, 1N, by the name that sub-nets know it by; an error when it is not
// computed yet.
using ReadTensor = std::function<Result<Tensor>(const std::string& name)>;

// DeviceContext::observe() names the one that sees all runs.
class RunObserver : public LaunchObserver {
 public:
  // Sub-net `index` is about to run, its operands are in place. An error ends the run with that error.
  virtual Status sub_net_begins(const LoadedStage& stage, size_t index, const ReadTensor& read) { return {}; }
  virtual Status sub_net_ends(const LoadedStage& stage, size_t index, const ReadTensor& read) { return {}; }
};

}  // namespace bmnet::runtime
