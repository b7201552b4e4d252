// What instructions do: value semantics, cost and memory accesses. One file an instruction (conv.cc, window.cc …),
// which holds all three, so that values and timing cannot come from different readings of the manual.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "target/bm1684/exec/memory.h"
#include "target/bm1684/isa/fields.h"

namespace bmnet::bm1684 {

// One operand of a command as a strided box: bytes
//   [begin + i0*stride0 + i1*stride1 + i2*stride2 + i3*stride3, + run_bytes)  for all i_k < count_k,
// repeated in every lane of `lanes` for local memory.
struct Access {
  enum class Space : uint8_t { kLocal, kL2, kDtcm, kDdr };
  struct Axis {
    uint32_t count = 1;
    int64_t stride = 0;  // bytes
  };
  Space space = Space::kLocal;
  bool write = false;
  uint64_t lanes = 0;  // kLocal: mask of the lanes touched
  uint64_t begin = 0;  // offset inside the lane (kLocal) or inside the memory
  uint32_t run_bytes = 0;
  std::array<Axis, 4> axes;

  uint64_t end() const;  // one past the last byte touched
};

// Runs one command on `memory`, bit for bit as the vendor's C model does. Fails, leaving `memory` as it was, when the
// opcode or a code is unknown, or an operand runs out of its memory or lane; the message names field and value.
// Expects the calling thread in flush-to-zero mode (exec/float_mode.h).
Status execute(const Command& command, Engine engine, Memory& memory);

// Cost on the command's own engine in cycles of kClockHz; a function of the command's bits alone.
Result<uint64_t> cycles(const Command& command, Engine engine);

// Every operand, reads first.
Result<std::vector<Access>> accesses(const Command& command, Engine engine);

// "conv", "window", … or "gdma"; empty for an unknown tsk_typ.
std::string_view instruction_name(const Command& command, Engine engine);

// The three functions of every row of isa/instructions.def, and of the GDMA.
#define BMNET_TIU_INSTRUCTION(type, name, doc)                   \
  Status execute_##name(const Command& command, Memory& memory); \
  Result<uint64_t> cycles_##name(const Command& command);        \
  Result<std::vector<Access>> accesses_##name(const Command& command);
#include "target/bm1684/isa/instructions.def"
BMNET_TIU_INSTRUCTION(, gdma, "")
#undef BMNET_TIU_INSTRUCTION

}  // namespace bmnet::bm1684
