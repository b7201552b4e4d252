#include "frontend/pytorch/program.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/number.h"
#include "base/stored_elements.h"
#include "frontend/pytorch/pickle.h"
#include "frontend/pytorch/refusal.h"

namespace bmnet::frontend::pytorch {
namespace {

using nlohmann::json;

constexpr int kMaxModules = 200;                             // one inside the other, old layout
constexpr std::string_view kOldType = "__torch__.archive:";  // types of the old layout: this and the code's entry

struct StorageType {
  std::string_view name;
  DType dtype;
};
constexpr StorageType kStorageTypes[] = {
    {"FloatStorage", DType::kF32},     {"DoubleStorage", DType::kF64}, {"HalfStorage", DType::kF16},
    {"BFloat16Storage", DType::kBF16}, {"LongStorage", DType::kI64},   {"IntStorage", DType::kI32},
    {"ShortStorage", DType::kI16},     {"CharStorage", DType::kI8},    {"ByteStorage", DType::kU8},
    {"BoolStorage", DType::kBool},     {"QInt8Storage", DType::kI8},   {"QUInt8Storage", DType::kU8},
    {"QInt32Storage", DType::kI32}};
constexpr StorageType kJsonTypes[] = {{"FLOAT", DType::kF32},     {"DOUBLE", DType::kF64}, {"FLOAT16", DType::kF16},
                                      {"BFLOAT16", DType::kBF16}, {"INT64", DType::kI64},  {"INT32", DType::kI32},
                                      {"INT16", DType::kI16},     {"INT8", DType::kI8},    {"UINT8", DType::kU8},
                                      {"BOOL", DType::kBool}};

template <size_t N>
Result<DType> dtype_named(const StorageType (&types)[N], std::string_view name) {
  for (const StorageType& type : types)
    if (type.name == name) return type.dtype;
  return unsupported("tensors of {} are not supported", name);
}

// A row of elements that stays in the file.
Result<Tensor> row_of(const Content& content, DType dtype, int64_t count) {
  if (count < 0 || static_cast<uint64_t>(count) > content.bytes.size() / byte_size(dtype))
    return user_error("a storage of {} elements has only {} bytes", count, content.bytes.size());
  if (dtype == DType::kBool) {  // every byte other than 0 means true; only 0 and 1 are bools in memory
    Tensor copy({dtype, {count}});
    auto* target = static_cast<uint8_t*>(copy.raw());
    for (int64_t i = 0; i < count; ++i) target[i] = content.bytes[static_cast<size_t>(i)] != 0;
    return copy;
  }
  return shared_or_copied({dtype, {count}}, content.bytes.data(), content.owner);
}

LoadStorage storages_in(const Archive& archive, std::string folder) {
  return [&archive, folder](const std::string& type, const std::string& key, int64_t count) -> Result<Tensor> {
    BMNET_ASSIGN(const DType dtype, dtype_named(kStorageTypes, type));
    if (count == 0) return Tensor({dtype, {0}});
    BMNET_ASSIGN(const Content content, archive.read(folder + "/" + key));
    return row_of(content, dtype, count);
  };
}

Value read_entry(const Archive& archive, const std::string& name, const std::string& folder) {
  const Content content = take(archive.read(name));
  auto value = read_pickle(content.bytes, storages_in(archive, folder));
  if (!value) throw Refusal{with_context(name, std::move(value).error()).value()};
  return *std::move(value);
}

int64_t json_integer(const json& value) {
  if (value.is_number_integer()) return value.get<int64_t>();
  if (value.is_string())
    if (const auto integer = parse_number<int64_t>(value.get_ref<const std::string&>())) return *integer;
  reject("model.json: {} stands where an integer is needed", value.type_name());
}

const json& member(const json& object, const char* name) {
  static const json kNothing;
  if (object.is_null()) return kNothing;
  if (!object.is_object()) reject("model.json: an object is expected around '{}'", name);
  const auto found = object.find(name);
  return found == object.end() ? kNothing : *found;
}

std::string json_text(const json& value, const char* what) {
  if (!value.is_string()) reject("model.json: {} is no text", what);
  return value.get<std::string>();
}

class OldLayout {
 public:
  OldLayout(const Archive& archive, const json& document) : archive_(archive), document_(document) {}

  Items tensors() {
    Items result;
    for (const json& entry : member(document_, "tensors")) {
      const DType dtype = take(dtype_named(kJsonTypes, json_text(member(entry, "dataType"), "dataType")));
      Shape dims, strides;
      for (const json& dim : member(entry, "dims")) dims.push_back(json_integer(dim));
      for (const json& stride : member(entry, "strides")) strides.push_back(json_integer(stride));
      const Content content = take(archive_.read(json_text(member(member(entry, "data"), "key"), "a tensor's key")));
      const Tensor row = take(row_of(content, dtype, static_cast<int64_t>(content.bytes.size() / byte_size(dtype))));
      const json& offset = member(entry, "offset");
      auto cell = std::make_shared<Cell>();
      cell->host = strided(row, offset.is_null() ? 0 : json_integer(offset), dims, strides, budget_);
      result.emplace_back(std::move(cell));
    }
    return result;
  }

  std::shared_ptr<Object> module(const json& entry, const Items& tensors, const std::string& code, int depth) {
    if (depth > kMaxModules) reject("model.json: modules nest deeper than {}", kMaxModules);
    auto object = std::make_shared<Object>();
    const json& arena = member(member(entry, "torchscriptArena"), "key");
    const std::string own = arena.is_string() ? arena.get<std::string>() : code;
    object->type = std::string(kOldType) + own;
    for (const json& parameter : member(entry, "parameters")) {
      const int64_t id = json_integer(member(parameter, "tensorId"));
      if (id < 0 || id >= static_cast<int64_t>(tensors.size())) reject("model.json: there is no tensor {}", id);
      object->attributes[json_text(member(parameter, "name"), "a parameter's name")] = tensors[static_cast<size_t>(id)];
    }
    for (const json& submodule : member(entry, "submodules")) {
      Value child = this->module(submodule, tensors, own, depth + 1);
      object->depth = hold(child, object->depth, false);
      object->attributes[json_text(member(submodule, "name"), "a module's name")] = std::move(child);
    }
    return object;
  }

 private:
  const Archive& archive_;
  const json& document_;
  int64_t budget_ = int64_t{1} << 30;
};

}  // namespace

Program Program::load(Archive archive) {
  Program program(std::move(archive));
  if (program.archive_.has("data.pkl"))
    program.load_pickles();
  else if (program.archive_.has("model.json"))
    program.load_model_json();
  else
    reject("not a TorchScript archive: neither data.pkl nor model.json is in it");
  return program;
}

void Program::load_pickles() {
  if (!archive_.has("constants.pkl"))
    reject("not a TorchScript archive but saved by torch.save: it has no code; save it with torch.jit.save");
  const Value root = read_entry(archive_, "data.pkl", "data");
  const auto* object = root.as<std::shared_ptr<Object>>();
  if (!object) reject("data.pkl: the root is {}, not a module", type_name(root));
  root_ = *object;
  const Value constants = read_entry(archive_, "constants.pkl", "constants");
  const Items* items = constants.items();
  if (!items) reject("constants.pkl: it holds {}, not a tuple", type_name(constants));
  constants_ = *items;
}

void Program::load_model_json() {
  const Content content = take(archive_.read("model.json"));
  const json document = json::parse(as_text(content.bytes), nullptr, false);
  if (document.is_discarded()) reject("model.json is not JSON");
  OldLayout layout(archive_, document);
  constants_ = layout.tensors();
  root_ = layout.module(member(document, "mainModule"), constants_, "", 0);
}

const CodeFile* Program::file(const std::string& path) {
  const auto found = files_.find(path);
  if (found != files_.end()) return found->second.get();
  if (!archive_.has(path)) return nullptr;
  const Content content = take(archive_.read(path));
  return files_.emplace(path, take(parse_code(path, as_text(content.bytes)))).first->second.get();
}

// "__torch__.a.b.C" stands in code/__torch__/a/b.py as C.
const CodeFile* Program::file_of(const std::string& type, std::string& name) {
  if (type.starts_with(kOldType)) return file(type.substr(kOldType.size()));
  const size_t dot = type.rfind('.');
  if (dot == std::string::npos) return nullptr;
  name = type.substr(dot + 1);
  std::string path = type.substr(0, dot);
  std::ranges::replace(path, '.', '/');
  return file("code/" + path + ".py");
}

const Class* Program::find_class(const std::string& type) {
  std::string name;
  const CodeFile* code = file_of(type, name);
  if (!code) return nullptr;
  const auto found = code->classes.find(name);
  return found == code->classes.end() ? nullptr : &found->second;
}

const Function* Program::find_method(const std::string& type, const std::string& method) {
  std::string name;
  const CodeFile* code = file_of(type, name);
  if (!code) return nullptr;
  const bool old = type.starts_with(kOldType);
  const auto found_class = code->classes.find(name);
  if (!old && found_class == code->classes.end()) return nullptr;
  const auto& functions = old ? code->functions : found_class->second.methods;
  const auto found = functions.find(method);
  return found == functions.end() ? nullptr : &found->second;
}

const Function* Program::find_function(const std::string& type) {
  std::string name;
  const CodeFile* code = file_of(type, name);
  if (!code) return nullptr;
  const auto found = code->functions.find(name);
  return found == code->functions.end() ? nullptr : &found->second;
}

namespace {

const Items* items_at(const Value& value, size_t least) {
  const Items* items = value.items();
  return items && items->size() >= least ? items : nullptr;
}

// A text, or its pieces by number in a table of strings.
std::string debug_text(const Value& value, const Items* strings) {
  if (const auto* text = value.as<std::string>()) return *text;
  const auto piece = [&](const Value& number) -> std::string {
    const auto* index = number.as<int64_t>();
    if (!strings || !index || *index < 0 || *index >= static_cast<int64_t>(strings->size())) return {};
    const auto* text = (*strings)[static_cast<size_t>(*index)].as<std::string>();
    return text ? *text : std::string();
  };
  if (value.as<int64_t>()) return piece(value);
  std::string all;
  if (const Items* pieces = value.items())
    for (size_t i = 0; i < pieces->size() && i < 64; ++i) all += piece((*pieces)[i]);
  return all;
}

}  // namespace

// The debug pickle is a tuple of records (offset, ((text, file name, first line), start, end), …), sorted by offset,
// newer ones behind ("FORMAT_WITH_STRING_TABLE", strings).
std::string Program::user_line(const CodeFile& file, size_t offset) const {
  const auto content = archive_.read(file.path + ".debug_pkl");
  if (!content) return {};
  const auto pickle =
      read_pickle(content->bytes, [](auto&&...) -> Result<Tensor> { return user_error("no tensors here"); });
  const Items* records = pickle ? pickle->items() : nullptr;
  const Items* strings = nullptr;
  if (records && records->size() == 3 && (*records)[0].as<std::string>()) {
    strings = (*records)[1].items();
    records = (*records)[2].items();
  }
  if (!records) return {};
  std::string result;
  for (const Value& record : *records) {
    const Items* parts = items_at(record, 2);
    const int64_t* from = parts ? (*parts)[0].as<int64_t>() : nullptr;
    if (!from || *from > static_cast<int64_t>(offset)) break;
    const Items* range = items_at((*parts)[1], 3);
    const Items* source = range ? items_at((*range)[0], 3) : nullptr;
    const int64_t* start = source ? (*range)[1].as<int64_t>() : nullptr;
    const int64_t* first_line = source ? (*source)[2].as<int64_t>() : nullptr;
    if (!start || !first_line) continue;
    const std::string text = debug_text((*source)[0], strings), name = debug_text((*source)[1], strings);
    const size_t end = std::clamp<size_t>(static_cast<size_t>(std::max<int64_t>(*start, 0)), 0, text.size());
    if (!name.empty())
      result = fmt::format("{} line {}", name,
                           *first_line + std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(end), '\n'));
    else if (!text.empty())  // a trace: "file.py(12): forward" lines, innermost first
      result = text.substr(0, text.find('\n'));
  }
  return result;
}

}  // namespace bmnet::frontend::pytorch
