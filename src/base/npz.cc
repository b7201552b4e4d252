#include "base/npz.h"

#include <zip.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <set>

#include "base/file.h"

namespace bmnet {
namespace {

constexpr std::string_view kMagic("\x93NUMPY", 6);
constexpr size_t kMaxRank = 32;                // NumPy's own limit
constexpr uint32_t kMaxHeaderBytes = 1 << 16;  // version 1 allows no more; a plain array needs a few hundred
constexpr uint64_t kMaxDeflateRatio = 1032;    // no deflate stream expands further

struct TypeCode {
  std::string_view code;  // NumPy's, without the byte order
  DType dtype;
};
constexpr TypeCode kTypeCodes[] = {{"f4", DType::kF32}, {"f2", DType::kF16},  {"f8", DType::kF64},
                                   {"i1", DType::kI8},  {"u1", DType::kU8},   {"i2", DType::kI16},
                                   {"u2", DType::kU16}, {"i4", DType::kI32},  {"u4", DType::kU32},
                                   {"i8", DType::kI64}, {"b1", DType::kBool}, {"V2", DType::kBF16}};

struct Header {
  TensorInfo info;
  bool big_endian = false;
  bool column_major = false;
};

// Where the bytes of one .npy come from: memory or an entry of a zip.
struct Source {
  std::string what;
  uint64_t left;  // bytes not yet read
  std::function<Status(void* data, size_t size)> read;

  Status take(void* data, uint64_t size) {
    if (size > left) return user_error("{}: ends in the middle of its header", what);
    left -= size;
    return read(data, size);
  }
};

// Reads the header's text, a Python literal such as
//   {'descr': '<f4', 'fortran_order': False, 'shape': (1, 3), }
class HeaderParser {
 public:
  HeaderParser(std::string_view text, std::string_view what) : rest_(text), what_(what) {}

  Result<Header> parse() {
    Header header;
    if (!accept('{')) return malformed();
    while (!accept('}')) {
      BMNET_ASSIGN(const std::string_view key, quoted());
      if (!accept(':')) return malformed();
      if (std::ranges::find(seen_, key) != seen_.end()) return user_error("{}: header repeats '{}'", what_, key);
      seen_.push_back(key);
      if (key == "descr") {
        BMNET_TRY(descr(header));
      } else if (key == "fortran_order") {
        BMNET_TRY(fortran_order(header));
      } else if (key == "shape") {
        BMNET_TRY(shape(header));
      } else {
        return user_error("{}: unknown header entry '{}'", what_, key);
      }
      accept(',');
    }
    skip_space();
    if (!rest_.empty() || seen_.size() != 3) return malformed();
    return header;
  }

 private:
  tl::unexpected<Error> malformed() const { return user_error("{}: the header is not a NumPy array header", what_); }
  void skip_space() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\n' || rest_[0] == '\t')) rest_.remove_prefix(1);
  }
  bool accept(char c) {
    skip_space();
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool accept_word(std::string_view word) {
    skip_space();
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  Result<std::string_view> quoted() {
    skip_space();
    if (rest_.empty() || (rest_[0] != '\'' && rest_[0] != '"')) return malformed();
    const size_t end = rest_.find(rest_[0], 1);
    if (end == std::string_view::npos) return malformed();
    const std::string_view text = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return text;
  }
  Status descr(Header& header) {
    skip_space();
    if (rest_.starts_with('[')) return unsupported("{}: structured arrays are not supported", what_);
    BMNET_ASSIGN(const std::string_view text, quoted());
    if (text.size() == 3 && std::string_view("<>|=").find(text[0]) != std::string_view::npos) {
      header.big_endian = text[0] == '>';
      for (const TypeCode& type : kTypeCodes) {
        if (type.code != text.substr(1)) continue;
        header.info.dtype = type.dtype;
        return {};
      }
    }
    return unsupported("{}: element type '{}' is not supported; convert the array to a float, bool or int type", what_,
                       text);
  }
  Status fortran_order(Header& header) {
    header.column_major = accept_word("True");
    if (!header.column_major && !accept_word("False")) return malformed();
    return {};
  }
  Status shape(Header& header) {
    if (!accept('(')) return malformed();
    while (!accept(')')) {
      BMNET_ASSIGN(const int64_t dim, dimension());
      if (header.info.shape.size() == kMaxRank) return user_error("{}: more than {} dimensions", what_, kMaxRank);
      header.info.shape.push_back(dim);
      if (!accept(',') && !rest_.starts_with(')')) return malformed();
    }
    return {};
  }
  Result<int64_t> dimension() {
    skip_space();
    int64_t value = 0;
    size_t digits = 0;
    while (!rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9') {
      if (++digits > 18) return user_error("{}: a dimension is too large", what_);
      value = value * 10 + (rest_[0] - '0');
      rest_.remove_prefix(1);
    }
    if (digits == 0) return malformed();
    accept_word("L");  // NumPy on Python 2 wrote its long integers so
    return value;
  }

  std::string_view rest_;
  std::string_view what_;
  std::vector<std::string_view> seen_;
};

Result<Header> read_header(Source& source) {
  uint8_t start[8];
  BMNET_TRY(source.take(start, sizeof start));
  if (as_text(start).substr(0, 6) != kMagic) return user_error("{}: is not a NumPy array (.npy)", source.what);
  const int version = start[6];
  if (version < 1 || version > 3) return unsupported("{}: .npy version {} is not known", source.what, version);
  uint8_t length[4] = {};
  BMNET_TRY(source.take(length, version == 1 ? 2 : 4));
  const uint32_t size = length[0] | length[1] << 8 | length[2] << 16 | static_cast<uint32_t>(length[3]) << 24;
  if (size > kMaxHeaderBytes) return user_error("{}: header of {} bytes is too long", source.what, size);
  std::string text(size, '\0');
  BMNET_TRY(source.take(text.data(), size));
  return HeaderParser(text, source.what).parse();
}

// Refuses shapes whose size overflows or is not that of the data which follows.
Status check_size(const Source& source, const TensorInfo& info) {
  const uint64_t width = byte_size(info.dtype);
  uint64_t bytes = width, elements_without_zeros = width;
  for (int64_t dim : info.shape) {
    uint64_t unused;
    if (dim != 0 && (__builtin_mul_overflow(elements_without_zeros, static_cast<uint64_t>(dim), &unused) ||
                     unused > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())))
      return user_error("{}: shape {} is too large", source.what, to_string(info.shape));
    if (dim != 0) elements_without_zeros = unused;
    bytes *= static_cast<uint64_t>(dim);
  }
  if (bytes != source.left)
    return user_error("{}: shape {} of {} needs {} bytes, the file has {}", source.what, to_string(info.shape),
                      dtype_name(info.dtype), bytes, source.left);
  return {};
}

void swap_byte_order(Tensor& tensor) {
  auto* bytes = static_cast<uint8_t*>(tensor.raw());
  const size_t width = byte_size(tensor.dtype());
  for (size_t i = 0; i < tensor.bytes(); i += width) std::reverse(bytes + i, bytes + i + width);
}

// Any byte but 0 is true in NumPy; C++ knows 1 only.
void normalise_bools(Tensor& tensor) {
  auto* bytes = static_cast<uint8_t*>(tensor.raw());
  for (size_t i = 0; i < tensor.bytes(); ++i) bytes[i] = bytes[i] != 0;
}

Tensor to_row_major(const Tensor& column_major) {
  Tensor tensor(column_major.info());
  const Shape& shape = tensor.shape();
  const size_t width = byte_size(tensor.dtype()), rank = shape.size();
  std::vector<size_t> strides(rank), index(rank, 0);
  size_t stride = width;
  for (size_t axis = 0; axis < rank; ++axis) {
    strides[axis] = stride;
    stride *= static_cast<size_t>(shape[axis]);
  }
  const auto* from = static_cast<const uint8_t*>(column_major.raw());
  auto* to = static_cast<uint8_t*>(tensor.raw());
  size_t offset = 0;
  for (int64_t i = 0; i < tensor.count(); ++i, to += width) {
    std::memcpy(to, from + offset, width);
    for (size_t axis = rank; axis-- > 0;) {
      offset += strides[axis];
      if (++index[axis] < static_cast<size_t>(shape[axis])) break;
      offset -= strides[axis] * index[axis];
      index[axis] = 0;
    }
  }
  return tensor;
}

Result<Tensor> read_array(Source& source) {
  BMNET_ASSIGN(const Header header, read_header(source));
  BMNET_TRY(check_size(source, header.info));
  Tensor tensor(header.info);
  BMNET_TRY(source.take(tensor.raw(), tensor.bytes()));
  if (header.big_endian) swap_byte_order(tensor);
  if (header.info.dtype == DType::kBool) normalise_bools(tensor);
  return header.column_major && header.info.shape.size() > 1 ? to_row_major(tensor) : tensor;
}

std::string npy_header(const TensorInfo& info) {
  std::string_view code;
  for (const TypeCode& type : kTypeCodes)
    if (type.dtype == info.dtype) code = type.code;
  const char* comma = info.shape.size() == 1 ? "," : "";
  std::string text = fmt::format("{{'descr': '{}{}', 'fortran_order': False, 'shape': ({}{}), }}",
                                 byte_size(info.dtype) == 1 ? '|' : '<', code, fmt::join(info.shape, ", "), comma);
  constexpr size_t kPrefix = kMagic.size() + 4, kAlignment = 64;
  text.append(kAlignment - 1 - (kPrefix + text.size()) % kAlignment, ' ');
  text += '\n';
  std::string header(kMagic);
  header += {'\1', '\0', static_cast<char>(text.size() & 0xFF), static_cast<char>(text.size() >> 8)};
  return header + text;
}

Bytes data_of(const Tensor& tensor) { return {static_cast<const uint8_t*>(tensor.raw()), tensor.bytes()}; }

struct CloseZip {
  void operator()(zip_t* zip) const { zip_discard(zip); }
};
using Zip = std::unique_ptr<zip_t, CloseZip>;

std::string take_message(zip_error_t& error) {
  std::string message = zip_error_strerror(&error);
  zip_error_fini(&error);
  return message;
}

Result<Zip> open_zip(Bytes content, std::string_view what) {
  if (content.empty()) return user_error("{}: is empty, not a NumPy archive (.npz)", what);  // libzip would accept it
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(content.data(), content.size(), 0, &error);
  if (!source) return system_error("{}: {}", what, take_message(error));
  Zip zip(zip_open_from_source(source, ZIP_RDONLY, &error));
  if (!zip) {
    zip_source_free(source);
    return user_error("{}: is not a NumPy archive (.npz): {}", what, take_message(error));
  }
  zip_error_fini(&error);
  return zip;
}

// `packed_left`: bytes of the file that no entry before this one has taken.
Result<NamedTensor> read_entry(zip_t* zip, zip_int64_t index, std::string_view what, zip_uint64_t& packed_left) {
  zip_stat_t stat;
  constexpr zip_uint64_t kNeeded = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE;
  if (zip_stat_index(zip, static_cast<zip_uint64_t>(index), 0, &stat) != 0 || (stat.valid & kNeeded) != kNeeded)
    return user_error("{}: entry {} of the archive is damaged", what, index);
  std::string name = stat.name;
  if (!name.ends_with(".npy")) return user_error("{}: entry '{}' is not a NumPy array: not an .npz file?", what, name);
  const std::string entry = fmt::format("{}: '{}'", what, name);
  if (stat.size / kMaxDeflateRatio > stat.comp_size)
    return user_error("{}: claims {} bytes, more than its {} can hold", entry, stat.size, stat.comp_size);
  if (stat.comp_size > packed_left)
    return user_error("{}: lies over another entry: the archive would unpack to more than it holds", entry);
  packed_left -= stat.comp_size;
  const std::unique_ptr<zip_file_t, decltype(&zip_fclose)> file(
      zip_fopen_index(zip, static_cast<zip_uint64_t>(index), 0), zip_fclose);
  if (!file) return user_error("{}: {}", entry, zip_strerror(zip));

  Source source{entry, stat.size, [&](void* data, size_t size) -> Status {
                  const zip_int64_t read = zip_fread(file.get(), data, size);
                  if (read == static_cast<zip_int64_t>(size)) return {};
                  return user_error("{}: {}", entry, read < 0 ? zip_file_strerror(file.get()) : "is cut off");
                }};
  BMNET_ASSIGN(Tensor tensor, read_array(source));
  // libzip compares the checksum when the end is read.
  char end;
  if (zip_fread(file.get(), &end, 1) != 0) return user_error("{}: {}", entry, zip_file_strerror(file.get()));
  name.resize(name.size() - 4);
  return NamedTensor{std::move(name), std::move(tensor)};
}

Status add_entry(zip_t* zip, const NamedTensor& named, const std::string& header) {
  const zip_buffer_fragment_t fragments[] = {
      {reinterpret_cast<zip_uint8_t*>(const_cast<char*>(header.data())), header.size()},
      {static_cast<zip_uint8_t*>(const_cast<void*>(named.tensor.raw())), named.tensor.bytes()}};
  zip_source_t* source = zip_source_buffer_fragment(zip, fragments, named.tensor.bytes() ? 2 : 1, 0);
  if (!source) return system_error("{}", zip_strerror(zip));
  const zip_int64_t index = zip_file_add(zip, (named.name + ".npy").c_str(), source, ZIP_FL_ENC_UTF_8);
  if (index < 0) {
    zip_source_free(source);
    return user_error("array '{}': {}", named.name, zip_strerror(zip));
  }
  constexpr zip_uint16_t kFirstDosDate = 1 << 5 | 1;  // 1 January 1980
  if (zip_set_file_compression(zip, static_cast<zip_uint64_t>(index), ZIP_CM_STORE, 0) != 0 ||
      zip_file_set_dostime(zip, static_cast<zip_uint64_t>(index), 0, kFirstDosDate, 0) != 0)
    return system_error("{}", zip_strerror(zip));
  return {};
}

}  // namespace

Result<Tensor> parse_npy(Bytes content, std::string_view what) {
  Source source{std::string(what), content.size(), [&](void* data, size_t size) -> Status {
                  if (size) std::memcpy(data, content.data(), size);
                  content = content.subspan(size);
                  return {};
                }};
  return read_array(source);
}

Result<Tensor> read_npy(const std::filesystem::path& path) {
  BMNET_ASSIGN(const MappedFile file, MappedFile::open(path));
  return parse_npy(file.bytes(), path.string());
}

Status write_npy(const std::filesystem::path& path, const Tensor& tensor) {
  const std::string header = npy_header(tensor.info());
  const Bytes chunks[] = {as_bytes(header), data_of(tensor)};
  return write_file_atomically(path, chunks);
}

Result<std::vector<NamedTensor>> parse_npz(Bytes content, std::string_view what) {
  BMNET_ASSIGN(const Zip zip, open_zip(content, what));
  std::vector<NamedTensor> tensors;
  std::set<std::string, std::less<>> names;
  zip_uint64_t packed_left = content.size();
  const zip_int64_t count = zip_get_num_entries(zip.get(), 0);
  for (zip_int64_t index = 0; index < count; ++index) {
    BMNET_ASSIGN(NamedTensor named, read_entry(zip.get(), index, what, packed_left));
    if (!names.insert(named.name).second) return user_error("{}: array '{}' occurs twice", what, named.name);
    tensors.push_back(std::move(named));
  }
  return tensors;
}

Result<std::vector<NamedTensor>> read_npz(const std::filesystem::path& path) {
  BMNET_ASSIGN(const MappedFile file, MappedFile::open(path));
  return parse_npz(file.bytes(), path.string());
}

Status write_npz(const std::filesystem::path& path, std::span<const NamedTensor> tensors) {
  // A zip without entries is its end record alone; libzip would write nothing.
  if (tensors.empty()) return write_file_atomically(path, std::string("PK\5\6") + std::string(18, '\0'));
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* buffer = zip_source_buffer_create(nullptr, 0, 0, &error);
  if (!buffer) return system_error("{}: {}", path.string(), take_message(error));
  zip_source_keep(buffer);  // for reading it back after zip_close
  const std::unique_ptr<zip_source_t, decltype(&zip_source_free)> keeper(buffer, zip_source_free);
  Zip zip(zip_open_from_source(buffer, ZIP_TRUNCATE, &error));
  if (!zip) {
    zip_source_free(buffer);
    return system_error("{}: {}", path.string(), take_message(error));
  }
  zip_error_fini(&error);

  std::vector<std::string> headers;  // must stay where they are until zip_close
  headers.reserve(tensors.size());
  for (const NamedTensor& named : tensors) {
    headers.push_back(npy_header(named.tensor.info()));
    if (Status added = add_entry(zip.get(), named, headers.back()); !added)
      return with_context(path.string(), std::move(added).error());
  }
  if (zip_close(zip.get()) != 0) return system_error("{}: {}", path.string(), zip_strerror(zip.get()));
  (void)zip.release();  // zip_close has freed it
  zip_stat_t stat;
  if (zip_source_stat(buffer, &stat) != 0 || zip_source_open(buffer) != 0)
    return system_error("{}: {}", path.string(), zip_error_strerror(zip_source_error(buffer)));
  std::vector<uint8_t> content(stat.size);
  const bool complete = zip_source_read(buffer, content.data(), content.size()) == static_cast<zip_int64_t>(stat.size);
  zip_source_close(buffer);
  if (!complete) return system_error("{}: {}", path.string(), zip_error_strerror(zip_source_error(buffer)));
  return write_file_atomically(path, content);
}

const Tensor* find_tensor(std::span<const NamedTensor> tensors, std::string_view name) {
  for (const NamedTensor& named : tensors)
    if (named.name == name) return &named.tensor;
  return nullptr;
}

}  // namespace bmnet
