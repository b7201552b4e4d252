#include "runtime/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <numeric>

#include "base/file.h"
#include "base/testing.h"
#include "bmodel/testing.h"
#include "device/sim/simulator.h"
#include "op/cpu_layer.h"
#include "runtime/include/bmcpu_common.h"
#include "runtime/include/user_bmcpu_common.h"

namespace bmnet::runtime {
namespace {

namespace fs = std::filesystem;
using test::shared_file;
using testing::HasSubstr;

Tensor counting(Shape shape) {
  std::vector<float> values(static_cast<size_t>(element_count(shape)));
  std::iota(values.begin(), values.end(), 0.0f);
  return Tensor::of<float>(std::move(shape), values);
}

std::vector<float> floats(const Tensor& tensor) { return {tensor.data<float>().begin(), tensor.data<float>().end()}; }

std::unique_ptr<Session> session_of(const bmodel::Model& model, const SessionOptions& options = {}) {
  auto session = Session::open(options).value();
  const Status loaded = session->load(model, "test");
  EXPECT_TRUE(loaded) << loaded.error().message;
  return session;
}

std::string failure(const bmodel::Model& model) {
  const Status loaded = Session::open().value()->load(model, "test");
  return loaded ? "loaded" : loaded.error().message;
}

TEST(session, runs_a_net_on_named_tensors) {
  auto session = session_of(bmodel::test::copy_model(), {.trace = true});
  const NamedTensor x{"x", counting({1, 4, 8, 16})};
  const SessionRun run = session->run({&x, 1}).value();
  EXPECT_EQ(run.outputs[0].name, "y");
  EXPECT_EQ(floats(run.outputs[0].tensor), floats(x.tensor));
  EXPECT_EQ(run.report.trace.size(), 1);
  EXPECT_GT(run.report.cycles, 137);
}

TEST(session, runs_on_a_device_of_the_callers_making) {
  const auto session = Session::open(Simulator::create(uint64_t{1} << 30).value()).value();
  ASSERT_TRUE(session->load(bmodel::test::copy_model(), "test"));
  const NamedTensor x{"x", counting({1, 4, 8, 16})};
  EXPECT_EQ(floats(session->run({&x, 1}).value().outputs[0].tensor), floats(x.tensor));
  EXPECT_EQ(session->context().device().ddr_bytes(), uint64_t{1} << 30);
}

TEST(session, shows_inputs_and_outputs) {
  auto session = session_of(bmodel::test::copy_model());
  EXPECT_EQ(session->inputs().value()[0].info, (TensorInfo{DType::kF32, {1, 4, 8, 16}}));
  EXPECT_EQ(session->outputs().value()[0].name, "y");
  EXPECT_FALSE(session->inputs(1));
  EXPECT_FALSE(session->inputs(0, 1));
}

TEST(session, reads_tensors_back_to_back_from_a_dat_file) {
  const fs::path path = fs::path(testing::TempDir()) / "session_x.dat";
  ASSERT_TRUE(write_file_atomically(path, std::string_view("\1\2\3\4\5")));
  const MappedFile file = MappedFile::open(path).value();
  const TensorDeclaration three{"a", {DType::kI8, {3}}}, two{"b", {DType::kI8, {2}}};
  size_t offset = 0;
  const auto tensors = read_dat(file, "x.dat", std::vector{three, two}, offset).value();
  EXPECT_EQ(tensors[1].tensor.data<int8_t>()[0], 4);
  EXPECT_EQ(offset, 5);
  EXPECT_THAT(read_dat(file, "x.dat", std::vector{two}, offset).error().message,
              HasSubstr("x.dat: 5 bytes, but tensor 'b' needs 2 from byte 5"));
}

TEST(session, refuses_wrong_inputs) {
  auto session = session_of(bmodel::test::copy_model());
  const NamedTensor unknown{"z", counting({1, 4, 8, 16})}, shape{"x", counting({2, 2})};
  const NamedTensor type{"x", Tensor({DType::kI8, {1, 4, 8, 16}})};
  EXPECT_THAT(session->run({&unknown, 1}).error().message, HasSubstr("input 'x' is missing"));
  EXPECT_THAT(session->run({&shape, 1}).error().message, HasSubstr("no stage for input shapes [2,2]"));
  EXPECT_THAT(session->run({&type, 1}).error().message, HasSubstr("type i8 where the net takes f32"));
}

TEST(session, accepts_equal_counts_when_there_is_one_stage) {
  auto session = session_of(bmodel::test::copy_model());
  const NamedTensor x{"x", counting({512})};
  EXPECT_EQ(floats(session->run({&x, 1}).value().outputs[0].tensor), floats(x.tensor));
}

TEST(session, reads_activations_by_their_compiled_address) {
  auto session = session_of(bmodel::test::copy_model());
  const NamedTensor x{"x", counting({1, 4, 8, 16})};
  ASSERT_TRUE(session->run({&x, 1}));
  float third = 0;
  ASSERT_TRUE(session->read_memory(0, 0, bmodel::test::kOutputAddr + 8, std::as_writable_bytes(std::span(&third, 1))));
  EXPECT_EQ(third, 2);
}

TEST(runtime, shares_equal_coefficients) {
  auto session = Session::open().value();
  bmodel::Model first = bmodel::test::model_with_coefficients(1 << 20), second = first;
  second.nets[0].name = "again";
  for (bmodel::Model* model : {&first, &second}) {
    const Sha256 sum = sha256(model->nets[0].stages[0].coefficients->data.bytes());
    model->nets[0].stages[0].coefficients->check_code.assign(sum.begin(), sum.end());
  }
  ASSERT_TRUE(session->load(first, "first"));
  const uint64_t used = session->context().allocator().used();
  ASSERT_TRUE(session->load(second, "second"));
  EXPECT_LT(session->context().allocator().used() - used, 1 << 20);
  EXPECT_EQ(session->networks()[0]->stages[0].coefficients, session->networks()[1]->stages[0].coefficients);
}

TEST(runtime, gives_back_all_memory) {
  auto session = Session::open().value();
  {
    Runtime runtime(session->context().shared_from_this());
    ASSERT_TRUE(runtime.load(bmodel::test::model_with_coefficients(), "test"));
    EXPECT_GT(session->context().allocator().used(), 0);
  }
  EXPECT_EQ(session->context().allocator().used(), 0);
}

// A shape that no memory holds, on a way where no TPU command reads it.
TEST(runtime, refuses_host_tensors_beyond_all_memory) {
  bmodel::Model model = bmodel::test::copy_model();
  bmodel::Stage& stage = model.nets[0].stages[0];
  bmodel::SubNet host;
  host.mode = bmodel::SubNetMode::kCpu;
  host.inputs = {stage.outputs[0]};
  host.outputs = {bmodel::test::tensor("z", 0, bmodel::kCpuMemory)};
  host.outputs[0].shapes = {{1 << 20, 1 << 20, 1 << 20}};
  host.cpu_params = {{16, bmodel::Blob::copy_of(as_bytes("exp")), {}, 0}};
  stage.sub_nets.push_back(host);
  stage.sub_nets[0].id = -1;
  auto session = session_of(model);
  const NamedTensor x{"x", counting({1, 4, 8, 16})};
  EXPECT_THAT(session->run({&x, 1}).error().message, HasSubstr("larger than the device memory"));
}

TEST(runtime, refuses_commands_of_other_engines) {
  bmodel::Model model = bmodel::test::copy_model();
  model.nets[0].stages[0].sub_nets[0].core_commands.emplace_back().cdma_commands.emplace_back();
  EXPECT_THAT(failure(model), HasSubstr("has commands by core; those of a BM1684 net are for its TIU and GDMA alone"));
}

TEST(runtime, refuses_dynamic_nets) {
  bmodel::Model model = bmodel::test::copy_model();
  model.nets[0].stages[0].is_dynamic = 1;
  EXPECT_THAT(failure(model), HasSubstr("dynamic"));
}

TEST(runtime, refuses_other_chips) {
  bmodel::Model model = bmodel::test::copy_model();
  model.chip = "BM1684X";
  EXPECT_THAT(failure(model), HasSubstr("compiled for chip 'BM1684X'"));
}

TEST(runtime, refuses_commands_that_leave_the_net) {
  bmodel::Model model = bmodel::test::copy_model();
  model.nets[0].stages[0].ctx_size = 0x1000;
  EXPECT_THAT(failure(model), HasSubstr("GDMA command 0: address 0x105101000 is beyond the activations"));
}

// x -> TPU copy -> host layer -> y
bmodel::Model host_layer_model(const op::CpuLayer& layer) {
  bmodel::Model model = bmodel::test::copy_model();
  bmodel::Stage& stage = model.nets[0].stages[0];
  stage.outputs[0].name = stage.sub_nets[0].outputs[0].name = "middle";
  stage.sub_nets[0].next_ids = {1};
  bmodel::SubNet host;
  host.id = 1;
  host.mode = bmodel::SubNetMode::kCpu;
  host.inputs = {bmodel::test::tensor("middle", bmodel::test::kOutputAddr, bmodel::kTpuMemory | bmodel::kCpuMemory)};
  host.outputs = {bmodel::test::tensor("y", 0, bmodel::kCpuMemory)};
  host.cpu_params.push_back({op::kCpuLayerUserDefined, bmodel::Blob::of(op::encode(layer)), {}, 0});
  stage.sub_nets.push_back(host);
  stage.outputs = {host.outputs[0]};
  return model;
}

op::CpuLayer host_layer(std::string name) {
  const TensorInfo info{DType::kF32, {1, 4, 8, 16}};
  return {.op = std::move(name), .attributes = {}, .inputs = {{info, std::nullopt}}, .outputs = {info}};
}

TEST(host_layer, runs_any_operator) {
  op::CpuLayer layer = host_layer("binary");
  layer.attributes.set("kind", std::string("add"));
  layer.inputs.push_back({{DType::kF32, {1}}, Tensor::of<float>({1}, std::vector<float>{100})});
  auto session = session_of(host_layer_model(layer));
  const NamedTensor x{"x", counting({1, 4, 8, 16})};
  const auto run = session->run({&x, 1});
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_EQ(run->outputs[0].tensor.data<float>()[7], 107);
}

TEST(host_layer, an_unknown_operator_is_a_diagnosis) {
  auto session = session_of(host_layer_model(host_layer("no_such_operator")));
  const NamedTensor x{"x", counting({1, 4, 8, 16})};
  EXPECT_THAT(session->run({&x, 1}).error().message, HasSubstr("host layer 3: failed"));
}

// The functions of user layers are not told how long their parameter is.
TEST(host_layer, a_parameter_that_claims_more_bytes_than_there_are_is_refused) {
  bmodel::Model model = host_layer_model(host_layer("unary"));
  bmodel::CpuParam& param = model.nets[0].stages[0].sub_nets[1].cpu_params[0];
  std::vector<uint8_t> bytes(param.param.bytes().begin(), param.param.bytes().end());
  bytes[7] = 0x7f;  // the highest byte of the length
  param.param = bmodel::Blob::of(bytes);
  auto session = session_of(model);
  const NamedTensor x{"x", counting({1, 4, 8, 16})};
  EXPECT_THAT(session->run({&x, 1}).error().message, HasSubstr("host layer 3: failed"));
}

// A layer of 512 elements in, 512 out, whose output tensor is announced with one.
std::string failure_of_a_small_output(int op_type, const void* param, size_t size) {
  bmodel::Model model = host_layer_model(host_layer("unary"));
  bmodel::Stage& stage = model.nets[0].stages[0];
  stage.sub_nets[1].cpu_params[0].op_type = op_type;
  stage.sub_nets[1].cpu_params[0].param = bmodel::Blob::copy_of({static_cast<const uint8_t*>(param), size});
  stage.sub_nets[1].outputs[0].shapes = {{1}};
  stage.outputs = stage.sub_nets[1].outputs;
  auto session = session_of(model);
  const NamedTensor x{"x", counting({1, 4, 8, 16})};
  const auto run = session->run({&x, 1});
  return run ? "it ran" : run.error().message;
}

TEST(host_layer, a_result_that_does_not_fit_its_tensor_is_refused) {
  const user_cpu_param_t exp{.op_type = USER_EXP, .u = {.exp = {1, 1}}};
  EXPECT_THAT(failure_of_a_small_output(CPU_USER_DEFINED, &exp, sizeof exp), HasSubstr("host layer 3: failed"));
  const cpu_unary_param_t sine{.unary_op = OP_SIN};
  EXPECT_THAT(failure_of_a_small_output(CPU_UNARY, &sine, sizeof sine), HasSubstr("failed"));
}

TEST(sub_nets, a_loop_is_refused) {
  bmodel::Model model = bmodel::test::copy_model();
  bmodel::SubNet& sub_net = model.nets[0].stages[0].sub_nets[0];
  sub_net.next_ids = {0};
  auto session = session_of(model);
  const NamedTensor x{"x", counting({1, 4, 8, 16})};
  EXPECT_THAT(session->run({&x, 1}).error().message, HasSubstr("second time"));
}

TEST(sub_nets, a_successor_that_is_not_there_is_refused) {
  bmodel::Model model = bmodel::test::copy_model();
  model.nets[0].stages[0].sub_nets[0].next_ids = {7};
  auto session = Session::open().value();
  if (!session->load(model, "test")) return;  // refused when loading: as good
  const NamedTensor x{"x", counting({1, 4, 8, 16})};
  EXPECT_FALSE(session->run({&x, 1}));
}

// ---- the sample BModels: outputs bit for bit, no races

class Sample : public testing::TestWithParam<const char*> {};

TEST_P(Sample, is_bit_identical_and_free_of_races) {
  const fs::path folder = shared_file("bmodel/samples") / GetParam();
  BMNET_REQUIRE_SHARED(folder);
  auto session = Session::open(folder / "compilation.bmodel", {.detect_races = true}).value();
  const MappedFile input = MappedFile::open(folder / "input_ref_data.dat").value();
  const MappedFile expected = MappedFile::open(folder / "output_ref_data.dat").value();
  size_t read = 0, compared = 0;
  for (size_t net = 0; net < session->networks().size(); ++net)
    for (size_t stage = 0; stage < session->networks()[net]->stages.size(); ++stage) {
      std::vector<NamedTensor> inputs;
      const std::vector<TensorDeclaration> declarations = session->inputs(net, stage).value();
      for (const TensorDeclaration& declaration : declarations) {
        Tensor value(declaration.info);
        ASSERT_TRUE(contains(input.bytes(), read, value.bytes()));
        std::memcpy(value.raw(), input.bytes().data() + read, value.bytes());
        read += value.bytes();
        inputs.push_back({declaration.name, value});
      }
      const Result<SessionRun> run = session->run(inputs, net, stage);
      ASSERT_TRUE(run) << run.error().message;
      EXPECT_EQ(run->report.race_count, 0) << run->report.races.at(0).message;
      for (const auto& [name, value] : run->outputs) {
        ASSERT_TRUE(contains(expected.bytes(), compared, value.bytes()));
        EXPECT_EQ(std::memcmp(value.raw(), expected.bytes().data() + compared, value.bytes()), 0) << name;
        compared += value.bytes();
      }
    }
  EXPECT_EQ(read, input.bytes().size());
  EXPECT_EQ(compared, expected.bytes().size());
}

INSTANTIATE_TEST_SUITE_P(samples, Sample,
                         testing::Values("minimal_branch_false", "minimal_branch_true", "minimal_coeff", "minimal_copy",
                                         "minimal_cpu_user_exp", "minimal_int8_4n_pad", "minimal_two_groups",
                                         "minimal_two_stages", "ppocr_det_db640_fp32_b1", "ppocr_rec_cnn_fp32_b1",
                                         "retinaface320_fp32_b1", "retinaface320_int8_b1", "retinaface384x640_fp32_b1"),
                         [](const auto& parameter) { return std::string(parameter.param); });

// Outputs and the whole activation memory of a network after a run on noise.
TEST(cmodel, agrees_with_the_simulator_on_a_network) {
  const char* library = std::getenv("BM1684_CMODEL");
  if (!library) GTEST_SKIP() << "needs a C model library: BM1684_CMODEL is not set";
  const fs::path file = shared_file("bmodel/samples/ppocr_rec_cnn_fp32_b1/compilation.bmodel");
  BMNET_REQUIRE_SHARED(file);
  std::vector<std::byte> memory[2];
  for (int i = 0; i < 2; ++i) {
    auto session = Session::open(file, {.device = i ? std::string("cmodel=") + library : "simulator"}).value();
    const std::vector<TensorDeclaration> declarations = session->inputs().value();
    NamedTensor input{declarations[0].name, Tensor(declarations[0].info)};
    uint32_t state = 1;
    for (float& value : input.tensor.data<float>())
      value = static_cast<int32_t>(state = state * 1664525 + 1013904223) / 2147483648.0f;
    const auto run = session->run({&input, 1});
    ASSERT_TRUE(run) << run.error().message;
    const bmodel::Stage& stage = session->networks()[0]->stages[0].source;
    memory[i].resize(stage.ctx_size);
    ASSERT_TRUE(session->read_memory(0, 0, stage.ctx_addr, memory[i]));
  }
  EXPECT_TRUE(memory[0] == memory[1]);
}

// Cycles of the samples' static streams as the specification lists them.
TEST(cycles, of_the_sample_networks) {
  const std::tuple<const char*, uint64_t, uint64_t, uint64_t> expected[] = {
      {"retinaface384x640_fp32_b1", 1060687, 384725, 1307621},
      {"retinaface320_fp32_b1", 810726, 221476, 930377},
      {"retinaface320_int8_b1", 451249, 246966, 609433},
      {"ppocr_det_db640_fp32_b1", 5007107, 2097711, 6073889},
      {"ppocr_rec_cnn_fp32_b1", 260190, 43642, 268730}};
  for (const auto& [name, tiu, gdma, total] : expected) {
    const fs::path file = shared_file("bmodel/samples") / name / "compilation.bmodel";
    BMNET_REQUIRE_SHARED(file);
    auto session = Session::open(file).value();
    std::vector<NamedTensor> inputs;
    const std::vector<TensorDeclaration> declarations = session->inputs().value();
    for (const auto& declaration : declarations) inputs.push_back({declaration.name, Tensor(declaration.info)});
    const LaunchReport report = session->run(inputs).value().report;
    EXPECT_EQ(report.of(bm1684::Engine::kTiu).cycles, tiu) << name;
    EXPECT_EQ(report.of(bm1684::Engine::kGdma).cycles, gdma) << name;
    EXPECT_EQ(report.cycles, total) << name;
  }
}

}  // namespace
}  // namespace bmnet::runtime
