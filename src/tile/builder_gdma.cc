// Commands of the memory engine.
#include "tile/builder_state.h"

namespace bmnet::tile {
namespace {

using bm1684::Engine;
namespace g = bm1684::gdma;

enum Direction : int64_t { kSystemToLocal = 0, kLocalToSystem = 1, kSystemToSystem = 2, kLocalToLocal = 3 };
enum SpecialFunction : int64_t { kMove = 0, kTranspose = 1, kFill = 4 };

// One side of a move in the terms of the engine.
struct Side {
  Dims shape, strides;
};

// The cost model takes the strides of axes with one element at their word; give them the values of a dense tensor.
Side normalised(Side side) {
  if (side.shape[3] == 1) side.strides[3] = 1;
  if (side.shape[2] == 1) side.strides[2] = side.shape[3] * side.strides[3];
  if (side.shape[0] == 1) side.strides[0] = side.shape[1] * side.strides[1];
  return side;
}

// Rows of one element each that follow one another on both sides are one row.
void turn_column_into_row(Side& a, Side& b) {
  if (a.shape[3] != 1 || b.shape[3] != 1 || a.strides[2] != 1 || b.strides[2] != 1) return;
  for (Side* side : {&a, &b}) {
    side->shape[3] = side->shape[2];
    side->shape[2] = 1;
    side->strides[3] = 1;
  }
}

void put_source(CommandDraft& draft, const Side& side) {
  draft.put(g::src_nsize, side.shape[0])
      .put(g::src_csize, side.shape[1])
      .put(g::src_hsize, side.shape[2])
      .put(g::src_wsize, side.shape[3]);
  draft.put(g::src_nstride, side.strides[0])
      .put(g::src_cstride, side.strides[1])
      .put(g::src_hstride, side.strides[2])
      .put(g::src_wstride, side.strides[3]);
}

void put_destination(CommandDraft& draft, const Side& side) {
  draft.put(g::dst_nsize, side.shape[0])
      .put(g::dst_csize, side.shape[1])
      .put(g::dst_hsize, side.shape[2])
      .put(g::dst_wsize, side.shape[3]);
  draft.put(g::dst_nstride, side.strides[0])
      .put(g::dst_cstride, side.strides[1])
      .put(g::dst_hstride, side.strides[2])
      .put(g::dst_wstride, side.strides[3]);
}

void source_at(CommandDraft& draft, const Local& local) {
  draft.require_inside(local);
  draft.put(g::src_start_addr_l32, local.address());
}
void destination_at(CommandDraft& draft, const Local& local) {
  draft.require_inside(local);
  draft.put(g::dst_start_addr_l32, local.address());
}
void source_at(CommandDraft& draft, const Box& box) {
  draft.require(box.buffer >= 0 && box.offset >= 0, "source is no buffer");
  draft.op.source = box.buffer;
  draft.op.source_offset = box.offset * 4;
}
void destination_at(CommandDraft& draft, const Box& box) {
  draft.require(box.buffer >= 0 && box.offset >= 0, "destination is no buffer");
  draft.op.destination = box.buffer;
  draft.op.destination_offset = box.offset * 4;
}

CommandDraft draft_of(std::string_view what, Direction direction, SpecialFunction function = kMove) {
  CommandDraft draft(Engine::kGdma, what);
  draft.put(g::direction, direction).put(g::special_func, function).put(g::stride_enable, 1);
  return draft;
}

template <typename To, typename From>
CommandDraft draft_move(std::string_view what, Direction direction, const To& to, const From& from,
                        bool same_shape = true) {
  CommandDraft draft = draft_of(what, direction);
  Side source{from.shape, from.strides}, destination{to.shape, to.strides};
  draft.require(same_shape ? to.shape == from.shape : count(to.shape) == count(from.shape),
                "shapes of both sides differ");
  if (same_shape) turn_column_into_row(source, destination);
  put_source(draft, normalised(source));
  put_destination(draft, normalised(destination));
  source_at(draft, from);
  destination_at(draft, to);
  return draft;
}

}  // namespace

void Builder::load(const Local& to, const Box& from) { append(draft_move("load", kSystemToLocal, to, from)); }
void Builder::store(const Box& to, const Local& from) { append(draft_move("store", kLocalToSystem, to, from)); }
void Builder::copy(const Box& to, const Box& from) {
  append(draft_move("copy", kSystemToSystem, to, from, to.shape == from.shape));
}
void Builder::move(const Local& to, const Local& from) { append(draft_move("move", kLocalToLocal, to, from)); }

void Builder::transpose_nc(const Box& to, const Box& from) {
  CommandDraft draft = draft_of("transpose_nc", kSystemToSystem, kTranspose);
  const Dims swapped = {from.shape[1], from.shape[0], from.shape[2], from.shape[3]};
  draft.require(to.shape == swapped, "shapes of both sides differ");
  put_source(draft, normalised({from.shape, from.strides}));
  put_destination(draft, normalised({to.shape, to.strides}));
  source_at(draft, from);
  destination_at(draft, to);
  append(draft);
}

void Builder::fill(const Local& to, uint32_t bits) {
  CommandDraft draft = draft_of("fill", kSystemToLocal, kFill);
  draft.put(g::constant_value, bits);
  put_source(draft, normalised({to.shape, to.strides}));
  put_destination(draft, normalised({to.shape, to.strides}));
  destination_at(draft, to);
  append(draft);
}

void Builder::fill(const Box& to, uint32_t bits) {
  CommandDraft draft = draft_of("fill", kSystemToSystem, kFill);
  draft.put(g::constant_value, bits);
  put_source(draft, normalised({to.shape, to.strides}));
  put_destination(draft, normalised({to.shape, to.strides}));
  destination_at(draft, to);
  append(draft);
}

namespace {

// The local side as the engine's matrix mode wants it.
Side matrix_side(const Local& local) {
  return {local.shape, {local.strides[0], local.strides[1], local.strides[1], 1}};
}
Side matrix_side(const Box& box) {
  return {{1, 1, box.shape[2], box.shape[3]},
          {box.shape[2] * box.strides[2], box.shape[2] * box.strides[2], box.strides[2], 1}};
}

void require_matrix(CommandDraft& draft, const Local& local, const Box& box, bool transposed) {
  const int64_t rows = transposed ? box.shape[3] : box.shape[2], columns = transposed ? box.shape[2] : box.shape[3];
  draft.require(local.shape[0] == rows && local.shape[2] == 1 && local.shape[1] == ceil_div(columns, local.shape[3]),
                "the matrix does not fill its sections");
  draft.require(box.strides[3] == 1 || box.shape[3] == 1, "matrix rows are not contiguous");
  draft.put(g::sys_mem_type, 1);
}

}  // namespace

void Builder::load_matrix(const Local& to, const Box& from, bool transposed) {
  CommandDraft draft = draft_of("load_matrix", kSystemToLocal, transposed ? kTranspose : kMove);
  require_matrix(draft, to, from, transposed);
  put_source(draft, matrix_side(from));
  put_destination(draft, matrix_side(to));
  source_at(draft, from);
  destination_at(draft, to);
  append(draft);
}

void Builder::store_matrix(const Box& to, const Local& from) {
  CommandDraft draft = draft_of("store_matrix", kLocalToSystem);
  require_matrix(draft, from, to, false);
  put_source(draft, matrix_side(from));
  put_destination(draft, matrix_side(to));
  source_at(draft, from);
  destination_at(draft, to);
  append(draft);
}

}  // namespace bmnet::tile
