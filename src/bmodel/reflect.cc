#include "bmodel/reflect.h"

#include <algorithm>

#include "bmodel/bmodel_bfbs_generated.h"

namespace bmnet::bmodel {

const reflection::Schema& schema() { return *reflection::GetSchema(fb::ModelBinarySchema::data()); }

std::vector<const reflection::Field*> fields_in_order(const reflection::Object& object) {
  std::vector<const reflection::Field*> fields(object.fields()->begin(), object.fields()->end());
  std::ranges::sort(fields, {}, [](const reflection::Field* field) { return field->id(); });
  return fields;
}

const reflection::Object* object_of(const reflection::Field& field) {
  const reflection::Type& type = *field.type();
  const bool holds_object = type.base_type() == reflection::Obj ||
                            (type.base_type() == reflection::Vector && type.element() == reflection::Obj);
  return holds_object ? schema().objects()->Get(static_cast<flatbuffers::uoffset_t>(type.index())) : nullptr;
}

bool is_binary(const reflection::Object& object) { return object.name()->string_view() == "bmnet.bmodel.fb.Binary"; }

}  // namespace bmnet::bmodel
