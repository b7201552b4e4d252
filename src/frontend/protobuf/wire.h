// The protobuf wire format, read in place: a message is a sequence of fields, each a tag (number and wire type as a
// varint) and a payload. Nothing is copied and nothing is trusted.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/status.h"

namespace bmnet::protobuf {

enum class WireType : uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kGroupBegin = 3, kGroupEnd = 4, kFixed32 = 5 };
std::string_view wire_type_name(WireType type);  // "varint", "length-delimited" …

struct Field {
  uint32_t number = 0;
  WireType type = WireType::kVarint;
  uint64_t value = 0;   // of a varint or fixed-width field
  Bytes bytes;          // of a length-delimited field: the payload
  uint64_t offset = 0;  // of the tag, from the start of the file
  Bytes encoded;        // tag and payload as they stand in the file
};

// What is wrong with the bytes, and where: an offset from the start of the file.
struct WireError {
  uint64_t offset;
  std::string
      reason;  // "the field's 1200 bytes run past the end of its message (40 left): the file is cut off or damaged"
};

// Reads the fields of one message one by one.
class FieldReader {
 public:
  // `offset`: where `message` starts in the file, for error messages.
  explicit FieldReader(Bytes message, uint64_t offset = 0) : message_(message), offset_(offset) {}

  // The next field, or false at the end of the message. Refused: fields that run past the end, varints of more than 64
  // bits, field number 0, groups (no schema of ours has them).
  tl::expected<bool, WireError> next(Field& field);

 private:
  tl::expected<uint64_t, WireError> varint();
  tl::expected<uint64_t, WireError> fixed(size_t size);
  tl::unexpected<WireError> error(uint64_t position, std::string reason) const {
    return tl::unexpected(WireError{offset_ + position, std::move(reason)});
  }

  Bytes message_;
  uint64_t offset_;
  uint64_t position_ = 0;
};

}  // namespace bmnet::protobuf
