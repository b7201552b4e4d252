// For tests only: small BModels, made here.
#pragma once

#include <cstring>
#include <vector>

#include "bmodel/model.h"
#include "target/bm1684/isa/codec.h"
#include "target/bm1684/machine.h"

namespace bmnet::bmodel::test {

inline constexpr uint64_t kInputAddr = bm1684::kContextStart;
inline constexpr uint64_t kOutputAddr = bm1684::kContextStart + 0x1000;

// Copies a [1,4,8,16] f32 tensor inside DDR.
inline bm1684::Command copy_command(uint64_t source, uint64_t target) {
  namespace gdma = bm1684::gdma;
  bm1684::Command command = bm1684::idle_command(bm1684::Engine::kGdma);
  set(command, gdma::direction, 2);
  set(command, gdma::stride_enable, 1);
  set(command, gdma::cmd_id, 1);
  const bm1684::Field* strides[] = {&gdma::src_nstride, &gdma::src_cstride, &gdma::src_hstride, &gdma::src_wstride,
                                    &gdma::dst_nstride, &gdma::dst_cstride, &gdma::dst_hstride, &gdma::dst_wstride};
  const bm1684::Field* sizes[] = {&gdma::src_nsize, &gdma::src_csize, &gdma::src_hsize, &gdma::src_wsize,
                                  &gdma::dst_nsize, &gdma::dst_csize, &gdma::dst_hsize, &gdma::dst_wsize};
  constexpr uint64_t kStrides[] = {512, 128, 16, 1}, kSizes[] = {1, 4, 8, 16};
  for (size_t i = 0; i < 8; ++i) {
    set(command, *strides[i], kStrides[i % 4]);
    set(command, *sizes[i], kSizes[i % 4]);
  }
  set(command, gdma::src_start_addr_l32, source);
  set(command, gdma::src_start_addr_h8, source >> 32);
  set(command, gdma::dst_start_addr_l32, target);
  set(command, gdma::dst_start_addr_h8, target >> 32);
  return command;
}

inline Blob stream_of(const std::vector<bm1684::Command>& commands) {
  std::vector<uint8_t> bytes(commands.size() * bm1684::kCommandBytes);
  if (!bytes.empty()) std::memcpy(bytes.data(), commands.data(), bytes.size());
  return Blob::of(std::move(bytes));
}

inline Tensor tensor(std::string name, uint64_t address, uint32_t mem_type = 0) {
  Tensor tensor;
  tensor.name = std::move(name);
  tensor.device_addr = address;
  tensor.size = 2048;
  tensor.shapes = {{1, 4, 8, 16}};
  tensor.mem_type = mem_type;
  return tensor;
}

// One net of one stage and one sub-net that copies x to y.
inline Model copy_model(std::string net_name = "copy") {
  Stage stage;
  stage.inputs = {tensor("x", kInputAddr)};
  stage.outputs = {tensor("y", kOutputAddr)};
  stage.ctx_addr = bm1684::kContextStart;
  stage.ctx_size = 0x2000;
  stage.cmd_groups = {CmdGroup::of(Blob(), stream_of({copy_command(kInputAddr, kOutputAddr)}))};
  SubNet sub_net;
  sub_net.id = 0;
  sub_net.cmd_groups = stage.cmd_groups;
  sub_net.inputs = {tensor("x", kInputAddr, kTpuMemory)};
  sub_net.outputs = {tensor("y", kOutputAddr, kTpuMemory)};
  stage.sub_nets = {std::move(sub_net)};
  Model model;
  model.nets.push_back({std::move(net_name), {std::move(stage)}, std::nullopt, 0});
  return model;
}

// The same, with `size` bytes of coefficients that nothing reads, counting up from `first`.
inline Model model_with_coefficients(size_t size = 256, uint8_t first = 0) {
  Model model = copy_model();
  Stage& stage = model.nets[0].stages[0];
  std::vector<uint8_t> data(size);
  for (size_t i = 0; i < size; ++i) data[i] = static_cast<uint8_t>(first + i);
  stage.coefficients.emplace();
  stage.coefficients->address = bm1684::kContextStart;
  stage.coefficients->data = Blob::of(std::move(data));
  constexpr uint64_t kContext = bm1684::kContextStart + bm1684::kDdrPage;
  stage.ctx_addr = kContext;
  const Blob commands = stream_of({copy_command(kContext, kContext + 0x1000)});
  stage.cmd_groups = stage.sub_nets[0].cmd_groups = {CmdGroup::of(Blob(), commands)};
  stage.inputs[0].device_addr = stage.sub_nets[0].inputs[0].device_addr = kContext;
  stage.outputs[0].device_addr = stage.sub_nets[0].outputs[0].device_addr = kContext + 0x1000;
  return model;
}

}  // namespace bmnet::bmodel::test
