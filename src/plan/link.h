// All sub-nets as one program, with an address for every buffer.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "plan/choices.h"
#include "plan/network.h"
#include "tile/program.h"

namespace bmnet::plan {

struct LinkedSubNet {
  Place place = Place::kTpu;
  std::vector<int32_t> nodes;
  size_t first_op = 0, last_op = 0;  // of the program
  bool copies_outputs = false;       // ends with the copies of Linked::output_copies
};

// One of Network::copied_outputs: copied to a buffer of its own.
struct OutputCopy {
  size_t output = 0;  // index into Graph::outputs
  tile::BufferId buffer = -1;
};

struct Linked {
  tile::Program program;
  std::vector<LinkedSubNet> sub_nets;
  std::vector<OutputCopy> output_copies;
  std::map<op::ValueId, tile::BufferId> activations;  // by root (Choices::root)
  std::vector<uint64_t> addresses;                    // by buffer

  std::vector<uint8_t> coefficients;  // from the start of the context on
  uint64_t activation_start = 0, activation_bytes = 0;

  std::span<const tile::Op> ops(const LinkedSubNet& sub_net) const {
    return std::span(program.ops).subspan(sub_net.first_op, sub_net.last_op - sub_net.first_op);
  }
};

Result<Linked> link(const Network& network, const Choices& choices);

}  // namespace bmnet::plan
