#include "frontend/hdf5/header.h"

namespace bmnet::frontend::hdf5 {
namespace {

constexpr size_t kMaxMessages = 1 << 16;
constexpr size_t kMaxBlocks = 1 << 10;  // of one header

uint64_t padded(uint64_t size) { return (size + 7) / 8 * 8; }

class HeaderReader {
 public:
  HeaderReader(Bytes file, Widths widths) : file_(file), widths_(widths) {}

  Result<std::vector<Message>> read(uint64_t address) {
    BMNET_ASSIGN(Cursor cursor, at(file_, address, widths_));
    if (as_text(cursor.rest().first(std::min<size_t>(4, cursor.rest().size()))) == "OHDR") {
      BMNET_TRY(read_second_prefix(cursor));
    } else {
      BMNET_TRY(read_first_prefix(cursor));
    }
    for (size_t i = 0; i < blocks_.size(); ++i) {
      if (i >= kMaxBlocks) return user_error("an object header of more than {} pieces", kMaxBlocks);
      BMNET_TRY(read_block(blocks_[i]));
    }
    return std::move(messages_);
  }

 private:
  Status read_first_prefix(Cursor cursor) {
    const uint8_t version = cursor.u8();
    cursor.skip(1 + 2 + 4);  // reserved, number of messages, references
    const uint32_t size = cursor.u32();
    cursor.skip(4);
    const Bytes block = cursor.bytes(size);
    if (!cursor.ok() || version != 1) return user_error("no object header stands there");
    blocks_.push_back(block);
    return {};
  }

  Status read_second_prefix(Cursor cursor) {
    second_ = true;
    cursor.skip(4);
    const uint8_t version = cursor.u8(), flags = cursor.u8();
    if (version != 2) return unsupported("object headers of version {}; versions 1 and 2 are read", version);
    if (flags & 0x20) cursor.skip(16);  // times
    if (flags & 0x10) cursor.skip(4);   // when attributes become dense
    ordered_ = (flags & 0x04) != 0;
    const uint64_t size = cursor.number(1 << (flags & 3));
    const Bytes block = cursor.bytes(size);
    if (!cursor.ok()) return user_error("an object header runs past the end");
    blocks_.push_back(block);
    return {};
  }

  Status read_block(Bytes block) {
    Cursor cursor(block, widths_);
    const size_t prefix = second_ ? (ordered_ ? 6 : 4) : 8;
    while (cursor.rest().size() >= prefix) {
      Message message{};
      message.type = second_ ? cursor.u8() : cursor.u16();
      const uint32_t size = cursor.u16();
      message.shared = (cursor.u8() & 2) != 0;
      if (!second_) cursor.skip(3);
      if (second_ && ordered_) cursor.skip(2);
      message.data = cursor.bytes(size);
      if (!cursor.ok()) return user_error("a message of an object header runs past its end");
      if (messages_.size() >= kMaxMessages) return user_error("an object of more than {} messages", kMaxMessages);
      if (message.type == kContinuation) {
        BMNET_TRY(add_continuation(message.data));
      } else {
        messages_.push_back(message);
      }
    }
    return {};
  }

  Status add_continuation(Bytes data) {
    Cursor cursor(data, widths_);
    const uint64_t address = cursor.address(), size = cursor.length();
    const uint64_t frame = second_ ? 8 : 0;  // "OCHK" and a checksum
    if (!cursor.ok() || !contains(file_, address, size) || size < frame)
      return user_error("a part of an object header lies outside of the file");
    Bytes block = file_.subspan(address, size);
    if (second_) {
      if (as_text(block.first(4)) != "OCHK") return user_error("a part of an object header is damaged");
      block = block.subspan(4, size - frame);
    }
    blocks_.push_back(block);
    return {};
  }

  Bytes file_;
  Widths widths_;
  bool second_ = false, ordered_ = false;
  std::vector<Bytes> blocks_;
  std::vector<Message> messages_;
};

}  // namespace

uint64_t Cursor::number(int size) {
  const Bytes data = bytes(static_cast<uint64_t>(size));
  uint64_t value = 0;
  for (size_t i = data.size(); i-- > 0;) value = value << 8 | data[i];
  return value;
}

Bytes Cursor::bytes(uint64_t size) {
  if (!ok_ || !contains(bytes_, position_, size)) {
    ok_ = false;
    return {};
  }
  const Bytes result = bytes_.subspan(position_, size);
  position_ += size;
  return result;
}

bool is_undefined(uint64_t address, Widths widths) {
  return address == (widths.offset == 8 ? ~uint64_t{0} : (uint64_t{1} << (8 * widths.offset)) - 1);
}

Result<Cursor> at(Bytes file, uint64_t address, Widths widths) {
  if (address >= file.size())
    return user_error("byte {} is asked for, the file has {}; it is cut off or damaged", address, file.size());
  return Cursor(file.subspan(address), widths);
}

Result<std::vector<Message>> read_messages(Bytes file, uint64_t address, Widths widths) {
  auto messages = HeaderReader(file, widths).read(address);
  if (!messages) return with_context(fmt::format("byte {}", address), std::move(messages).error());
  return messages;
}

Result<Datatype> read_datatype(Bytes message) {
  Cursor cursor(message, {});
  const uint8_t kind = cursor.u8();
  const uint32_t bits = static_cast<uint32_t>(cursor.number(3));
  Datatype type;
  type.kind = kind & 0xf;
  type.size = cursor.u32();
  if (!cursor.ok() || type.size == 0) return user_error("an element type is damaged");
  switch (type.kind) {
    case Datatype::kInteger:
      type.big_endian = bits & 1;
      type.is_signed = bits & 8;
      break;
    case Datatype::kFloat:
      if (bits & 0x40) return unsupported("floating-point numbers in VAX order");
      type.big_endian = bits & 1;
      break;
    case Datatype::kEnumeration: {
      const uint32_t size = type.size;
      BMNET_ASSIGN(type, read_datatype(cursor.rest()));
      if (type.kind != Datatype::kInteger || type.size != size) return user_error("an element type is damaged");
      break;
    }
    case Datatype::kVariableLength:
      type.text = (bits & 0xf) == 1;
      break;
    default:
      break;
  }
  return type;
}

Result<std::optional<Shape>> read_dataspace(Bytes message, Widths widths) {
  Cursor cursor(message, widths);
  const uint8_t version = cursor.u8(), rank = cursor.u8();
  cursor.skip(1);  // flags
  const uint8_t kind = cursor.u8();
  if (version == 1) cursor.skip(4);
  if (version != 1 && version != 2) return unsupported("data spaces of version {}", version);
  if (version == 2 && kind == 2) return std::optional<Shape>();
  Shape shape;
  for (int i = 0; i < rank; ++i) {
    const uint64_t dim = cursor.length();
    if (dim > uint64_t{1} << 40) return user_error("a dimension of {} elements", dim);
    shape.push_back(static_cast<int64_t>(dim));
  }
  if (!cursor.ok() || rank > 32) return user_error("a data space is damaged");
  return std::optional(std::move(shape));
}

Result<std::vector<Filter>> read_filters(Bytes message, Widths widths) {
  Cursor cursor(message, widths);
  const uint8_t version = cursor.u8(), count = cursor.u8();
  if (version != 1 && version != 2) return unsupported("filters of version {}", version);
  if (version == 1) cursor.skip(6);
  std::vector<Filter> filters;
  for (int i = 0; i < count; ++i) {
    Filter filter{cursor.u16(), {}};
    const uint64_t name = version == 1 || filter.id >= 256 ? cursor.u16() : 0;
    cursor.skip(2);  // flags
    const uint32_t parameters = cursor.u16();
    cursor.skip(version == 1 ? padded(name) : name);
    for (uint32_t k = 0; k < parameters && cursor.ok(); ++k) filter.parameters.push_back(cursor.u32());
    if (version == 1 && parameters % 2) cursor.skip(4);
    if (!cursor.ok()) return user_error("the list of filters is damaged");
    filters.push_back(std::move(filter));
  }
  return filters;
}

Result<Layout> read_layout(Bytes message, Widths widths) {
  Cursor cursor(message, widths);
  const uint8_t version = cursor.u8();
  Layout layout;
  if (version == 3 || version == 4) {
    const uint8_t kind = cursor.u8();
    if (kind == 0) {
      layout.kind = Layout::kCompact;
      layout.inside = cursor.bytes(cursor.u16());
    } else if (kind == 1) {
      layout.address = cursor.address();
      layout.size = cursor.length();
    } else if (kind == 2 && version == 3) {
      layout.kind = Layout::kChunked;
      const int axes = cursor.u8();
      layout.address = cursor.address();
      for (int i = 0; i + 1 < axes; ++i) layout.chunk.push_back(cursor.u32());
    } else if (kind == 2) {
      return unsupported("chunks with an index of the newest kind; save the file without libver=\"latest\"");
    } else {
      return unsupported("data of layout {} (virtual data sets); save the file in one piece", kind);
    }
  } else if (version == 1 || version == 2) {
    const int axes = cursor.u8();
    const uint8_t kind = cursor.u8();
    cursor.skip(5);
    if (kind != 0) layout.address = cursor.address();
    layout.size = ~uint64_t{0};  // not stated: what the shape needs
    for (int i = 0; i < axes; ++i) layout.chunk.push_back(cursor.u32());
    layout.kind = kind == 0 ? Layout::kCompact : kind == 1 ? Layout::kContiguous : Layout::kChunked;
    if (kind == 0) layout.inside = cursor.bytes(cursor.u32());
    if (kind == 2 && !layout.chunk.empty()) layout.chunk.pop_back();  // the size of an element
    if (kind > 2) return user_error("a data layout is damaged");
  } else {
    return unsupported("data layouts of version {}", version);
  }
  if (!cursor.ok()) return user_error("a data layout is damaged");
  return layout;
}

}  // namespace bmnet::frontend::hdf5
