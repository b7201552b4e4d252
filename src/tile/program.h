// The high-level command stream: commands of both engines in program order, complete but for ids and DDR addresses,
// which stay symbolic. Executing the commands one after the other in this order is their meaning; emit
// (target/bm1684/emit) lets the engines overlap as far as that meaning allows. Why this is plain data:
// docs/decisions/0003-tile-stream.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "target/bm1684/isa/fields.h"
#include "tile/tensor.h"

namespace bmnet::tile {

struct Buffer {
  enum class Kind : uint8_t { kActivation, kScratch, kCoefficient };
  Kind kind = Kind::kActivation;
  std::string name;
  int64_t bytes = 0;
  int32_t value = -1;                                   // kActivation: op::ValueId
  std::shared_ptr<const std::vector<uint8_t>> content;  // kCoefficient
};

struct Op {
  bm1684::Engine engine = bm1684::Engine::kTiu;
  bm1684::Command command{};
  // GDMA: the DDR operands, -1 where the side is local memory. Offsets in bytes from the buffer's start.
  BufferId source = -1, destination = -1;
  int64_t source_offset = 0, destination_offset = 0;
  int32_t layer = -1;  // op::Graph node, for reports
};

struct Program {
  std::vector<Buffer> buffers;
  std::vector<Op> ops;

  BufferId add(Buffer buffer) {
    buffers.push_back(std::move(buffer));
    return static_cast<BufferId>(buffers.size() - 1);
  }
};

// One line a command: "tiu conv res0_c=64 …" names every field that is not idle, DDR operands by buffer.
std::string to_string(const Op& op, const Program& program);
std::string to_string(const Program& program);

}  // namespace bmnet::tile
