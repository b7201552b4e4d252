// Which instructions, fields and values occur in the commands of BModels.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "bmodel/model.h"
#include "target/bm1684/isa/field.h"

namespace bmnet::bmodel {

class Coverage {
 public:
  // Counts the commands of a BM1684 model; other chips have none that are known here.
  void add(const Model& model);
  void add(const bm1684::Command& command, bm1684::Engine engine);

  uint64_t commands() const { return commands_; }
  // Instructions and operations with their counts, then every field with the range of its values, the values of coded
  // fields by name. What never occurs is listed too.
  std::string to_text() const;

 private:
  struct FieldUse {
    uint64_t not_idle = 0;  // commands in which it holds another value than the idle one
    uint64_t low = ~0ull, high = 0;
    std::map<uint64_t, uint64_t> values;  // of flags, codes and opcodes, with counts
  };

  std::string instructions_text() const;
  std::string fields_text(bm1684::Engine engine) const;

  uint64_t commands_ = 0;
  std::map<std::string, uint64_t> instructions_;             // "tiu.conv", "tiu.arith.add", "gdma.move"
  std::array<std::map<uint16_t, FieldUse>, 2> fields_ = {};  // by engine and first bit
};

}  // namespace bmnet::bmodel
