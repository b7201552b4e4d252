// From the high-level stream to command groups: DDR addresses, ids and waits.
//
// Every command gets its own id and the id of the last command of the other engine that it has to wait for: the last
// one in program order that touches the same bytes of local memory or L2 with one of the two writing. So the engines
// overlap as far as the data allows. Within an engine commands run in order. DDR is touched by the GDMA alone.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"
#include "bmodel/model.h"
#include "tile/program.h"

namespace bmnet::bm1684 {

// What one op of the program costs and when it runs, in cycles since the start of the stream.
struct Timing {
  uint64_t start = 0, cycles = 0;
};

struct Stream {
  struct Group {
    std::vector<Command> tiu, gdma;
    std::vector<int32_t> tiu_layers, gdma_layers;  // per command: tile::Op::layer
  };
  std::vector<Group> groups;
  std::vector<Timing> timing;  // per op of the program
  uint64_t cycles = 0;         // of the whole stream, groups one after the other
};

// `addresses`: device address of every buffer of the program. A new group starts when an id passes `max_id`.
Result<Stream> emit(const tile::Program& program, std::span<const tile::Op> ops, std::span<const uint64_t> addresses,
                    uint32_t max_id = kMaxGroupId);

// The group as a BModel stores it.
bmodel::CmdGroup to_cmd_group(const Stream::Group& group);

// The command with its DDR addresses filled in.
Command resolved(const tile::Op& op, std::span<const uint64_t> addresses);

}  // namespace bmnet::bm1684
