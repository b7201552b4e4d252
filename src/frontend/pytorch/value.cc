#include "frontend/pytorch/value.h"

#include <algorithm>

#include "frontend/pytorch/effort.h"
#include "frontend/pytorch/refusal.h"

namespace bmnet::frontend::pytorch {
namespace {

constexpr size_t kMaxItems = size_t{1} << 22;

// Depth of a container; marks it as held.
template <typename T>
int hold_container(T& container) {
  container.held = true;
  return container.depth;
}

}  // namespace

std::string type_name(const Value& value) {
  constexpr const char* kNames[] = {"None",  "bool", "int",    "float",  "str",    "List",
                                    "Tuple", "Dict", "Tensor", "object", "symbol", "complex Tensor"};
  return kNames[value.data.index()];
}

int hold(const Value& child, int depth, bool container_held) {
  const auto* text = child.as<std::string>();
  Effort::spend(1 + (text ? text->size() : 0));
  int below = 0;
  if (auto* list = child.ref<List>()) below = hold_container(*list);
  if (auto* tuple = child.ref<Tuple>()) below = hold_container(*tuple);
  if (auto* dict = child.ref<Dict>()) below = hold_container(*dict);
  if (auto* object = child.ref<Object>()) below = hold_container(*object);
  if (below > 0 && container_held) refuse("a container that stands in another one cannot take further containers");
  if (below + 1 > kMaxNesting) reject("values nest deeper than {} levels", kMaxNesting);
  return std::max(depth, below + 1);
}

Value make_list(Items items) {
  auto list = std::make_shared<List>();
  for (const Value& item : items) list->depth = hold(item, list->depth, false);
  list->items = std::move(items);
  return list;
}

Value make_tuple(Items items) {
  auto tuple = std::make_shared<Tuple>();
  for (const Value& item : items) tuple->depth = hold(item, tuple->depth, false);
  tuple->items = std::move(items);
  return tuple;
}

void append(List& list, Value item) {
  if (list.items.size() >= kMaxItems) reject("a list grows beyond {} items", kMaxItems);
  if (item.ref<List>() == &list) reject("a list contains itself");
  list.depth = hold(item, list.depth, list.held);
  list.items.push_back(std::move(item));
}

void insert(Dict& dict, Value key, Value item) {
  if (dict.items.size() >= kMaxItems) reject("a dict grows beyond {} items", kMaxItems);
  if (item.ref<Dict>() == &dict || key.ref<Dict>() == &dict) reject("a dict contains itself");
  dict.depth = hold(key, dict.depth, dict.held);
  dict.depth = hold(item, dict.depth, dict.held);
  dict.items.emplace_back(std::move(key), std::move(item));
}

}  // namespace bmnet::frontend::pytorch
