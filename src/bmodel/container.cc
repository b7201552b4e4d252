#include "bmodel/container.h"

#include <cstring>

#include "bmodel/bmodel_generated.h"
#include "bmodel/reflect.h"

namespace bmnet::bmodel {
namespace {

// Walks every reachable table, with a budget, and checks the range of every Binary.
class RangeCheck {
 public:
  RangeCheck(const Container& container, std::string_view what)
      : binary_(container.binary),
        what_(what),
        budget_(8 * container.flatbuffer.size() + (1 << 20)),
        blob_budget_(256 * container.binary.size()) {}

  Status table(const flatbuffers::Table& table, const reflection::Object& object, const std::string& path) {
    BMNET_TRY(spend(16));
    for (const reflection::Field* field : *object.fields())
      if (table.GetAddressOf(field->offset())) BMNET_TRY(value(table, *field, path));
    return {};
  }

 private:
  Status value(const flatbuffers::Table& parent, const reflection::Field& field, const std::string& path) {
    const auto path_of = [&] { return fmt::format("{}{}{}", path, path.empty() ? "" : ".", field.name()->c_str()); };
    const reflection::Object* object = object_of(field);
    switch (field.type()->base_type()) {
      case reflection::String:
        return spend(parent.GetPointer<const flatbuffers::String*>(field.offset())->size());
      case reflection::Vector: {
        const auto* vector = parent.GetPointer<const flatbuffers::VectorOfAny*>(field.offset());
        if (object) return objects(*vector, *object, path_of());
        const size_t width = flatbuffers::GetTypeSize(field.type()->element());
        BMNET_TRY(aligned(*vector, width, path_of()));
        return spend(uint64_t{vector->size()} * width);
      }
      case reflection::Obj:
        if (!object->is_struct())
          return table(*parent.GetPointer<const flatbuffers::Table*>(field.offset()), *object, path_of());
        return is_binary(*object) ? range(*parent.GetStruct<const fb::Binary*>(field.offset()), path_of()) : Status();
      default:
        return {};
    }
  }

  Status objects(const flatbuffers::VectorOfAny& vector, const reflection::Object& object, const std::string& path) {
    if (object.is_struct()) {
      BMNET_TRY(aligned(vector, static_cast<size_t>(object.minalign()), path));
      BMNET_TRY(spend(uint64_t{vector.size()} * static_cast<uint64_t>(object.bytesize())));
      if (!is_binary(object)) return {};
      const auto* binaries = reinterpret_cast<const fb::Binary*>(vector.Data());
      for (flatbuffers::uoffset_t i = 0; i < vector.size(); ++i)
        BMNET_TRY(range(binaries[i], fmt::format("{}[{}]", path, i)));
      return {};
    }
    const auto& tables = reinterpret_cast<const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::Table>>&>(vector);
    for (flatbuffers::uoffset_t i = 0; i < tables.size(); ++i)
      BMNET_TRY(table(*tables.Get(i), object, fmt::format("{}[{}]", path, i)));
    return {};
  }

  // The verifier leaves this out.
  Status aligned(const flatbuffers::VectorOfAny& vector, size_t alignment, const std::string& path) const {
    if (vector.size() == 0 || reinterpret_cast<uintptr_t>(vector.Data()) % alignment == 0) return {};
    return user_error("{}: {}: the FlatBuffer is damaged: numbers at a place that is no multiple of {}", what_, path,
                      alignment);
  }

  Status range(const fb::Binary& binary, const std::string& path) {
    if (contains(binary_, binary.start(), binary.size())) {
      // Stages share coefficients as often as they like: nobody reads those piece by piece.
      return path.ends_with("binary_coeff") ? Status() : spend(blob_budget_, binary.size());
    }
    return user_error("{}: {}: bytes {:#x} + {:#x} lie outside the binary section of {:#x} bytes", what_, path,
                      binary.start(), binary.size(), binary_.size());
  }

  Status spend(uint64_t cost) { return spend(budget_, cost); }
  Status spend(uint64_t& budget, uint64_t cost) const {
    if (cost > budget) return user_error("{}: the FlatBuffer refers to the same data over and over", what_);
    budget -= cost;
    return {};
  }

  Bytes binary_;
  std::string_view what_;
  uint64_t budget_;       // for what the tables unfold to
  uint64_t blob_budget_;  // for the bytes of all Binaries together
};

Result<Header> read_header(Bytes file, std::string_view what) {
  Header header;
  if (file.size() <= sizeof header) return user_error("{}: {} bytes are too few for a .bmodel file", what, file.size());
  std::memcpy(&header, file.data(), sizeof header);
  if (header.magic == kOldGenerationMagic)
    return unsupported("{}: an older kind of .bmodel (bmtap2); compile the model again", what);
  if (header.magic != kMagic)
    return user_error("{}: is not a .bmodel file: starts with {:#010x}, not {:#010x}", what, header.magic, kMagic);
  if (header.header_size != sizeof header)
    return user_error("{}: header size is {}, not {}", what, header.header_size, sizeof header);
  const uint64_t needed = sizeof header + uint64_t{header.flatbuffers_size} + header.binary_size;
  if (file.size() < needed)
    return user_error("{}: has {} bytes, its header promises {}: the file is cut off", what, file.size(), needed);
  return header;
}

// FlatBuffers are read in place, which needs their alignment.
void align(Container& container) {
  constexpr size_t kAlignment = 8;
  if (reinterpret_cast<uintptr_t>(container.flatbuffer.data()) % kAlignment == 0) return;
  struct Copy {
    std::shared_ptr<const void> file;
    std::unique_ptr<uint64_t[]> words;
  };
  const size_t size = container.flatbuffer.size();
  auto copy = std::make_shared<Copy>(Copy{container.owner, std::make_unique<uint64_t[]>(size / 8 + 1)});
  std::memcpy(copy->words.get(), container.flatbuffer.data(), size);
  container.flatbuffer = Bytes(reinterpret_cast<const uint8_t*>(copy->words.get()), size);
  container.owner = std::move(copy);
}

}  // namespace

Result<Container> open_container(Bytes file, std::string_view what, std::shared_ptr<const void> owner) {
  BMNET_ASSIGN(const Header header, read_header(file, what));
  const Bytes rest = file.subspan(sizeof header);
  Container container{rest.first(header.flatbuffers_size), rest.subspan(header.flatbuffers_size, header.binary_size),
                      std::move(owner)};
  align(container);
  flatbuffers::Verifier verifier(container.flatbuffer.data(), container.flatbuffer.size());
  if (!fb::VerifyModelBuffer(verifier))
    return user_error("{}: the FlatBuffer is damaged (bytes 64 to {})", what, 64 + container.flatbuffer.size());
  BMNET_TRY(RangeCheck(container, what)
                .table(*flatbuffers::GetAnyRoot(container.flatbuffer.data()), *schema().root_table(), ""));
  return container;
}

}  // namespace bmnet::bmodel
