#include "frontend/hdf5/data.h"

#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/stored_elements.h"
#include "frontend/elements.h"

namespace bmnet::frontend::hdf5 {
namespace {

constexpr uint64_t kMaxElements = uint64_t{1} << 40;
constexpr uint64_t kMaxExpansion = 1100;  // deflate makes at most 1032 bytes of one
constexpr uint64_t kMaxChunks = 1 << 20;
constexpr uint64_t kMaxChunkBytes = uint64_t{1} << 32;
constexpr int kMaxLevels = 32;
enum FilterId : uint32_t { kDeflate = 1, kShuffle = 2, kFletcher32 = 3 };

const Message* find(const std::vector<Message>& messages, uint32_t type) {
  const auto found = std::ranges::find(messages, type, &Message::type);
  return found == messages.end() ? nullptr : &*found;
}

Result<Bytes> needed(const std::vector<Message>& messages, uint32_t type, std::string_view what) {
  const Message* message = find(messages, type);
  if (!message) return user_error("it has no {}", what);
  if (message->shared) return unsupported("its {} is shared with other objects (a committed type)", what);
  return message->data;
}

// `bytes` by deflate, at most `size`.
Result<std::vector<uint8_t>> inflated(Bytes packed, uint64_t size) {
  std::vector<uint8_t> out(size);
  uLongf length = size;
  if (uncompress(out.data(), &length, packed.data(), packed.size()) != Z_OK)
    return user_error("a compressed chunk is damaged");
  out.resize(length);
  return out;
}

// First bytes of all elements, then the second ones, …
std::vector<uint8_t> unshuffled(const std::vector<uint8_t>& in, size_t element) {
  const size_t count = in.size() / element;
  std::vector<uint8_t> out = in;  // a rest that fills no element stays as it is
  for (size_t i = 0; i < count; ++i)
    for (size_t b = 0; b < element; ++b) out[i * element + b] = in[b * count + i];
  return out;
}

// Chunks of a data set, put together in `out`.
class ChunkReader {
 public:
  ChunkReader(const DataSet& set, Bytes file, Widths widths, std::vector<uint8_t>& out)
      : set_(set), file_(file), widths_(widths), out_(out) {
    chunk_bytes_ = set.type.size;
  }

  Status read() {
    for (size_t i = 0; i < set_.layout.chunk.size(); ++i) {
      const int64_t size = set_.layout.chunk[i];
      if (size < 1 || static_cast<uint64_t>(size) > kMaxChunkBytes / chunk_bytes_)
        return user_error("chunks of {} elements", to_string(set_.layout.chunk));
      chunk_bytes_ *= static_cast<uint64_t>(size);
    }
    if (set_.layout.chunk.size() != set_.shape.size())
      return user_error("chunks {} of data of shape {}", to_string(set_.layout.chunk), to_string(set_.shape));
    // Many elements beyond the edge of small data would be memory for nothing.
    if (chunk_bytes_ > kMaxExpansion * file_.size()) return user_error("chunks of {} bytes", chunk_bytes_);
    if (is_undefined(set_.layout.address, widths_)) return {};
    return read_node(set_.layout.address, kMaxLevels);
  }

 private:
  Status read_node(uint64_t address, int levels) {
    BMNET_ASSIGN(Cursor cursor, at(file_, address, widths_));
    const bool good = cursor.magic("TREE") && cursor.u8() == 1;
    const uint8_t level = cursor.u8();
    const uint32_t entries = cursor.u16();
    cursor.address();
    cursor.address();
    if (!good || !cursor.ok() || level >= levels) return user_error("the index of the chunks is damaged");
    for (uint32_t i = 0; i < entries; ++i) {
      const uint32_t size = cursor.u32(), mask = cursor.u32();
      Shape place;
      for (size_t axis = 0; axis < set_.shape.size(); ++axis) place.push_back(static_cast<int64_t>(cursor.number(8)));
      cursor.skip(8);  // the place inside an element
      const uint64_t child = cursor.address();
      if (!cursor.ok()) return user_error("the index of the chunks is damaged");
      if (++seen_ > kMaxChunks) return unsupported("more than {} chunks", kMaxChunks);
      if (level > 0) {
        BMNET_TRY(read_node(child, level));
      } else {
        if (!contains(file_, child, size)) return user_error("a chunk lies outside of the file");
        BMNET_TRY(put(place, file_.subspan(child, size), mask));
      }
    }
    return {};
  }

  // Undoes the filters, the last one first; bit i of `mask`: filter i was left out.
  Result<std::vector<uint8_t>> unfiltered(Bytes stored, uint32_t mask) const {
    std::vector<uint8_t> bytes(stored.begin(), stored.end());
    for (size_t i = set_.filters.size(); i-- > 0;) {
      if (i < 32 && mask >> i & 1) continue;
      if (set_.filters[i].id == kFletcher32) {
        if (bytes.size() < 4) return user_error("a chunk is cut off");
        bytes.resize(bytes.size() - 4);
      } else if (set_.filters[i].id == kShuffle) {
        bytes = unshuffled(bytes, set_.type.size);
      } else {
        BMNET_ASSIGN(bytes, inflated(bytes, chunk_bytes_ + 4));
      }
    }
    if (bytes.size() != chunk_bytes_)
      return user_error("a chunk of {} bytes, {} are expected", bytes.size(), chunk_bytes_);
    return bytes;
  }

  // Copies the part of a chunk that lies inside the data, row by row.
  Status put(const Shape& place, Bytes stored, uint32_t mask) {
    const size_t rank = set_.shape.size();
    Shape size(rank);
    for (size_t axis = 0; axis < rank; ++axis) {
      if (place[axis] < 0 || place[axis] >= set_.shape[axis]) return user_error("a chunk lies outside of its data");
      size[axis] = std::min(set_.layout.chunk[axis], set_.shape[axis] - place[axis]);
    }
    if ((unpacked_ += chunk_bytes_) > kMaxExpansion * file_.size()) return user_error("chunks stand in each other");
    BMNET_ASSIGN(const std::vector<uint8_t> chunk, unfiltered(stored, mask));
    const size_t row = rank ? static_cast<size_t>(size[rank - 1]) * set_.type.size : set_.type.size;
    Shape index(rank, 0);
    while (true) {
      size_t from = 0, to = 0;
      for (size_t axis = 0; axis < rank; ++axis) {
        from = from * static_cast<size_t>(set_.layout.chunk[axis]) + static_cast<size_t>(index[axis]);
        to = to * static_cast<size_t>(set_.shape[axis]) + static_cast<size_t>(place[axis] + index[axis]);
      }
      std::memcpy(out_.data() + to * set_.type.size, chunk.data() + from * set_.type.size, row);
      size_t axis = rank ? rank - 1 : 0;  // the last axis is copied whole
      while (axis > 0 && ++index[axis - 1] == size[axis - 1]) index[--axis] = 0;
      if (axis == 0) return {};
    }
  }

  const DataSet& set_;
  Bytes file_;
  Widths widths_;
  std::vector<uint8_t>& out_;
  uint64_t chunk_bytes_ = 0, seen_ = 0, unpacked_ = 0;
};

template <typename T>
T load(Bytes bytes, int64_t i, bool big_endian) {
  std::array<uint8_t, sizeof(T)> raw;
  std::memcpy(raw.data(), bytes.data() + static_cast<size_t>(i) * sizeof(T), sizeof(T));
  if (big_endian) std::ranges::reverse(raw);
  return std::bit_cast<T>(raw);
}

template <typename From, typename Convert>
Tensor converted(const DataSet& set, Bytes bytes, Convert convert) {
  using To = decltype(convert(From{}));
  Tensor tensor({dtype_of<To>(), set.shape});
  const auto out = tensor.data<To>();
  for (size_t i = 0; i < out.size(); ++i)
    out[i] = convert(load<From>(bytes, static_cast<int64_t>(i), set.type.big_endian));
  return tensor;
}

// As it stands in memory: borrowed where that is possible.
template <typename T>
Tensor plain(const DataSet& set, Bytes bytes, const std::shared_ptr<const void>& owner) {
  if (set.type.big_endian) return converted<T>(set, bytes, [](T x) { return x; });
  return shared_or_copied({dtype_of<T>(), set.shape}, bytes.data(), owner);
}

Result<Tensor> tensor_of(const DataSet& set, Bytes bytes, const std::shared_ptr<const void>& owner) {
  const uint32_t size = set.type.size;
  if (set.type.kind == Datatype::kFloat) {
    if (size == 2) return converted<uint16_t>(set, bytes, half_to_float);
    if (size == 4) return plain<float>(set, bytes, owner);
    if (size == 8) return converted<double>(set, bytes, [](double x) { return static_cast<float>(x); });
  } else if (set.type.is_signed) {
    if (size == 1) return plain<int8_t>(set, bytes, owner);
    if (size == 2) return plain<int16_t>(set, bytes, owner);
    if (size == 4) return plain<int32_t>(set, bytes, owner);
    if (size == 8) return plain<int64_t>(set, bytes, owner);
  } else {
    if (size == 1) return plain<uint8_t>(set, bytes, owner);
    if (size == 2) return plain<uint16_t>(set, bytes, owner);
    if (size == 4) return plain<uint32_t>(set, bytes, owner);
    if (size == 8) return plain<int64_t>(set, bytes, owner);
  }
  return unsupported("numbers of {} bytes", size);
}

}  // namespace

Result<DataSet> describe(const std::vector<Message>& messages, Widths widths) {
  DataSet set;
  BMNET_ASSIGN(const Bytes type, needed(messages, kDatatype, "element type"));
  BMNET_ASSIGN(const Bytes space, needed(messages, kDataspace, "data space"));
  BMNET_ASSIGN(const Bytes layout, needed(messages, kLayout, "layout"));
  BMNET_ASSIGN(set.type, read_datatype(type));
  BMNET_ASSIGN(const std::optional<Shape> shape, read_dataspace(space, widths));
  BMNET_ASSIGN(set.layout, read_layout(layout, widths));
  if (!shape) return unsupported("it has no elements");
  set.shape = *shape;
  if (find(messages, kExternalFiles)) return unsupported("its data stands in other files; save it in one file");
  if (const Message* filters = find(messages, kFilters)) {
    BMNET_ASSIGN(set.filters, read_filters(filters->data, widths));
  }
  for (const Filter& filter : set.filters)
    if (filter.id != kDeflate && filter.id != kShuffle && filter.id != kFletcher32)
      return unsupported("it is packed by filter {}; deflate (gzip) is supported", filter.id);
  return set;
}

Result<Tensor> read_data(const DataSet& set, Bytes file, const std::shared_ptr<const void>& owner, Widths widths) {
  if (set.type.kind != Datatype::kFloat && set.type.kind != Datatype::kInteger)
    return unsupported("its elements are no numbers");
  uint64_t count = 1;
  for (const int64_t dim : set.shape) {
    if (dim > 0 && count > kMaxElements / static_cast<uint64_t>(dim))
      return user_error("shape {} has more than 2^40 elements", to_string(set.shape));
    count *= static_cast<uint64_t>(dim);
  }
  const uint64_t size = count * set.type.size;
  const bool absent = set.layout.kind == Layout::kContiguous && is_undefined(set.layout.address, widths);
  if (set.layout.kind == Layout::kContiguous && !absent) {
    if (!contains(file, set.layout.address, size) || (set.layout.size != ~uint64_t{0} && set.layout.size != size))
      return user_error("{} bytes from byte {} on are needed for shape {}; the file is cut off or damaged", size,
                        set.layout.address, to_string(set.shape));
    return tensor_of(set, file.subspan(set.layout.address, size), owner);
  }
  if (set.layout.kind == Layout::kCompact) {
    if (set.layout.inside.size() < size)
      return user_error("{} bytes for shape {}", set.layout.inside.size(), to_string(set.shape));
    return tensor_of(set, set.layout.inside.first(size), nullptr);
  }
  // What nobody wrote is 0.
  if (size > kMaxExpansion * file.size())
    return user_error("shape {} is larger than the file can hold", to_string(set.shape));
  std::vector<uint8_t> bytes(size);
  if (!absent && count > 0) BMNET_TRY(ChunkReader(set, file, widths, bytes).read());
  return tensor_of(set, bytes, nullptr);
}

}  // namespace bmnet::frontend::hdf5
