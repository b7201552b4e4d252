// Element-wise instructions, tables and rearrangement.
#include "device/isa_fuzz/tiu_case.h"

namespace bmnet::isa_fuzz {
namespace {

using Space = bm1684::Access::Space;

struct OperandFields {
  const Field &address, &code, &n, &c, &h, &w, &h_shift, &w_shift;
};
constexpr OperandFields kRes0{tiu::res0_addr,  tiu::short_res0_str, tiu::res0_n_str,   tiu::res0_c_str,
                              tiu::res0_h_str, tiu::res0_w_str,     tiu::res0_h_shift, tiu::res0_w_shift};
constexpr OperandFields kOpd0{tiu::opd0_addr,  tiu::short_opd0_str, tiu::opd0_n_str,   tiu::opd0_c_str,
                              tiu::opd0_h_str, tiu::opd0_w_str,     tiu::opd0_h_shift, tiu::opd0_w_shift};
constexpr OperandFields kOpd1{tiu::opd1_addr,  tiu::short_opd1_str, tiu::opd1_n_str,   tiu::opd1_c_str,
                              tiu::opd1_h_str, tiu::opd1_w_str,     tiu::opd1_h_shift, tiu::opd1_w_shift};

// Aligned, or strides with small gaps between rows, planes and batches of `batch_words` words.
void choose_layout(TiuCase& c, const OperandFields& fields, const Dims& d, uint64_t batch_words) {
  Random& random = c.random();
  const auto gap = [&] { return random.chance(30) ? random.pick(1, 5) : 0; };
  if (random.chance(50)) {
    const uint64_t step = random.chance(75) ? 1 : random.pick(2, 3);
    const uint64_t row = d.w * step + gap(), plane = d.h * row + gap();
    c.set(fields.code, 3);
    c.set(fields.w, step), c.set(fields.h, row), c.set(fields.c, plane);
    c.set(fields.n, (c.lane_of(fields.address) + d.c + 63) / 64 * plane + gap());
    if (batch_words > 1 && random.chance(5)) c.set(fields.n, d.w * step);  // batches inside each other
  } else {
    c.set(fields.code, 0);
  }
}

void choose_shift(TiuCase& c, const OperandFields& fields) {
  if (c.random().chance(12)) c.set(fields.h_shift, c.random().pick(1, 3));
  if (c.random().chance(12)) c.set(fields.w_shift, c.random().pick(1, 3));
}

}  // namespace

Case generate_arith(Random& random) {
  TiuCase c(random, 3);
  c.set(tiu::opt_res0_prec, random.one_of({2, 2, 2, 4, 1}));
  c.set(tiu::opt_opd0_prec, random.chance(60) ? c.get(tiu::opt_res0_prec) : random.pick(0, 4));
  c.set_flag(tiu::opt_res_add, 10);  // both without effect
  c.set(tiu::tsk_eu_typ, random.chance(90) ? random.pick(0, 12) : 19);
  c.set_flag(tiu::opt_shift_typ, 50);
  const Dims d = c.dims(5, 130, 10, 24, 3000);
  c.result_shape(d);
  c.place(tiu::res0_addr, 0, 4);
  choose_layout(c, kRes0, d, d.n);
  if (random.chance(3)) choose_shift(c, kRes0);

  c.place(tiu::opd0_addr, 1, 4);
  choose_layout(c, kOpd0, d, d.n);
  choose_shift(c, kOpd0);
  if (c.get(tiu::short_opd0_str))
    for (const Field* stride : {&tiu::opd0_n_str, &tiu::opd0_c_str, &tiu::opd0_h_str, &tiu::opd0_w_str})
      if (random.chance(8)) c.set(*stride, 0);
  if (random.chance(12)) c.set(tiu::opt_opd0_const, 1), c.set(tiu::opd0_addr, c.float_constant());

  c.place(tiu::opd1_addr, 2, 4);
  choose_layout(c, kOpd1, d, d.n);
  choose_shift(c, kOpd1);
  for (const Field* stride : {&tiu::opd1_n_str, &tiu::opd1_h_str, &tiu::opd1_w_str})
    if (random.chance(15)) c.set(*stride, 0);
  if (random.chance(20)) c.set(tiu::opt_opd1_const, 1), c.set(tiu::opd1_addr, c.float_constant());
  c.set(tiu::opd2_addr, c.float_constant());

  if (random.chance(10) && !c.get(tiu::opt_opd0_const)) {  // in place
    for (const auto& [to, from] : {std::pair(&kOpd0, &kRes0)}) {
      c.set(to->address, c.get(from->address)), c.set(to->code, c.get(from->code));
      c.set(to->n, c.get(from->n)), c.set(to->c, c.get(from->c)), c.set(to->h, c.get(from->h));
      c.set(to->w, c.get(from->w)), c.set(to->h_shift, c.get(from->h_shift)), c.set(to->w_shift, c.get(from->w_shift));
    }
  }
  return c.finish();
}

Case generate_arith_fixed(Random& random) {
  TiuCase c(random, 3);
  const uint64_t operation = random.one_of({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 19});
  const bool shift = operation == 6, sum = operation == 2 || operation == 3, product = operation < 2;
  const uint64_t result = shift ? 3 : random.one_of({0, 3});
  c.set(tiu::tsk_eu_typ, operation);
  c.set(tiu::opt_res0_prec, result);
  c.set(tiu::opt_opd0_prec, product ? 0 : sum ? random.one_of({0, 3}) : result);
  c.set(tiu::opt_opd1_prec, product ? 0 : sum ? random.one_of({0, 3}) : result);
  c.set_flag(tiu::opt_shift_typ, 50);
  c.set_flag(tiu::opt_opd0_sign, 50);
  c.set_flag(tiu::opt_opd1_sign, 50);
  if (operation == 4 || operation == 5) c.set(tiu::opt_opd1_sign, c.get(tiu::opt_opd0_sign));
  c.set(tiu::opt_right_shift, random.chance(85) ? random.pick(0, 10) : random.pick(0, 31));
  if (operation == 1) c.set(tiu::opt_left_shift, random.chance(85) ? random.pick(0, 8) : random.pick(0, 31));
  const Dims d = c.dims(9, 130, 10, 24, 4000);
  c.result_shape(d);
  const auto words = [&](const Field& precision) { return (d.n + 1) / (c.get(precision) == 0 ? 4 : 2) + 1; };
  c.place(tiu::res0_addr, 0, 4);
  choose_layout(c, kRes0, d, 1);
  c.place(tiu::opd0_addr, 1, 4);
  choose_layout(c, kOpd0, d, words(tiu::opt_opd0_prec));
  c.place(tiu::opd1_addr, 2, 4);
  choose_layout(c, kOpd1, d, words(tiu::opt_opd1_prec));
  if (random.chance(15)) c.set(tiu::opd0_neq1, 1);
  if (random.chance(15)) c.set(tiu::opd1_neq1, 1);
  choose_shift(c, kOpd0);
  choose_shift(c, kOpd1);
  for (const Field* stride : {&tiu::opd0_h_str, &tiu::opd0_w_str})
    if (c.get(tiu::short_opd0_str) && random.chance(12)) c.set(*stride, 0);
  for (const Field* stride : {&tiu::opd1_h_str, &tiu::opd1_w_str})
    if (c.get(tiu::short_opd1_str) && random.chance(12)) c.set(*stride, 0);
  if (!shift && random.chance(12)) c.set(tiu::opt_opd0_const, 1), c.set(tiu::opd0_addr, random.next() & 0xFFFF);
  if (random.chance(20)) c.set(tiu::opt_opd1_const, 1), c.set(tiu::opd1_addr, random.next() & 0xFFFF);
  return c.finish(Content::kBytes);
}

Case generate_scalar(Random& random) {
  TiuCase c(random, 8);
  c.set(tiu::opt_res0_prec, 2);
  c.set(tiu::tsk_eu_typ, random.one_of({0, 2, 3, 12}));
  c.result_shape(c.dims(5, 130, 12, 16, 3000));
  c.set_flag(tiu::opt_res_add, 40);
  c.set(tiu::tsk_lane_num, random.chance(30) ? random.next() : ~0ull);
  c.place(tiu::res0_addr, 0, 4);
  c.place_or_constant(tiu::opd0_addr, tiu::opt_opd0_const, random.chance(10) ? 0 : 1, 20);
  c.place_or_constant(tiu::opd1_addr, tiu::opt_opd1_const, 2, 30);
  if (random.chance(10) && !c.get(tiu::opt_opd0_const)) c.set(tiu::opd0_addr, c.get(tiu::res0_addr));
  return c.finish();
}

Case generate_sfu(Random& random) {
  TiuCase c(random, 9);
  c.set(tiu::opt_res0_prec, 2);
  c.set(tiu::tsk_eu_typ, random.pick(13, 17));
  c.result_shape(c.dims(5, 130, 12, 16, 3000));
  c.place(tiu::res0_addr, 0, 4);
  c.place(tiu::opd0_addr, 1, 4);
  if (random.chance(10)) c.set(tiu::opd0_addr, c.get(tiu::res0_addr));
  c.set(tiu::opd1_n, random.chance(95) ? random.pick(1, 40) : random.pick(1, 200));
  c.set(tiu::opd1_addr, random.chance(50) ? random.one_of({bm1684::kTableTaylorExp, bm1684::kTableTaylorLog,
                                                           bm1684::kTableTaylorArcsin, bm1684::kTableTaylorSin})
                                          : bm1684::kL2UserBase + random.pick(0, 0x1000) * 4);
  return c.finish();
}

Case generate_lookup(Random& random) {
  TiuCase c(random, 6);
  c.set(tiu::opt_res0_prec, 2);
  c.set(tiu::tsk_eu_typ, random.one_of({0, 19}));
  c.set(tiu::opt_opd0_prec, random.one_of({0, 2}));
  c.result_shape(c.dims(5, 130, 12, 24, 3000));
  c.place(tiu::res0_addr, 0, 4);
  c.place(tiu::opd0_addr, 1, 4);
  c.set(tiu::opd1_h, random.chance(70) ? 8 : random.pick(8, 64));  // words of the table by 32
  c.set(tiu::opd1_addr, random.chance(50) ? random.one_of({bm1684::kTableIntByte, bm1684::kTableExp,
                                                           bm1684::kTableUint8, bm1684::kTableInt8})
                                          : bm1684::kL2UserBase + random.pick(0, 0x1000) * 4);
  return c.finish();
}

Case generate_compare(Random& random) {
  TiuCase c(random, 13);
  c.set(tiu::opt_res0_prec, 2);
  c.set(tiu::tsk_eu_typ, random.pick(22, 24));
  c.result_shape(c.dims(5, 130, 12, 16, 3000));
  c.place(tiu::res0_addr, 0, 4);
  c.place_or_constant(tiu::opd0_addr, tiu::opt_opd0_const, 1, 15);
  c.place_or_constant(tiu::opd1_addr, tiu::opt_opd1_const, 2, 25);
  c.place_or_constant(tiu::opd2_addr, tiu::opt_opd2_const, 3, 25);
  c.place_or_constant(tiu::opd3_addr, tiu::opt_opd3_const, 3, 25);
  c.place(tiu::res1_addr, 4, 4);
  return c.finish();
}

Case generate_decompress(Random& random) {
  TiuCase c(random, 12);
  const bool bytes = random.chance(50);
  const uint64_t count = random.chance(95) ? random.size(100) : random.pick(100, 1000);
  c.set(tiu::opt_res0_prec, bytes ? 0 : 2);
  c.set(tiu::opd0_w, count);
  // The result at the end of the lanes, so that no index leads far.
  constexpr uint64_t kReach = 0x800;
  c.set(tiu::res0_addr, bm1684::kLocalBase + bm1684::kLaneBytes - kReach);
  c.set(tiu::opd0_addr, bm1684::kLocalBase + random.pick(0, 0x1FFF) * 4);
  c.set(tiu::opd1_addr, bm1684::kLocalBase + 0x18000 + random.pick(0, 0x1FFF) * 4);
  for (uint64_t lane = 0; lane < bm1684::kLanes; ++lane) {
    std::vector<uint8_t> indices;
    for (uint64_t i = 0; i < count; ++i) {
      const uint64_t index = random.chance(15) ? 0xFFFF
                             : bytes           ? random.pick(0, kReach - 1)
                                               : random.pick(0, kReach / 4 - 1) * 4;
      indices.push_back(static_cast<uint8_t>(index)), indices.push_back(static_cast<uint8_t>(index >> 8));
    }
    c.patch(Space::kLocal, lane * bm1684::kLaneBytes + c.get(tiu::opd0_addr) - bm1684::kLocalBase, std::move(indices));
  }
  return c.finish(Content::kBytes);
}

Case generate_arrange(Random& random) {
  TiuCase c(random, 11);
  constexpr uint64_t kRowBytes = 128, kEntryBytes = 64, kEntriesInL2 = 4096;
  constexpr uint64_t kZero = 32, kKeep = 48;
  const uint64_t entries = random.size(24), list = random.pick(0, kEntriesInL2 - entries);
  c.set(tiu::opd1_n, entries);
  c.set(tiu::opd1_addr, list);
  // Close to the end of the lanes in nearly all cases: all behind the first row counts as touched.
  const uint64_t rows = random.pick(0, 499) == 0 ? 1024 : random.one_of({4, 16}),
                 base = bm1684::kLaneBytes - 2 * rows * kRowBytes;
  c.set(tiu::opd0_addr, base), c.set(tiu::res0_addr, base + rows * kRowBytes);
  for (uint64_t i = 0; i < entries; ++i) {
    std::vector<uint8_t> entry(kEntryBytes);
    // The first entry fills all registers: what they hold at first is nobody's.
    const bool writes = i > 0 && random.chance(50);
    for (uint64_t word = 0; word < 32; ++word)
      entry[word] = static_cast<uint8_t>(writes              ? random.chance(70) ? 0 : random.pick(1, 48)
                                                      : random.chance(20) ? i > 0 ? random.one_of({kZero, kKeep}) : kZero
                                                             : random.pick(0, 31));
    const uint64_t row = random.pick(0, rows - 1);
    entry[32] = static_cast<uint8_t>(row), entry[33] = static_cast<uint8_t>(row >> 8);
    entry[34] = static_cast<uint8_t>(writes ? random.pick(1, 255) : 0);
    c.patch(Space::kL2, (list + i) * kEntryBytes, std::move(entry));
  }
  return c.finish(Content::kBytes);
}

}  // namespace bmnet::isa_fuzz
