// The BM1684 as numbers: memories, address map, layout units.
#pragma once

#include <cstdint>

namespace bmnet::bm1684 {

inline constexpr int kLanes = 64;
inline constexpr uint32_t kLaneBytes = 512 * 1024;            // local memory of one lane
inline constexpr uint32_t kLocalBytes = kLanes * kLaneBytes;  // 32 MiB
inline constexpr int kBanks = 8;                              // of 64 KiB in every lane
inline constexpr uint32_t kBankBytes = kLaneBytes / kBanks;
inline constexpr uint32_t kAlignBytes = 128;  // an aligned channel starts at a multiple of this
inline constexpr uint32_t kL2Bytes = 4 << 20;
inline constexpr uint32_t kDtcmBytes = 512 * 1024;

// Addresses as the GDMA sees them (40 bits). TIU operands are 32-bit local addresses including the base.
inline constexpr uint64_t kDtcmBase = 0x0200'0000;
inline constexpr uint64_t kLocalBase = 0x0800'0000;  // byte = base + lane * kLaneBytes + offset
inline constexpr uint64_t kL2Base = 0x1000'0000;
inline constexpr uint64_t kDdrBase = 0x1'0000'0000;

// Where a compiled network is laid out in DDR: coefficients first, activations from the next 4 KiB boundary.
inline constexpr uint64_t kContextStart = 0x1'0510'0000;
inline constexpr uint64_t kDdrPage = 4096;

// The function tables that the runtime keeps in L2, as offsets from kL2Base (docs/reference/ISA.md, "Function tables").
inline constexpr uint32_t kL2UserBase = 0x0A2000, kL2UserEnd = 0x300000;
inline constexpr uint32_t kTableIntByte = 0x300000, kTableExp = 0x300400, kTableExponentLn2 = 0x300800,
                          kTableTaylorExp = 0x300C00, kTableTaylorLog = 0x300D00, kTableTaylorArcsin = 0x300E00,
                          kTableUint8 = 0x300F00, kTableInt8 = 0x301300, kTableTaylorSin = 0x301700,
                          kTableIota = 0x301800, kTableWarp = 0x303800;

inline constexpr double kClockHz = 550e6;
inline constexpr uint32_t kMaxGroupId = 30000;  // a new command group starts when either engine's id passes this

constexpr int lane_of(uint32_t local_address) { return static_cast<int>((local_address - kLocalBase) / kLaneBytes); }
constexpr uint32_t offset_in_lane(uint32_t local_address) { return local_address % kLaneBytes; }

}  // namespace bmnet::bm1684
