#include "frontend/tensorflow/checkpoint.h"

#include "frontend/protobuf/message.h"
#include "frontend/tensorflow/tensor.h"

namespace bmnet::frontend::tensorflow {
namespace {

constexpr uint64_t kTableMagic = 0xdb4775248b80fb57;
constexpr size_t kFooterBytes = 48;
constexpr size_t kTrailerBytes = 5;  // of a block: type, checksum
constexpr uint64_t kMaxUncompressed = uint64_t{1} << 26;
constexpr size_t kMaxEntries = 1 << 20;
constexpr std::string_view kObjectGraphKey = "_CHECKPOINTABLE_OBJECT_GRAPH";

// Reads numbers and texts one behind the other; `ok` falls when the data ends too early.
struct Cursor {
  Bytes bytes;
  size_t position = 0;
  bool ok = true;

  bool at_end() const { return position >= bytes.size(); }
  uint64_t varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at_end()) break;
      const uint8_t byte = bytes[position++];
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    ok = false;
    return 0;
  }
  uint64_t fixed(size_t size) {
    uint64_t value = 0;
    for (size_t i = 0; i < size; ++i) value |= static_cast<uint64_t>(byte()) << (8 * i);
    return value;
  }
  uint8_t byte() {
    if (at_end()) {
      ok = false;
      return 0;
    }
    return bytes[position++];
  }
  std::string_view text(uint64_t size) {
    if (!contains(bytes, position, size)) {
      ok = false;
      return {};
    }
    const std::string_view result = as_text(bytes.subspan(position, size));
    position += size;
    return result;
  }
};

struct BlockPlace {
  uint64_t offset, size;
};

Result<std::string> read_block(Bytes file, BlockPlace place) {
  if (!contains(file, place.offset, place.size) || !contains(file, place.offset + place.size, kTrailerBytes))
    return user_error("byte {}: a block of {} bytes runs past the end: the file is cut off or damaged", place.offset,
                      place.size);
  const Bytes block = file.subspan(place.offset, place.size);
  const uint8_t type = file[place.offset + place.size];
  if (type == 0) return std::string(as_text(block));
  if (type != 1) return user_error("byte {}: a block of unknown compression {}", place.offset, type);
  auto text = snappy_uncompressed(block);
  if (!text) return with_context(fmt::format("byte {}", place.offset), std::move(text).error());
  return text;
}

// Entries of a block: key bytes shared with the key before, new ones, the value.
Result<std::vector<std::pair<std::string, std::string>>> block_entries(const std::string& block) {
  std::vector<std::pair<std::string, std::string>> entries;
  if (block.size() < 4) return user_error("a block of {} bytes", block.size());
  Cursor tail{as_bytes(block).last(4)};
  const uint64_t restarts = tail.fixed(4);
  if (restarts > (block.size() - 4) / 4) return user_error("a block with {} restarts", restarts);
  Cursor cursor{as_bytes(block).first(block.size() - 4 - 4 * restarts)};
  std::string key;
  uint64_t key_bytes = 0;  // a key may say that it is almost the one before, however long that is
  while (!cursor.at_end()) {
    const uint64_t shared = cursor.varint(), added = cursor.varint(), size = cursor.varint();
    const std::string_view rest = cursor.text(added), value = cursor.text(size);
    if (!cursor.ok || shared > key.size()) return user_error("a block's entry is damaged");
    key.resize(shared);
    key += rest;
    if ((key_bytes += key.size()) > kMaxUncompressed || entries.size() == kMaxEntries)
      return user_error("a block of {} bytes claims more than {} entries or {} bytes of keys: the file is damaged",
                        block.size(), kMaxEntries, kMaxUncompressed);
    entries.emplace_back(key, std::string(value));
  }
  return entries;
}

}  // namespace

Result<std::string> snappy_uncompressed(Bytes data) {
  Cursor cursor{data};
  const uint64_t size = cursor.varint();
  if (!cursor.ok || size > kMaxUncompressed) return user_error("snappy data of {} bytes", size);
  std::string out;
  while (cursor.ok && !cursor.at_end()) {
    const uint8_t tag = cursor.byte();
    uint64_t length = (tag >> 2) + 1u, offset = 0;
    switch (tag & 3) {
      case 0:  // a literal; lengths from 61 on stand in 1 to 4 bytes
        if (length > 60) length = cursor.fixed(length - 60) + 1;
        out += cursor.text(length);
        if (out.size() > size) return user_error("snappy data is damaged");
        continue;
      case 1:
        length = ((tag >> 2) & 7) + 4u;
        offset = static_cast<uint64_t>(tag >> 5) << 8 | cursor.byte();
        break;
      case 2:
        offset = cursor.fixed(2);
        break;
      default:
        offset = cursor.fixed(4);
    }
    if (!cursor.ok || offset == 0 || offset > out.size() || out.size() + length > size)
      return user_error("snappy data is damaged");
    for (; length > 0; --length) out += out[out.size() - offset];  // source and target may overlap
  }
  if (!cursor.ok || out.size() != size) return user_error("snappy data is cut off");
  return out;
}

Result<std::map<std::string, std::string>> read_table(Bytes file) {
  if (file.size() < kFooterBytes) return user_error("the file of {} bytes is too short for a table", file.size());
  Cursor footer{file.last(kFooterBytes)};
  footer.varint();  // place of the meta index, which nobody needs
  footer.varint();
  const BlockPlace index{footer.varint(), footer.varint()};
  Cursor magic{file.last(8)};
  if (!footer.ok || magic.fixed(8) != kTableMagic)
    return user_error("not a checkpoint index: the magic number at its end is missing; the file is cut off or damaged");
  BMNET_ASSIGN(const std::string index_block, read_block(file, index));
  BMNET_ASSIGN(const auto blocks, block_entries(index_block));
  std::map<std::string, std::string> table;
  uint64_t total = 0;
  for (const auto& [last_key, place] : blocks) {
    Cursor cursor{as_bytes(place)};
    const BlockPlace where{cursor.varint(), cursor.varint()};
    if (!cursor.ok) return user_error("an entry of the index block is damaged");
    BMNET_ASSIGN(const std::string block, read_block(file, where));
    if ((total += block.size()) > kMaxUncompressed)
      return unsupported("an index of more than {} bytes", kMaxUncompressed);
    BMNET_ASSIGN(auto entries, block_entries(block));
    for (auto& [key, value] : entries) table[key] = std::move(value);
    if (table.size() > kMaxEntries) return unsupported("an index of more than {} entries", kMaxEntries);
  }
  return table;
}

Result<Checkpoint> Checkpoint::open(const std::filesystem::path& prefix) {
  const std::string name = prefix.string() + ".index";
  BMNET_ASSIGN(const MappedFile index, MappedFile::open(name));
  auto table = read_table(index.bytes());
  if (!table) return with_context(name, std::move(table).error());
  Checkpoint checkpoint;
  checkpoint.prefix_ = prefix;
  for (const auto& [key, value] : *table) {
    if (key.empty()) {
      tensorflow_file::BundleHeaderProto header;
      BMNET_TRY(protobuf::read_message(as_bytes(value), name, header));
      if (header.endianness() != 0) return unsupported("{}: big-endian data", name);
      checkpoint.shards_ = header.num_shards();
    } else {
      BMNET_TRY(protobuf::read_message(as_bytes(value), name, checkpoint.entries_[key]));
    }
  }
  BMNET_TRY(checkpoint.read_object_names());
  return checkpoint;
}

Result<Bytes> Checkpoint::payload(const tensorflow_file::BundleEntryProto& entry) {
  const std::string name = fmt::format("{}.data-{:05}-of-{:05}", prefix_.string(), entry.shard_id(), shards_);
  if (!files_.contains(entry.shard_id())) {
    BMNET_ASSIGN(files_[entry.shard_id()], MappedFile::open(name));
  }
  const Bytes file = files_[entry.shard_id()].bytes();
  if (!contains(file, static_cast<uint64_t>(entry.offset()), static_cast<uint64_t>(entry.size())))
    return user_error("{}: {} bytes from byte {} on are asked for, the file has {}; it is cut off", name, entry.size(),
                      entry.offset(), file.size());
  return file.subspan(static_cast<uint64_t>(entry.offset()), static_cast<uint64_t>(entry.size()));
}

// TensorFlow 2 stores variables by their place among the model's objects.
Status Checkpoint::read_object_names() {
  const auto entry = entries_.find(std::string(kObjectGraphKey));
  if (entry == entries_.end()) return {};
  BMNET_ASSIGN(const Bytes bytes, payload(entry->second));
  // A tensor of one string: its length as a varint, a checksum of 4 bytes, the string.
  Cursor cursor{bytes};
  const uint64_t size = cursor.varint();
  cursor.fixed(4);
  const std::string_view text = cursor.text(size);
  if (!cursor.ok) return user_error("{}: the table of objects is damaged", prefix_.string());
  tensorflow_file::TrackableObjectGraph graph;
  BMNET_TRY(protobuf::read_message(as_bytes(text), prefix_.string() + " (objects)", graph));
  for (const auto& node : graph.nodes())
    for (const auto& attribute : node.attributes())
      if (!attribute.full_name().empty()) keys_.emplace(attribute.full_name(), attribute.checkpoint_key());
  return {};
}

Result<Tensor> Checkpoint::tensor(const std::string& variable) {
  const auto key = keys_.find(variable);
  const auto entry = entries_.find(key == keys_.end() ? variable : key->second);
  if (entry == entries_.end())
    return user_error("variable '{}' is not in the checkpoint {}", variable, prefix_.string());
  BMNET_ASSIGN(Shape shape, known_shape(entry->second.shape()));
  BMNET_ASSIGN(const Bytes bytes, payload(entry->second));
  auto tensor =
      tensor_of_bytes(entry->second.dtype(), std::move(shape), bytes, files_[entry->second.shard_id()].owner());
  if (!tensor) return with_context(fmt::format("variable '{}'", variable), std::move(tensor).error());
  return tensor;
}

}  // namespace bmnet::frontend::tensorflow
