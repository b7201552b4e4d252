// Names of instructions, operations and codes, from the .def tables.
#pragma once

#include <span>
#include <string_view>

#include "target/bm1684/isa/fields.h"

namespace bmnet::bm1684 {

// A row of a table of named values.
struct Name {
  uint64_t value;
  std::string_view name;
  std::string_view doc;
};

std::span<const Field> fields_of(Engine engine);
// Null when the engine has no such field.
const Field* find_field(Engine engine, std::string_view name);

std::string_view engine_name(Engine engine);        // "tiu", "gdma"
std::span<const Name> families();                   // of the TIU, by tsk_typ
std::span<const Name> gdma_functions();             // by special_func
std::span<const Name> operations(uint64_t family);  // by tsk_eu_typ; empty where the family ignores it
// The named values of a coded field; empty for other fields.
std::span<const Name> codes_of(const Field& field);

// What an instruction costs by our estimate, where the vendor's cycle model says nothing.
struct EstimatedCost {
  Engine engine;
  std::string_view instruction;  // family of the TIU, function of the GDMA
  std::string_view formula, reason;
};
std::span<const EstimatedCost> estimated_costs();
// Null where the cost is the vendor's.
const EstimatedCost* estimated_cost(const Command& command, Engine engine);

const Name* find_value(std::span<const Name> names, uint64_t value);
const Name* find_name(std::span<const Name> names, std::string_view name);

}  // namespace bmnet::bm1684
