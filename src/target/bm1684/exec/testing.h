// For tests only: a local memory to run one command on, filled and read by literals.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "target/bm1684/exec/float_mode.h"
#include "target/bm1684/exec/instruction.h"

namespace bmnet::bm1684::test {

using FieldValue = std::pair<const Field*, uint64_t>;

class LocalMemory {
 public:
  LocalMemory() : bytes_(kLocalBytes) {}

  static constexpr uint64_t address(int lane, uint64_t byte) { return kLocalBase + uint64_t{kLaneBytes} * lane + byte; }

  template <typename T>
  void put(int lane, uint64_t byte, std::initializer_list<T> values) {
    std::memcpy(&bytes_[size_t{kLaneBytes} * lane + byte], values.begin(), values.size() * sizeof(T));
  }
  template <typename T>
  std::vector<T> get(int lane, uint64_t byte, size_t count) const {
    std::vector<T> values(count);
    std::memcpy(values.data(), &bytes_[size_t{kLaneBytes} * lane + byte], count * sizeof(T));
    return values;
  }
  std::vector<uint8_t>& bytes() { return bytes_; }

  Status run(const Command& command) {
    Memory memory;
    memory.local = bytes_.data();
    const ChipFloatMode mode;
    return execute(command, Engine::kTiu, memory);
  }

 private:
  std::vector<uint8_t> bytes_;
};

// Where the tests put their operands: four places of lane 0.
using Floats = std::vector<float>;
inline constexpr uint64_t kIn = LocalMemory::address(0, 0), kWeight = LocalMemory::address(0, 0x1000),
                          kBias = LocalMemory::address(0, 0x2000), kOut = LocalMemory::address(0, 0x3000);

// Why a command is refused on a memory of zeros, which it must leave as it is; "accepted" if it is not.
inline std::string refusal(const Command& command) {
  LocalMemory memory;
  const Status status = memory.run(command);
  if (status) return "accepted";
  EXPECT_EQ(memory.bytes(), std::vector<uint8_t>(kLocalBytes)) << "memory was touched";
  return status.error().message;
}

// A command of zeros but for `fields` on top of `base`.
inline Command with(Command base, std::initializer_list<FieldValue> fields) {
  for (const auto& [field, value] : fields) set(base, *field, value);
  return base;
}

}  // namespace bmnet::bm1684::test
