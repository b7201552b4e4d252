// Walking any BModel FlatBuffer by its schema alone, for checks and for printing that hold for every table.
#pragma once

#include <flatbuffers/reflection.h>

#include <vector>

namespace bmnet::bmodel {

const reflection::Schema& schema();

// The fields of a table or struct in the order of their ids.
std::vector<const reflection::Field*> fields_in_order(const reflection::Object& object);

// The table or struct that `field` holds (itself or as vector elements); null for scalars and strings.
const reflection::Object* object_of(const reflection::Field& field);

bool is_binary(const reflection::Object& object);  // the struct Binary

}  // namespace bmnet::bmodel
