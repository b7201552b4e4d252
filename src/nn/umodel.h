// The container of a UModel file: a header, then the network as MLIR bytecode. MLIR's reader trusts what it reads, so
// the header says how long the bytecode is and what its SHA-256 is, and nothing is read before both are right. The
// checksum tells damage; it is no signature.
//
//   byte  0  "BMUMODEL"
//         8  u32 version, 1
//        12  u32 size of the header, 64
//        16  u64 length of the bytecode; it ends with the file
//        24  SHA-256 of the bytecode
//        56  8 zeros
//        64  bytecode, at a multiple of 64 so that weights are aligned in a mapped file
//
// Numbers are little-endian.
#pragma once

#include <array>
#include <string>

#include "base/bytes.h"
#include "base/status.h"

namespace bmnet::nn {

inline constexpr size_t kUModelHeaderBytes = 64;
inline constexpr uint32_t kUModelVersion = 1;

std::array<uint8_t, kUModelHeaderBytes> umodel_header(Bytes bytecode);

// Whether a file that begins with these bytes calls itself a UModel.
bool looks_like_umodel(Bytes head);

// The bytecode inside a whole file. Errors say what is wrong, without the file's name.
Result<Bytes> umodel_bytecode(Bytes file);

}  // namespace bmnet::nn
