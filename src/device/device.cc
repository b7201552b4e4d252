#include "device/device.h"

#include <cstring>

#include "device/cmodel/cmodel.h"
#include "device/lockstep.h"
#include "device/sim/simulator.h"
#include "target/bm1684/machine.h"

namespace bmnet {

void LaunchReport::append(LaunchReport next) {
  for (TraceRecord record : next.trace) {
    record.place.group += static_cast<uint32_t>(groups);
    record.start += cycles;
    record.end += cycles;
    trace.push_back(record);
  }
  for (Race& race : next.races) {
    if (races.size() == kMaxRaces) break;
    race.earlier.group += static_cast<uint32_t>(groups);
    race.later.group += static_cast<uint32_t>(groups);
    races.push_back(std::move(race));
  }
  race_count += next.race_count;
  cycles += next.cycles;
  for (size_t i = 0; i < engines.size(); ++i) {
    engines[i].commands += next.engines[i].commands;
    engines[i].cycles += next.engines[i].cycles;
  }
  ddr_bytes_read += next.ddr_bytes_read;
  ddr_bytes_written += next.ddr_bytes_written;
  groups += next.groups;
}

Result<std::byte*> HostMemoryDevice::range(uint64_t address, uint64_t bytes) const {
  if (address < bm1684::kDdrBase || address - bm1684::kDdrBase > ddr_bytes_ ||
      bytes > ddr_bytes_ - (address - bm1684::kDdrBase))
    return user_error("device memory: {} bytes at {:#x} are outside DDR [{:#x}, {:#x})", bytes, address,
                      bm1684::kDdrBase, bm1684::kDdrBase + ddr_bytes_);
  return ddr_ + (address - bm1684::kDdrBase);
}

Status HostMemoryDevice::write(uint64_t address, std::span<const std::byte> data) {
  BMNET_ASSIGN(std::byte * to, range(address, data.size()));
  if (!data.empty()) std::memcpy(to, data.data(), data.size());
  return {};
}

Status HostMemoryDevice::read(uint64_t address, std::span<std::byte> data) {
  BMNET_ASSIGN(const std::byte* from, range(address, data.size()));
  if (!data.empty()) std::memcpy(data.data(), from, data.size());
  return {};
}

Status HostMemoryDevice::copy(uint64_t to, uint64_t from, uint64_t bytes) {
  BMNET_ASSIGN(std::byte * target, range(to, bytes));
  BMNET_ASSIGN(const std::byte* source, range(from, bytes));
  std::memmove(target, source, bytes);
  return {};
}

Status HostMemoryDevice::fill(uint64_t address, uint64_t bytes, std::span<const std::byte> pattern) {
  if (pattern.empty() || pattern.size() > 4) return user_error("device memory: a fill pattern has 1 to 4 bytes");
  BMNET_ASSIGN(std::byte * to, range(address, bytes));
  for (uint64_t i = 0; i < bytes; i += pattern.size())
    std::memcpy(to + i, pattern.data(), std::min<uint64_t>(pattern.size(), bytes - i));
  return {};
}

Result<std::unique_ptr<Device>> open_device(const std::string& specification, uint64_t ddr_bytes) {
  constexpr std::string_view kCModel = "cmodel=", kLockstep = "lockstep=";
  if (specification == "simulator") return Simulator::create(ddr_bytes ? ddr_bytes : Simulator::kDefaultDdrBytes);
  if (specification.starts_with(kCModel))
    return CModel::open(specification.substr(kCModel.size()), ddr_bytes ? ddr_bytes : CModel::kDefaultDdrBytes);
  if (specification.starts_with(kLockstep))
    return Lockstep::open(specification.substr(kLockstep.size()), ddr_bytes ? ddr_bytes : Lockstep::kDefaultDdrBytes);
  return user_error("unknown device '{}': use 'simulator', 'cmodel=PATH' or 'lockstep=PATH'", specification);
}

}  // namespace bmnet
