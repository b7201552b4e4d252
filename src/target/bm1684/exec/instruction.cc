#include "target/bm1684/exec/instruction.h"

#include <algorithm>

namespace bmnet::bm1684 {
namespace {

struct Instruction {
  std::string_view name;
  Status (*execute)(const Command&, Memory&);
  Result<uint64_t> (*cycles)(const Command&);
  Result<std::vector<Access>> (*accesses)(const Command&);
};

constexpr Instruction kTiu[] = {
#define BMNET_TIU_INSTRUCTION(type, name, doc) {#name, execute_##name, cycles_##name, accesses_##name},
#include "target/bm1684/isa/instructions.def"
#undef BMNET_TIU_INSTRUCTION
};
constexpr Instruction kGdma = {"gdma", execute_gdma, cycles_gdma, accesses_gdma};

const Instruction* find(const Command& command, Engine engine) {
  if (engine == Engine::kGdma) return &kGdma;
  const uint64_t type = get(command, tiu::tsk_typ);
  return type < std::size(kTiu) ? &kTiu[type] : nullptr;
}

tl::unexpected<Error> unknown(const Command& command) {
  return user_error("unknown TIU instruction, tsk_typ {}", get(command, tiu::tsk_typ));
}

}  // namespace

uint64_t Access::end() const {
  uint64_t last = begin + run_bytes;
  for (const Axis& axis : axes)
    if (axis.count > 1 && axis.stride > 0) last += static_cast<uint64_t>(axis.count - 1) * axis.stride;
  return last;
}

Status execute(const Command& command, Engine engine, Memory& memory) {
  const Instruction* instruction = find(command, engine);
  return instruction ? instruction->execute(command, memory) : Status(unknown(command));
}

Result<uint64_t> cycles(const Command& command, Engine engine) {
  const Instruction* instruction = find(command, engine);
  return instruction ? instruction->cycles(command) : Result<uint64_t>(unknown(command));
}

Result<std::vector<Access>> accesses(const Command& command, Engine engine) {
  const Instruction* instruction = find(command, engine);
  return instruction ? instruction->accesses(command) : Result<std::vector<Access>>(unknown(command));
}

std::string_view instruction_name(const Command& command, Engine engine) {
  const Instruction* instruction = find(command, engine);
  return instruction ? instruction->name : std::string_view();
}

}  // namespace bmnet::bm1684
