#include "frontend/pytorch/evaluator.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "frontend/pytorch/effort.h"
#include "frontend/pytorch/ops.h"
#include "frontend/pytorch/refusal.h"

namespace bmnet::frontend::pytorch {
namespace {

constexpr int kMaxCalls = 100;  // one inside the other
constexpr int kMaxNested = 3000;

const Expr& root_of(const Expr& expr) { return expr.kind == Expr::kAttribute ? root_of(expr.children[0]) : expr; }

bool is_namespace(const std::string& name) {
  return name == "torch" || name == "ops" || name == "prim" || name == "__torch__" || name == "aten";
}

struct Restore {  // the naming path, when a call ends
  Tensors& tensors;
  std::string path;
  int& depth;
  ~Restore() {
    tensors.enter(path);
    --depth;
  }
};

// Counts how deep the evaluation is, so that no program can exhaust the stack.
struct Deeper {
  explicit Deeper(int& nesting) : nesting(nesting) {
    if (++nesting > kMaxNested) {
      --nesting;
      refuse("blocks, expressions and calls nest deeper than {}", kMaxNested);
    }
  }
  ~Deeper() { --nesting; }
  int& nesting;
};

double float_literal(const std::string& text) {
  double value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || (status != std::errc() && status != std::errc::result_out_of_range))
    reject("'{}' is not a number", text);
  return value;
}

int64_t int_literal(const std::string& text) {
  int64_t value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status == std::errc::result_out_of_range) return std::numeric_limits<int64_t>::max();
  if (end != text.data() + text.size()) reject("'{}' is not an integer", text);
  return value;
}

// An object of a class of PyTorch itself, such as packed parameters; programs cannot change it.
bool is_native(const Object& object) { return object.type.starts_with("__torch__.torch.classes."); }

// No container, or a list or tuple of such values, or packed parameters.
bool is_shallow(const Value& value, int levels = 3) {
  const auto all = [&](const Items& items) {
    return levels > 0 && std::ranges::all_of(items, [&](const Value& item) { return is_shallow(item, levels - 1); });
  };
  if (const Items* items = value.items()) return all(*items);
  if (const Object* object = value.ref<Object>())
    return levels == 3 && is_native(*object) && std::ranges::all_of(object->attributes, [&](const auto& attribute) {
             return is_shallow(attribute.second, levels - 1);
           });
  return !value.ref<Dict>();
}

size_t position(int64_t index, size_t size) {
  if (index < 0) index += static_cast<int64_t>(size);
  if (index < 0 || index >= static_cast<int64_t>(size)) reject("index {} of {} items", index, size);
  return static_cast<size_t>(index);
}

}  // namespace

Value Evaluator::call_method(const std::shared_ptr<Object>& object, const std::string& method, Items arguments) {
  const Function* function = program_.find_method(object->type, method);
  if (!function) reject("{} has no method '{}'", object->type, method);
  if (depth_ >= kMaxCalls) refuse("calls nest deeper than {}", kMaxCalls);
  ++depth_;
  const Restore restore{tensors_, tensors_.path(), depth_};
  tensors_.enter(object->path);
  arguments.insert(arguments.begin(), object);
  return call(*function, std::move(arguments), {});
}

Value Evaluator::call(const Function& function, Items arguments, std::map<std::string, Value> named) {
  Frame frame{function.file, {}, {}};
  if (arguments.size() > function.parameters.size())
    reject("{} takes {} arguments, {} are given", function.name, function.parameters.size(), arguments.size());
  for (size_t i = 0; i < function.parameters.size(); ++i) {
    const Parameter& parameter = function.parameters[i];
    Value& local = frame.locals[parameter.name];
    if (i < arguments.size())
      local = std::move(arguments[i]);
    else if (const auto found = named.find(parameter.name); found != named.end())
      local = found->second;
    else if (parameter.has_default)
      local = evaluate(parameter.otherwise, frame);
    else
      reject("{}: argument '{}' is missing", function.name, parameter.name);
  }
  run(function.body, frame);
  return frame.returned.value_or(Value());
}

void Evaluator::run(const std::vector<Stmt>& body, Frame& frame) {
  const Deeper deeper(nesting_);
  for (const Stmt& stmt : body) {
    if (frame.returned) return;
    if (++steps_ > max_steps())
      refuse("the program runs more than {} statements: a loop is too long to unroll", max_steps());
    try {
      step(stmt, frame);
    } catch (Refusal& refusal) {
      if (refusal.located) throw;
      const std::string user = program_.user_line(*frame.file, stmt.offset);
      refusal.error.message = fmt::format("{} line {}{}: {}", frame.file->path, frame.file->line_of(stmt.offset),
                                          user.empty() ? "" : fmt::format(" ({})", user), refusal.error.message);
      refusal.located = true;
      throw;
    }
  }
}

void Evaluator::step(const Stmt& stmt, Frame& frame) {
  switch (stmt.kind) {
    case Stmt::kPass:
      return;
    case Stmt::kExpr:
      evaluate(stmt.value, frame);
      return;
    case Stmt::kReturn:
      frame.returned = evaluate(stmt.value, frame);
      return;
    case Stmt::kIf:
      return run(condition(stmt.value, frame) ? stmt.body : stmt.otherwise, frame);
    case Stmt::kWhile:
      while (!frame.returned && condition(stmt.value, frame)) {
        ++steps_;
        run(stmt.body, frame);
        if (steps_ > max_steps()) refuse("the loop does not end within {} statements", max_steps());
      }
      return;
    case Stmt::kFor:
      return loop_for(stmt, frame);
    case Stmt::kAssign:
      return assign(stmt.target, evaluate(stmt.value, frame), frame);
  }
}

void Evaluator::loop_for(const Stmt& stmt, Frame& frame) {
  const Expr& over = stmt.value;
  if (over.kind == Expr::kCall && dotted_path(over.children[0]) == "range") {
    std::vector<int64_t> bounds;
    for (size_t i = 1; i < over.children.size(); ++i)
      bounds.push_back(*to_number(tensors_, "int", evaluate(over.children[i], frame)).as<int64_t>());
    if (bounds.empty() || bounds.size() > 3) reject("range of {} arguments", bounds.size());
    if (bounds.size() == 1) bounds.insert(bounds.begin(), 0);
    const int64_t step = bounds.size() == 3 ? bounds[2] : 1;
    if (step == 0) reject("range with a step of 0");
    for (int64_t i = bounds[0]; !frame.returned && (step > 0 ? i < bounds[1] : i > bounds[1]);) {
      if (++steps_ > max_steps()) refuse("the loop does not end within {} statements", max_steps());
      assign(stmt.target, i, frame);
      run(stmt.body, frame);
      if (__builtin_add_overflow(i, step, &i)) break;  // past every bound
    }
    return;
  }
  const Value value = evaluate(over, frame);
  const Items* items = value.items();
  if (!items) refuse("a loop over {} is not supported", type_name(value));
  Effort::spend(items->size());
  const Items copy = *items;
  for (const Value& item : copy) {
    if (frame.returned) return;
    if (++steps_ > max_steps()) refuse("the loop does not end within {} statements", max_steps());
    assign(stmt.target, item, frame);
    run(stmt.body, frame);
  }
}

void Evaluator::assign(const Expr& target, Value value, Frame& frame) {
  if (target.kind == Expr::kName) {
    frame.locals[target.text] = std::move(value);
  } else if (target.kind == Expr::kTuple) {
    const Items* items = value.items();
    if (!items || items->size() != target.children.size()) reject("a tuple of another size is unpacked");
    const Items copy = *items;
    for (size_t i = 0; i < copy.size(); ++i) assign(target.children[i], copy[i], frame);
  } else if (target.kind == Expr::kAttribute) {
    const Value owner = evaluate(target.children[0], frame);
    Object* object = owner.ref<Object>();
    if (!object) reject("an attribute of {} is assigned", type_name(owner));
    if (is_native(*object)) reject("an attribute of {} is assigned", object->type);
    // An object that stands in others cannot tell them that it nests deeper: only what stays shallow is let in.
    if (!is_shallow(value))
      refuse("assigning {} to the attribute '{}' is not supported", type_name(value), target.text);
    const int depth = frontend::pytorch::hold(value, object->depth, false);
    if (!object->held) object->depth = depth;
    object->attributes[target.text] = std::move(value);
  } else if (target.kind == Expr::kSubscript) {
    const Value owner = evaluate(target.children[0], frame);
    const Value index = evaluate(target.children[1], frame);
    if (List* list = owner.ref<List>()) {
      const auto* at = index.as<int64_t>();
      if (!at) reject("a list's index is {}", type_name(index));
      if (value.ref<List>() == list) reject("a list contains itself");
      list->depth = hold(value, list->depth, list->held);
      list->items[position(*at, list->items.size())] = std::move(value);
    } else if (Dict* dict = owner.ref<Dict>()) {
      for (auto& [key, item] : dict->items)
        if (same(key, index)) {
          if (value.ref<Dict>() == dict) reject("a dict contains itself");
          dict->depth = hold(value, dict->depth, dict->held);
          item = std::move(value);
          return;
        }
      insert(*dict, index, std::move(value));
    } else {
      refuse("an item of {} is assigned", type_name(owner));
    }
  } else {
    reject("this cannot be assigned to");
  }
}

bool Evaluator::truth(const Value& value) {
  const Value known = to_number(tensors_, "bool", value);
  return *known.as<bool>();
}

bool Evaluator::condition(const Expr& expr, Frame& frame) {
  const Value value = evaluate(expr, frame);
  if (value.ref<Cell>() && !known_number(tensors_, value))
    refuse("the branch or loop depends on computed data: the network would differ from input to input");
  return truth(value);
}

Value Evaluator::evaluate(const Expr& expr, Frame& frame) {
  const Deeper deeper(nesting_);
  switch (expr.kind) {
    case Expr::kName:
      return name(expr, frame);
    case Expr::kInt:
      return int_literal(expr.text);
    case Expr::kFloat:
      return float_literal(expr.text);
    case Expr::kString:
      return expr.text;
    case Expr::kAttribute: {
      const Expr& root = root_of(expr);
      if (root.kind == Expr::kName && !frame.locals.contains(root.text)) {
        const std::string path = dotted_path(expr);
        if (root.text == "CONSTANTS") {
          int64_t index = path.starts_with("CONSTANTS.c") ? int_literal(path.substr(11)) : -1;
          const Items& constants = program_.constants();
          if (index < 0 || index >= static_cast<int64_t>(constants.size())) reject("there is no {}", path);
          const Value& constant = constants[static_cast<size_t>(index)];
          if (Cell* cell = constant.ref<Cell>(); cell && cell->name.empty()) cell->name = path;
          return constant;
        }
        if (is_namespace(root.text)) return Symbol{path};
      }
      return attribute(evaluate(expr.children[0], frame), expr.text);
    }
    case Expr::kSubscript:
      return subscript(expr, frame);
    case Expr::kSlice:
      reject("a slice stands outside of brackets");
    case Expr::kCall:
      return call(expr, frame);
    case Expr::kList:
    case Expr::kTuple: {
      Items items;
      for (const Expr& child : expr.children) items.push_back(evaluate(child, frame));
      return expr.kind == Expr::kList ? make_list(std::move(items)) : make_tuple(std::move(items));
    }
    case Expr::kDict: {
      auto dict = std::make_shared<Dict>();
      for (size_t i = 0; i + 1 < expr.children.size(); i += 2) {
        Value key = evaluate(expr.children[i], frame);
        insert(*dict, std::move(key), evaluate(expr.children[i + 1], frame));
      }
      return dict;
    }
    case Expr::kUnary: {
      Value value = evaluate(expr.children[0], frame);
      if (expr.text == "not") return !truth(value);
      return call_symbol("torch.neg", {std::move(value)}, {});
    }
    case Expr::kBinary:
      return binary(expr, frame);
  }
  return {};
}

Value Evaluator::name(const Expr& expr, Frame& frame) {
  const auto local = frame.locals.find(expr.text);
  if (local != frame.locals.end()) return local->second;
  if (expr.text == "None") return {};
  if (expr.text == "True") return true;
  if (expr.text == "False") return false;
  if (expr.text == "inf") return std::numeric_limits<double>::infinity();
  if (expr.text == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (expr.text == "CONSTANTS" || is_namespace(expr.text)) return Symbol{expr.text};
  reject("'{}' is not defined", expr.text);
}

Value Evaluator::attribute(const Value& owner, const std::string& wanted) {
  Object* object = owner.ref<Object>();
  if (!object) {
    if (const Symbol* symbol = owner.as<Symbol>()) return Symbol{symbol->name + "." + wanted};
    if (owner.ref<Cell>() && (wanted == "dtype" || wanted == "device" || wanted == "shape"))
      return *call_scalar(tensors_, wanted == "shape" ? "size" : "prim." + wanted, {owner});
    reject("{} has no attribute '{}'", type_name(owner), wanted);
  }
  const auto found = object->attributes.find(wanted);
  const std::string path = object->path.empty() ? wanted : object->path + "." + wanted;
  if (found != object->attributes.end()) {
    if (Object* child = found->second.ref<Object>(); child && child->path.empty()) child->path = path;
    if (Cell* cell = found->second.ref<Cell>(); cell && cell->name.empty()) cell->name = path;
    return found->second;
  }
  if (const Class* type = program_.find_class(object->type)) {
    const auto constant = type->constants.find(wanted);
    Frame nothing{nullptr, {}, {}};
    if (constant != type->constants.end()) return evaluate(constant->second, nothing);
  }
  if (restore(*owner.as<std::shared_ptr<Object>>())) return attribute(owner, wanted);
  reject("{} has no attribute '{}'", object->type, wanted);
}

// Modules may keep a state of their own making, from which their __setstate__ makes the attributes.
bool Evaluator::restore(const std::shared_ptr<Object>& object) {
  const auto state = object->attributes.find("__state__");
  if (state == object->attributes.end() || !program_.find_method(object->type, "__setstate__")) return false;
  const Value value = state->second;
  object->attributes.erase(state);
  call_method(object, "__setstate__", {value});
  return true;
}

Value Evaluator::subscript(const Expr& expr, Frame& frame) {
  const Value owner = evaluate(expr.children[0], frame);
  const Expr& index = expr.children[1];
  const Items* items = owner.items();
  if (index.kind == Expr::kSlice) {
    if (!items) refuse("a slice of {}", type_name(owner));
    const auto bound = [&](size_t part, int64_t otherwise) {
      const Expr& bound_expr = index.children[part];
      if (bound_expr.kind == Expr::kName && bound_expr.text.empty()) return otherwise;
      return *to_number(tensors_, "int", evaluate(bound_expr, frame)).as<int64_t>();
    };
    const Value sliced = *call_scalar(tensors_, "slice",
                                      {owner, bound(0, 0), bound(1, std::numeric_limits<int64_t>::max()), bound(2, 1)});
    return sliced;
  }
  const Value at = evaluate(index, frame);
  if (items) {
    const auto* number = at.as<int64_t>();
    if (!number) reject("an index is {}", type_name(at));
    return (*items)[position(*number, items->size())];
  }
  if (const Dict* dict = owner.ref<Dict>()) {
    for (const auto& [key, item] : dict->items)
      if (same(key, at)) return item;
    reject("the dict has no such key");
  }
  refuse("an item of {}", type_name(owner));
}

Value Evaluator::binary(const Expr& expr, Frame& frame) {
  if (expr.text == "and")
    return truth(evaluate(expr.children[0], frame)) ? truth(evaluate(expr.children[1], frame)) : false;
  if (expr.text == "or")
    return truth(evaluate(expr.children[0], frame)) ? true : truth(evaluate(expr.children[1], frame));
  static const std::map<std::string_view, std::string_view> kOps = {
      {"+", "add"},  {"-", "sub"},     {"*", "mul"},    {"/", "div"},     {"//", "floordiv"}, {"%", "remainder"},
      {"**", "pow"}, {"==", "eq"},     {"!=", "ne"},    {"<", "lt"},      {"<=", "le"},       {">", "gt"},
      {">=", "ge"},  {"&", "__and__"}, {"|", "__or__"}, {"^", "__xor__"}, {"is", "__is__"},   {"is not", "__isnot__"}};
  Value a = evaluate(expr.children[0], frame), b = evaluate(expr.children[1], frame);
  if (expr.text == "in") return call_symbol("torch.__contains__", {std::move(b), std::move(a)}, {});
  return call_symbol("torch." + std::string(kOps.at(expr.text)), {std::move(a), std::move(b)}, {});
}

// Names that are part of the language, not of torch.
std::optional<Value> Evaluator::call_builtin(const std::string& called, const Expr& expr, Frame& frame) {
  const auto argument = [&](size_t index) {
    if (index + 1 >= expr.children.size()) reject("{} needs more arguments", called);
    return evaluate(expr.children[index + 1], frame);
  };
  if (called == "annotate" || called == "unchecked_cast") {
    const Value value = argument(1);
    const std::string type = dotted_path(expr.children[1]);
    if (type == "number")
      if (const auto number = known_number(tensors_, value)) return *number;
    return value;
  }
  if (called == "uninitialized") return Value();
  if (called == "getattr") {
    const Value wanted = argument(1);
    if (!wanted.as<std::string>()) reject("getattr of {}", type_name(wanted));
    return attribute(argument(0), *wanted.as<std::string>());
  }
  if (called == "int" || called == "float" || called == "bool") {
    const Value value = argument(0);
    if (const auto* text = value.as<std::string>(); text && called == "float")
      return *text == "inf"    ? std::numeric_limits<double>::infinity()
             : *text == "-inf" ? -std::numeric_limits<double>::infinity()
             : *text == "nan"  ? std::numeric_limits<double>::quiet_NaN()
                               : float_literal(*text);
    return to_number(tensors_, called, value);
  }
  if (called == "str") return *call_scalar(tensors_, "str", {argument(0)});
  if (called == "isinstance") {
    const std::string type = dotted_path(expr.children.size() > 2 ? expr.children[2] : Expr());
    const Value value = argument(0);
    if (type == "Tensor") return value.ref<Cell>() != nullptr;
    if (type == "int") return value.as<int64_t>() != nullptr;
    if (type == "float") return value.as<double>() != nullptr;
    if (type == "bool") return value.as<bool>() != nullptr;
    if (type == "str") return value.as<std::string>() != nullptr;
    refuse("isinstance of {} is not supported", type);
  }
  return std::nullopt;
}

Value Evaluator::call(const Expr& expr, Frame& frame) {
  const Expr& callee = expr.children[0];
  const Expr& root = root_of(callee);
  const bool local = root.kind != Expr::kName || frame.locals.contains(root.text);
  if (!local && callee.kind == Expr::kName)
    if (auto value = call_builtin(callee.text, expr, frame)) return *std::move(value);

  Items arguments;
  std::map<std::string, Value> named;
  const size_t positional = expr.children.size() - expr.keywords.size();
  for (size_t i = 1; i < expr.children.size(); ++i) {
    if (i < positional)
      arguments.push_back(evaluate(expr.children[i], frame));
    else
      named[expr.keywords[i - positional]] = evaluate(expr.children[i], frame);
  }
  if (!local) {
    const std::string path = dotted_path(callee);
    if (is_namespace(root.text)) return call_symbol(path, std::move(arguments), std::move(named));
    return call_symbol("torch." + path, std::move(arguments), std::move(named));  // len(x) …
  }
  if (callee.kind == Expr::kAttribute) {
    const Value owner = evaluate(callee.children[0], frame);
    if (const auto* object = owner.as<std::shared_ptr<Object>>()) {
      if (!named.empty()) refuse("named arguments of a method");
      return call_method(*object, callee.text, std::move(arguments));
    }
    arguments.insert(arguments.begin(), owner);
    return call_symbol("torch." + callee.text, std::move(arguments), std::move(named));
  }
  const Value function = evaluate(callee, frame);
  const Symbol* symbol = function.as<Symbol>();
  if (!symbol) reject("{} is called", type_name(function));
  return call_symbol(symbol->name, std::move(arguments), std::move(named));
}

Value Evaluator::call_symbol(const std::string& path, Items arguments, std::map<std::string, Value> named) {
  if (path.starts_with("__torch__.")) {
    const Function* function = program_.find_function(path);
    if (!function) {
      if (program_.find_class(path)) refuse("making an object of class {} is not supported", path);
      reject("the archive has no function '{}'", path);
    }
    if (depth_ >= kMaxCalls) refuse("calls nest deeper than {}", kMaxCalls);
    ++depth_;
    const Restore restore{tensors_, tensors_.path(), depth_};
    return call(*function, std::move(arguments), std::move(named));
  }
  std::string_view op = path;
  for (const std::string_view prefix : {"torch.", "ops.aten.", "ops.", "aten."})
    if (op.starts_with(prefix)) {
      op.remove_prefix(prefix.size());
      break;
    }
  tensors_.at_operator(std::string(op));
  if (auto value = call_scalar(tensors_, op, arguments)) return *std::move(value);
  return call_op(tensors_, op, std::move(arguments), std::move(named));
}

}  // namespace bmnet::frontend::pytorch
