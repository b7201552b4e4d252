// Operators on numbers, texts and lists, and questions about tensors whose answers are known from their types.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "frontend/pytorch/effort.h"
#include "frontend/pytorch/evaluator.h"
#include "frontend/pytorch/ops.h"
#include "frontend/pytorch/refusal.h"

namespace bmnet::frontend::pytorch {
namespace {

constexpr size_t kMaxText = size_t{1} << 20;
constexpr int64_t kMaxItems = int64_t{1} << 20;

struct Number {
  bool integral = true;
  int64_t integer = 0;
  double real = 0;
};

std::optional<Number> number_of(const Value& value) {
  if (const auto* boolean = value.as<bool>()) return Number{true, *boolean, double(*boolean)};
  if (const auto* integer = value.as<int64_t>()) return Number{true, *integer, static_cast<double>(*integer)};
  if (const auto* real = value.as<double>()) return Number{false, 0, *real};
  return std::nullopt;
}

// By reference: the order in which a call evaluates its arguments is open.
int64_t checked(bool overflow, const int64_t& value) {
  if (overflow) reject("an integer exceeds 64 bits");
  return value;
}

int64_t negated(int64_t value) {
  int64_t result = 0;
  const bool overflow = __builtin_sub_overflow(int64_t{0}, value, &result);
  return checked(overflow, result);
}

int64_t floor_div(int64_t a, int64_t b) {
  if (b == 0) reject("an integer is divided by 0");
  if (b == -1) return negated(a);
  return a / b - ((a % b != 0 && (a < 0) != (b < 0)) ? 1 : 0);
}

int64_t power(int64_t base, int64_t exponent) {
  int64_t result = 1;
  for (int64_t i = 0; i < exponent && i < 64; ++i) {
    const bool overflow = __builtin_mul_overflow(result, base, &result);
    checked(overflow, result);
    if (base == 0 || base == 1) break;
  }
  if (exponent >= 64 && base != 0 && base != 1) reject("an integer exceeds 64 bits");
  return result;
}

std::optional<Value> arithmetic(std::string_view op, const Number& a, const Number& b) {
  int64_t r = 0;
  if (a.integral && b.integral) {
    if (op == "add") return checked(__builtin_add_overflow(a.integer, b.integer, &r), r);
    if (op == "sub") return checked(__builtin_sub_overflow(a.integer, b.integer, &r), r);
    if (op == "mul") return checked(__builtin_mul_overflow(a.integer, b.integer, &r), r);
    if (op == "floordiv" || op == "__floordiv__" || op == "floor_divide") return floor_div(a.integer, b.integer);
    if (op == "remainder") {
      if (b.integer == -1) return int64_t{0};
      return a.integer - floor_div(a.integer, b.integer) * b.integer;
    }
    if (op == "pow" && b.integer >= 0) return power(a.integer, b.integer);
    if (op == "max" || op == "prim.max") return std::max(a.integer, b.integer);
    if (op == "min" || op == "prim.min") return std::min(a.integer, b.integer);
    if (op == "__and__") return a.integer & b.integer;
    if (op == "__or__") return a.integer | b.integer;
    if (op == "__xor__") return a.integer ^ b.integer;
  }
  if (op == "add") return a.real + b.real;
  if (op == "sub") return a.real - b.real;
  if (op == "mul") return a.real * b.real;
  if (op == "div" || op == "truediv") {
    if (b.real == 0) reject("a number is divided by 0");
    return a.real / b.real;
  }
  if (op == "floordiv" || op == "__floordiv__" || op == "floor_divide") return std::floor(a.real / b.real);
  if (op == "remainder") return a.real - std::floor(a.real / b.real) * b.real;
  if (op == "pow") return std::pow(a.real, b.real);
  if (op == "max" || op == "prim.max") return std::max(a.real, b.real);
  if (op == "min" || op == "prim.min") return std::min(a.real, b.real);
  return std::nullopt;
}

std::optional<Value> comparison(std::string_view op, const Number& a, const Number& b) {
  const bool both = a.integral && b.integral;
  const int order = both ? (a.integer > b.integer) - (a.integer < b.integer) : (a.real > b.real) - (a.real < b.real);
  const bool ordered = both || (!std::isnan(a.real) && !std::isnan(b.real));
  if (op == "eq") return ordered && order == 0;
  if (op == "ne") return !ordered || order != 0;
  if (op == "lt") return ordered && order < 0;
  if (op == "le") return ordered && order <= 0;
  if (op == "gt") return ordered && order > 0;
  if (op == "ge") return ordered && order >= 0;
  return std::nullopt;
}

int64_t rounded(double value) {
  if (!(std::abs(value) < 9.2e18)) reject("{} is no 64-bit integer", value);
  return static_cast<int64_t>(value);
}

std::optional<Value> unary(std::string_view op, const Number& a) {
  if (op == "neg") return a.integral ? Value(negated(a.integer)) : Value(-a.real);
  if (op == "abs") return a.integral ? Value(a.integer < 0 ? negated(a.integer) : a.integer) : Value(std::abs(a.real));
  if (op == "sqrt") return std::sqrt(a.real);
  if (op == "exp") return std::exp(a.real);
  if (op == "log") return std::log(a.real);
  if (op == "floor") return rounded(std::floor(a.real));
  if (op == "ceil") return rounded(std::ceil(a.real));
  if (op == "round") return std::nearbyint(a.real);
  if (op == "__not__") return a.real == 0;
  if (op == "ScalarImplicit" || op == "IntImplicit" || op == "FloatImplicit")
    return a.integral ? Value(a.integer) : Value(a.real);
  return std::nullopt;
}

std::string to_text(const Value& value) {
  if (const auto* text = value.as<std::string>()) return *text;
  if (const auto* boolean = value.as<bool>()) return *boolean ? "True" : "False";
  if (const auto* integer = value.as<int64_t>()) return fmt::format("{}", *integer);
  if (const auto* real = value.as<double>()) return fmt::format("{}", *real);
  if (value.is_none()) return "None";
  if (const Items* items = value.items()) {
    std::string all;
    for (size_t i = 0; i < items->size() && i < 16; ++i)
      all += fmt::format("{}{}", i ? ", " : "", number_of((*items)[i]) ? to_text((*items)[i]) : "…");
    return "[" + all + "]";
  }
  return type_name(value);
}

std::string format_text(const Items& arguments) {
  std::string pattern = to_text(arguments[0]), result;
  size_t next = 1;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern.compare(i, 2, "{}") == 0 && next < arguments.size()) {
      result += to_text(arguments[next++]);
      ++i;
    } else {
      result += pattern[i];
    }
    if (result.size() > kMaxText) reject("a text grows beyond {} bytes", kMaxText);
  }
  return result;
}

Value sliced(const Items& items, const Items& arguments) {
  const auto size = static_cast<int64_t>(items.size());
  const auto part = [&](size_t index, int64_t otherwise) {
    const auto* given = index < arguments.size() ? arguments[index].as<int64_t>() : nullptr;
    return given ? *given : otherwise;
  };
  const int64_t step = part(3, 1);
  if (step < 1) refuse("a list is sliced in steps of {}", step);
  const auto bound = [&](int64_t value) {
    return std::clamp<int64_t>(value < 0 ? std::max<int64_t>(value, -size) + size : value, 0, size);
  };
  Items taken;
  for (int64_t i = bound(part(1, 0)); i < bound(part(2, size)); i += std::min(step, size))
    taken.push_back(items[static_cast<size_t>(i)]);
  return make_list(std::move(taken));
}

Value repeated(const List& list, int64_t times) {
  if (times > 0 && static_cast<int64_t>(list.items.size()) > kMaxItems / times)
    reject("a list grows beyond {} items", kMaxItems);
  Items items;
  for (int64_t i = 0; i < times; ++i) items.insert(items.end(), list.items.begin(), list.items.end());
  return make_list(std::move(items));
}

// Operators whose first argument is a list or tuple.
std::optional<Value> of_list(std::string_view op, const Value& owner, const Items& arguments) {
  const Items& items = *owner.items();
  List* list = owner.ref<List>();
  const auto* index = arguments.size() > 1 ? arguments[1].as<int64_t>() : nullptr;
  if (op == "len") return static_cast<int64_t>(items.size());
  if (op == "slice") return sliced(items, arguments);
  if (op == "list" || op == "copy") return make_list(items);
  if (op == "__contains__" && arguments.size() == 2)
    return std::ranges::any_of(items, [&](const Value& item) { return same(item, arguments[1]); });
  if (op == "__getitem__" && index) {
    const int64_t at = *index < 0 ? *index + static_cast<int64_t>(items.size()) : *index;
    if (at < 0 || at >= static_cast<int64_t>(items.size())) reject("index {} of {} items", *index, items.size());
    return items[static_cast<size_t>(at)];
  }
  if (op == "add" && arguments.size() == 2 && arguments[1].items()) {
    Items both = items;
    if (both.size() + arguments[1].items()->size() > static_cast<size_t>(kMaxItems))
      reject("a list grows beyond {} items", kMaxItems);
    both.insert(both.end(), arguments[1].items()->begin(), arguments[1].items()->end());
    return make_list(std::move(both));
  }
  if ((op == "eq" || op == "ne") && arguments.size() == 2 && arguments[1].items())
    return same(owner, arguments[1]) == (op == "eq");
  if (!list) return std::nullopt;
  if (op == "mul" && index) return repeated(*list, *index);
  if (op == "append" && arguments.size() == 2) {
    append(*list, arguments[1]);
    return owner;
  }
  if (op == "extend" && arguments.size() == 2 && arguments[1].items()) {
    const Items more = *arguments[1].items();
    for (const Value& item : more) append(*list, item);
    return Value();
  }
  if (op == "insert" && index && arguments.size() == 3) {
    Effort::spend(items.size());
    append(*list, arguments[2]);
    const auto size = static_cast<int64_t>(list->items.size());
    const int64_t at = std::clamp<int64_t>(*index < 0 ? *index + size - 1 : *index, 0, size - 1);
    std::rotate(list->items.begin() + at, list->items.end() - 1, list->items.end());
    return Value();
  }
  if (op == "pop") {
    if (list->items.empty()) reject("an item is taken from an empty list");
    const int64_t at = index ? *index : -1;
    const int64_t place = at < 0 ? at + static_cast<int64_t>(list->items.size()) : at;
    if (place < 0 || place >= static_cast<int64_t>(list->items.size()))
      reject("index {} of {} items", at, list->items.size());
    Effort::spend(items.size() - static_cast<size_t>(place));
    Value item = list->items[static_cast<size_t>(place)];
    list->items.erase(list->items.begin() + place);
    return item;
  }
  if (op == "reverse") {
    std::ranges::reverse(list->items);
    return Value();
  }
  if (op == "clear") {
    list->items.clear();
    return Value();
  }
  return std::nullopt;
}

std::optional<Value> of_numbers(std::string_view op, const Items& items) {
  if (items.empty()) return std::nullopt;
  Effort::spend(items.size());
  std::optional<Value> best;
  for (const Value& item : items) {
    const auto number = number_of(item);
    if (!number) return std::nullopt;
    best = best ? arithmetic(op, *number_of(*best), *number) : std::optional<Value>(item);
  }
  return best;
}

std::optional<Value> of_dict(std::string_view op, const Dict& dict, const Items& arguments) {
  Items items;
  if (op == "len") return static_cast<int64_t>(dict.items.size());
  if (op == "__contains__" && arguments.size() == 2)
    return std::ranges::any_of(dict.items, [&](const auto& entry) { return same(entry.first, arguments[1]); });
  for (const auto& [key, value] : dict.items) {
    if (op == "keys") items.push_back(key);
    if (op == "values") items.push_back(value);
    if (op == "items") items.push_back(make_tuple({key, value}));
  }
  if (op == "keys" || op == "values" || op == "items") return make_list(std::move(items));
  return std::nullopt;
}

// What is known of every tensor.
std::optional<Value> of_tensor(Tensors& tensors, std::string_view op, Cell& cell, const Items& arguments) {
  static constexpr std::string_view kAsked[] = {"size",
                                                "dim",
                                                "numel",
                                                "len",
                                                "is_floating_point",
                                                "is_complex",
                                                "item",
                                                "prim.dtype",
                                                "prim.device",
                                                "prim.is_cuda",
                                                "is_cuda",
                                                "stride",
                                                "get_device",
                                                "prim.is_quantized",
                                                "prim.layout",
                                                "prim.requires_grad",
                                                "is_contiguous",
                                                "ScalarImplicit",
                                                "IntImplicit",
                                                "FloatImplicit",
                                                "prim.is_nested",
                                                "prim.is_mkldnn",
                                                "prim.is_sparse"};
  if (std::ranges::find(kAsked, op) == std::end(kAsked)) return std::nullopt;
  const ValueId id = tensors.read(cell);
  const Shape& shape = tensors.shape(id);
  if (op == "size" || op == "stride") {
    Items sizes;
    int64_t stride = 1;
    for (const int64_t dim : shape) sizes.push_back(dim);
    if (op == "stride")
      for (size_t i = shape.size(); i > 0; --i) {
        sizes[i - 1] = stride;
        stride *= shape[i - 1];
      }
    if (arguments.size() < 2) return make_list(std::move(sizes));
    const auto* axis = arguments[1].as<int64_t>();
    const auto rank = static_cast<int64_t>(shape.size());
    if (!axis || *axis < -rank || *axis >= rank)
      reject("size of axis {} of a tensor of rank {}", axis ? *axis : 0, rank);
    return sizes[static_cast<size_t>(*axis < 0 ? *axis + rank : *axis)];
  }
  if (op == "dim") return static_cast<int64_t>(shape.size());
  if (op == "numel") return element_count(shape);
  if (op == "len") return shape.empty() ? 0 : shape[0];
  if (op == "is_floating_point") return tensors.dtype(id) == DType::kF32;
  if (op == "is_contiguous") return true;
  if (op == "prim.dtype") return code_of_dtype(tensors.dtype(id));
  if (op == "prim.device") return std::string("cpu");
  if (op == "get_device") return int64_t{-1};
  if (op == "prim.layout") return int64_t{0};
  if (op == "item" || op.ends_with("Implicit")) {
    if (const auto value = known_number(tensors, arguments[0])) return *value;
    refuse("torch.{}: the number is computed from the input: the network would differ from input to input", op);
  }
  return false;
}

}  // namespace

bool same(const Value& a, const Value& b) {
  Effort::spend(1);
  if (const auto x = number_of(a), y = number_of(b); x && y) return *comparison("eq", *x, *y)->as<bool>();
  if (a.data.index() != b.data.index()) return false;
  if (const auto* text = a.as<std::string>()) return *text == *b.as<std::string>();
  if (const Items *x = a.items(), *y = b.items(); x && y) {
    // Nesting of containers is bounded, their sharing is not: only flat ones are compared.
    return x->size() == y->size() && std::ranges::equal(*x, *y, [](const Value& p, const Value& q) {
             return !p.items() && !q.items() && same(p, q);
           });
  }
  if (a.is_none()) return true;
  if (const Symbol* symbol = a.as<Symbol>()) return symbol->name == b.as<Symbol>()->name;
  if (a.ref<Cell>()) return a.ref<Cell>() == b.ref<Cell>();
  if (a.ref<Object>()) return a.ref<Object>() == b.ref<Object>();
  return false;
}

Value to_number(Tensors& tensors, std::string_view type, const Value& value) {
  const auto known = known_number(tensors, value);
  if (!known) {
    if (value.ref<Cell>())
      refuse("{}(tensor): its value is computed from the input: the network would differ from input to input", type);
    if (const Items* items = value.items(); items && type == "bool") return !items->empty();
    reject("{} of {}", type, type_name(value));
  }
  const Number number = *number_of(*known);
  if (type == "bool") return number.integral ? number.integer != 0 : number.real != 0;
  if (type == "float") return number.real;
  return number.integral ? number.integer : rounded(std::trunc(number.real));
}

std::optional<Value> call_scalar(Tensors& tensors, std::string_view op, const Items& arguments) {
  if (op == "warn" || op == "prim.Print" || op == "_assert" || op == "manual_seed" || op == "prim.annotate")
    return Value();
  if (op == "prim.RaiseException")
    refuse("the program raises an exception for these shapes: {}", arguments.empty() ? "" : to_text(arguments[0]));
  if (op == "device" || op == "prim.unchecked_cast") return arguments.empty() ? Value() : arguments[0];
  if (op == "prim.is_scripting" || op == "is_scripting") return true;
  if (op == "prim.NumToTensor" && arguments.size() == 1) {
    const auto number = number_of(arguments[0]);
    if (!number) return arguments[0];
    return tensors.hold(number->integral ? tensors.integers({number->integer}, {})
                                         : tensors.scalar(DType::kF32, number->real));
  }
  if (arguments.empty()) return std::nullopt;
  const Value& first = arguments[0];
  if (op == "str") return to_text(first);
  if (op == "format") return format_text(arguments);
  if (arguments.size() == 2 && (op == "__is__" || op == "__isnot__")) {
    const bool equal = first.is_none() || arguments[1].is_none() ? first.is_none() && arguments[1].is_none()
                                                                 : same(first, arguments[1]);
    return equal == (op == "__is__");
  }
  if (Cell* cell = first.ref<Cell>()) return of_tensor(tensors, op, *cell, arguments);
  if (op == "Int" || op == "Float" || op == "Bool")
    return to_number(tensors, op == "Int" ? "int" : op == "Float" ? "float" : "bool", first);
  if (first.items()) {
    if (auto value = of_list(op, first, arguments)) return value;
    if (arguments.size() == 1 && (op == "prim.max" || op == "prim.min" || op == "sum"))
      return of_numbers(op == "sum" ? "add" : op, *first.items());
    return std::nullopt;
  }
  if (const Dict* dict = first.ref<Dict>()) return of_dict(op, *dict, arguments);
  if (arguments.size() >= 2 && first.as<std::string>() && arguments[1].as<std::string>()) {
    if (op == "eq" || op == "ne") return same(first, arguments[1]) == (op == "eq");
    if (op == "add" && first.as<std::string>()->size() + arguments[1].as<std::string>()->size() <= kMaxText)
      return *first.as<std::string>() + *arguments[1].as<std::string>();
  }
  const auto a = number_of(first);
  if (!a) return std::nullopt;
  if (arguments.size() == 1) return unary(op, *a);
  const auto b = number_of(arguments[1]);
  if (!b) return std::nullopt;
  if ((op == "__and__" || op == "__or__" || op == "__xor__" || op == "eq" || op == "ne") && first.as<bool>() &&
      arguments[1].as<bool>()) {
    const bool x = *first.as<bool>(), y = *arguments[1].as<bool>();
    return op == "__and__" ? x && y : op == "__or__" ? x || y : op == "eq" ? x == y : x != y;
  }
  if (auto value = comparison(op, *a, *b)) return value;
  return arithmetic(op, *a, *b);
}

}  // namespace bmnet::frontend::pytorch
