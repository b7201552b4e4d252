// Commands of the memory engine.
#include <algorithm>

#include "device/isa_fuzz/generator.h"
#include "target/bm1684/isa/codec.h"
#include "target/bm1684/machine.h"

namespace bmnet::isa_fuzz {
namespace {

using bm1684::Command;
using bm1684::Engine;
using bm1684::Field;
namespace gdma = bm1684::gdma;

enum Direction : uint64_t { kSystemToLocal, kLocalToSystem, kSystemToSystem, kLocalToLocal };
enum Format : uint64_t { kFp32, kInt16, kUint8, kInt8, kFp16 };

constexpr uint64_t bytes_of(uint64_t format) {
  return format == kFp32 ? 4 : format == kInt16 || format == kFp16 ? 2 : 1;
}

struct Shape {
  uint64_t n = 1, c = 1, h = 1, w = 1;
  uint64_t elements() const { return n * c * h * w; }
};

// The registers of one side.
struct SideFields {
  const Field &low, &high;
  const Field *size[4], *stride[4];
  const Field &h_shift, &w_shift;
};
constexpr SideFields kSource{gdma::src_start_addr_l32,
                             gdma::src_start_addr_h8,
                             {&gdma::src_nsize, &gdma::src_csize, &gdma::src_hsize, &gdma::src_wsize},
                             {&gdma::src_nstride, &gdma::src_cstride, &gdma::src_hstride, &gdma::src_wstride},
                             gdma::src_hshift,
                             gdma::src_wshift};
constexpr SideFields kDestination{gdma::dst_start_addr_l32,
                                  gdma::dst_start_addr_h8,
                                  {&gdma::dst_nsize, &gdma::dst_csize, &gdma::dst_hsize, &gdma::dst_wsize},
                                  {&gdma::dst_nstride, &gdma::dst_cstride, &gdma::dst_hstride, &gdma::dst_wstride},
                                  gdma::dst_hshift,
                                  gdma::dst_wshift};

class GdmaCase {
 public:
  GdmaCase(Random& random, uint64_t function) : random_(random) {
    case_.engine = Engine::kGdma;
    case_.command = bm1684::idle_command(Engine::kGdma);
    set(gdma::special_func, function);
  }

  void set(const Field& field, uint64_t value) { bm1684::set(case_.command, field, value); }
  void set_flag(const Field& field, unsigned percent) { set(field, random_.chance(percent)); }
  uint64_t get(const Field& field) const { return bm1684::get(case_.command, field); }
  Random& random() { return random_; }
  Case finish(Content content) {
    case_.content = content;
    return std::move(case_);
  }

  void direct(uint64_t direction) {
    direction_ = direction;
    set(gdma::direction, direction);
  }
  bool is_local(const SideFields& side) const {
    return &side.low == &kSource.low ? direction_ == kLocalToSystem || direction_ == kLocalToLocal
                                     : direction_ == kSystemToLocal || direction_ == kLocalToLocal;
  }

  // An address whose next 2 MiB (in a lane: 128 KiB) belong to this side alone.
  void place(const SideFields& side, uint64_t format) {
    const bool source = &side.low == &kSource.low;
    const uint64_t step = random_.chance(70) ? 128 : bytes_of(format);
    uint64_t address = random_.pick(0, 0x7FFF / step) * step;
    if (is_local(side)) {
      lane_ = random_.chance(30) ? 0 : random_.pick(0, bm1684::kLanes - 1);
      address += bm1684::kLocalBase + lane_ * bm1684::kLaneBytes + (source ? 0 : 0x40000);
    } else if (random_.chance(15)) {
      address += bm1684::kL2Base + bm1684::kL2UserBase + (source ? 0 : 0x100000);
    } else {
      address += bm1684::kDdrBase + (source ? 0 : kDdrBytes / 2);
    }
    set_address(side, address);
  }
  void set_address(const SideFields& side, uint64_t address) {
    set(side.low, address & 0xFFFFFFFF);
    set(side.high, address >> 32);
  }
  void resize(const SideFields& side, const Shape& s) {
    const uint64_t sizes[] = {s.n, s.c, s.h, s.w};
    for (int i = 0; i < 4; ++i) set(*side.size[i], sizes[i]);
  }
  // Strides of a tensor that is dense up to small gaps. Uses the lane of the last place().
  void stride(const SideFields& side, const Shape& s) {
    const auto gap = [&] { return random_.chance(30) ? random_.pick(1, 5) : 0; };
    const uint64_t w = random_.chance(80) ? 1 : random_.pick(2, 3);
    const uint64_t h = s.w * w + gap(), c = s.h * h + gap();
    const uint64_t n = (is_local(side) ? (lane_ + s.c + 63) / 64 : s.c) * c + gap();
    const uint64_t strides[] = {n, c, h, w};
    for (int i = 0; i < 4; ++i) set(*side.stride[i], strides[i]);
  }
  void broadcast_source() {
    for (const Field* stride : kSource.stride)
      if (random_.chance(8)) set(*stride, 0);
  }
  void shift(const SideFields& side) {
    if (random_.chance(5)) set(side.h_shift, random_.pick(1, 3));
    if (random_.chance(5)) set(side.w_shift, random_.pick(1, 3));
  }
  void mask_lanes() {
    if (!random_.chance(25)) return;
    const uint64_t mask = random_.next();
    set(gdma::localmem_mask_l32, mask & 0xFFFFFFFF);
    set(gdma::localmem_mask_h32, mask >> 32);
  }
  Shape shape(uint64_t limit) {
    Shape s{random_.size(6), random_.chance(90) ? random_.size(40) : random_.pick(60, 130), random_.size(12),
            random_.size(40)};
    while (s.elements() > limit) {
      uint64_t* sizes[] = {&s.n, &s.c, &s.h, &s.w};
      uint64_t& most = **std::max_element(sizes, sizes + 4, [](auto* a, auto* b) { return *a < *b; });
      most = (most + 1) / 2;
    }
    return s;
  }

 private:
  Random& random_;
  Case case_;
  uint64_t direction_ = 0, lane_ = 0;
};

constexpr uint64_t kMost = 4000;  // elements

// Same elements in another shape, or the same.
Shape reshaped(Random& random, const Shape& s) {
  switch (random.pick(0, 5)) {
    case 0:
      return {s.c, s.n, s.h, s.w};
    case 1:
      return {s.n, s.h, s.w, s.c};
    case 2:
      return {1, s.n, s.c, s.h * s.w};
    default:
      return s;
  }
}

// Both sides of a tensor move, strided or not.
void place_tensors(GdmaCase& c, uint64_t direction, const Shape& from, const Shape& to, uint64_t source_format,
                   uint64_t destination_format) {
  c.direct(direction);
  const bool strided = direction == kSystemToSystem || c.random().chance(60);
  c.set(gdma::stride_enable, strided);
  c.set(gdma::src_data_format, source_format);
  c.place(kSource, source_format);
  c.resize(kSource, from);
  if (strided) c.stride(kSource, from);
  if (strided) c.broadcast_source();
  c.place(kDestination, destination_format);
  c.resize(kDestination, to);
  if (strided) c.stride(kDestination, to);
  c.shift(kSource);
  c.mask_lanes();
}

Content content_of(uint64_t format) { return format == kFp32 ? Content::kAny : Content::kBytes; }

}  // namespace

Case generate_gdma_move(Random& random) {
  GdmaCase c(random, 0);
  const uint64_t format = random.pick(0, 4);
  const Shape from = c.shape(kMost), to = reshaped(random, from);
  place_tensors(c, random.pick(0, 3), from, to, format, format);
  if (random.chance(2)) c.shift(kDestination);
  if (from.n == to.n && from.c == to.c && from.h == to.h && from.w == to.w && random.chance(30)) {
    c.set(gdma::chw_copy, 1);
    c.resize(kDestination, {random.pick(1, 9), random.pick(1, 9), random.pick(1, 9), random.pick(1, 9)});
  }
  if (format != kFp16 && random.chance(20)) c.set(gdma::acc_write_enable, 1);
  return c.finish(content_of(format));
}

Case generate_gdma_transpose_nc(Random& random) {
  GdmaCase c(random, 1);
  const uint64_t format = random.pick(0, 4);
  const Shape from = c.shape(kMost), to{from.c, from.n, from.h, from.w};
  place_tensors(c, random.pick(0, 3), from, to, format, format);
  if (random.chance(50)) c.resize(kDestination, from);  // the engine exchanges n and c itself
  if (format != kFp16 && random.chance(10)) c.set(gdma::acc_write_enable, 1);
  return c.finish(content_of(format));
}

Case generate_gdma_convert(Random& random) {
  GdmaCase c(random, 3);
  uint64_t from, to;
  do {
    from = random.one_of({kFp32, kUint8, kInt8, kFp16});
    to = random.one_of({kFp32, kUint8, kInt8, kFp16});
  } while (from == to || (bytes_of(from) == 1 && bytes_of(to) == 1));
  const Shape shape = c.shape(kMost);
  place_tensors(c, random.pick(0, 3), shape, shape, from, to);
  c.set(gdma::dst_data_format, to);
  if (to == kFp32 && random.chance(20)) c.set(gdma::acc_write_enable, 1);
  if (random.chance(10)) {
    c.set(gdma::chw_copy, 1);
    c.resize(kDestination, {random.pick(1, 9), random.pick(1, 9), random.pick(1, 9), random.pick(1, 9)});
  }
  return c.finish(content_of(from));
}

Case generate_gdma_fill(Random& random) {
  GdmaCase c(random, 4);
  const uint64_t format = random.pick(0, 4);
  const Shape shape = c.shape(kMost);
  place_tensors(c, random.one_of({kSystemToLocal, kSystemToSystem, kLocalToLocal}), shape, shape, format, format);
  c.set(gdma::constant_value, random.next() & 0xFFFFFFFF);
  return c.finish(content_of(format));
}

Case generate_gdma_transpose_cw(Random& random) {
  GdmaCase c(random, 5);
  const uint64_t format = random.pick(0, 4);
  Shape from = c.shape(kMost);
  from.n = from.h = 1;
  c.direct(kLocalToLocal);
  c.set(gdma::src_data_format, format);
  c.place(kSource, format);
  c.resize(kSource, from);
  const bool strided = random.chance(60);
  c.set(gdma::stride_enable, strided);
  if (strided) c.stride(kSource, from), c.set(gdma::src_wstride, 1);
  const Shape to{1, from.w, 1, from.c};
  c.place(kDestination, format);
  c.resize(kDestination, to);
  if (strided) c.stride(kDestination, to), c.set(gdma::dst_wstride, 1);
  // Rows of the strides above may be closer than elements: keep the plain form.
  if (strided) c.set(gdma::src_cstride, from.w + random.pick(0, 4)), c.set(gdma::dst_cstride, to.w + random.pick(0, 4));
  c.mask_lanes();
  return c.finish(content_of(format));
}

Case generate_gdma_lrn_shift(Random& random) {
  GdmaCase c(random, 2);
  c.direct(kLocalToLocal);
  const Shape shape = c.shape(kMost);
  const bool strided = random.chance(60), before = random.chance(50);
  c.set(gdma::src_data_format, kFp32);
  c.set(gdma::stride_enable, strided);
  c.place(kSource, kFp32);
  c.resize(kSource, shape);
  c.resize(kDestination, shape);
  if (strided) c.stride(kSource, shape);
  c.place(kDestination, kFp32);
  const uint64_t cleared = random.chance(90) ? random.pick(0, 5) : random.pick(0, 15);
  c.set(gdma::lrn_shift_num, cleared);
  c.set(gdma::lrn_shift_dir, before);
  if (before)  // lanes before the first do not exist
    c.set_address(kDestination, bm1684::kLocalBase + random.pick(cleared, 63) * bm1684::kLaneBytes + 0x40000);
  if (random.chance(20)) c.set(gdma::acc_write_enable, 1);
  c.mask_lanes();
  return c.finish(Content::kAny);
}

Case generate_gdma_winograd(Random& random) {
  GdmaCase c(random, 6);
  c.direct(kSystemToLocal);
  const uint64_t channels = random.chance(90) ? random.size(40) : random.pick(60, 130), groups = random.size(16);
  c.set(gdma::src_data_format, kInt8);
  c.place(kSource, kInt8);
  c.resize(kSource, {1, channels, 1, groups * 9});
  c.place(kDestination, kInt8);
  c.resize(kDestination, {1, channels, 1, groups * 16});
  c.set_flag(gdma::stride_enable, 70);
  c.set(gdma::src_cstride, groups * 9 + random.pick(0, 9));
  c.set(gdma::dst_cstride, groups * 16 + random.pick(0, 3) * 16);
  c.set(gdma::src_hstride, random.chance(70) ? 9 : random.pick(0, 40));
  c.set(gdma::dst_hstride, random.chance(70) ? 16 : random.pick(0, 40));
  c.set(gdma::src_wstride, 1), c.set(gdma::dst_wstride, 1);
  c.set(gdma::src_nstride, random.size(100)), c.set(gdma::dst_nstride, random.size(100));
  c.mask_lanes();
  c.set(gdma::src_hshift, random.pick(0, 63));
  c.set(gdma::src_wshift, random.pick(0, 128));
  c.set(gdma::dst_hshift, random.pick(0, 31));
  c.set(gdma::constant_value, random.pick(0, 511));
  return c.finish(Content::kBytes);
}

Case generate_gdma_filter(Random& random) {
  GdmaCase c(random, 7);
  c.direct(kLocalToSystem);
  const Shape shape = c.shape(kMost);
  c.set(gdma::src_data_format, kFp32);
  c.place(kSource, kFp32);
  c.resize(kSource, shape);
  c.resize(kDestination, shape);
  c.place(kDestination, kFp32);
  const uint64_t lane = random.pick(0, 63);
  c.set(gdma::dst_nstride, bm1684::kLocalBase + lane * bm1684::kLaneBytes + 0x20000 + random.pick(0, 255) * 128);
  c.mask_lanes();
  return c.finish(Content::kAny);
}

Case generate_gdma_matrix(Random& random) {
  const bool transposed = random.chance(40), load = random.chance(50);
  GdmaCase c(random, transposed);
  c.direct(load ? kSystemToLocal : kLocalToSystem);
  c.set(gdma::sys_mem_type, 1);
  const uint64_t format = random.pick(0, 4), rows = random.size(24), columns = random.size(120);
  const uint64_t length = transposed ? rows : columns, section = random.pick(1, length);
  const uint64_t batches = transposed ? columns : rows, sections = (length + section - 1) / section;
  c.set(gdma::src_data_format, format);
  const SideFields &system = load ? kSource : kDestination, &local = load ? kDestination : kSource;
  c.place(system, format);
  c.resize(system, {1, 1, rows, columns});
  c.place(local, format);
  c.resize(local, {batches, sections, 1, section});
  if (random.chance(60)) {
    c.set(gdma::stride_enable, 1);
    c.stride(local, {batches, sections, 1, section});
    c.set(*system.stride[2], columns + random.pick(0, 5));
    c.set(*system.stride[3], 1);
  }
  if (format == kFp32 && random.chance(20)) c.set(gdma::acc_write_enable, 1);
  if (load) c.mask_lanes();
  return c.finish(content_of(format));
}

Case generate_gdma_common(Random& random) {
  const bool fill = random.chance(30);
  GdmaCase c(random, fill ? 4 : 0);
  const uint64_t format = random.pick(0, 4);
  c.set(gdma::common_mode, 1);
  c.direct(fill ? random.one_of({kSystemToLocal, kSystemToSystem}) : random.pick(0, 3));
  c.set(gdma::src_data_format, format);
  c.place(kSource, format);
  c.place(kDestination, format);
  c.set(gdma::src_nstride, random.size(3000));
  c.set(gdma::constant_value, random.next() & 0xFFFFFFFF);
  c.mask_lanes();
  return c.finish(content_of(format));
}

}  // namespace bmnet::isa_fuzz
