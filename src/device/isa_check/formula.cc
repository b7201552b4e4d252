#include "device/isa_check/formula.h"

#include <vector>

#include "target/bm1684/exec/gdma_cycles.h"
#include "target/bm1684/isa/codec.h"

namespace bmnet::bm1684 {
namespace {

// A parameter that goes into a field as it is.
struct Parameter {
  std::string_view name;
  const Field& field;
};
// A field that the family fixes.
struct Fixed {
  const Field& field;
  uint64_t value;
};

struct Family {
  std::string_view name;
  std::vector<Fixed> fixed;
  std::vector<Parameter> parameters;
};

constexpr uint64_t kInt8 = 0, kFp32 = 2, kInt16 = 3;

std::vector<Parameter> with_result(std::vector<Parameter> parameters) {
  parameters.push_back({"n", tiu::res0_n});
  parameters.push_back({"c", tiu::res0_c});
  parameters.push_back({"h", tiu::res0_h});
  parameters.push_back({"w", tiu::res0_w});
  parameters.push_back({"res_addr", tiu::res0_addr});
  return parameters;
}

Family convolution(std::string_view name, uint64_t precision, bool winograd) {
  Family family{name,
                {{tiu::tsk_typ, 0}, {tiu::opt_winograd, winograd}, {tiu::opt_opd0_prec, precision}},
                {{"n", tiu::res0_n},
                 {"oc", tiu::res0_c},
                 {"oh", tiu::res0_h},
                 {"ow", tiu::res0_w},
                 {"ic", tiu::opd0_c},
                 {"res_addr", tiu::res0_addr}}};
  if (winograd) return family;
  family.parameters.push_back({"kh", tiu::opd1_h});
  family.parameters.push_back({"kw", tiu::opd1_w});
  family.parameters.push_back({"stride_h", tiu::res_op_y_str});
  family.parameters.push_back({"stride_w", tiu::res_op_x_str});
  return family;
}

Family window(std::string_view name, uint64_t precision) {
  return {name,
          {{tiu::tsk_typ, 1}, {tiu::opt_opd0_prec, precision}},
          {{"n", tiu::res0_n},
           {"c", tiu::res0_c},
           {"oh", tiu::res0_h},
           {"ow", tiu::res0_w},
           {"kh", tiu::opd1_h},
           {"kw", tiu::opd1_w},
           {"stride", tiu::res_op_x_str},
           {"res_addr", tiu::res0_addr}}};
}

Family matrix_product(std::string_view name, uint64_t precision) {
  return {name,
          {{tiu::tsk_typ, 2}, {tiu::opt_opd0_prec, precision}},
          {{"l_rows", tiu::opd0_n},
           {"res_c", tiu::res0_c},
           {"res_w", tiu::res0_w},
           {"k_last", tiu::opd1_w},
           {"k_sections", tiu::opd0_c},
           {"k_full", tiu::opd0_w},
           {"res_add", tiu::opt_res_add},
           {"res_addr", tiu::res0_addr}}};
}

const std::vector<Family>& cost_families() {
  static const std::vector<Family> list = {
      convolution("conv_i8", kInt8, false),
      convolution("conv_f32", kFp32, false),
      convolution("winograd_i8", kInt8, true),
      convolution("winograd_f32", kFp32, true),
      window("window_i8", kInt8),
      window("window_f32", kFp32),
      matrix_product("matmul_i8", kInt8),
      matrix_product("matmul_f32", kFp32),
      {"arith_32", {{tiu::tsk_typ, 3}, {tiu::opt_opd0_prec, kFp32}}, with_result({{"op", tiu::tsk_eu_typ}})},
      {"arith_8_16", {{tiu::tsk_typ, 3}}, with_result({{"op", tiu::tsk_eu_typ}})},
      {"lookup", {{tiu::tsk_typ, 6}}, with_result({})},
      {"md_sum",
       {{tiu::tsk_typ, 7}},
       {{"n", tiu::opd0_n}, {"c", tiu::res0_c}, {"h", tiu::opd0_h}, {"w", tiu::opd0_w}, {"res_addr", tiu::res0_addr}}},
      {"md_scalar", {{tiu::tsk_typ, 8}}, with_result({})},
      {"md_sfu", {{tiu::tsk_typ, 9}}, with_result({{"terms", tiu::opd1_n}})},
      {"md_linear", {{tiu::tsk_typ, 10}, {tiu::tsk_eu_typ, 1}}, with_result({})},
      {"md_cmp", {{tiu::tsk_typ, 13}}, with_result({})},
      {"vec_corr",
       {{tiu::tsk_typ, 14}},
       {{"op", tiu::tsk_eu_typ},
        {"n", tiu::opd1_w},
        {"c", tiu::res0_c},
        {"h", tiu::res0_h},
        {"w", tiu::res0_w},
        {"res_addr", tiu::res0_addr}}},
  };
  return list;
}

Result<uint64_t> parameter(const TimingCase& timing, const std::string& name) {
  const auto it = timing.fields.find(name);
  if (it == timing.fields.end()) return user_error("no parameter \"{}\"", name);
  if (it->second < 0) return user_error("parameter \"{}\" is {}", name, it->second);
  return static_cast<uint64_t>(it->second);
}

// The operation that a family's own numbers stand for.
Result<uint64_t> operation_of(const TimingCase& timing) {
  if (timing.op == "md_cmp") {
    BMNET_ASSIGN(const uint64_t mode, parameter(timing, "mode"));
    return mode & 2 ? 24 : 22;
  }
  if (timing.op == "window_i8" || timing.op == "window_f32") {
    BMNET_ASSIGN(const uint64_t mac_form, parameter(timing, "mac_form"));
    return mac_form ? 1 : 4;
  }
  BMNET_ASSIGN(const uint64_t op, parameter(timing, "op"));
  if (timing.op == "md_scalar") {
    constexpr uint64_t kScalar[] = {0, 2, 3, 12};
    if (op < std::size(kScalar)) return kScalar[op];
  } else if (op >= 3 && op <= 7) {
    constexpr uint64_t kSfu[] = {17, 16, 15, 14, 13};
    return kSfu[op - 3];
  }
  return user_error("{} has no op {}", timing.op, op);
}

Result<uint64_t> tiu_cycles(const TimingCase& timing, const Family& family) {
  std::vector<FieldValue> values;
  for (const Fixed& fixed : family.fixed) values.emplace_back(fixed.field, fixed.value);
  for (const Parameter& name : family.parameters) {
    BMNET_ASSIGN(const uint64_t value, parameter(timing, std::string(name.name)));
    values.emplace_back(name.field, value);
  }
  if (timing.fields.contains("bias")) {
    BMNET_ASSIGN(const uint64_t bias, parameter(timing, "bias"));
    values.emplace_back(tiu::tsk_opd_num, bias ? 3 : 2);
  }
  if (timing.op == "arith_8_16") {
    BMNET_ASSIGN(const uint64_t narrow_result, parameter(timing, "res_is_8bit"));
    BMNET_ASSIGN(const uint64_t narrow_a, parameter(timing, "opd0_is_8bit"));
    values.emplace_back(tiu::opt_res0_prec, narrow_result ? kInt8 : kInt16);
    values.emplace_back(tiu::opt_opd0_prec, narrow_a ? kInt8 : kInt16);
  }
  if (timing.op == "md_cmp" || timing.op == "md_scalar" || timing.op == "md_sfu" || timing.op.starts_with("window")) {
    BMNET_ASSIGN(const uint64_t operation, operation_of(timing));
    values.emplace_back(tiu::tsk_eu_typ, operation);
  }
  BMNET_ASSIGN(const Command command, encode(idle_command(Engine::kTiu), values));
  return cycles(command, Engine::kTiu);
}

Result<gdma_exec::CostSide> dma_side(const TimingCase& timing, const std::string& sizes, const std::string& strides) {
  gdma_exec::CostSide side;
  BMNET_ASSIGN(side.size.n, parameter(timing, sizes + "n"));
  BMNET_ASSIGN(side.size.c, parameter(timing, sizes + "c"));
  BMNET_ASSIGN(side.size.h, parameter(timing, sizes + "h"));
  BMNET_ASSIGN(side.size.w, parameter(timing, sizes + "w"));
  BMNET_ASSIGN(side.stride.n, parameter(timing, strides + "_ns"));
  BMNET_ASSIGN(side.stride.c, parameter(timing, strides + "_cs"));
  BMNET_ASSIGN(side.stride.h, parameter(timing, strides + "_hs"));
  BMNET_ASSIGN(side.stride.w, parameter(timing, strides + "_ws"));
  BMNET_ASSIGN(const uint64_t h_shift, parameter(timing, strides + "_hshift"));
  BMNET_ASSIGN(const uint64_t w_shift, parameter(timing, strides + "_wshift"));
  if (h_shift > 31 || w_shift > 31)
    return user_error("{}_hshift {} or {}_wshift {} is above 31", strides, h_shift, strides, w_shift);
  side.h_shift = static_cast<uint32_t>(h_shift);
  side.w_shift = static_cast<uint32_t>(w_shift);
  return side;
}

Result<uint64_t> dma_cycles(const TimingCase& timing) {
  gdma_exec::CostTerms terms;
  BMNET_ASSIGN(terms.source, dma_side(timing, "", "src"));
  BMNET_ASSIGN(terms.destination, dma_side(timing, "d", "dst"));
  BMNET_ASSIGN(terms.source_address, parameter(timing, "addr"));
  BMNET_ASSIGN(const uint64_t direction, parameter(timing, "direction"));
  if (direction > 3) return user_error("direction {} is above 3", direction);
  terms.direction = static_cast<gdma_exec::Direction>(direction);
  BMNET_ASSIGN(const uint64_t fill, parameter(timing, "fill"));
  terms.fill = fill != 0;
  for (const char* flag : {"acc", "matrix_transpose", "cw_transpose", "lrn_shift"}) {
    BMNET_ASSIGN(const uint64_t set, parameter(timing, flag));
    terms.irregular |= set != 0;
  }
  terms.element_bytes = 0;
  for (const char* format : {"src_fmt", "dst_fmt"}) {
    BMNET_ASSIGN(const uint64_t code, parameter(timing, format));
    if (code > 4) return user_error("{} {} is no format", format, code);
    terms.element_bytes = std::max(terms.element_bytes, gdma_exec::format_bytes(static_cast<gdma_exec::Format>(code)));
  }
  return gdma_exec::transfer_cycles(terms);
}

}  // namespace

Result<uint64_t> formula_cycles(const TimingCase& timing) {
  if (timing.op == "dma") return dma_cycles(timing);
  for (const Family& family : cost_families())
    if (family.name == timing.op) return tiu_cycles(timing, family);
  return user_error("no formula \"{}\"", timing.op);
}

}  // namespace bmnet::bm1684
