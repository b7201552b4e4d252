#include "target/bm1684/isa/reference.h"

#include <fmt/format.h>

#include <iterator>

#include "target/bm1684/isa/names.h"
#include "target/bm1684/machine.h"

namespace bmnet::bm1684 {
namespace {

constexpr std::string_view kIntroduction = R"(# BM1684 instructions

<!-- Made from the tables in src/target/bm1684/isa; to renew it after a change there:
     BMNET_UPDATE_DOCS=1 build/bin/bmnet_isa_test -->

The BM1684 has two engines that work at the same time: the TIU computes on tensors in local memory, the GDMA moves them
between local memory, L2 and DDR. Both read commands of 128 bytes: 32 little-endian words whose fields are packed from
bit 0 of word 0 upward. Bit 37 is bit 5 of word 1.

`bmnet disasm` shows a command as one line:

```
tiu.arith.add #3 @2 opt_res0_prec=fp32 res0_c=64 res0_addr=0x08000000
gdma.move #2 @0 direction=s2l src_start_addr=0x105100000 dst_start_addr=0x8000000
```

engine, instruction and operation; `#` the command's own id and `@` the id of the other engine that must have finished
before it starts; then every field that differs from its idle value. Idle is what compilers leave in fields that an
instruction does not use.
)";

constexpr std::string_view kTiming = R"(
## Timing

A command's cost is a function of its bits alone, in cycles of 550 MHz on its own engine; the formulas stand beside the
values in `src/target/bm1684/exec` and equal the vendor's cycle model. A command starts when the one before it on its
engine is done and the id that it waits for is published; nothing else costs time.

Two sizes are taken from the operands, where the vendor's formula leaves them to the caller: `channel_sum` counts the input
(opd0_n, opd0_h, opd0_w), `vector_correlation` one row of results for every element of the left vector. Selection and
division of `arith` cost what they cost on 32-bit words whatever the precision of opd0.

For these instructions the vendor's cycle model has no formula. They are charged an estimate, rather too much than too
little, and marked "estimated" in traces and profiles. P16 is the number of groups of 16 positions of the result plane,
passes(c) the number of times that c channels go over the 64 lanes.

| instruction | cycles | why |
|---|---|---|
)";

constexpr std::string_view kTables = R"(
## Function tables

The runtime keeps tables for series and look-ups in L2 memory, at these offsets from its start. What a program loads
itself goes between 0x{:06x} and 0x{:06x}.

| offset | entries | content |
|---|---|---|
| 0x{:06x} | 256 x fp32 | integers by low byte: k = 0..88 and -103..-1, the rest 0 |
| 0x{:06x} | 256 x fp32 | e^k for the same k, the rest 0 |
| 0x{:06x} | 256 x fp32 | (i - 127) * ln 2 |
| 0x{:06x} | 64 x fp32 | series of e^x - 1: 1/(i+1)! |
| 0x{:06x} | 64 x fp32 | series of log(1 + x): (-1)^i/(i+1) |
| 0x{:06x} | 64 x fp32 | series of arcsin(x) |
| 0x{:06x} | 256 x fp32 | unsigned bytes |
| 0x{:06x} | 256 x fp32 | signed bytes |
| 0x{:06x} | 64 x fp32 | series of sin(x) |
| 0x{:06x} | 2048 x fp32 | i |
| 0x{:06x} | 131072 x uint8 | byte pairs (2i, 2i+1), modulo 256 |
)";

std::string idle_text(const Field& field) {
  if (const Name* code = find_value(codes_of(field), field.idle)) return std::string(code->name);
  if (field.idle > 0xFFFF) return fmt::format("{:#x}", field.idle);
  return fmt::format("{}", field.idle);
}

std::string fields_table(Engine engine) {
  std::string text = "| bits | field | idle | meaning |\n|---|---|---|---|\n";
  for (const Field& field : fields_of(engine)) {
    const int last = field.lo + field.width - 1;
    const std::string bits = field.width == 1 ? fmt::format("{}", field.lo) : fmt::format("{}..{}", field.lo, last);
    std::string meaning(field.doc);
    std::string separator = ": ";
    for (const Name& code : codes_of(field)) {
      meaning += fmt::format("{}{} {}", separator, code.value, code.name);
      separator = ", ";
    }
    fmt::format_to(std::back_inserter(text), "| {} | `{}` | {} | {} |\n", bits, field.name, idle_text(field), meaning);
  }
  return text;
}

std::string names_table(std::string_view title, std::string_view prefix, std::span<const Name> names) {
  std::string text = fmt::format("| {} | instruction | meaning |\n|---|---|---|\n", title);
  for (const Name& name : names)
    fmt::format_to(std::back_inserter(text), "| {} | `{}{}` | {} |\n", name.value, prefix, name.name, name.doc);
  return text;
}

std::string costs_text() {
  std::string text = std::string(kTiming);
  for (const EstimatedCost& cost : estimated_costs())
    text +=
        fmt::format("| `{}.{}` | {} | {} |\n", engine_name(cost.engine), cost.instruction, cost.formula, cost.reason);
  return text;
}

std::string operations_tables() {
  std::string text;
  for (const Name& family : families())
    if (!operations(family.value).empty())
      text += fmt::format("\n### {}: {}\n\n{}", family.name, family.doc,
                          names_table("`tsk_eu_typ`", fmt::format("tiu.{}.", family.name), operations(family.value)));
  return text;
}

}  // namespace

std::string isa_reference() {
  std::string text(kIntroduction);
  text += "\n## TIU instructions\n\n" + names_table("`tsk_typ`", "tiu.", families());
  text +=
      "\nIn the operations, R is the result and A, B, C, D are opd0 to opd3. Families without operations ignore "
      "`tsk_eu_typ`.\n";
  text += operations_tables();
  text += "\n## TIU fields\n\n" + fields_table(Engine::kTiu);
  text += "\n## GDMA instructions\n\n" + names_table("`special_func`", "gdma.", gdma_functions());
  text += "\n## GDMA fields\n\n" + fields_table(Engine::kGdma);
  text += costs_text();
  text += fmt::format(kTables, kL2UserBase, kL2UserEnd, kTableIntByte, kTableExp, kTableExponentLn2, kTableTaylorExp,
                      kTableTaylorLog, kTableTaylorArcsin, kTableUint8, kTableInt8, kTableTaylorSin, kTableIota,
                      kTableWarp);
  return text;
}

}  // namespace bmnet::bm1684
