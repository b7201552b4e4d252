#include "frontend/pytorch/pickle.h"

#include <cmath>
#include <cstring>

#include "frontend/pytorch/refusal.h"
#include "op/op.h"

namespace bmnet::frontend::pytorch {
namespace {

constexpr int64_t kMaxOperations = int64_t{1} << 24;
constexpr int64_t kMaxCopiedBytes = int64_t{1} << 30;
constexpr uint64_t kMaxCopiedText = uint64_t{1} << 28;
constexpr size_t kMaxRank = 16;

std::shared_ptr<Cell> host_cell(Tensor tensor) {
  auto cell = std::make_shared<Cell>();
  cell->host = std::move(tensor);
  return cell;
}

const Items& items_of(const Value& value, const char* what) {
  const Items* items = value.items();
  if (!items) reject("{} is {}, not a tuple", what, type_name(value));
  return *items;
}

int64_t integer_of(const Value& value, const char* what) {
  const int64_t* integer = value.as<int64_t>();
  if (!integer) reject("{} is {}, not an int", what, type_name(value));
  return *integer;
}

Shape shape_of(const Value& value, const char* what) {
  Shape shape;
  for (const Value& item : items_of(value, what)) shape.push_back(integer_of(item, what));
  return shape;
}

const Tensor& host_of(const Value& value, const char* what) {
  const Cell* cell = value.ref<Cell>();
  if (!cell || !cell->host) reject("{} is {}, not a tensor", what, type_name(value));
  return *cell->host;
}

Tensor as_f32(const Tensor& tensor) { return take(op::evaluate("cast", {{"to", std::string("f32")}}, {{tensor}}))[0]; }

// (q - zero point) * scale, by tensor or by channel.
Tensor dequantized(const Tensor& quantized, const Items& quantizer) {
  const Symbol* scheme = quantizer.empty() ? nullptr : quantizer[0].as<Symbol>();
  Tensor result = as_f32(quantized);
  const std::span<float> values = result.data<float>();
  if (scheme && scheme->name == "torch.per_tensor_affine" && quantizer.size() == 3) {
    const double* scale = quantizer[1].as<double>();
    if (!scale) reject("the scale of a quantized tensor is no float");
    const auto zero = static_cast<float>(integer_of(quantizer[2], "a zero point"));
    for (float& value : values) value = (value - zero) * static_cast<float>(*scale);
    return result;
  }
  if (scheme && scheme->name.starts_with("torch.per_channel_affine") && quantizer.size() == 4) {
    const Tensor scales = as_f32(host_of(quantizer[1], "scales")), zeros = as_f32(host_of(quantizer[2], "zero points"));
    const int64_t axis = integer_of(quantizer[3], "a quantized axis");
    const Shape& shape = result.shape();
    if (axis < 0 || axis >= static_cast<int64_t>(shape.size()) || scales.count() != shape[axis] ||
        zeros.count() != shape[axis])
      reject("the scales of a quantized tensor do not fit its shape {}", to_string(shape));
    const int64_t inner = element_count(std::span(shape).subspan(axis + 1));
    for (size_t i = 0; i < values.size(); ++i) {
      const auto channel = static_cast<size_t>(static_cast<int64_t>(i) / inner % shape[axis]);
      values[i] = (values[i] - zeros.data<float>()[channel]) * scales.data<float>()[channel];
    }
    return result;
  }
  refuse("quantization scheme {} is not supported; known: per_tensor_affine, per_channel_affine",
         scheme ? scheme->name : "?");
}

class Reader {
 public:
  Reader(Bytes pickle, const LoadStorage& load_storage) : bytes_(pickle), load_storage_(load_storage) {}

  Value read() {
    for (int64_t operations = 0;; ++operations) {
      if (operations > kMaxOperations) reject("more than {} operations", kMaxOperations);
      start_ = at_;
      const char code = static_cast<char>(number<uint8_t>());
      if (code == '.') return pop();
      step(code);
    }
  }
  size_t offset() const { return start_; }

 private:
  template <typename T>
  T number() {
    T value;
    std::memcpy(&value, raw(sizeof(T)).data(), sizeof(T));
    return value;
  }
  Bytes raw(uint64_t size) {
    if (!contains(bytes_, at_, size)) reject("the pickle is cut off");
    const Bytes part = bytes_.subspan(at_, size);
    at_ += size;
    return part;
  }
  std::string text(uint64_t size) { return std::string(as_text(raw(size))); }
  std::string line() {
    const size_t end = as_text(bytes_).find('\n', at_);
    if (end == std::string_view::npos) reject("the pickle is cut off");
    std::string result = text(end - at_);
    ++at_;
    return result;
  }

  void push(Value value) { stack_.push_back(std::move(value)); }
  Value pop() {
    if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) reject("the stack is empty");
    Value value = std::move(stack_.back());
    stack_.pop_back();
    return value;
  }
  Value& top() {
    if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) reject("the stack is empty");
    return stack_.back();
  }
  Items pop_to_mark() {
    if (marks_.empty()) reject("a mark is missing");
    Items items(std::make_move_iterator(stack_.begin() + static_cast<ptrdiff_t>(marks_.back())),
                std::make_move_iterator(stack_.end()));
    stack_.resize(marks_.back());
    marks_.pop_back();
    return items;
  }
  Items pop_many(size_t count) {
    Items items(count);
    for (size_t i = count; i > 0; --i) items[i - 1] = pop();
    return items;
  }
  void memoize(uint64_t key) { memo_[key] = top(); }
  void recall(uint64_t key) {
    const auto found = memo_.find(key);
    if (found == memo_.end()) reject("memo {} is not set", key);
    if (const auto* text = found->second.as<std::string>())
      if ((copied_text_ += text->size()) > kMaxCopiedText) reject("texts are repeated without end: a pickle bomb");
    push(found->second);
  }

  // PyTorch's integers have at most 8 bytes.
  int64_t long_integer() {
    const size_t size = number<uint8_t>();
    if (size > 8) reject("an integer of {} bytes", size);
    const Bytes part = raw(size);
    uint64_t value = size > 0 && (part[size - 1] & 0x80) ? ~uint64_t{0} : 0;
    for (size_t i = size; i > 0; --i) value = (value << 8) | part[i - 1];
    return static_cast<int64_t>(value);
  }
  double big_endian_double() {
    const Bytes part = raw(8);
    uint64_t bits = 0;
    for (const uint8_t byte : part) bits = (bits << 8) | byte;
    double value;
    std::memcpy(&value, &bits, 8);
    return value;
  }

  void append_items(Items items) {
    List* list = top().ref<List>();
    if (!list) reject("items for something that is no list");
    if (list->held) reject("a list is changed after it was used: the pickle is recursive");
    for (Value& item : items) append(*list, std::move(item));
  }
  void set_items(Items items) {
    Dict* dict = top().ref<Dict>();
    if (!dict || items.size() % 2 != 0) reject("items for something that is no dict");
    if (dict->held) reject("a dict is changed after it was used: the pickle is recursive");
    for (size_t i = 0; i + 1 < items.size(); i += 2) insert(*dict, std::move(items[i]), std::move(items[i + 1]));
  }

  void step(char code) {
    switch (code) {
      case '\x80':
        if (const int protocol = number<uint8_t>(); protocol > 4) refuse("pickle protocol {}", protocol);
        return;
      case 'c': {
        std::string module = line();
        return push(known_global(module + "." + line()));
      }
      case '(':
        return marks_.push_back(stack_.size());
      case ')':
        return push(make_tuple({}));
      case 't':
        return push(make_tuple(pop_to_mark()));
      case '\x85':
        return push(make_tuple(pop_many(1)));
      case '\x86':
        return push(make_tuple(pop_many(2)));
      case '\x87':
        return push(make_tuple(pop_many(3)));
      case ']':
        return push(make_list({}));
      case 'l':
        return push(make_list(pop_to_mark()));
      case 'a':
        return append_items(pop_many(1));
      case 'e':
        return append_items(pop_to_mark());
      case '}':
        return push(std::make_shared<Dict>());
      case 's':
        return set_items(pop_many(2));
      case 'u':
        return set_items(pop_to_mark());
      case 'q':
        return memoize(number<uint8_t>());
      case 'r':
        return memoize(number<uint32_t>());
      case 'h':
        return recall(number<uint8_t>());
      case 'j':
        return recall(number<uint32_t>());
      case '\x81':
        return new_object();
      case 'R':
        return reduce();
      case 'b':
        return build();
      case 'Q':
        return persistent();
      case '0':
        return void(pop());
      default:
        return push(scalar(code));
    }
  }

  Value scalar(char code) {
    switch (code) {
      case 'N':
        return {};
      case '\x88':
        return true;
      case '\x89':
        return false;
      case 'K':
        return int64_t{number<uint8_t>()};
      case 'M':
        return int64_t{number<uint16_t>()};
      case 'J':
        return int64_t{number<int32_t>()};
      case '\x8a':
        return long_integer();
      case 'G':
        return big_endian_double();
      case 'X':
        return text(number<uint32_t>());
      case '\x8c':
        return text(number<uint8_t>());
      default:
        refuse("pickle operation 0x{:02x} is not one PyTorch writes", static_cast<unsigned char>(code));
    }
  }

  static Value known_global(const std::string& name) {
    static constexpr std::string_view kKnown[] = {"collections.OrderedDict",
                                                  "torch._utils._rebuild_tensor_v2",
                                                  "torch._utils._rebuild_tensor",
                                                  "torch._utils._rebuild_qtensor",
                                                  "torch._utils._rebuild_parameter",
                                                  "torch.jit._pickle.build_intlist",
                                                  "torch.jit._pickle.build_tensorlist",
                                                  "torch.jit._pickle.build_doublelist",
                                                  "torch.jit._pickle.build_boollist",
                                                  "torch.jit._pickle.build_tensor_from_id",
                                                  "torch.jit._pickle.restore_type_tag",
                                                  "torch.per_tensor_affine",
                                                  "torch.per_channel_affine",
                                                  "torch.per_channel_affine_float_qparams",
                                                  "torch.device"};
    bool known = name.starts_with("__torch__.") || name.starts_with("torch.jit._pickle.__torch__");
    for (const std::string_view one : kKnown) known = known || name == one;
    if (name.starts_with("torch.") && name.ends_with("Storage") && name.find('.', 6) == std::string::npos) known = true;
    if (!known)
      reject("the pickle names '{}', which is not data of a network: refused, for such a file could run anything",
             name);
    return Symbol{name};
  }

  // NEWOBJ: class, arguments -> an empty instance.
  void new_object() {
    pop();
    const Value type = pop();
    const Symbol* symbol = type.as<Symbol>();
    if (!symbol || !symbol->name.starts_with("__torch__.")) reject("an object of something that is no class");
    auto object = std::make_shared<Object>();
    object->type = symbol->name;
    push(std::move(object));
  }

  void build() {
    const Value state = pop();
    Object* object = top().ref<Object>();
    if (!object) reject("state for something that is no object");
    if (object->held) reject("an object is changed after it was used: the pickle is recursive");
    if (const Dict* dict = state.ref<Dict>()) {
      for (const auto& [key, value] : dict->items) {
        const std::string* name = key.as<std::string>();
        if (!name) reject("an attribute's name is {}", type_name(key));
        object->depth = hold(value, object->depth, false);
        object->attributes[*name] = value;
      }
    } else {
      if (state.ref<Object>() == object) reject("an object contains itself");
      object->depth = hold(state, object->depth, false);
      object->attributes["__state__"] = state;
    }
  }

  void persistent() {
    const Value id = pop();
    const Items& parts = items_of(id, "a storage");
    if (parts.size() < 5) reject("a storage is named by {} parts", parts.size());
    const Symbol* type = parts[1].as<Symbol>();
    const std::string* key = parts[2].as<std::string>();
    if (!type || !key) reject("a storage has no type or key");
    push(host_cell(take(
        load_storage_(type->name.substr(type->name.rfind('.') + 1), *key, integer_of(parts[4], "a storage's size")))));
  }

  void reduce() {
    const Value arguments = pop();
    const Value function = pop();
    const Symbol* symbol = function.as<Symbol>();
    if (!symbol) reject("a call of {}", type_name(function));
    push(call(symbol->name, items_of(arguments, "arguments")));
  }

  Value call(const std::string& name, const Items& arguments) {
    const auto need = [&](size_t count) {
      if (arguments.size() < count) reject("{} needs {} arguments, {} given", name, count, arguments.size());
    };
    if (name == "collections.OrderedDict") return std::make_shared<Dict>();
    if (name == "torch.device") {
      need(1);
      return arguments[0];
    }
    if (name.starts_with("torch._utils._rebuild_tensor")) {
      need(4);
      return host_cell(strided(host_of(arguments[0], "a storage"), integer_of(arguments[1], "an offset"),
                               shape_of(arguments[2], "a size"), shape_of(arguments[3], "a stride"), budget_));
    }
    if (name == "torch._utils._rebuild_qtensor") {
      need(5);
      const Tensor dense = strided(host_of(arguments[0], "a storage"), integer_of(arguments[1], "an offset"),
                                   shape_of(arguments[2], "a size"), shape_of(arguments[3], "a stride"), budget_);
      return host_cell(dequantized(dense, items_of(arguments[4], "a quantizer")));
    }
    if (name == "torch._utils._rebuild_parameter" || name == "torch.jit._pickle.restore_type_tag" ||
        name == "torch.jit._pickle.build_intlist" || name == "torch.jit._pickle.build_tensorlist" ||
        name == "torch.jit._pickle.build_doublelist" || name == "torch.jit._pickle.build_boollist") {
      need(1);
      return arguments[0];
    }
    if (name.ends_with("build_tensor_from_id")) refuse("tensors named by number (an archive of another kind)");
    reject("a call of '{}'", name);
  }

  Bytes bytes_;
  const LoadStorage& load_storage_;
  size_t at_ = 0, start_ = 0;
  std::vector<Value> stack_;
  std::vector<size_t> marks_;
  std::map<uint64_t, Value> memo_;
  int64_t budget_ = kMaxCopiedBytes;
  uint64_t copied_text_ = 0;  // lists are shared, texts are not
};

}  // namespace

Tensor strided(const Tensor& storage, int64_t offset, const Shape& sizes, const Shape& strides, int64_t& budget) {
  if (sizes.size() != strides.size() || sizes.size() > kMaxRank)
    reject("a tensor has {} sizes and {} strides", sizes.size(), strides.size());
  if (offset < 0 || offset > storage.count()) reject("a tensor starts at {} of {} elements", offset, storage.count());
  int64_t count = 1, dense = 1;
  bool is_dense = true, empty = false;
  for (const int64_t size : sizes) empty = empty || size == 0;
  // The last element must lie inside; every product is checked before it is made.
  int64_t last = offset;
  const int64_t available = storage.count();
  for (size_t i = sizes.size(); i > 0; --i) {
    const int64_t size = sizes[i - 1], stride = strides[i - 1];
    if (size < 0 || stride < 0 || (size > 0 && count > (int64_t{1} << 40) / size))
      reject("a tensor of size {} with strides {}", to_string(sizes), to_string(strides));
    count *= size;
    if (empty) continue;
    if (size > 1) {
      if (stride > 0 && (size - 1) > available / stride)
        reject("a tensor of size {} reaches beyond its storage of {} elements", to_string(sizes), available);
      last += (size - 1) * stride;
      is_dense = is_dense && stride == dense;
    }
    dense *= size;
  }
  if (empty) return Tensor({storage.dtype(), sizes});
  if (last >= available)
    reject("a tensor of size {} reaches beyond its storage of {} elements", to_string(sizes), available);
  const auto width = static_cast<int64_t>(byte_size(storage.dtype()));
  const auto* source = static_cast<const uint8_t*>(storage.raw()) + offset * width;
  if (is_dense)
    return Tensor({storage.dtype(), sizes}, const_cast<uint8_t*>(source), std::make_shared<Tensor>(storage));
  if (count > budget / width) reject("views of storages expand beyond {} bytes", kMaxCopiedBytes);
  budget -= count * width;
  Tensor result({storage.dtype(), sizes});
  auto* target = static_cast<uint8_t*>(result.raw());
  Shape index(sizes.size(), 0);
  for (int64_t i = 0; i < count; ++i, target += width) {
    int64_t at = 0;
    for (size_t axis = 0; axis < sizes.size(); ++axis) at += index[axis] * strides[axis];
    std::memcpy(target, source + at * width, static_cast<size_t>(width));
    for (size_t axis = sizes.size(); axis > 0 && ++index[axis - 1] == sizes[axis - 1]; --axis) index[axis - 1] = 0;
  }
  return result;
}

Result<Value> read_pickle(Bytes pickle, const LoadStorage& load_storage) {
  Reader reader(pickle, load_storage);
  try {
    return reader.read();
  } catch (Refusal& refusal) {
    return with_context(fmt::format("byte {}", reader.offset()), std::move(refusal.error));
  }
}

}  // namespace bmnet::frontend::pytorch
