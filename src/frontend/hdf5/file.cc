#include "frontend/hdf5/file.h"

#include <algorithm>

#include "frontend/hdf5/data.h"

namespace bmnet::frontend::hdf5 {
namespace {

constexpr std::string_view kSignature = "\x89HDF\r\n\x1a\n";
constexpr int kMaxDepth = 64;            // of groups
constexpr uint64_t kMaxSteps = 1 << 20;  // nodes of indices and links of all groups
constexpr size_t kMaxText = size_t{1} << 28;

// The text at `place` of a heap's data up to its NUL.
Result<std::string> name_in(Bytes heap, uint64_t place) {
  if (place >= heap.size()) return user_error("a name lies outside of its heap");
  const std::string_view rest = as_text(heap.subspan(place));
  const size_t end = rest.find('\0');
  if (end == rest.npos) return user_error("a name has no end");
  return std::string(rest.substr(0, end));
}

// Object `index` of the global heap at `address`.
Result<Bytes> global_object(Bytes file, uint64_t address, uint32_t index, Widths widths) {
  BMNET_ASSIGN(Cursor cursor, at(file, address, widths));
  const bool good = cursor.magic("GCOL") && cursor.u8() == 1;
  cursor.skip(3);
  const uint64_t size = cursor.length();
  const uint64_t prefix = 8 + static_cast<uint64_t>(widths.length);
  if (!good || !cursor.ok() || size < prefix || !contains(file, address, size))
    return user_error("the heap of texts at byte {} is damaged", address);
  Cursor objects(file.subspan(address + prefix, size - prefix), widths);
  while (objects.ok()) {
    const uint32_t number = objects.u16();
    objects.skip(2 + 4);
    const uint64_t bytes = objects.length();
    if (!objects.ok() || number == 0) break;
    const Bytes data = objects.bytes(bytes);
    if (number == index && objects.ok()) return data;
    objects.skip((8 - bytes % 8) % 8);
  }
  return user_error("the heap of texts at byte {} has no entry {}", address, index);
}

struct Attribute {
  std::string_view name;
  Datatype type;
  bool scalar = false;
  Bytes data;
};

// Nothing when the attribute has another name than `wanted`.
Result<std::optional<Attribute>> read_attribute(Bytes message, std::string_view wanted, Widths widths) {
  Cursor cursor(message, widths);
  const uint8_t version = cursor.u8(), flags = cursor.u8();
  if (version < 1 || version > 3) return unsupported("attributes of version {}", version);
  const uint32_t name = cursor.u16(), type = cursor.u16(), space = cursor.u16();
  if (version == 3) cursor.skip(1);  // character set
  const auto piece = [&](uint32_t size) {
    const Bytes bytes = cursor.bytes(size);
    if (version == 1) cursor.skip((8 - size % 8) % 8);
    return bytes;
  };
  Attribute attribute;
  const std::string_view text = as_text(piece(name));
  attribute.name = text.substr(0, text.find('\0'));
  const Bytes type_bytes = piece(type), space_bytes = piece(space);
  if (!cursor.ok()) return user_error("an attribute is damaged");
  if (attribute.name != wanted) return std::optional<Attribute>();
  if (version > 1 && flags & 3) return unsupported("attribute '{}' has a committed type", wanted);
  BMNET_ASSIGN(attribute.type, read_datatype(type_bytes));
  BMNET_ASSIGN(const std::optional<Shape> shape, read_dataspace(space_bytes, widths));
  attribute.scalar = shape && std::ranges::all_of(*shape, [](int64_t dim) { return dim == 1; });
  attribute.data = cursor.rest();
  return std::optional(attribute);
}

Result<std::string> text_of(const Attribute& attribute, Bytes file, Widths widths) {
  if (!attribute.scalar) return user_error("attribute '{}' is no single text", attribute.name);
  Bytes bytes = attribute.data;
  if (attribute.type.kind == Datatype::kVariableLength && attribute.type.text) {
    Cursor cursor(bytes, widths);
    const uint32_t size = cursor.u32();
    const uint64_t address = cursor.address();
    const uint32_t index = cursor.u32();
    if (!cursor.ok()) return user_error("attribute '{}' is damaged", attribute.name);
    if (size == 0) return std::string();
    BMNET_ASSIGN(bytes, global_object(file, address, index, widths));
    if (bytes.size() < size) return user_error("attribute '{}' is cut off", attribute.name);
    bytes = bytes.first(size);
  } else if (attribute.type.kind == Datatype::kString) {
    if (bytes.size() < attribute.type.size) return user_error("attribute '{}' is cut off", attribute.name);
    bytes = bytes.first(attribute.type.size);
  } else {
    return user_error("attribute '{}' is no text", attribute.name);
  }
  if (bytes.size() > kMaxText) return unsupported("attribute '{}' has {} bytes", attribute.name, bytes.size());
  const std::string_view text = as_text(bytes);
  return std::string(text.substr(0, text.find('\0')));
}

}  // namespace

// Collects the objects of all groups.
class Walker {
 public:
  explicit Walker(File& file) : file_(file), bytes_(file.file_), widths_{file.offset_bytes_, file.length_bytes_} {}

  Status walk(const std::string& path, uint64_t header, int depth) {
    if (depth > kMaxDepth)
      return user_error("groups stand in each other deeper than {} levels, or in a circle", kMaxDepth);
    BMNET_ASSIGN(const std::vector<Message> messages, read_messages(bytes_, header, widths_));
    bool group = false;
    std::vector<std::pair<std::string, uint64_t>> links;
    for (const Message& message : messages) {
      if (message.type == kSymbolTable || message.type == kLinkInfo) group = true;
      if (message.type == kSymbolTable) BMNET_TRY(read_table(message.data, links));
      if (message.type == kLink) BMNET_TRY(read_link(message.data, links));
      if (message.type == kLinkInfo) BMNET_TRY(check_compact(message.data));
    }
    file_.objects_[path] = {header, group};
    for (const auto& [name, address] : links)
      BMNET_TRY(walk(path.empty() ? name : path + "/" + name, address, depth + 1));
    return {};
  }

 private:
  using Links = std::vector<std::pair<std::string, uint64_t>>;

  Status step() {
    if (++steps_ > kMaxSteps) return user_error("more than {} links and nodes, or links in a circle", kMaxSteps);
    return {};
  }

  Status read_table(Bytes message, Links& links) {
    Cursor cursor(message, widths_);
    const uint64_t tree = cursor.address(), heap_address = cursor.address();
    if (!cursor.ok()) return user_error("a group is damaged");
    BMNET_ASSIGN(Cursor heap, at(bytes_, heap_address, widths_));
    const bool good = heap.magic("HEAP") && heap.u8() == 0;
    heap.skip(3);
    const uint64_t size = heap.length();
    heap.length();  // the first free place
    const uint64_t names = heap.address();
    if (!good || !heap.ok() || !contains(bytes_, names, size))
      return user_error("byte {}: the names of a group are damaged", heap_address);
    return read_tree(tree, bytes_.subspan(names, size), kMaxDepth, links);
  }

  Status read_tree(uint64_t address, Bytes names, int levels, Links& links) {
    BMNET_TRY(step());
    BMNET_ASSIGN(Cursor cursor, at(bytes_, address, widths_));
    const bool good = cursor.magic("TREE") && cursor.u8() == 0;
    const uint8_t level = cursor.u8();
    const uint32_t entries = cursor.u16();
    cursor.address();
    cursor.address();
    cursor.length();  // the first key
    if (!good || !cursor.ok() || level >= levels)
      return user_error("byte {}: the index of a group is damaged", address);
    for (uint32_t i = 0; i < entries; ++i) {
      const uint64_t child = cursor.address();
      cursor.length();
      if (!cursor.ok()) return user_error("byte {}: the index of a group is damaged", address);
      if (level > 0) {
        BMNET_TRY(read_tree(child, names, level, links));
      } else {
        BMNET_TRY(read_symbols(child, names, links));
      }
    }
    return {};
  }

  Status read_symbols(uint64_t address, Bytes names, Links& links) {
    BMNET_ASSIGN(Cursor cursor, at(bytes_, address, widths_));
    const bool good = cursor.magic("SNOD") && cursor.u8() == 1;
    cursor.skip(1);
    const uint32_t entries = cursor.u16();
    for (uint32_t i = 0; i < entries; ++i) {
      BMNET_TRY(step());
      const uint64_t name = cursor.address(), header = cursor.address();
      const uint32_t cached = cursor.u32();
      cursor.skip(4 + 16);
      if (!good || !cursor.ok()) return user_error("byte {}: a group is damaged", address);
      if (cached == 2) continue;  // a soft link
      BMNET_ASSIGN(std::string text, name_in(names, name));
      links.emplace_back(std::move(text), header);
    }
    return {};
  }

  Status read_link(Bytes message, Links& links) {
    BMNET_TRY(step());
    Cursor cursor(message, widths_);
    const uint8_t version = cursor.u8(), flags = cursor.u8();
    const uint8_t kind = flags & 8 ? cursor.u8() : 0;
    if (flags & 4) cursor.skip(8);     // order of creation
    if (flags & 0x10) cursor.skip(1);  // character set
    const std::string_view name = as_text(cursor.bytes(cursor.number(1 << (flags & 3))));
    if (version != 1) return unsupported("links of version {}", version);
    if (kind != 0) return {};
    const uint64_t address = cursor.address();
    if (!cursor.ok()) return user_error("a link is damaged");
    links.emplace_back(std::string(name), address);
    return {};
  }

  Status check_compact(Bytes message) const {
    Cursor cursor(message, widths_);
    cursor.skip(1);
    if (cursor.u8() & 1) cursor.skip(8);
    const uint64_t heap = cursor.address();
    if (!cursor.ok()) return user_error("a group is damaged");
    if (!is_undefined(heap, widths_))
      return unsupported("groups with dense links; save the file without libver=\"latest\" and track_order");
    return {};
  }

  File& file_;
  Bytes bytes_;
  Widths widths_;
  uint64_t steps_ = 0;
};

bool looks_like_hdf5(Bytes head) { return as_text(head).starts_with(kSignature); }

Result<File> File::open(Bytes bytes, std::shared_ptr<const void> owner) {
  if (!looks_like_hdf5(bytes)) return user_error("not an HDF5 file: the signature at its start is missing");
  File file;
  file.file_ = bytes;
  file.owner_ = std::move(owner);
  Cursor sizes(bytes.subspan(kSignature.size()), {});
  const uint8_t version = sizes.u8();
  if (version > 3) return unsupported("HDF5 superblocks of version {}; 0 to 3 are read", version);
  if (version < 2) sizes.skip(4);
  file.offset_bytes_ = sizes.u8();
  file.length_bytes_ = sizes.u8();
  for (const int width : {file.offset_bytes_, file.length_bytes_})
    if (width != 2 && width != 4 && width != 8) return user_error("the superblock is cut off or damaged");
  const Widths widths{file.offset_bytes_, file.length_bytes_};
  Cursor cursor(sizes.rest(), widths);
  cursor.skip(version < 2 ? 1 + 2 + 2 + 4 : 1);
  if (version == 1) cursor.skip(4);
  const uint64_t base = cursor.address();
  cursor.address();  // free space, or the superblock's extension
  const uint64_t end = cursor.address();
  if (version < 2) {
    cursor.address();  // driver
    cursor.address();  // the root's name
  }
  const uint64_t root = cursor.address();
  if (!cursor.ok()) return user_error("the superblock is cut off");
  if (base != 0) return unsupported("data behind a user block of {} bytes", base);
  if (end > bytes.size()) return user_error("the file has {} of {} bytes: it is cut off", bytes.size(), end);
  BMNET_TRY(Walker(file).walk("", root, 0));
  return file;
}

bool File::has_group(std::string_view path) const {
  const auto found = objects_.find(path);
  return found != objects_.end() && found->second.group;
}

std::vector<std::string> File::data_sets(std::string_view group) const {
  std::vector<std::string> paths;
  const std::string prefix = group.empty() ? "" : std::string(group) + "/";
  for (auto it = objects_.lower_bound(prefix); it != objects_.end() && it->first.starts_with(prefix); ++it)
    if (!it->second.group) paths.push_back(it->first);
  return paths;
}

Result<std::optional<std::string>> File::text_attribute(std::string_view path, std::string_view name) const {
  const auto found = objects_.find(path);
  if (found == objects_.end()) return std::optional<std::string>();
  const Widths widths{offset_bytes_, length_bytes_};
  BMNET_ASSIGN(const std::vector<Message> messages, read_messages(file_, found->second.header, widths));
  for (const Message& message : messages) {
    if (message.type == kAttributeInfo) {
      Cursor cursor(message.data, widths);
      cursor.skip(1);
      if (cursor.u8() & 1) cursor.skip(2);
      if (!is_undefined(cursor.address(), widths) && cursor.ok())
        return unsupported("dense attributes; save the file without libver=\"latest\"");
    }
    if (message.type != kAttribute || message.shared) continue;
    BMNET_ASSIGN(const std::optional<Attribute> attribute, read_attribute(message.data, name, widths));
    if (!attribute) continue;
    BMNET_ASSIGN(std::string text, text_of(*attribute, file_, widths));
    return std::optional(std::move(text));
  }
  return std::optional<std::string>();
}

Result<Tensor> File::read(std::string_view path) const {
  const auto found = objects_.find(path);
  if (found == objects_.end() || found->second.group) return user_error("data set '{}' is not in the file", path);
  const Widths widths{offset_bytes_, length_bytes_};
  const auto tensor = [&]() -> Result<Tensor> {
    BMNET_ASSIGN(const std::vector<Message> messages, read_messages(file_, found->second.header, widths));
    BMNET_ASSIGN(const DataSet set, describe(messages, widths));
    return read_data(set, file_, owner_, widths);
  }();
  if (!tensor) return with_context(fmt::format("data set '{}'", path), tensor.error());
  return tensor;
}

}  // namespace bmnet::frontend::hdf5
