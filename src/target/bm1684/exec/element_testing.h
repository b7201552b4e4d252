// For tests only: memories of a chip and commands from a few fields.
#pragma once

#include <cstring>
#include <initializer_list>
#include <vector>

#include "target/bm1684/exec/float_mode.h"
#include "target/bm1684/exec/instruction.h"
#include "target/bm1684/exec/sparse_memory.h"
#include "target/bm1684/isa/codec.h"

namespace bmnet::bm1684::test {

inline constexpr uint32_t kBase = static_cast<uint32_t>(kLocalBase);
constexpr uint32_t lane_address(uint32_t lane, uint32_t offset) { return kBase + lane * kLaneBytes + offset; }

class Chip {
 public:
  static constexpr uint64_t kDdrBytes = 1 << 20;

  Chip() {
    memory.local = local_.data();
    memory.l2 = l2_.data();
    memory.dtcm = dtcm_.data();
    memory.ddr = ddr_.data();
    memory.ddr_bytes = kDdrBytes;
    memory.arrange_registers = registers_;
  }

  template <typename T>
  void put(uint8_t* at, std::initializer_list<T> values) {
    if (values.size() > 0) std::memcpy(at, std::data(values), values.size() * sizeof(T));
  }
  template <typename T>
  std::vector<T> get(const uint8_t* at, size_t count) const {
    std::vector<T> values(count);
    std::memcpy(values.data(), at, count * sizeof(T));
    return values;
  }
  uint8_t* lane(uint32_t lane, uint32_t offset = 0) const { return memory.local + lane * kLaneBytes + offset; }

  Status run(Engine engine, std::initializer_list<FieldValue> values) {
    const ChipFloatMode mode;
    return execute(encode(engine, values).value(), engine, memory);
  }
  std::string refusal(Engine engine, std::initializer_list<FieldValue> values) {
    const Status status = run(engine, values);
    return status ? "no refusal" : status.error().message;
  }

  Memory memory;

 private:
  SparseMemory local_ = SparseMemory::create(kLocalBytes).value(), l2_ = SparseMemory::create(kL2Bytes).value(),
               dtcm_ = SparseMemory::create(kDtcmBytes).value(), ddr_ = SparseMemory::create(kDdrBytes).value();
  uint32_t registers_[kLanes][32] = {};
};

}  // namespace bmnet::bm1684::test
