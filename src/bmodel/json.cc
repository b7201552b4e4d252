#include <fmt/format.h>

#include <iterator>

#include "bmodel/container.h"
#include "bmodel/print.h"
#include "bmodel/reflect.h"

namespace bmnet::bmodel {
namespace {

class JsonPrinter {
 public:
  std::string print(Bytes flatbuffer) && {
    table(*flatbuffers::GetAnyRoot(flatbuffer.data()), *schema().root_table());
    return std::move(text_) + "\n";
  }

 private:
  template <typename... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
  }
  void new_line() { add("\n{:{}}", "", 2 * depth_); }

  // Prints `count` members between the brackets, each on its own line, by calling print(i).
  template <typename Print>
  void block(char open, char close, size_t count, const Print& print) {
    text_ += open;
    ++depth_;
    for (size_t i = 0; i < count; ++i) {
      if (i) text_ += ',';
      new_line();
      print(i);
    }
    --depth_;
    if (count) new_line();
    text_ += close;
  }

  void integer(int64_t value) {
    if (value < 0)
      add("-{:#x}", 0 - static_cast<uint64_t>(value));
    else
      add("{:#x}", value);
  }

  // The number of type `type` at `data`.
  void number(reflection::BaseType type, const uint8_t* data) {
    switch (type) {
      case reflection::Float:
        return add("{}", flatbuffers::ReadScalar<float>(data));
      case reflection::Int:
        return integer(flatbuffers::ReadScalar<int32_t>(data));
      case reflection::UInt:
        return add("{:#x}", flatbuffers::ReadScalar<uint32_t>(data));
      case reflection::ULong:
        return add("{:#x}", flatbuffers::ReadScalar<uint64_t>(data));
      default:
        return add("{:#x}", *data);  // the schema's only other number: uint8
    }
  }

  void default_of(const reflection::Field& field) {
    if (field.type()->base_type() == reflection::Float)
      add("{}", static_cast<float>(field.default_real()));
    else
      integer(field.default_integer());
  }

  void string(std::string_view value) {
    text_ += '"';
    for (const char c : value) {
      if (c == '"' || c == '\\')
        add("\\{}", c);
      else if (c == '\n')
        text_ += "\\n";
      else if (static_cast<unsigned char>(c) < 0x20)
        add("\\u{:04x}", c);
      else
        text_ += c;
    }
    text_ += '"';
  }

  void structure(const uint8_t* data, const reflection::Object& object) {
    const auto fields = fields_in_order(object);
    block('{', '}', fields.size(), [&](size_t i) {
      add("\"{}\": ", fields[i]->name()->c_str());
      number(fields[i]->type()->base_type(), data + fields[i]->offset());
    });
  }

  static bool is_number(const reflection::Field& field) { return field.type()->base_type() < reflection::String; }

  void table(const flatbuffers::Table& table, const reflection::Object& object) {
    std::vector<const reflection::Field*> fields = fields_in_order(object);
    std::erase_if(fields, [&](const reflection::Field* field) {
      return !table.GetAddressOf(field->offset()) && !is_number(*field);
    });
    block('{', '}', fields.size(), [&](size_t i) {
      add("\"{}\": ", fields[i]->name()->c_str());
      value(table, *fields[i]);
    });
  }

  void value(const flatbuffers::Table& parent, const reflection::Field& field) {
    const uint8_t* address = parent.GetAddressOf(field.offset());
    const reflection::Object* object = object_of(field);
    switch (field.type()->base_type()) {
      case reflection::String:
        return string(parent.GetPointer<const flatbuffers::String*>(field.offset())->string_view());
      case reflection::Vector:
        return vector(*parent.GetPointer<const flatbuffers::VectorOfAny*>(field.offset()), field);
      case reflection::Obj:
        if (object->is_struct()) return structure(address, *object);
        return table(*parent.GetPointer<const flatbuffers::Table*>(field.offset()), *object);
      default:
        return address ? number(field.type()->base_type(), address) : default_of(field);
    }
  }

  void vector(const flatbuffers::VectorOfAny& vector, const reflection::Field& field) {
    const reflection::Object* object = object_of(field);
    if (!object) return numbers(vector, field.type()->element());
    block('[', ']', vector.size(), [&](size_t i) {
      if (object->is_struct()) return structure(vector.Data() + i * static_cast<size_t>(object->bytesize()), *object);
      const uint8_t* element = vector.Data() + i * sizeof(flatbuffers::uoffset_t);
      table(*reinterpret_cast<const flatbuffers::Table*>(element +
                                                         flatbuffers::ReadScalar<flatbuffers::uoffset_t>(element)),
            *object);
    });
  }

  void numbers(const flatbuffers::VectorOfAny& vector, reflection::BaseType type) {
    const size_t width = flatbuffers::GetTypeSize(type);
    text_ += '[';
    for (size_t i = 0; i < vector.size(); ++i) {
      if (i) text_ += ", ";
      number(type, vector.Data() + i * width);
    }
    text_ += ']';
  }

  std::string text_;
  int depth_ = 0;
};

}  // namespace

Result<std::string> to_json(Bytes file, std::string_view what) {
  BMNET_ASSIGN(const Container container, open_container(file, what, nullptr));
  return JsonPrinter().print(container.flatbuffer);
}

}  // namespace bmnet::bmodel
