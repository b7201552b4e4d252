#include "target/bm1684/isa/names.h"

#include <algorithm>

namespace bmnet::bm1684 {
namespace {

constexpr Name kFamilies[] = {
#define BMNET_TIU_INSTRUCTION(type, name, doc) {type, #name, doc},
#include "target/bm1684/isa/instructions.def"
#undef BMNET_TIU_INSTRUCTION
};

constexpr Name kGdmaFunctions[] = {
#define BMNET_GDMA_FUNCTION(value, name, doc) {value, #name, doc},
#include "target/bm1684/isa/gdma_functions.def"
#undef BMNET_GDMA_FUNCTION
};

// The rows of operations.def stand family by family: a family's operations are one range.
struct Operation {
  std::string_view family;
  Name name;
};
constexpr Operation kOperationRows[] = {
#define BMNET_OPERATION(family, value, name, doc) {#family, {value, #name, doc}},
#include "target/bm1684/isa/operations.def"
#undef BMNET_OPERATION
};
constexpr auto kOperations = [] {
  std::array<Name, std::size(kOperationRows)> names{};
  for (size_t i = 0; i < names.size(); ++i) names[i] = kOperationRows[i].name;
  return names;
}();

struct CodeRow {
  std::string_view table;
  Name name;
};
constexpr CodeRow kCodeRows[] = {
#define BMNET_CODE(table, value, name) {#table, {value, #name, ""}},
#define BMNET_CODED_FIELD(engine, field, table)
#include "target/bm1684/isa/codes.def"
#undef BMNET_CODE
#undef BMNET_CODED_FIELD
};
constexpr auto kCodes = [] {
  std::array<Name, std::size(kCodeRows)> names{};
  for (size_t i = 0; i < names.size(); ++i) names[i] = kCodeRows[i].name;
  return names;
}();

struct CodedField {
  const Field* field;
  std::string_view table;
};
constexpr CodedField kCodedFields[] = {
#define BMNET_CODE(table, value, name)
#define BMNET_CODED_FIELD(engine, field, table) {&engine::field, #table},
#include "target/bm1684/isa/codes.def"
#undef BMNET_CODE
#undef BMNET_CODED_FIELD
};

constexpr EstimatedCost kEstimatedCosts[] = {
#define BMNET_ESTIMATED_COST(engine, instruction, formula, reason) \
  {std::string_view(#engine) == "tiu" ? Engine::kTiu : Engine::kGdma, #instruction, formula, reason},
#include "target/bm1684/isa/estimated_costs.def"
#undef BMNET_ESTIMATED_COST
};

// The part of `names` whose rows belong to `group`.
template <typename Row, size_t kSize>
std::span<const Name> group_of(const Row (&rows)[kSize], std::string_view Row::* member, std::string_view group,
                               std::span<const Name> names) {
  const auto begin = std::ranges::find(rows, group, member);
  const auto end = std::find_if(begin, std::end(rows), [&](const Row& row) { return row.*member != group; });
  return names.subspan(static_cast<size_t>(begin - std::begin(rows)), static_cast<size_t>(end - begin));
}

}  // namespace

std::span<const Field> fields_of(Engine engine) {
  if (engine == Engine::kTiu) return tiu::kFields;
  return gdma::kFields;
}

const Field* find_field(Engine engine, std::string_view name) {
  for (const Field& field : fields_of(engine))
    if (field.name == name) return &field;
  return nullptr;
}

std::string_view engine_name(Engine engine) { return engine == Engine::kTiu ? "tiu" : "gdma"; }

std::span<const Name> families() { return kFamilies; }

std::span<const Name> gdma_functions() { return kGdmaFunctions; }

std::span<const Name> operations(uint64_t family) {
  const Name* name = find_value(kFamilies, family);
  if (!name) return {};
  return group_of(kOperationRows, &Operation::family, name->name, kOperations);
}

std::span<const Name> codes_of(const Field& field) {
  for (const CodedField& coded : kCodedFields)
    if (coded.field == &field) return group_of(kCodeRows, &CodeRow::table, coded.table, kCodes);
  return {};
}

std::span<const EstimatedCost> estimated_costs() { return kEstimatedCosts; }

const EstimatedCost* estimated_cost(const Command& command, Engine engine) {
  const Name* name = engine == Engine::kTiu ? find_value(families(), get(command, tiu::tsk_typ))
                                            : find_value(gdma_functions(), get(command, gdma::special_func));
  for (const EstimatedCost& cost : kEstimatedCosts)
    if (name && cost.engine == engine && cost.instruction == name->name) return &cost;
  return nullptr;
}

const Name* find_value(std::span<const Name> names, uint64_t value) {
  const auto name = std::ranges::find(names, value, &Name::value);
  return name == names.end() ? nullptr : &*name;
}

const Name* find_name(std::span<const Name> names, std::string_view text) {
  const auto name = std::ranges::find(names, text, &Name::name);
  return name == names.end() ? nullptr : &*name;
}

}  // namespace bmnet::bm1684
