#include "bench/sim/resnet_stream.h"

#include <algorithm>

#include "target/bm1684/emit/emit.h"
#include "target/bm1684/isa/codec.h"
#include "tile/builder.h"

namespace bmnet::bench {
namespace {

using bm1684::Engine;
using tile::Box;
using tile::BufferId;
using tile::Dims;
using tile::Layout;
using tile::Local;
namespace tiu = bm1684::tiu;

// Places in every lane. Everything of a layer fits: the largest input is the picture, one channel a lane.
constexpr uint32_t kInput = 0, kOther = 0x34000, kResult[2] = {0x44000, 0x51000}, kWeights[2] = {0x5E000, 0x63000},
                   kBias[2] = {0x68000, 0x69000};
constexpr int64_t kSlice = 256;  // output channels

// A tensor in DDR, words of four images.
struct Value {
  BufferId buffer = -1;
  int64_t channels = 0, size = 0;  // size x size positions

  Dims shape() const { return {1, channels, size, size}; }
  Box box() const { return {buffer, 0, shape(), tile::dense_strides(shape())}; }
};

struct Convolution {
  int64_t channels, kernel, stride;
  bool relu;
};

class StreamBuilder {
 public:
  Value input(int64_t channels, int64_t size) { return value(channels, size); }

  Value convolve(const Value& x, const Convolution& conv) {
    const int64_t pad = conv.kernel / 2, size = (x.size + 2 * pad - conv.kernel) / conv.stride + 1;
    const Value y = value(conv.channels, size);
    const Local in = load(x, kInput);
    for (int64_t first = 0; first < conv.channels; first += kSlice, slot_ = 1 - slot_) {
      const int64_t channels = std::min(kSlice, conv.channels - first);
      // Coefficients stand in DDR as the lanes want them: one run a lane.
      const int64_t rows = tile::ceil_div(channels, bm1684::kLanes);
      load_run(kWeights[slot_], rows * tile::ceil_div(x.channels, 4) * conv.kernel * conv.kernel);
      load_run(kBias[slot_], tile::ceil_div(rows, 2));
      const Local out = make_local({1, channels, size, size}, Layout::kAligned, kResult[slot_]);
      bm1684::Command command = window_command(0, in, out, conv.kernel, conv.stride, pad);
      set(command, tiu::opd0_c, static_cast<uint64_t>(x.channels));
      set(command, tiu::tsk_opd_num, 3);
      set(command, tiu::opt_opd1_sign, 1), set(command, tiu::opt_opd2_sign, 1), set(command, tiu::opt_relu, conv.relu);
      set(command, tiu::opt_right_shift, 7);
      set(command, tiu::opd1_addr, address(kWeights[slot_])), set(command, tiu::opd2_addr, address(kBias[slot_]));
      append(command);
      build_.store(y.box().part({0, first, 0, 0}, out.shape), out);
    }
    macs_ += y.channels * size * size * x.channels * conv.kernel * conv.kernel;
    return y;
  }

  Value pool(const Value& x, int64_t kernel, int64_t stride, bool maximum) {
    const int64_t pad = maximum ? kernel / 2 : 0, size = (x.size + 2 * pad - kernel) / stride + 1;
    const Value y = value(x.channels, size);
    const Local in = load(x, kInput), out = make_local(y.shape(), Layout::kAligned, kResult[slot_]);
    bm1684::Command command = window_command(1, in, out, kernel, stride, pad);
    set(command, tiu::tsk_eu_typ, maximum ? 4 : 1);
    set(command, tiu::tsk_opd_num, maximum ? 1 : 2);
    if (!maximum)
      set(command, tiu::opt_opd1_const, 1), set(command, tiu::opd1_addr, 1), set(command, tiu::opt_right_shift, 5);
    append(command);
    build_.store(y.box(), out);
    slot_ = 1 - slot_;
    return y;
  }

  // max(a + b, 0)
  Value add(const Value& a, const Value& b) {
    const Value y = value(a.channels, a.size);
    const Local left = load(a, kInput), right = load(b, kOther);
    for (const uint64_t operation : {2, 4}) {
      bm1684::Command command = bm1684::idle_command(Engine::kTiu);
      set(command, tiu::tsk_typ, 3), set(command, tiu::tsk_eu_typ, operation);
      set(command, tiu::opt_opd0_sign, 1), set(command, tiu::opt_opd1_sign, 1);
      set_result(command, left);
      set(command, tiu::opd0_addr, left.address()), set(command, tiu::opd1_addr, right.address());
      if (operation == 4) set(command, tiu::opt_opd1_const, 1), set(command, tiu::opd1_addr, 0);
      append(command);
    }
    build_.store(y.box(), left);
    return y;
  }

  Result<ResnetStream> finish(const Value& result) {
    BMNET_TRY(build_.status());
    std::vector<uint64_t> addresses;
    uint64_t next = bm1684::kContextStart;
    for (const tile::Buffer& buffer : program_.buffers) {
      addresses.push_back(next);
      next += static_cast<uint64_t>(tile::round_up(buffer.bytes, bm1684::kDdrPage));
    }
    BMNET_ASSIGN(const bm1684::Stream emitted, bm1684::emit(program_, program_.ops, addresses));
    ResnetStream stream{.begin = bm1684::kContextStart, .end = next, .macs = macs_};
    stream.result = addresses[static_cast<size_t>(result.buffer)];
    stream.result_bytes = static_cast<uint64_t>(4 * tile::count(result.shape()));
    for (const bm1684::Stream::Group& group : emitted.groups) {
      CommandGroup& loaded = stream.groups.emplace_back(CommandGroup{group.tiu, group.gdma});
      if (!loaded.tiu.empty()) set(loaded.tiu.back(), tiu::cmd_end, 1);
      if (!loaded.gdma.empty()) set(loaded.gdma.back(), bm1684::gdma::chain_end, 1);
    }
    return stream;
  }

 private:
  static uint64_t address(uint32_t offset) { return bm1684::kLocalBase + offset; }

  BufferId buffer(int64_t words) {
    return program_.add({tile::Buffer::Kind::kActivation, std::to_string(program_.buffers.size()), 4 * words, -1, {}});
  }
  Value value(int64_t channels, int64_t size) { return {buffer(channels * size * size), channels, size}; }

  Local load(const Value& x, uint32_t place) {
    const Local local = make_local(x.shape(), Layout::kAligned, place);
    build_.load(local, x.box());
    return local;
  }
  // `words` words for every lane.
  void load_run(uint32_t place, int64_t words) {
    const Dims shape{1, bm1684::kLanes, 1, words};
    build_.load(make_local(shape, Layout::kCompact, place),
                {buffer(tile::count(shape)), 0, shape, tile::dense_strides(shape)});
  }

  static void set_result(bm1684::Command& command, const Local& out) {
    set(command, tiu::res0_n, ResnetStream::kImages);
    set(command, tiu::res0_c, static_cast<uint64_t>(out.shape[1]));
    set(command, tiu::res0_h, static_cast<uint64_t>(out.shape[2]));
    set(command, tiu::res0_w, static_cast<uint64_t>(out.shape[3]));
    set(command, tiu::res0_addr, out.address());
  }
  static bm1684::Command window_command(uint64_t type, const Local& in, const Local& out, int64_t kernel,
                                        int64_t stride, int64_t pad) {
    bm1684::Command command = bm1684::idle_command(Engine::kTiu);
    set(command, tiu::tsk_typ, type);
    set_result(command, out);
    set(command, tiu::opt_opd0_sign, 1);
    set(command, tiu::opd0_h, static_cast<uint64_t>(in.shape[2]));
    set(command, tiu::opd0_w, static_cast<uint64_t>(in.shape[3]));
    set(command, tiu::opd0_addr, in.address());
    for (const bm1684::Field* field : {&tiu::opd1_h, &tiu::opd1_w}) set(command, *field, static_cast<uint64_t>(kernel));
    for (const bm1684::Field* field : {&tiu::res_op_x_str, &tiu::res_op_y_str})
      set(command, *field, static_cast<uint64_t>(stride));
    for (const bm1684::Field* field : {&tiu::opd0_up_pad, &tiu::opd0_dn_pad, &tiu::opd0_lf_pad, &tiu::opd0_rt_pad})
      set(command, *field, static_cast<uint64_t>(pad));
    return command;
  }
  void append(const bm1684::Command& command) { program_.ops.push_back({.engine = Engine::kTiu, .command = command}); }

  tile::Program program_;
  tile::Builder build_{program_, 0};
  int slot_ = 0;
  int64_t macs_ = 0;
};

// 1x1, 3x3, 1x1 beside the way around, which is a convolution where the shape changes.
Value bottleneck(StreamBuilder& build, const Value& x, int64_t width, int64_t stride, bool first) {
  const Value shortcut = first ? build.convolve(x, {4 * width, 1, stride, false}) : x;
  Value y = build.convolve(x, {width, 1, 1, true});
  y = build.convolve(y, {width, 3, stride, true});
  y = build.convolve(y, {4 * width, 1, 1, false});
  return build.add(y, shortcut);
}

}  // namespace

Result<ResnetStream> make_resnet_stream() {
  StreamBuilder build;
  Value x = build.pool(build.convolve(build.input(3, 224), {64, 7, 2, true}), 3, 2, true);
  constexpr int kBlocks[] = {3, 4, 6, 3};
  for (int stage = 0; stage < 4; ++stage)
    for (int block = 0; block < kBlocks[stage]; ++block)
      x = bottleneck(build, x, int64_t{64} << stage, stage > 0 && block == 0 ? 2 : 1, block == 0);
  x = build.convolve(build.pool(x, 7, 1, false), {1000, 1, 1, false});
  return build.finish(x);
}

}  // namespace bmnet::bench
