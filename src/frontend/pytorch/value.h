// Values of a TorchScript program while it is evaluated. Tensors are values of the graph under construction; all else
// is concrete.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/tensor.h"
#include "nn/graph_builder.h"

namespace bmnet::frontend::pytorch {

using ValueId = nn::GraphBuilder::ValueId;

struct Value;
using Items = std::vector<Value>;

// Containers know how deep they nest, so that nothing recursive or endlessly deep can be built (see check_nesting).
inline constexpr int kMaxNesting = 256;

struct Sequence {  // a list or a tuple
  Items items;
  int depth = 1;
  bool held = false;  // stands in another container: may then take only values that are no containers
};
struct List : Sequence {};
struct Tuple : Sequence {};
struct Dict {
  std::vector<std::pair<Value, Value>> items;
  int depth = 1;
  bool held = false;
};

// A step from a tensor to a view of it.
struct View {
  enum Kind { kReshape, kPermute, kSlice, kBroadcast } kind = kReshape;
  Shape shape;                 // reshape, broadcast: of the view
  std::vector<int64_t> axes;   // permute
  Shape starts, sizes, steps;  // slice
};

// A tensor of the program. In-place operators put a new graph value into the cell; views read through their base and
// write through to it.
struct Cell {
  std::optional<Tensor> host;  // a tensor of the file, not yet in the graph
  ValueId value = -1;          // in the graph
  std::string name;
  int64_t version = 0;  // counts writes
  std::shared_ptr<Cell> base;
  View view;
  int64_t seen = 0;  // version of the base for which `value` holds
  int depth = 0;     // number of views below it
};

// A module, or another instance of a class of the archive.
struct Object {
  std::string type;  // "__torch__.models.PNet.PNet"
  std::string path;  // from the root: "features.0"; empty for the root
  std::map<std::string, Value> attributes;
  int depth = 1;
  bool held = false;
};

// A function, a class, or a name of torch such as a storage type.
struct Symbol {
  std::string name;
};

// A tensor of complex numbers.
struct Complex {
  std::shared_ptr<Cell> real, imag;
};

struct Value {
  std::variant<std::monostate, bool, int64_t, double, std::string, std::shared_ptr<List>, std::shared_ptr<Tuple>,
               std::shared_ptr<Dict>, std::shared_ptr<Cell>, std::shared_ptr<Object>, Symbol, Complex>
      data;

  Value() = default;
  template <typename T>
  Value(T value) : data(std::move(value)) {}

  bool is_none() const { return std::holds_alternative<std::monostate>(data); }
  template <typename T>
  const T* as() const {
    return std::get_if<T>(&data);
  }
  // The pointee of a shared alternative, or null.
  template <typename T>
  T* ref() const {
    const auto* pointer = std::get_if<std::shared_ptr<T>>(&data);
    return pointer ? pointer->get() : nullptr;
  }
  // The items of a list or tuple, or null.
  const Items* items() const {
    if (const List* list = ref<List>()) return &list->items;
    if (const Tuple* tuple = ref<Tuple>()) return &tuple->items;
    return nullptr;
  }
};

std::string type_name(const Value& value);  // "int", "Tensor", "List"

// Containers made of checked parts; a Refusal when they nest too deeply.
Value make_list(Items items);
Value make_tuple(Items items);
// Marks `child` as held by a container and returns the container's depth with it.
int hold(const Value& child, int depth, bool container_held);
void append(List& list, Value item);
void insert(Dict& dict, Value key, Value item);

}  // namespace bmnet::frontend::pytorch
