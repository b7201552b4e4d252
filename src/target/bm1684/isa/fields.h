// All fields of both engines, by name (tiu::res0_n, gdma::src_nsize …) and in order (tiu::kFields, gdma::kFields).
// The .def files are the one table: encoder, decoder, disassembler, documentation and simulator read it from here.
#pragma once

#include "target/bm1684/isa/field.h"

namespace bmnet::bm1684 {

namespace tiu {
enum FieldIndex : uint16_t {
#define BMNET_FIELD(name, width, kind, idle, doc) kIndex_##name,
#include "target/bm1684/isa/tiu_fields.def"
#undef BMNET_FIELD
  kFieldCount
};
inline constexpr std::array<Field, kFieldCount> kFields = [] {
  std::array<Field, kFieldCount> fields = {{
#define BMNET_FIELD(name, width, kind, idle, doc) Field{#name, 0, width, FieldKind::kind, idle, doc},
#include "target/bm1684/isa/tiu_fields.def"
#undef BMNET_FIELD
  }};
  uint16_t lo = 0;
  for (Field& field : fields) {
    field.lo = lo;
    lo = static_cast<uint16_t>(lo + field.width);
  }
  return fields;
}();
#define BMNET_FIELD(name, width, kind, idle, doc) inline constexpr const Field& name = kFields[kIndex_##name];
#include "target/bm1684/isa/tiu_fields.def"
#undef BMNET_FIELD
static_assert(kFields.back().lo + kFields.back().width == 1024, "the TIU word has 1024 bits");
}  // namespace tiu

namespace gdma {
enum FieldIndex : uint16_t {
#define BMNET_FIELD(name, width, kind, idle, doc) kIndex_##name,
#include "target/bm1684/isa/gdma_fields.def"
#undef BMNET_FIELD
  kFieldCount
};
inline constexpr std::array<Field, kFieldCount> kFields = [] {
  std::array<Field, kFieldCount> fields = {{
#define BMNET_FIELD(name, width, kind, idle, doc) Field{#name, 0, width, FieldKind::kind, idle, doc},
#include "target/bm1684/isa/gdma_fields.def"
#undef BMNET_FIELD
  }};
  uint16_t lo = 0;
  for (Field& field : fields) {
    field.lo = lo;
    lo = static_cast<uint16_t>(lo + field.width);
  }
  return fields;
}();
#define BMNET_FIELD(name, width, kind, idle, doc) inline constexpr const Field& name = kFields[kIndex_##name];
#include "target/bm1684/isa/gdma_fields.def"
#undef BMNET_FIELD
static_assert(src_hshift.lo == 608 && localmem_mask_l32.lo == 640, "the GDMA word as measured (docs/reference/ISA.md)");
}  // namespace gdma

}  // namespace bmnet::bm1684
