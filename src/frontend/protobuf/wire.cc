#include "frontend/protobuf/wire.h"

namespace bmnet::protobuf {

std::string_view wire_type_name(WireType type) {
  switch (type) {
    case WireType::kVarint:
      return "varint";
    case WireType::kFixed64:
      return "64-bit";
    case WireType::kBytes:
      return "length-delimited";
    case WireType::kGroupBegin:
      return "group";
    case WireType::kGroupEnd:
      return "end of group";
    case WireType::kFixed32:
      return "32-bit";
  }
  return "unknown";
}

tl::expected<uint64_t, WireError> FieldReader::varint() {
  const uint64_t start = position_;
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (position_ == message_.size())
      return error(start, "a number is cut off by the end of its message: the file is cut off or damaged");
    const uint8_t byte = message_[position_++];
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  return error(start, "a number has more than 64 bits");
}

tl::expected<uint64_t, WireError> FieldReader::fixed(size_t size) {
  if (!contains(message_, position_, size))
    return error(position_, "a number is cut off by the end of its message: the file is cut off or damaged");
  uint64_t value = 0;
  for (size_t i = 0; i < size; ++i) value |= static_cast<uint64_t>(message_[position_ + i]) << (8 * i);
  position_ += size;
  return value;
}

tl::expected<bool, WireError> FieldReader::next(Field& field) {
  if (position_ == message_.size()) return false;
  const uint64_t start = position_;
  BMNET_ASSIGN(const uint64_t tag, varint());
  const uint64_t number = tag >> 3;
  if (number == 0 || number > 0x1fffffff) return error(start, fmt::format("{} is not a field number", number));
  field = {};
  field.number = static_cast<uint32_t>(number);
  field.type = static_cast<WireType>(tag & 7);
  field.offset = offset_ + start;
  switch (field.type) {
    case WireType::kVarint: {
      BMNET_ASSIGN(field.value, varint());
      break;
    }
    case WireType::kFixed64: {
      BMNET_ASSIGN(field.value, fixed(8));
      break;
    }
    case WireType::kFixed32: {
      BMNET_ASSIGN(field.value, fixed(4));
      break;
    }
    case WireType::kBytes: {
      BMNET_ASSIGN(const uint64_t size, varint());
      if (!contains(message_, position_, size))
        return error(
            start,
            fmt::format("field {} has {} bytes, but only {} are left in its message: the file is cut off or damaged",
                        number, size, message_.size() - position_));
      field.bytes = message_.subspan(position_, size);
      position_ += size;
      break;
    }
    default:
      return error(start, fmt::format("field {} has wire type {} ({}), which the format does not use", number, tag & 7,
                                      wire_type_name(field.type)));
  }
  field.encoded = message_.subspan(start, position_ - start);
  return true;
}

}  // namespace bmnet::protobuf
