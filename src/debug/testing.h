// For tests only: a small net of two layers as text, and a console that types a script.
#pragma once

#include <string>
#include <vector>

#include "bmodel/disasm.h"
#include "bmodel/layer_table.h"
#include "bmodel/testing.h"
#include "debug/console.h"
#include "debug/debugger.h"
#include "device/sim/simulator.h"
#include "runtime/session.h"

namespace bmnet::debug::test {

inline constexpr uint64_t kX = bm1684::kContextStart, kA = kX + 0x1000, kY = kX + 0x2000;

// Between DDR, dense, and local memory: a tensor [1,4,1,8] of f32.
inline std::string move(int id, int wait, bool load, uint64_t from, uint64_t to) {
  return fmt::format(
      "gdma.move #{} @{} stride_enable=1 {} src_nstride=32 src_cstride={} src_hstride=8 src_wstride=1 dst_nstride=32 "
      "dst_cstride={} dst_hstride=8 dst_wstride=1 src_nsize=1 src_csize=4 src_hsize=1 src_wsize=8 dst_nsize=1 "
      "dst_csize=4 dst_hsize=1 dst_wsize=8 src_start_addr={:#x} dst_start_addr={:#x}\n",
      id, wait, load ? "" : "direction=l2s", load ? 8 : 32, load ? 32 : 8, from, to);
}

// local 0x0 = local 0x300 <operation> constant
inline std::string scalar(int id, int wait, const char* operation, uint32_t constant) {
  return fmt::format(
      "tiu.scalar.{} #{} @{} tsk_opd_num=2 opt_relu=1 opt_opd1_sign=1 opt_opd2_sign=1 opt_res0_prec=fp32 "
      "opt_opd0_prec=fp32 opt_opd1_prec=fp32 opt_opd2_prec=fp32 opt_opd1_const=1 res0_c=4 res0_w=8 "
      "res0_addr=0x08000000 opd0_addr=0x08000300 opd1_addr={:#x}\n",
      operation, id, wait, constant);
}

// Layer "plus": a = x + 1; layer "times": y = a * 2.
inline std::string two_layers() {
  return "group 0: 2 tiu, 4 gdma\n" + move(1, 0, true, kX, 0x8000300) + scalar(1, 1, "add", 0x3F800000) +
         move(2, 1, false, 0x8000000, kA) + move(3, 1, true, kA, 0x8000300) + scalar(2, 3, "mul", 0x40000000) +
         move(4, 2, false, 0x8000000, kY);
}

inline bmodel::LayerTable::Tensor listed(std::string name, int32_t layer, uint64_t address) {
  return {std::move(name), layer, layer, bmodel::DataType::kFloat32, {1, 4, 1, 8}, address};
}

inline bmodel::Model model_of(const std::string& commands) {
  bmodel::Model model = bmodel::test::copy_model("two");
  bmodel::Stage& stage = model.nets[0].stages[0];
  const auto tensor = [](std::string name, uint64_t address) {
    bmodel::Tensor tensor = bmodel::test::tensor(std::move(name), address);
    tensor.shapes = {{1, 4, 1, 8}};
    tensor.size = 128;
    return tensor;
  };
  stage.ctx_size = 0x3000;
  stage.inputs = stage.sub_nets[0].inputs = {tensor("x", kX)};
  stage.outputs = stage.sub_nets[0].outputs = {tensor("y", kY)};
  stage.cmd_groups = stage.sub_nets[0].cmd_groups = bmodel::assemble(commands).value();
  bmodel::LayerTable table;
  table.layers = {{"plus", "binary", "tpu", 0, "scalar"},
                  {"times", "binary", "tpu", 0, "scalar"},
                  {"relu", "unary", "tpu", 0, "done by the layer before it"}};
  table.groups = {{{{{0, 1}, {1, 1}}, {{0, 2}, {1, 2}}}}};
  table.tensors = {listed("x", -1, kX), listed("inner", 0, 0), listed("a", 0, kA), listed("y", 1, kY)};
  stage.net_profile = bmodel::Blob::of(bmodel::encode(table));
  return model;
}

// Types the lines of a script; keeps all that is written.
class Typist : public Console {
 public:
  explicit Typist(std::vector<std::string> lines) : lines_(std::move(lines)) {}
  std::optional<std::string> read_line(std::string_view prompt) override {
    written += "$ ";
    if (next_ == lines_.size()) return std::nullopt;
    return lines_[next_++];
  }
  void write(std::string_view text) override { written += text; }
  bool interrupted() override { return std::exchange(interrupt, false); }
  bool interactive() const override { return person; }

  std::string written;  // "$ " for every line that was asked for
  bool interrupt = false, person = false;

 private:
  std::vector<std::string> lines_;
  size_t next_ = 0;
};

// What the debugger writes while the script is typed; x counts 0, 1, 2 ….
inline std::string session(std::vector<std::string> lines, const bmodel::Model& model = model_of(two_layers())) {
  auto simulator = Simulator::create(uint64_t{1} << 30).value();
  const bm1684::Memory& memory = simulator->memory();
  auto session = runtime::Session::open(std::move(simulator)).value();
  if (const Status loaded = session->load(model, "test"); !loaded) return loaded.error().message;
  NamedTensor x{"x", Tensor({DType::kF32, {1, 4, 1, 8}})};
  for (int i = 0; i < 32; ++i) x.tensor.data<float>()[i] = static_cast<float>(i);
  Typist typist(std::move(lines));
  Debugger debugger(memory, typist);
  session->context().observe(&debugger);
  debugger.debug([&] { return session->run({&x, 1}); });
  return typist.written;
}

}  // namespace bmnet::debug::test
