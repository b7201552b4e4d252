#include "frontend/paddle/pir.h"

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "frontend/limits.h"

namespace bmnet::frontend::paddle {
namespace {

using Json = nlohmann::json;
using paddle_file::OpDesc;

constexpr int kTensorVariable = 7;

// ---- JSON that may be anything

const Json* member(const Json& json, const char* key) {
  if (!json.is_object()) return nullptr;
  const auto found = json.find(key);
  return found == json.end() ? nullptr : &*found;
}
std::string text_of(const Json* json) { return json && json->is_string() ? json->get<std::string>() : std::string(); }
const Json& list_of(const Json* json) {
  static const Json kEmpty = Json::array();
  return json && json->is_array() ? *json : kEmpty;
}
std::optional<double> number_of(const Json& json) {
  if (json.is_boolean()) return json.get<bool>() ? 1 : 0;
  if (json.is_number()) return json.get<double>();
  return std::nullopt;
}
std::optional<int64_t> integer_of(const Json& json) {
  if (json.is_boolean()) return json.get<bool>() ? 1 : 0;
  if (json.is_number_unsigned() && json.get<uint64_t>() > INT64_MAX) return INT64_MAX;
  if (json.is_number_integer()) return json.get<int64_t>();
  return std::nullopt;
}

// ---- types

struct ElementName {
  std::string_view type, name;  // "t_f32", "float32"
  int number;                   // in the older format
};
constexpr ElementName kElements[] = {{"t_bool", "bool", 0},     {"t_i16", "int16", 1},   {"t_i32", "int32", 2},
                                     {"t_i64", "int64", 3},     {"t_f16", "float16", 4}, {"t_f32", "float32", 5},
                                     {"t_f64", "float64", 6},   {"t_ui8", "uint8", 20},  {"t_i8", "int8", 21},
                                     {"t_bf16", "bfloat16", 22}};

int number_of_element(std::string_view name) {
  for (const ElementName& element : kElements)
    if (element.type == name || element.name == name) return element.number;
  return -1;
}

// "conv2d" of "1.conv2d" and "pd_op.conv2d".
std::string_view without_dialect(std::string_view name) {
  const size_t dot = name.find('.');
  return dot == std::string_view::npos ? name : name.substr(dot + 1);
}

// ---- attributes

void set_number(OpDesc::Attr& attr, double value) {
  attr.set_float64(value);
  if (value == std::floor(value) && std::fabs(value) < 0x1p53) attr.set_l(static_cast<int64_t>(value));
}

// Numbers that JSON cannot write stand beside the data.
std::optional<double> void_number(const Json& attribute) {
  const std::string text = text_of(member(attribute, "VD"));
  if (text == "NAN") return NAN;
  if (text == "INF") return INFINITY;
  if (text == "-INF") return -INFINITY;
  return std::nullopt;
}

Status set_list(OpDesc::Attr& attr, const Json& list) {
  for (const Json& item : list) {
    const Json* data = item.is_object() ? member(item, "D") : &item;
    static const Json kNothing;
    const Json& value = data ? *data : kNothing;  // never copied: it may be nested without end
    if (value.is_string()) {
      attr.add_strings(value.get<std::string>());
    } else if (value.is_array() && value.size() == 2) {  // a scalar with its type
      attr.add_float64s(number_of(value[1]).value_or(0));
    } else if (const auto integer = integer_of(value)) {
      attr.add_longs(*integer);
    } else if (const auto number = number_of(value)) {
      attr.add_float64s(*number);
    } else {
      return unsupported("attribute {} holds what is no number and no text", attr.name());
    }
  }
  if (attr.float64s_size() && attr.longs_size()) {  // 1.0 may be written as 1
    for (const int64_t value : attr.longs()) attr.add_float64s(static_cast<double>(value));
    return unsupported("attribute {} mixes integers and fractions", attr.name());
  }
  return {};
}

Status set_attribute(OpDesc::Attr& attr, const Json& attribute) {
  const std::string id = text_of(member(attribute, "#"));
  const std::string_view kind = without_dialect(id);
  if (const auto number = void_number(attribute)) {
    set_number(attr, *number);
    return {};
  }
  const Json* data = member(attribute, "D");
  if (!data) return {};
  if (kind == "a_dtype") {
    attr.set_i(number_of_element(text_of(data)));
  } else if (kind == "a_scalar") {
    const Json& parts = list_of(data);
    if (parts.size() > 1 && number_of(parts[1])) set_number(attr, *number_of(parts[1]));
  } else if (data->is_array()) {
    if (kind != "a_place") return set_list(attr, *data);
  } else if (data->is_string()) {
    attr.set_s(data->get<std::string>());
  } else if (data->is_boolean()) {
    attr.set_b(data->get<bool>());
  } else if (const auto number = number_of(*data)) {
    set_number(attr, *number);
    if (kind == "a_i32" || kind == "a_i64") attr.set_l(integer_of(*data).value_or(0));
  }
  return {};
}

// ---- the program

struct Value {
  std::vector<std::string> names;              // of the variables it stands for
  bool is_list = false;                        // of tensors
  std::optional<std::vector<double>> numbers;  // when it was written down as a constant
};

class Reader {
 public:
  Result<paddle_file::ProgramDesc> read(const Json& program) {
    block_ = program_.add_blocks();
    const Json& regions = list_of(member(program, "regions"));
    const Json* region = regions.empty() ? nullptr : &regions[0];
    const Json& blocks = list_of(region ? member(*region, "blocks") : nullptr);
    const Json* ops = blocks.empty() ? nullptr : member(blocks[0], "ops");
    if (!ops || !ops->is_array()) return user_error("it is no Paddle program: it has no operators");
    size_t number = 0;
    for (const Json& op : *ops) {
      const std::string id = text_of(member(op, "#"));
      if (auto read = read_op(op, id); !read)
        return with_context(fmt::format("operator {} ({})", number, id), std::move(read).error());
      ++number;
    }
    return std::move(program_);
  }

 private:
  Status read_op(const Json& op, const std::string& id) {
    if (id.empty()) return user_error("it has no name");
    if (id == "p" || id == "builtin.parameter") return read_parameter(op);
    const std::string_view name = without_dialect(id);
    const bool built_in = id.starts_with("0.") || id.starts_with("builtin.");
    BMNET_ASSIGN(const std::vector<const Value*> operands, operands_of(op));
    BMNET_ASSIGN(const std::vector<int64_t> results, declare_results(op, name));
    if (built_in && name == "combine") return combine(operands, results);
    if (built_in && (name == "split" || name == "slice")) return take_apart(op, operands, results);
    if (name == "data" || name == "feed") return read_input(op, results);
    if (name == "fetch" || name == "shadow_output") return read_output(op, name, operands);
    if (built_in && !find_pir_row(name)) return unsupported("a built-in operator that is not known");
    return translate(op, name, operands, results);
  }

  // ---- values

  Result<std::vector<const Value*>> operands_of(const Json& op) {
    static const Value kMissing;
    std::vector<const Value*> operands;
    for (const Json& item : list_of(member(op, "I"))) {
      const Json* number = member(item, "%");
      const auto id = number ? integer_of(*number) : std::nullopt;
      if (!id) return user_error("an operand has no number");
      const auto found = values_.find(*id);
      if (*id != 0 && found == values_.end()) return user_error("value {} does not stand before it", *id);
      operands.push_back(*id == 0 ? &kMissing : &found->second);
    }
    return operands;
  }

  Result<std::vector<int64_t>> declare_results(const Json& op, std::string_view name) {
    std::vector<int64_t> ids;
    for (const Json& item : list_of(member(op, "O"))) {
      const Json* number = member(item, "%");
      const auto id = number ? integer_of(*number) : std::nullopt;
      if (!id) return user_error("a result has no number");
      ids.push_back(*id);
      if (*id == 0) continue;
      Value value;
      const Json* type = member(item, "TT");
      value.is_list = type && without_dialect(text_of(member(*type, "#"))) == "t_vec";
      const size_t count = value.is_list ? list_of(member(*type, "D")).size() : 1;
      for (size_t i = 0; i < count; ++i)
        value.names.push_back(value.is_list ? fmt::format("{}_{}.{}", name, *id, i) : fmt::format("{}_{}", name, *id));
      if (!values_.emplace(*id, std::move(value)).second) return user_error("value {} is given twice", *id);
    }
    return ids;
  }

  Status combine(const std::vector<const Value*>& operands, const std::vector<int64_t>& results) {
    if (results.size() != 1 || results[0] == 0) return user_error("it gives {} results", results.size());
    Value whole{{}, true, std::vector<double>()};
    for (const Value* operand : operands) {
      whole.names.insert(whole.names.end(), operand->names.begin(), operand->names.end());
      if (!operand->numbers) whole.numbers.reset();
      if (whole.numbers)
        whole.numbers->insert(whole.numbers->end(), operand->numbers->begin(), operand->numbers->end());
    }
    values_[results[0]] = std::move(whole);
    return {};
  }

  // The elements of a list: all of them, or the one that attribute index names.
  Status take_apart(const Json& op, const std::vector<const Value*>& operands, const std::vector<int64_t>& results) {
    if (operands.size() != 1) return user_error("it has {} operands", operands.size());
    const std::vector<std::string> names = operands[0]->names;
    size_t first = 0;
    for (const Json& item : list_of(member(op, "A")))
      if (const Json* value = member(item, "AT"); text_of(member(item, "N")) == "index" && value) {
        const Json* data = member(*value, "D");
        first = static_cast<size_t>(data ? integer_of(*data).value_or(0) : 0);
      }
    for (size_t i = 0; i < results.size(); ++i) {
      if (first > names.size() || first + i >= names.size())
        return user_error("element {} of {}", first + i, names.size());
      if (results[i] != 0) values_[results[i]] = Value{{names[first + i]}, false, {}};
    }
    return {};
  }

  // ---- variables

  Status declare(const std::string& name, const Json* result, bool persistable) {
    auto* var = block_->add_vars();
    var->set_name(name);
    var->set_persistable(persistable);
    var->mutable_type()->set_type(kTensorVariable);
    auto* tensor = var->mutable_type()->mutable_lod_tensor()->mutable_tensor();
    const Json* type = result ? member(*result, "TT") : nullptr;
    const Json& parts = list_of(type ? member(*type, "D") : nullptr);
    if (parts.size() < 2) return user_error("'{}' has no tensor type", name);
    tensor->set_data_type(number_of_element(without_dialect(text_of(member(parts[0], "#")))));
    for (const Json& dim : list_of(&parts[1])) tensor->add_dims(tamed(integer_of(dim).value_or(-1)));
    return {};
  }

  Status read_parameter(const Json& op) {
    const Json* result = member(op, "O");
    if (result && result->is_array()) result = result->empty() ? nullptr : &(*result)[0];
    const Json* number = result ? member(*result, "%") : nullptr;
    const auto id = number ? integer_of(*number) : std::nullopt;
    std::string name;
    for (const Json& item : list_of(member(op, "A"))) {
      if (item.is_string()) name = item.get<std::string>();
      if (text_of(member(item, "N")) == "parameter_name" && member(item, "AT")) name = text_of(member(item["AT"], "D"));
    }
    if (!id || *id == 0 || name.empty()) return user_error("a parameter has no number or no name");
    if (!values_.emplace(*id, Value{{name}, false, {}}).second) return user_error("value {} is given twice", *id);
    const Json& traits = list_of(member(op, "OA"));  // persistable, stop_gradient, trainable
    const bool persistable = traits.empty() || integer_of(traits[0]).value_or(1) != 0;
    return declare(name, result, persistable);
  }

  Status read_input(const Json& op, const std::vector<int64_t>& results) {
    if (results.size() != 1 || results[0] == 0) return user_error("it gives {} results", results.size());
    OpDesc* feed = block_->add_ops();
    BMNET_TRY(add_attributes(op, nullptr, *feed));
    std::string name = name_attribute(*feed, "name");
    if (name.empty()) name = values_[results[0]].names[0];
    values_[results[0]].names = {name};
    feed->clear_attrs();
    feed->set_type("feed");
    add_variables(*feed->add_outputs(), "Out", {name});
    add_column(*feed, inputs_++);
    return declare(name, &list_of(member(op, "O"))[0], false);
  }

  // The output gets the name that the runtime of Paddle gives it.
  Status read_output(const Json& op, std::string_view kind, const std::vector<const Value*>& operands) {
    if (operands.size() != 1 || operands[0]->names.size() != 1) return user_error("it does not take one value");
    OpDesc attributes;
    BMNET_TRY(add_attributes(op, nullptr, attributes));
    std::string name = name_attribute(attributes, kind == "fetch" ? "name" : "output_name");
    if (name.empty()) name = operands[0]->names[0];
    OpDesc* copy = block_->add_ops();
    copy->set_type("assign");
    add_variables(*copy->add_inputs(), "X", operands[0]->names);
    add_variables(*copy->add_outputs(), "Out", {name});
    OpDesc* fetch = block_->add_ops();
    fetch->set_type("fetch");
    add_variables(*fetch->add_inputs(), "X", {name});
    int64_t column = outputs_++;
    for (const auto& attr : attributes.attrs())
      if (attr.name() == "col" && attr.has_l()) column = attr.l();
    add_column(*fetch, column);
    return {};
  }

  static std::string name_attribute(const OpDesc& op, std::string_view name) {
    for (const auto& attr : op.attrs())
      if (attr.name() == name) return attr.s();
    return {};
  }
  static void add_column(OpDesc& op, int64_t column) {
    auto* attr = op.add_attrs();
    attr->set_name("col");
    attr->set_i(static_cast<int32_t>(column));
  }
  static void add_variables(OpDesc::Var& var, std::string_view parameter, const std::vector<std::string>& names) {
    var.set_parameter(std::string(parameter));
    for (const std::string& name : names) var.add_arguments(name);
  }

  // ---- operators

  static std::vector<std::string_view> words(std::string_view text) {
    std::vector<std::string_view> found;
    while (!text.empty()) {
      const size_t end = text.find(' ');
      found.push_back(text.substr(0, end));
      text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    }
    return found;
  }

  // What the older format calls an attribute.
  static std::string older_name(const PirRow* row, const std::string& name) {
    for (const std::string_view pair : words(row ? row->attributes : std::string_view()))
      if (const size_t equals = pair.find('='); pair.substr(0, equals) == name)
        return std::string(pair.substr(equals + 1));
    return name;
  }

  static Status add_attributes(const Json& op, const PirRow* row, OpDesc& desc) {
    for (const Json& item : list_of(member(op, "A"))) {
      const Json* value = member(item, "AT");
      const std::string name = text_of(member(item, "N"));
      if (!value || name.empty()) return user_error("an attribute has no name or no value");
      auto* attr = desc.add_attrs();
      attr->set_name(older_name(row, name));
      BMNET_TRY(set_attribute(*attr, *value));
    }
    return {};
  }

  Status add_operand(OpDesc& desc, std::string_view place, const Value& value) {
    if (place[0] != '@') {
      const size_t bar = place.find('|');
      const bool list = bar != std::string_view::npos && value.is_list;
      add_variables(*desc.add_inputs(), list ? place.substr(bar + 1) : place.substr(0, bar), value.names);
      return {};
    }
    if (!value.numbers) return unsupported("{} is computed by the program; constants can be compiled", place.substr(1));
    auto* attr = desc.add_attrs();
    attr->set_name(std::string(place.substr(1)));
    if (value.numbers->size() == 1) set_number(*attr, value.numbers->front());
    for (const double number : *value.numbers)
      attr->add_longs(static_cast<int64_t>(std::clamp(number, -0x1p62, 0x1p62)));
    return {};
  }

  Status translate(const Json& op, std::string_view name, const std::vector<const Value*>& operands,
                   const std::vector<int64_t>& results) {
    const PirRow* row = find_pir_row(name);
    const bool control = !list_of(member(op, "regions")).empty();
    OpDesc* desc = block_->add_ops();
    desc->set_type(row && !control ? std::string(row->type) : fmt::format("pd_op.{}", name));
    const auto places = words(row ? row->operands : std::string_view());
    for (size_t i = 0; i < operands.size(); ++i) {
      if (operands[i]->names.empty()) continue;  // missing
      if (row && i >= places.size()) return unsupported("{} operands", operands.size());
      BMNET_TRY(add_operand(*desc, row ? places[i] : "X", *operands[i]));
    }
    BMNET_TRY(add_attributes(op, row, *desc));
    const auto outputs = words(row ? row->results : "Out");
    for (size_t i = 0; i < results.size() && i < outputs.size(); ++i)
      if (results[i] != 0) add_variables(*desc->add_outputs(), outputs[i], values_[results[i]].names);
    if (results.size() == 1 && results[0] != 0) remember_constant(name, *desc, values_[results[0]]);
    return {};
  }

  // full and full_int_array are how the program writes numbers down.
  static void remember_constant(std::string_view name, OpDesc& desc, Value& value) {
    if (name == "full_int_array") {
      std::vector<double> numbers;
      for (const auto& attr : desc.attrs())
        if (attr.name() == "int64_values") numbers.assign(attr.longs().begin(), attr.longs().end());
      auto* shape = desc.add_attrs();
      shape->set_name("shape");
      shape->add_longs(std::ssize(numbers));
      value.numbers = std::move(numbers);
    } else if (name == "full") {
      int64_t count = 1;
      std::optional<double> number;
      for (const auto& attr : desc.attrs()) {
        if (attr.name() == "value") number = attr.has_float64() ? attr.float64() : attr.has_b() ? attr.b() : 0;
        if (attr.name() == "shape")
          for (const int64_t dim : attr.longs()) count = dim == 1 ? count : 0;
      }
      if (count == 1 && number) value.numbers = std::vector<double>{*number};
    }
  }

  paddle_file::ProgramDesc program_;
  paddle_file::BlockDesc* block_ = nullptr;
  std::map<int64_t, Value> values_;
  int64_t inputs_ = 0, outputs_ = 0;
};

}  // namespace

bool looks_like_json_program(std::string_view head) {
  const size_t start = head.find_first_not_of(" \t\r\n");
  return start != std::string_view::npos && head[start] == '{' &&
         head.find("\"base_code\"") != std::string_view::npos && head.find("\"pir\"") != std::string_view::npos;
}

Result<paddle_file::ProgramDesc> read_json_program(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return user_error("it is no JSON text: cut off or damaged");
  const Json* base = member(json, "base_code");
  const Json* program = member(json, "program");
  if (!base || text_of(member(*base, "magic")) != "pir" || !program)
    return user_error("it is no Paddle program: base_code and program are missing");
  return Reader().read(*program);
}

}  // namespace bmnet::frontend::paddle
