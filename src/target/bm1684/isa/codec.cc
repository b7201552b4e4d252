#include "target/bm1684/isa/codec.h"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "base/number.h"

namespace bmnet::bm1684 {
namespace {

constexpr uint64_t kFp32 = 2, kInt8 = 0, kInt16 = 3;
constexpr uint64_t kConv = 0, kMatmul256 = 4;
constexpr size_t kWords = std::tuple_size_v<Command>;

// Two fields that make one number together.
struct Halves {
  std::string_view name;
  const Field* low;
  const Field* high;

  uint64_t value(const Command& command) const { return get(command, *low) | get(command, *high) << low->width; }
  uint64_t idle() const { return low->idle | high->idle << low->width; }
  bool fits(uint64_t value) const { return high->width + low->width == 64 || value >> (high->width + low->width) == 0; }
};
constexpr Halves kGdmaHalves[] = {
    {"src_start_addr", &gdma::src_start_addr_l32, &gdma::src_start_addr_h8},
    {"dst_start_addr", &gdma::dst_start_addr_l32, &gdma::dst_start_addr_h8},
    {"localmem_mask", &gdma::localmem_mask_l32, &gdma::localmem_mask_h32},
};

std::span<const Halves> halves_of(Engine engine) {
  if (engine == Engine::kGdma) return kGdmaHalves;
  return {};
}

// The fields that the start of a line stands for.
struct Ids {
  const Field* own;
  const Field* awaited;
};
Ids ids_of(Engine engine) {
  if (engine == Engine::kTiu) return {&tiu::cmd_id_tpu, &tiu::cmd_id_gdma};
  return {&gdma::cmd_id, &gdma::eng0_sync_id};
}

// The bits of each word that belong to a field.
Command field_mask(Engine engine) {
  Command mask = {};
  for (const Field& field : fields_of(engine)) set(mask, field, field.max());
  return mask;
}

std::string number(const Field& field, uint64_t value) {
  if (const Name* code = find_value(codes_of(field), value)) return std::string(code->name);
  if (field.kind == FieldKind::kAddress || field.kind == FieldKind::kMask || (field.width == 32 && value > 0xFFFF))
    return fmt::format("{:#0{}x}", value, field.width / 4 + 2);
  return fmt::format("{}", value);
}

// "tiu.arith.add", and the fields it says.
std::string mnemonic(const Command& command, Engine engine, std::vector<const Field*>& said) {
  if (engine == Engine::kGdma) {
    said.push_back(&gdma::special_func);
    return fmt::format("gdma.{}", gdma_functions()[get(command, gdma::special_func)].name);
  }
  said.push_back(&tiu::tsk_typ);
  const uint64_t family = get(command, tiu::tsk_typ);
  const Name* name = find_value(families(), family);
  if (!name) return fmt::format("tiu.family{}", family);
  const Name* operation = find_value(operations(family), get(command, tiu::tsk_eu_typ));
  if (!operation) return fmt::format("tiu.{}", name->name);
  said.push_back(&tiu::tsk_eu_typ);
  return fmt::format("tiu.{}.{}", name->name, operation->name);
}

class Assembler {
 public:
  explicit Assembler(std::string_view line) : rest_(line.substr(0, line.find(" ; "))) {}

  Result<Instruction> run() {
    BMNET_TRY(mnemonic(next_word()));
    for (std::string_view word = next_word(); !word.empty(); word = next_word()) BMNET_TRY(operand(word));
    return Instruction{engine_, command_};
  }

 private:
  std::string_view next_word() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
    const std::string_view word = rest_.substr(0, rest_.find_first_of(" \t\r\n"));
    rest_.remove_prefix(word.size());
    return word;
  }

  Status mnemonic(std::string_view word) {
    const size_t dot = word.find('.');
    const std::string_view engine = word.substr(0, dot);
    std::string_view instruction = dot == std::string_view::npos ? "" : word.substr(dot + 1);
    if (engine == "gdma") {
      engine_ = Engine::kGdma;
      command_ = idle_command(engine_);
      const Name* function = find_name(gdma_functions(), instruction);
      if (!function) return user_error("unknown instruction '{}'", word);
      return put(gdma::special_func, function->value);
    }
    if (engine != "tiu") return user_error("unknown instruction '{}'", word);
    engine_ = Engine::kTiu;
    command_ = idle_command(engine_);
    const size_t second = instruction.find('.');
    const std::string_view family = instruction.substr(0, second);
    constexpr std::string_view kNumbered = "family";
    if (const Name* name = find_name(families(), family)) {
      BMNET_TRY(put(tiu::tsk_typ, name->value));
      if (second == std::string_view::npos) return {};
      const Name* operation = find_name(operations(name->value), instruction.substr(second + 1));
      if (!operation) return user_error("unknown operation '{}'", word);
      return put(tiu::tsk_eu_typ, operation->value);
    }
    if (!family.starts_with(kNumbered) || second != std::string_view::npos)
      return user_error("unknown instruction '{}'", word);
    BMNET_ASSIGN(const uint64_t value, parse_unsigned(family.substr(kNumbered.size())));
    return put(tiu::tsk_typ, value);
  }

  Status operand(std::string_view word) {
    const Ids ids = ids_of(engine_);
    if (word[0] == '#' || word[0] == '@') {
      BMNET_ASSIGN(const uint64_t id, parse_unsigned(word.substr(1)));
      return put(word[0] == '#' ? *ids.own : *ids.awaited, id);
    }
    const size_t equals = word.find('=');
    if (equals == std::string_view::npos) return user_error("'{}' is not of the form field=value", word);
    const std::string_view name = word.substr(0, equals), text = word.substr(equals + 1);
    if (const Field* field = find_field(engine_, name)) {
      if (const Name* code = find_name(codes_of(*field), text)) return put(*field, code->value);
      BMNET_ASSIGN(const uint64_t value, parse_unsigned(text));
      return put(*field, value);
    }
    BMNET_ASSIGN(const uint64_t value, parse_unsigned(text));
    for (const Halves& both : halves_of(engine_)) {
      if (both.name != name) continue;
      if (!both.fits(value)) return user_error("{}={:#x} does not fit", name, value);
      BMNET_TRY(put(*both.low, value & both.low->max()));
      return put(*both.high, value >> both.low->width);
    }
    return word_outside_fields(name, value);
  }

  // "word22": bits that belong to no field.
  Status word_outside_fields(std::string_view name, uint64_t value) {
    constexpr std::string_view kWord = "word";
    if (!name.starts_with(kWord)) return user_error("the {} has no field '{}'", engine_name(engine_), name);
    BMNET_ASSIGN(const uint64_t index, parse_unsigned(name.substr(kWord.size())));
    if (index >= kWords || value > 0xFFFFFFFF || (value & field_mask(engine_)[index]) != 0)
      return user_error("{}={:#x} touches bits that belong to fields", name, value);
    command_[index] |= static_cast<uint32_t>(value);
    return {};
  }

  Status put(const Field& field, uint64_t value) {
    if (value > field.max()) return user_error("{}={:#x} does not fit {} bits", field.name, value, field.width);
    if (std::ranges::find(seen_, &field) != seen_.end()) return user_error("'{}' is given twice", field.name);
    seen_.push_back(&field);
    set(command_, field, value);
    return {};
  }

  std::string_view rest_;
  Engine engine_ = Engine::kTiu;
  Command command_ = {};
  std::vector<const Field*> seen_;
};

}  // namespace

Command idle_command(Engine engine) {
  Command command = {};
  for (const Field& field : fields_of(engine)) set(command, field, field.idle);
  return command;
}

Result<Command> encode(Command base, std::span<const FieldValue> values) {
  for (auto value = values.begin(); value != values.end(); ++value) {
    if (value->value > value->field->max())
      return bug("{} = {} does not fit {} bits", value->field->name, value->value, value->field->width);
    if (std::find_if(values.begin(), value, [&](const FieldValue& v) { return v.field == value->field; }) != value)
      return bug("{} is given twice", value->field->name);
    set(base, *value->field, value->value);
  }
  return base;
}

Result<Command> encode(Engine engine, std::initializer_list<FieldValue> values) {
  return encode(idle_command(engine), std::span<const FieldValue>(values.begin(), values.size()));
}

Result<Command> encode_as_vendor(std::span<const FieldValue> values) {
  const Command idle = idle_command(Engine::kTiu);
  BMNET_ASSIGN(const Command used, encode(idle, values));
  const bool matmul256 = get(used, tiu::tsk_typ) == kMatmul256;
  const auto gives_precision = [](const FieldValue& value) { return value.field == &tiu::opt_res0_prec; };
  const uint64_t result = std::ranges::any_of(values, gives_precision) ? get(used, tiu::opt_res0_prec) : kFp32;
  const bool fixed = matmul256 || result == kInt8 || result == kInt16;
  const bool wide_bias = matmul256 || !fixed;
  Command base = idle;
  for (const Field* precision : {&tiu::opt_res0_prec, &tiu::opt_opd0_prec, &tiu::opt_opd1_prec})
    set(base, *precision, fixed ? kInt8 : kFp32);
  set(base, tiu::opt_opd2_prec, wide_bias ? kFp32 : kInt16);
  set(base, tiu::opt_relu, wide_bias);
  set(base, tiu::opt_opd1_sign, !fixed || get(used, tiu::opt_winograd));
  set(base, tiu::short_opd1_str, !fixed && get(used, tiu::opt_winograd));
  set(base, tiu::opt_opd2_sign, wide_bias);
  if (get(used, tiu::tsk_typ) == kConv && result == kInt16) {
    set(base, tiu::res0_h_str, 2);
    set(base, tiu::res0_w_str, 2);
  }
  return encode(base, values);
}

std::vector<FieldValue> decode(const Command& command, Engine engine) {
  std::vector<FieldValue> values;
  for (const Field& field : fields_of(engine))
    if (const uint64_t value = get(command, field); value != field.idle) values.emplace_back(field, value);
  return values;
}

std::string disassemble(const Command& command, Engine engine) {
  const Ids ids = ids_of(engine);
  std::vector<const Field*> said = {ids.own, ids.awaited};
  std::string text = mnemonic(command, engine, said);
  const auto add = std::back_inserter(text);
  fmt::format_to(add, " #{} @{}", get(command, *ids.own), get(command, *ids.awaited));
  for (const Field& field : fields_of(engine)) {
    if (std::ranges::find(said, &field) != said.end()) continue;
    const auto both = std::ranges::find_if(
        halves_of(engine), [&](const Halves& halves) { return halves.low == &field || halves.high == &field; });
    if (both == halves_of(engine).end()) {
      if (const uint64_t value = get(command, field); value != field.idle)
        fmt::format_to(add, " {}={}", field.name, number(field, value));
    } else if (both->low == &field && both->value(command) != both->idle()) {
      fmt::format_to(add, " {}={:#x}", both->name, both->value(command));
    }
  }
  const Command mask = field_mask(engine);
  for (size_t i = 0; i < kWords; ++i)
    if (const uint32_t outside = command[i] & ~mask[i]) fmt::format_to(add, " word{}={:#x}", i, outside);
  return text;
}

Result<Instruction> assemble(std::string_view line) { return Assembler(line).run(); }

Command command_at(Bytes stream, size_t index) {
  Command command;
  std::memcpy(command.data(), stream.data() + index * kCommandBytes, kCommandBytes);
  return command;
}

}  // namespace bmnet::bm1684
