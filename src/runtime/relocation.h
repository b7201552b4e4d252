// From the commands of a file to commands that can run: end bits, and DDR addresses moved to where memory was
// allocated.
#pragma once

#include <cstdint>
#include <vector>

#include "bmodel/model.h"
#include "device/device.h"

namespace bmnet::runtime {

// The compiler laid the net out as coefficients [coefficients, context) and activations [context, context +
// context_bytes); addresses below kContextStart are absolute.
class Relocation {
 public:
  // Where both were allocated. `coefficients_at` 0: the net has none.
  Relocation(const bmodel::Stage& stage, uint64_t coefficients_at, uint64_t context_at);

  // The run-time address. Commands never write coefficients, and never touch DDR outside the two ranges.
  Result<uint64_t> source(uint64_t address) const;
  Result<uint64_t> destination(uint64_t address) const;

 private:
  Result<uint64_t> move(uint64_t address, bool may_be_coefficient) const;

  uint64_t coefficients_, coefficients_end_, coefficients_at_;
  uint64_t context_, context_end_, context_at_;
};

// The commands of one group, relocated and with end bits. `where` begins the message of a refusal.
Result<CommandGroup> load_group(const bmodel::CmdGroup& group, const Relocation& relocation, const std::string& where);

}  // namespace bmnet::runtime
