// The memories that an instruction can reach. Plain bytes; who owns them is the device's business (device/sim).
#pragma once

#include <cstdint>

#include "target/bm1684/machine.h"

namespace bmnet::bm1684 {

struct Memory {
  uint8_t* local = nullptr;  // kLocalBytes, lane major
  uint8_t* l2 = nullptr;     // kL2Bytes
  uint8_t* dtcm = nullptr;   // kDtcmBytes
  uint8_t* ddr = nullptr;    // flat mapping of ddr_bytes bytes that starts at kDdrBase
  uint64_t ddr_bytes = 0;
  uint32_t (*arrange_registers)[32] = nullptr;  // kLanes x 32 words that `arrange` keeps between commands
  uint32_t filter_count = 0;                    // words appended by the GDMA filter since it was last read
};

}  // namespace bmnet::bm1684
