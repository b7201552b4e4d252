#include "frontend/protobuf/message.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>

#include "frontend/protobuf/borrowed.pb.h"
#include "frontend/protobuf/wire.h"

namespace bmnet::protobuf {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

void append_varint(std::string& out, uint64_t value) {
  uint8_t buffer[10];
  const uint8_t* end = google::protobuf::io::CodedOutputStream::WriteVarint64ToArray(value, buffer);
  out.append(reinterpret_cast<const char*>(buffer), end - buffer);
}

void append_bytes(std::string& out, uint32_t number, std::string_view payload) {
  append_varint(out, uint64_t{number} << 3 | static_cast<uint64_t>(WireType::kBytes));
  append_varint(out, payload.size());
  out.append(payload);
}

WireType wire_type_of(const FieldDescriptor& field) {
  switch (field.type()) {
    case FieldDescriptor::TYPE_DOUBLE:
    case FieldDescriptor::TYPE_FIXED64:
    case FieldDescriptor::TYPE_SFIXED64:
      return WireType::kFixed64;
    case FieldDescriptor::TYPE_FLOAT:
    case FieldDescriptor::TYPE_FIXED32:
    case FieldDescriptor::TYPE_SFIXED32:
      return WireType::kFixed32;
    case FieldDescriptor::TYPE_STRING:
    case FieldDescriptor::TYPE_BYTES:
    case FieldDescriptor::TYPE_MESSAGE:
      return WireType::kBytes;
    default:
      return WireType::kVarint;
  }
}

const FieldDescriptor* borrowed_field(const Descriptor& type) {
  const FieldDescriptor* field = type.FindFieldByName("borrowed");
  return field && field->message_type() == Borrowed::descriptor() ? field : nullptr;
}

// Writes the skeleton of a file: a serialized message without unknown fields and with big payloads replaced by their
// places. On the way it checks everything that the protobuf parser would refuse without saying where.
class SkeletonWriter {
 public:
  // False: error() and path() say what is wrong.
  bool write(Bytes message, uint64_t offset, const Descriptor& type, int depth, std::string& out);

  const WireError& error() const { return error_; }
  const std::string& path() const { return path_; }

 private:
  bool fail(uint64_t offset, std::string reason) {
    error_ = {offset, std::move(reason)};
    return false;
  }
  bool write_field(const Field& field, const FieldDescriptor& descriptor, const FieldDescriptor* borrowed, int depth,
                   std::string& out);
  bool check_packed(const Field& field, const FieldDescriptor& descriptor);

  WireError error_{};
  std::string path_;  // of the failure, grows from the inside
};

bool SkeletonWriter::write(Bytes message, uint64_t offset, const Descriptor& type, int depth, std::string& out) {
  if (depth > kMaxDepth) return fail(offset, fmt::format("messages are nested deeper than {} levels", kMaxDepth));
  const FieldDescriptor* borrowed = borrowed_field(type);
  std::vector<int> seen(type.field_count(), 0);
  FieldReader reader(message, offset);
  Field field;
  while (true) {
    const auto more = reader.next(field);
    if (!more) return fail(more.error().offset, more.error().reason);
    if (!*more) return true;
    const FieldDescriptor* descriptor = type.FindFieldByNumber(static_cast<int>(field.number));
    if (!descriptor || descriptor == borrowed) continue;
    if (!write_field(field, *descriptor, borrowed, depth, out)) {
      const std::string index = descriptor->is_repeated() ? fmt::format("[{}]", seen[descriptor->index()]) : "";
      path_ = fmt::format("{}{}{}{}", descriptor->name(), index, path_.empty() ? "" : ".", path_);
      return false;
    }
    ++seen[descriptor->index()];
  }
}

bool SkeletonWriter::write_field(const Field& field, const FieldDescriptor& descriptor, const FieldDescriptor* borrowed,
                                 int depth, std::string& out) {
  const WireType expected = wire_type_of(descriptor);
  const bool packed = field.type == WireType::kBytes && descriptor.is_packable();
  if (field.type != expected && !packed)
    return fail(field.offset,
                fmt::format("a {} value stands where the format has a {} one: the file is damaged or of another format",
                            wire_type_name(field.type), wire_type_name(expected)));
  if (packed && !check_packed(field, descriptor)) return false;

  if (descriptor.type() == FieldDescriptor::TYPE_MESSAGE) {
    std::string inner;
    const uint64_t start = field.offset + (field.encoded.size() - field.bytes.size());
    if (!write(field.bytes, start, *descriptor.message_type(), depth + 1, inner)) return false;
    append_bytes(out, field.number, inner);
    return true;
  }
  const bool fixed_width = packed && expected != WireType::kVarint;
  if (borrowed && field.bytes.size() >= kBorrowFrom &&
      (descriptor.type() == FieldDescriptor::TYPE_BYTES || fixed_width)) {
    Borrowed place;
    place.set_field(field.number);
    place.set_offset(field.offset + (field.encoded.size() - field.bytes.size()));
    place.set_size(field.bytes.size());
    append_bytes(out, static_cast<uint32_t>(borrowed->number()), place.SerializeAsString());
    return true;
  }
  out.append(as_text(field.encoded));
  return true;
}

bool SkeletonWriter::check_packed(const Field& field, const FieldDescriptor& descriptor) {
  const WireType element = wire_type_of(descriptor);
  if (element == WireType::kVarint) {
    if (!field.bytes.empty() && field.bytes.back() >= 0x80)
      return fail(field.offset, "the last number of a list is cut off: the file is damaged");
    int length = 0;
    for (const uint8_t byte : field.bytes) {
      length = byte < 0x80 ? 0 : length + 1;
      if (length >= 10) return fail(field.offset, "a number of a list has more than 64 bits");
    }
    return true;
  }
  const size_t width = element == WireType::kFixed64 ? 8 : 4;
  if (field.bytes.size() % width)
    return fail(field.offset, fmt::format("a list of {}-byte numbers has {} bytes", width, field.bytes.size()));
  return true;
}

}  // namespace

Status read_message(Bytes file, std::string_view what, google::protobuf::Message& message) {
  SkeletonWriter writer;
  std::string skeleton;
  if (!writer.write(file, 0, *message.GetDescriptor(), 1, skeleton)) {
    const std::string path = writer.path().empty() ? "" : fmt::format(" ({})", writer.path());
    return user_error("{}: byte {}{}: {}", what, writer.error().offset, path, writer.error().reason);
  }
  if (skeleton.size() > INT32_MAX) return user_error("{}: more than 2 GiB of structure", what);
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const uint8_t*>(skeleton.data()),
                                                static_cast<int>(skeleton.size()));
  stream.SetRecursionLimit(kMaxDepth + 8);
  if (!message.MergePartialFromCodedStream(&stream) || !stream.ConsumedEntireMessage())
    return user_error("{}: not a valid {}: the protobuf library refuses it", what, message.GetDescriptor()->name());
  return {};
}

}  // namespace bmnet::protobuf
