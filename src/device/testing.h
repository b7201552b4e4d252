// For tests only: streams from a few words.
#pragma once

#include "device/device.h"
#include "target/bm1684/isa/fields.h"
#include "target/bm1684/machine.h"

namespace bmnet::test {

// A TIU command that only synchronises (its words name no instruction's operands).
inline bm1684::Command tiu_command(uint64_t id, uint64_t wait) {
  bm1684::Command command{};
  set(command, bm1684::tiu::cmd_en, 1);
  set(command, bm1684::tiu::cmd_id_en, 1);
  set(command, bm1684::tiu::cmd_id_tpu, id);
  set(command, bm1684::tiu::cmd_id_gdma, wait);
  return command;
}

inline bm1684::Command gdma_command(uint64_t id, uint64_t wait) {
  bm1684::Command command{};
  set(command, bm1684::gdma::pio_gdma_enable, 1);
  set(command, bm1684::gdma::barrier_enable, 1);
  set(command, bm1684::gdma::cmd_id, id);
  set(command, bm1684::gdma::eng0_sync_id, wait);
  set(command, bm1684::gdma::localmem_mask_l32, 0xFFFFFFFF);
  set(command, bm1684::gdma::localmem_mask_h32, 0xFFFFFFFF);
  return command;
}

// A GDMA command that copies `words` 32-bit words inside system memory.
inline bm1684::Command copy_command(uint64_t id, uint64_t wait, uint64_t to, uint64_t from, uint32_t words) {
  using namespace bm1684;
  Command command = gdma_command(id, wait);
  set(command, gdma::direction, 2);
  set(command, gdma::stride_enable, 1);
  for (const Field* size :
       {&gdma::src_nsize, &gdma::src_csize, &gdma::src_hsize, &gdma::dst_nsize, &gdma::dst_csize, &gdma::dst_hsize})
    set(command, *size, 1);
  set(command, gdma::src_wsize, words);
  set(command, gdma::dst_wsize, words);
  for (const Field* stride : {&gdma::src_nstride, &gdma::src_cstride, &gdma::src_hstride, &gdma::dst_nstride,
                              &gdma::dst_cstride, &gdma::dst_hstride})
    set(command, *stride, words);
  set(command, gdma::src_wstride, 1);
  set(command, gdma::dst_wstride, 1);
  set(command, gdma::src_start_addr_l32, from & 0xFFFFFFFF);
  set(command, gdma::src_start_addr_h8, from >> 32);
  set(command, gdma::dst_start_addr_l32, to & 0xFFFFFFFF);
  set(command, gdma::dst_start_addr_h8, to >> 32);
  return command;
}

// Sets the end bits of the last commands.
inline CommandGroup ended(CommandGroup group) {
  if (!group.tiu.empty()) set(group.tiu.back(), bm1684::tiu::cmd_end, 1);
  if (!group.gdma.empty()) set(group.gdma.back(), bm1684::gdma::chain_end, 1);
  return group;
}

}  // namespace bmnet::test
