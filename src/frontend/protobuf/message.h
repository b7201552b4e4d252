// Protobuf files of any size read with little memory: the structure becomes a generated message class, big payloads
// stay in the file's mapping.
//
// A schema marks messages with big data by a field `repeated bmnet.protobuf.Borrowed borrowed = 20000;`. In those,
// every `bytes` field and every packed run of `float`, `double`, `fixed32` or `fixed64` of at least kBorrowFrom bytes
// is left out of the message and entered in `borrowed` instead, in the order of the file. What the file itself holds in
// a `borrowed` field is dropped.
#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"

namespace bmnet::protobuf {

constexpr size_t kBorrowFrom = 256;  // bytes; smaller payloads are copied as usual
constexpr int kMaxDepth = 64;        // messages within messages

// Reads `file` into `message` (an empty object of a generated class). Fields unknown to the schema are skipped.
// Errors (kUser): cut-off, damaged or too deeply nested data, a field of another type than the schema's. The text reads
// "<what>: byte 1234 (graph.node[3].attribute[0]): <reason>". `what` is the file's name.
Status read_message(Bytes file, std::string_view what, google::protobuf::Message& message);

// The payloads of field `number` that a message left in `file`; empty when it left none.
template <typename Message>
std::vector<Bytes> borrowed_payloads(const Message& message, Bytes file, int number) {
  std::vector<Bytes> payloads;
  for (const auto& borrowed : message.borrowed())
    if (static_cast<int>(borrowed.field()) == number)
      payloads.push_back(file.subspan(borrowed.offset(), borrowed.size()));
  return payloads;
}

}  // namespace bmnet::protobuf
