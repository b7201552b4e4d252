// BModels as text.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/status.h"
#include "bmodel/model.h"

namespace bmnet::bmodel {

// The whole FlatBuffer of a .bmodel file as JSON: absent numbers with their defaults, absent tables, vectors and
// strings left out, integers in hexadecimal (so JSON5, strictly). `what` names the file in messages.
Result<std::string> to_json(Bytes file, std::string_view what);

// What a user wants to know first: nets, stages, inputs, outputs, memory.
std::string info(const Model& model);

// Which bytes of the coefficients belong to which layer, for stages that say so; empty when none does.
std::string weights(const Model& model);

// Memory that a runtime needs, in bytes.
struct MemoryUse {
  uint64_t weights = 0;       // distinct coefficients
  uint64_t instructions = 0;  // commands and dynamic programs
  uint64_t runtime = 0;       // activations, and a buffer for converting the largest input or output
  uint64_t host_weights = 0, host_runtime = 0;
  uint64_t device() const { return weights + instructions + runtime; }
  uint64_t host() const { return host_weights + host_runtime; }
};
MemoryUse memory_use(const Model& model);

}  // namespace bmnet::bmodel
