#include "runtime/relocation.h"

#include <cstring>

#include "target/bm1684/isa/fields.h"
#include "target/bm1684/machine.h"

namespace bmnet::runtime {
namespace {

using bm1684::Command;
using bm1684::Field;
namespace gdma = bm1684::gdma;

enum Direction : uint64_t { kSystemToLocal, kLocalToSystem, kSystemToSystem };

Result<std::vector<Command>> commands_of(const bmodel::Blob& blob, uint32_t count, const std::string& where) {
  if (blob.size() != static_cast<uint64_t>(count) * sizeof(Command))
    return user_error("{}: {} bytes for {} commands of {}", where, blob.size(), count, sizeof(Command));
  std::vector<Command> commands(count);
  if (count) std::memcpy(commands.data(), blob.bytes().data(), blob.size());
  return commands;
}

uint64_t address_of(const Command& command, const Field& low, const Field& high) {
  return get(command, high) << 32 | get(command, low);
}

void set_address(Command& command, const Field& low, const Field& high, uint64_t address) {
  set(command, low, address & 0xFFFFFFFF);
  set(command, high, address >> 32);
}

Status relocate(Command& command, const Relocation& relocation) {
  const uint64_t direction = get(command, gdma::direction);
  if (direction == kSystemToLocal || direction == kSystemToSystem) {
    BMNET_ASSIGN(const uint64_t address,
                 relocation.source(address_of(command, gdma::src_start_addr_l32, gdma::src_start_addr_h8)));
    set_address(command, gdma::src_start_addr_l32, gdma::src_start_addr_h8, address);
  }
  if (direction == kLocalToSystem || direction == kSystemToSystem) {
    BMNET_ASSIGN(const uint64_t address,
                 relocation.destination(address_of(command, gdma::dst_start_addr_l32, gdma::dst_start_addr_h8)));
    set_address(command, gdma::dst_start_addr_l32, gdma::dst_start_addr_h8, address);
  }
  return {};
}

}  // namespace

Relocation::Relocation(const bmodel::Stage& stage, uint64_t coefficients_at, uint64_t context_at)
    : coefficients_(stage.coefficients ? stage.coefficients->address : 0),
      coefficients_end_(stage.coefficients ? coefficients_ + stage.coefficients->data.size() : 0),
      coefficients_at_(coefficients_at),
      context_(stage.ctx_addr),
      context_end_(stage.ctx_addr + stage.context_bytes()),
      context_at_(context_at) {}

Result<uint64_t> Relocation::move(uint64_t address, bool may_be_coefficient) const {
  if (address < bm1684::kContextStart) return address;
  if (address >= context_) {
    if (address < context_end_) return address - context_ + context_at_;
    return user_error("address {:#x} is beyond the activations [{:#x}, {:#x})", address, context_, context_end_);
  }
  if (!may_be_coefficient) return user_error("address {:#x} is written but lies below the activations", address);
  if (address < coefficients_ || address >= coefficients_end_)
    return user_error("address {:#x} is neither in the coefficients [{:#x}, {:#x}) nor in the activations", address,
                      coefficients_, coefficients_end_);
  return address - coefficients_ + coefficients_at_;
}

Result<uint64_t> Relocation::source(uint64_t address) const { return move(address, true); }
Result<uint64_t> Relocation::destination(uint64_t address) const { return move(address, false); }

Result<CommandGroup> load_group(const bmodel::CmdGroup& group, const Relocation& relocation, const std::string& where) {
  CommandGroup loaded;
  BMNET_ASSIGN(loaded.tiu, commands_of(group.bdc, group.bdc_num, where));
  BMNET_ASSIGN(loaded.gdma, commands_of(group.gdma, group.gdma_num, where));
  for (size_t i = 0; i < loaded.gdma.size(); ++i)
    if (Status status = relocate(loaded.gdma[i], relocation); !status)
      return with_context(fmt::format("{}, GDMA command {}", where, i), std::move(status).error());
  if (!loaded.tiu.empty()) set(loaded.tiu.back(), bm1684::tiu::cmd_end, 1);
  if (!loaded.gdma.empty()) set(loaded.gdma.back(), gdma::chain_end, 1);
  return loaded;
}

}  // namespace bmnet::runtime
