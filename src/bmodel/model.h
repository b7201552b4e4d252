// A BModel as plain data: what a .bmodel file says, with its binary section cut into blobs.
//
// reader.h makes a Model from a file, writer.h a file from a Model, edit.h takes files apart and puts them together.
// Everything a file can hold is here, also what only other chips use, so that rewriting a file loses nothing; such
// members stand last and keep their zero in a BM1684 model. The file format: docs/reference/BMODEL.md.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace bmnet::bmodel {

// Immutable bytes with shared ownership: a piece of a mapped file or a buffer of its own. Equal means equal content.
class Blob {
 public:
  Blob() = default;
  Blob(Bytes bytes, std::shared_ptr<const void> owner) : bytes_(bytes), owner_(std::move(owner)) {}
  static Blob of(std::vector<uint8_t> content);
  static Blob copy_of(Bytes content) { return of({content.begin(), content.end()}); }

  Bytes bytes() const { return bytes_; }
  size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }
  bool operator==(const Blob& other) const;

 private:
  Bytes bytes_;
  std::shared_ptr<const void> owner_;
};

// Numbers as in the file (bm_data_type_t).
enum class DataType : uint32_t {
  kFloat32,
  kFloat16,
  kInt8,
  kUint8,
  kInt16,
  kUint16,
  kInt32,
  kUint32,
  kBfloat16,
  kInt4,
  kUint4
};
inline constexpr uint32_t kDataTypes = 11;
const char* data_type_name(DataType type);  // "float32" …, "unknown"
int bits_per_element(DataType type);        // 0 for an unknown type

// How batch items lie in device memory (bm_store_mode_t): one after the other, or 2 / 4 of them interleaved in a
// 32-bit word.
enum class StoreMode : int32_t { k1N, k2N, k4N };

struct RelEntry {
  uint32_t base_addr_id = 0, addr_offset = 0, cmd_offset = 0;
  bool operator==(const RelEntry&) const = default;
};

// Commands of both engines that share one id sequence; 128 bytes a command on BM1684.
struct CmdGroup {
  uint32_t bdc_num = 0, gdma_num = 0;  // commands
  Blob bdc, gdma;                      // the TIU's and the GDMA's
  uint32_t bdc_cmd_byte = 0, gdma_cmd_byte = 0;
  std::vector<RelEntry> reloc_entries;
  // From BM1684 command streams.
  static CmdGroup of(Blob bdc, Blob gdma);
  bool operator==(const CmdGroup&) const = default;
};

struct CoreCommands {
  std::vector<CmdGroup> gdma_tiu_commands;
  std::vector<Blob> sdma_commands, hau_commands, cdma_commands;
  bool operator==(const CoreCommands&) const = default;
};

// Where one layer's weights lie in the coefficients.
struct Location {
  std::string name;
  uint64_t offset = 0, size = 0;
  bool operator==(const Location&) const = default;
};

struct Coefficients {
  uint64_t address = 0;  // device address that the commands assume
  Blob data;
  std::vector<uint8_t> check_code;  // SHA-256 of `data`, the key for sharing an upload; empty: the writer computes it
  std::vector<Location> locations;
  int32_t encrypt_mode = 0;
  uint64_t decrypt_size = 0;
  bool operator==(const Coefficients&) const = default;
};

using Shape = std::vector<uint64_t>;  // dimensions, outermost first

inline constexpr uint32_t kTpuMemory = 1, kCpuMemory = 2;  // bits of Tensor::mem_type

// An input or output of a net or sub-net.
struct Tensor {
  std::string name;
  DataType data_type = DataType::kFloat32;
  StoreMode store_mode = StoreMode::k1N;
  uint64_t device_addr = 0;   // that the commands assume
  uint64_t size = 0;          // bytes reserved there
  std::vector<Shape> shapes;  // [0] is the (largest) shape
  uint32_t mem_type = 0;      // in sub-nets: kTpuMemory | kCpuMemory
  float scale = 1.0f;         // int8 input: real value * scale; int8 output: integer * scale
  uint32_t cpu_addr = 0;      // place in the stage's host buffer, in floats
  uint32_t pad_h = 0;         // rows the runtime adds: above << 16 | below
  int32_t zero_point = 0;
  int32_t hidden = 0, index = 0;
  std::optional<RelEntry> relentry;
  bool operator==(const Tensor&) const = default;
};

struct CpuConst {
  std::string name;
  Blob data;
  std::vector<uint8_t> check_code;
  bool operator==(const CpuConst&) const = default;
};

// A layer that runs on the host.
struct CpuParam {
  int32_t op_type = 0;
  Blob param;  // the layer's C struct
  std::vector<CpuConst> constants;
  int32_t is_custom = 0;
  bool operator==(const CpuParam&) const = default;
};

struct SwitchParam {
  std::vector<int32_t> output_from;    // per output: the input it stands for
  std::vector<int32_t> output_branch;  // per output: 0 false branch, 1 true branch
  bool operator==(const SwitchParam&) const = default;
};

enum class SubNetMode : int32_t { kTpu, kCpu, kMerge, kSwitch };

struct SubNet {
  SubNetMode mode = SubNetMode::kTpu;
  std::vector<CmdGroup> cmd_groups;  // kTpu, static
  std::vector<CpuParam> cpu_params;  // kCpu: [0]
  std::vector<Tensor> inputs, outputs;
  int32_t is_dynamic = 0;
  uint32_t ir_offset = 0, ir_len = 0;
  int32_t n_dynamic = 0, h_w_dynamic = 0;
  int32_t id = -1;  // its index in Stage::sub_nets, or -1: run in order
  std::vector<int32_t> next_ids;
  std::optional<std::vector<std::vector<int32_t>>> merge_from;  // kMerge, per output: the inputs it may come from
  std::optional<SwitchParam> switch_param;                      // kSwitch
  std::vector<CoreCommands> core_commands;
  uint32_t run_core = 0;
  bool operator==(const SubNet&) const = default;
};

// Length record of a dynamic net's program.
struct StageIr {
  uint32_t words = 0;
  int32_t height_high = 0, height_low = 0, width_high = 0, width_low = 0;
  bool operator==(const StageIr&) const = default;
};

// A net compiled for one set of input shapes.
struct Stage {
  std::vector<Tensor> inputs, outputs;
  uint64_t ctx_addr = 0, ctx_size = 0;  // address range of the activations
  std::optional<Coefficients> coefficients;
  int32_t is_dynamic = 0, n_dynamic = 0, h_w_dynamic = 0;
  std::vector<CmdGroup> cmd_groups;  // those of all static TPU sub-nets, in order
  Blob net_profile;
  std::vector<StageIr> stage_ir;
  Blob binary_ir;
  std::vector<SubNet> sub_nets;
  uint32_t cpu_mem_size = 0;        // host buffer, in floats
  std::vector<uint64_t> ctx_sizes;  // replaces ctx_size when there are several memory blocks
  Blob net_stat;
  uint32_t core_num = 0;
  uint64_t io_addr = 0, io_size = 0;
  Blob tensor_loc;
  uint64_t dynamic_ctx_addr = 0, dynamic_coeff_offset = 0, dynamic_combined_coeff_offset = 0;
  uint64_t context_bytes() const;  // of all memory blocks
  bool operator==(const Stage&) const = default;
};

struct Cascade {
  uint32_t device_id = 0, step = 0;
  std::string main_name;
  bool operator==(const Cascade&) const = default;
};

struct Net {
  std::string name;
  std::vector<Stage> stages;
  std::optional<Cascade> cascade;
  int32_t addr_mode = 0;
  bool operator==(const Net&) const = default;
};

// A file carried along, for example a library of host layers.
struct Module {
  std::string file_name;
  Blob content;
  int32_t mode = 0;
  bool operator==(const Module&) const = default;
};

struct Model {
  std::string type = "B";
  std::string version = "2.2";
  std::string time = "Thu Jan  1 00:00:00 1970\n";  // as ctime() prints it; fixed unless somebody asks (time_text)
  std::string chip = "BM1684";
  std::vector<Net> nets;
  std::optional<Module> kernel_module;
  uint32_t device_num = 0;
  std::optional<Module> cpuop_module;
  uint32_t bmodel_type = 0;
  Blob lib_backend;
  bool operator==(const Model&) const = default;
};

// "Wed Jun  9 16:44:51 2021\n" of seconds since 1970, in UTC.
std::string time_text(int64_t unix_seconds);

}  // namespace bmnet::bmodel
