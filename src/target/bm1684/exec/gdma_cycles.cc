#include "target/bm1684/exec/gdma_cycles.h"

#include <algorithm>

namespace bmnet::bm1684 {
namespace gdma_exec {
namespace {

constexpr float kSystemBytesPerCycle = 29.565f, kLocalBytesPerCycle = 32.0f;
constexpr float kSystemOverhead = 1.1079546f;
constexpr uint64_t kBaseCycles = 3, kFillCycles = 7;
constexpr uint64_t kReadLatency = 121, kWriteLatency = 38;
constexpr int64_t kPage = 4096, kPageCycles = 53;

bool reads_system(const CostTerms& t) {
  return t.direction == Direction::kSystemToLocal || t.direction == Direction::kSystemToSystem;
}

// One-element dimensions of the source get the stride that makes them dense.
CostSide normalised(CostSide s) {
  if (s.size.w == 1) {
    s.stride.w = 1;
    s.w_shift = 0;
  }
  if (s.size.h == 1) {
    s.stride.h = s.size.w * s.stride.w >> s.w_shift;
    s.h_shift = 0;
  }
  if (s.size.c == 1) s.stride.c = s.size.h * s.stride.h >> s.h_shift;
  if (s.size.n == 1) s.stride.n = s.size.c * s.stride.c;
  return s;
}

bool dense_columns(const CostSide& s) { return uint64_t{1} << s.w_shift == s.stride.w; }

// Elements that lie one behind the other when columns do; local memory is left after every channel.
uint64_t dense_run(const CostSide& s, bool local) {
  const uint64_t plane = s.size.w * s.size.h;
  if (s.size.w << s.h_shift != s.stride.h) return s.size.w;
  return local || plane != s.stride.c ? plane : s.size.c * plane;
}
uint64_t source_run(const CostSide& s, bool local) {
  return dense_columns(s) ? dense_run(s, local) : (s.size.w - 1) * (s.stride.w >> s.w_shift) + 1;
}

// Is a gap of `elements` (it may be negative) an odd number of whole pages?
bool odd_pages(uint64_t elements, uint32_t element_bytes) {
  return static_cast<int64_t>(elements) * element_bytes / kPage & 1;
}

// Steps from page to page over an irregular source; gaps between rows that skip pages do not count.
int64_t page_steps(const CostTerms& t, const CostSide& s) {
  const auto n = static_cast<int64_t>(s.size.n), c = static_cast<int64_t>(s.size.c), h = static_cast<int64_t>(s.size.h);
  const uint64_t end = t.source_address + s.size.n * s.stride.n * t.element_bytes;
  int64_t steps = static_cast<int64_t>(end / kPage - t.source_address / kPage);
  if (dense_columns(s)) return steps;
  if (odd_pages(s.stride.h - (s.size.w * s.stride.w >> s.w_shift), t.element_bytes)) steps -= (h - 1) * c * n;
  if (odd_pages(s.stride.c - (s.size.h * s.stride.h >> s.h_shift), t.element_bytes)) steps -= (c - 1) * h;
  if (odd_pages(s.stride.n - s.size.c * s.stride.c, t.element_bytes)) steps -= n - 1;
  return steps;
}

}  // namespace

Result<uint64_t> transfer_cycles(const CostTerms& t) {
  for (const CostSide* side : {&t.source, &t.destination})
    if (side->size.n * side->size.c * side->size.h * side->size.w == 0)
      return user_error("a transfer of {}x{}x{}x{} elements is empty", side->size.n, side->size.c, side->size.h,
                        side->size.w);
  const bool to_local = t.direction == Direction::kSystemToLocal,
             between_lanes = t.direction == Direction::kLocalToLocal;
  const bool system = !between_lanes && !(to_local && t.fill);
  const bool irregular = t.irregular || t.source.stride.w != 1 || t.destination.stride.w != 1 || t.source.w_shift != 0;
  const CostSide source = normalised(t.source);

  uint64_t setup = t.fill ? kFillCycles : kBaseCycles;
  if (reads_system(t) && !t.fill) setup += kReadLatency;
  if (t.direction == Direction::kLocalToSystem) setup += kWriteLatency;

  const bool from_local = t.direction == Direction::kLocalToSystem || between_lanes;
  const uint64_t run = std::min(source_run(source, from_local), dense_run(t.destination, to_local || between_lanes));
  const float width = system ? kSystemBytesPerCycle : kLocalBytesPerCycle;
  const float chunk = std::min(static_cast<float>(run * t.element_bytes), width);
  const float ways = !irregular && !between_lanes ? 2.0f : 1.0f;
  const int64_t pages = irregular && system && reads_system(t) ? kPageCycles * page_steps(t, source) : 0;
  // Skipped elements of a strided row are read too.
  const uint64_t column_step = source.stride.w >> source.w_shift;
  const CostSide::Sizes& size = source.size;
  const uint64_t columns = column_step == 1 ? size.w : (size.w - 1) * column_step + 1;
  const uint64_t bytes = size.n * size.c * size.h * columns * t.element_bytes;

  float cycles = static_cast<float>(setup) + static_cast<float>(bytes) / (ways * chunk);
  cycles += static_cast<float>(pages);
  if (system) cycles *= kSystemOverhead;
  constexpr float kMost = 0x1p63f;
  return static_cast<uint64_t>(std::clamp(cycles, 0.0f, kMost));
}

}  // namespace gdma_exec

Result<uint64_t> cycles_gdma(const Command& command) {
  using namespace gdma_exec;
  BMNET_ASSIGN(const Header header, read_header(command));
  using Sizes = CostSide::Sizes;
  const auto sizes = [](const Shape4& s) { return Sizes{s.n, s.c, s.h, s.w}; };
  const auto registers = [](const Strides& s) { return Sizes{s.n, s.c, s.h, s.w}; };
  const auto dense = [](const Sizes& s) { return Sizes{s.c * s.h * s.w, s.h * s.w, s.w, 1}; };
  CostTerms terms;
  terms.direction = header.direction;
  terms.fill = header.special == Special::kFill;
  terms.irregular = (get(command, gdma::acc_write_enable) && header.special != Special::kLrnShift) ||
                    (header.special == Special::kTransposeNc && header.matrix) ||
                    header.special == Special::kLrnShift || header.special == Special::kTransposeCw;
  terms.source_address = get(command, gdma::src_start_addr_l32) | get(command, gdma::src_start_addr_h8) << 32;
  const auto either = [&](auto... formats) {
    const uint64_t from = get(command, gdma::src_data_format), to = get(command, gdma::dst_data_format);
    return ((from == formats || to == formats) || ...);
  };
  terms.element_bytes = either(0u) ? 4 : either(1u, 4u) ? 2 : 1;
  const bool explicit_strides = get(command, gdma::stride_enable) != 0;
  terms.source.size = sizes(terms.fill ? destination_registers(command) : source_sizes(command));
  terms.destination.size = get(command, gdma::chw_copy) ? terms.source.size : sizes(destination_registers(command));
  // The vendor charges no generated stream for these two; they move dense runs of the source.
  if (header.common) terms.source.size = {1, 1, 1, get(command, gdma::src_nstride)};
  if (header.common || header.special == Special::kFilter) {
    terms.source.stride = terms.destination.stride = dense(terms.source.size);
    terms.destination.size = terms.source.size;
    return transfer_cycles(terms);
  }
  terms.source.stride = terms.fill || !explicit_strides ? dense(terms.source.size) : registers(source_strides(command));
  terms.destination.stride = explicit_strides ? registers(destination_strides(command)) : dense(terms.destination.size);
  terms.source.h_shift = get(command, gdma::src_hshift) % 32;
  terms.source.w_shift = get(command, gdma::src_wshift) % 32;
  terms.destination.h_shift = get(command, gdma::dst_hshift) % 32;
  terms.destination.w_shift = get(command, gdma::dst_wshift) % 32;
  return transfer_cycles(terms);
}

}  // namespace bmnet::bm1684
