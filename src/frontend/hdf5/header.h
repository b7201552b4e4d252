// The object header of an HDF5 object: its messages, and the reading of those that describe data.
#pragma once

#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "base/tensor.h"

namespace bmnet::frontend::hdf5 {

// How many bytes addresses and lengths take in the file.
struct Widths {
  int offset = 8, length = 8;
};

// Reads little-endian numbers one behind the other; `ok` falls, and zeros come, when the data ends too early.
class Cursor {
 public:
  Cursor(Bytes bytes, Widths widths) : bytes_(bytes), widths_(widths) {}

  uint64_t number(int size);
  uint8_t u8() { return static_cast<uint8_t>(number(1)); }
  uint32_t u16() { return static_cast<uint32_t>(number(2)); }
  uint32_t u32() { return static_cast<uint32_t>(number(4)); }
  uint64_t address() { return number(widths_.offset); }
  uint64_t length() { return number(widths_.length); }
  Bytes bytes(uint64_t size);
  void skip(uint64_t size) { bytes(size); }
  bool magic(std::string_view text) { return as_text(bytes(text.size())) == text; }
  Bytes rest() const { return bytes_.subspan(position_); }
  bool ok() const { return ok_; }
  Widths widths() const { return widths_; }

 private:
  Bytes bytes_;
  Widths widths_;
  size_t position_ = 0;
  bool ok_ = true;
};

// The address that stands for "nowhere".
bool is_undefined(uint64_t address, Widths widths);

// `file` from `address` on, or an error.
Result<Cursor> at(Bytes file, uint64_t address, Widths widths);

enum MessageType : uint32_t {
  kDataspace = 0x01,
  kLinkInfo = 0x02,
  kDatatype = 0x03,
  kLink = 0x06,
  kExternalFiles = 0x07,
  kLayout = 0x08,
  kFilters = 0x0b,
  kAttribute = 0x0c,
  kContinuation = 0x10,
  kSymbolTable = 0x11,
  kAttributeInfo = 0x15,
};

struct Message {
  uint32_t type;
  bool shared;  // the data only says where the message stands
  Bytes data;
};

// All messages of the object whose header stands at `address`, continuation blocks included.
Result<std::vector<Message>> read_messages(Bytes file, uint64_t address, Widths widths);

// The element type of data.
struct Datatype {
  enum Class : uint8_t { kInteger = 0, kFloat = 1, kString = 3, kEnumeration = 8, kVariableLength = 9 };
  uint8_t kind = 0;  // one of Class, or a class that is not read
  uint32_t size = 0;
  bool big_endian = false, is_signed = false;
  bool text = false;  // kVariableLength: a string
};
Result<Datatype> read_datatype(Bytes message);

// No value: "null", data without elements.
Result<std::optional<Shape>> read_dataspace(Bytes message, Widths widths);

struct Filter {
  uint32_t id;
  std::vector<uint32_t> parameters;
};
Result<std::vector<Filter>> read_filters(Bytes message, Widths widths);

struct Layout {
  enum Kind { kCompact, kContiguous, kChunked } kind = kContiguous;
  Bytes inside;          // kCompact
  uint64_t address = 0;  // of the data; of the chunks' B-tree
  uint64_t size = 0;     // kContiguous: bytes
  Shape chunk;           // kChunked: elements of a chunk on each axis
};
Result<Layout> read_layout(Bytes message, Widths widths);

}  // namespace bmnet::frontend::hdf5
