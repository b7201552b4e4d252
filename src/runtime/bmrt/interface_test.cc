#include <gmock/gmock.h>

#include <thread>

#include "runtime/bmrt/testing.h"
#include "runtime/include/bmruntime_cpp.h"

namespace bmnet::runtime {
namespace {

using test::counting;

using Bmrt = test::WithRuntime;

bm_shape_t shape(std::vector<int> dims) {
  bm_shape_t shape{};
  bmrt_shape(&shape, dims.data(), static_cast<int>(dims.size()));
  return shape;
}

// The net's input on the device, with content.
class Input {
 public:
  Input(void* bmrt, const std::vector<float>& values) : handle_(static_cast<bm_handle_t>(bmrt_get_bm_handle(bmrt))) {
    EXPECT_TRUE(bmrt_tensor(&tensor, bmrt, BM_FLOAT32, shape({1, 4, 8, 16})));
    EXPECT_EQ(bm_memcpy_s2d(handle_, tensor.device_mem, const_cast<float*>(values.data())), BM_SUCCESS);
  }
  ~Input() { bm_free_device(handle_, tensor.device_mem); }
  bm_tensor_t tensor;

 private:
  bm_handle_t handle_;
};

TEST_F(Bmrt, tells_about_its_nets) {
  EXPECT_EQ(bmrt_get_network_number(bmrt_), 1);
  EXPECT_EQ(bmrt_get_network_index(bmrt_, "copy"), 0);
  EXPECT_EQ(bmrt_get_network_index(bmrt_, "other"), -1);
  const char** names = nullptr;
  bmrt_get_network_names(bmrt_, &names);
  EXPECT_STREQ(names[0], "copy");
  std::free(names);
  const bm_net_info_t* info = bmrt_get_network_info(bmrt_, "copy");
  ASSERT_NE(info, nullptr);
  EXPECT_STREQ(info->name, "copy");
  EXPECT_FALSE(info->is_dynamic);
  ASSERT_EQ(info->input_num, 1);
  EXPECT_STREQ(info->input_names[0], "x");
  EXPECT_EQ(info->output_dtypes[0], BM_FLOAT32);
  EXPECT_EQ(info->stage_num, 1);
  EXPECT_EQ(info->stages[0].input_shapes[0].num_dims, 4);
  EXPECT_EQ(info->stages[0].output_shapes[0].dims[3], 16);
  EXPECT_EQ(info->max_input_bytes[0], 2048);
  EXPECT_EQ(info->core_num, 1);
  EXPECT_EQ(bmrt_get_network_info(bmrt_, "other"), nullptr);
}

TEST_F(Bmrt, launches_tensors_and_allocates_the_outputs) {
  Input x(bmrt_, counting(512));
  bm_tensor_t y{};
  ASSERT_TRUE(bmrt_launch_tensor(bmrt_, "copy", &x.tensor, 1, &y, 1));
  ASSERT_EQ(bm_thread_sync(handle_), BM_SUCCESS);
  EXPECT_EQ(y.dtype, BM_FLOAT32);
  EXPECT_EQ(y.st_mode, BM_STORE_1N);
  EXPECT_EQ(bmrt_tensor_bytesize(&y), 2048);
  std::vector<float> result(512);
  EXPECT_EQ(bm_memcpy_d2s_partial(handle_, result.data(), y.device_mem, 2048), BM_SUCCESS);
  EXPECT_EQ(result, counting(512));
  bm_free_device(handle_, y.device_mem);
}

TEST_F(Bmrt, launches_host_data) {
  std::vector<float> x = counting(512);
  void* inputs[] = {x.data()};
  void* outputs[] = {nullptr};
  const bm_shape_t in = shape({1, 4, 8, 16});
  bm_shape_t out{};
  ASSERT_TRUE(bmrt_launch_data(bmrt_, "copy", inputs, &in, 1, outputs, &out, 1, false));
  EXPECT_TRUE(bmrt_shape_is_same(&in, &out));
  EXPECT_EQ(std::vector<float>(static_cast<float*>(outputs[0]), static_cast<float*>(outputs[0]) + 512), x);
  std::free(outputs[0]);
}

TEST_F(Bmrt, leaves_no_device_memory_behind) {
  bm_heap_stat_byte_t before{}, after{};
  bm_get_gmem_heap_stat_byte_by_id(handle_, &before, 0);
  std::vector<float> x = counting(512);
  void* inputs[] = {x.data()};
  void* outputs[] = {nullptr};
  const bm_shape_t in = shape({1, 4, 8, 16});
  bm_shape_t out{};
  ASSERT_TRUE(bmrt_launch_data(bmrt_, "copy", inputs, &in, 1, outputs, &out, 1, false));
  std::free(outputs[0]);
  Input wrong(bmrt_, x);
  wrong.tensor.dtype = BM_INT8;
  bm_tensor_t y{};
  EXPECT_FALSE(bmrt_launch_tensor(bmrt_, "copy", &wrong.tensor, 1, &y, 1));
  bm_get_gmem_heap_stat_byte_by_id(handle_, &after, 0);
  EXPECT_EQ(after.mem_used, before.mem_used + 4096);  // `wrong` itself
}

TEST_F(Bmrt, refuses_wrong_launches) {
  Input x(bmrt_, counting(512));
  bm_tensor_t y{};
  EXPECT_FALSE(bmrt_launch_tensor(bmrt_, "other", &x.tensor, 1, &y, 1));
  EXPECT_FALSE(bmrt_launch_tensor(bmrt_, nullptr, &x.tensor, 1, &y, 1));
  EXPECT_FALSE(bmrt_launch_tensor(bmrt_, "copy", &x.tensor, 0, &y, 1));
  EXPECT_FALSE(bmrt_launch_tensor(bmrt_, "copy", &x.tensor, 1, &y, 2));
  EXPECT_FALSE(bmrt_launch_tensor(bmrt_, "copy", nullptr, 1, &y, 1));
  EXPECT_FALSE(bmrt_launch_tensor(nullptr, "copy", &x.tensor, 1, &y, 1));

  bm_tensor_t changed = x.tensor;
  changed.shape = shape({1, 4, 8, 8});
  EXPECT_FALSE(bmrt_launch_tensor(bmrt_, "copy", &changed, 1, &y, 1)) << "no such stage";
  changed = x.tensor;
  changed.dtype = BM_INT32;
  EXPECT_FALSE(bmrt_launch_tensor(bmrt_, "copy", &changed, 1, &y, 1)) << "another type";
  changed = x.tensor;
  changed.device_mem.size = 2047;
  EXPECT_FALSE(bmrt_launch_tensor(bmrt_, "copy", &changed, 1, &y, 1)) << "memory too small";
  changed = x.tensor;
  changed.st_mode = BM_STORE_4N;
  EXPECT_FALSE(bmrt_launch_tensor(bmrt_, "copy", &changed, 1, &y, 1)) << "4N of a net compiled for 1N";
  changed.st_mode = BM_STORE_2N;
  EXPECT_FALSE(bmrt_launch_tensor(bmrt_, "copy", &changed, 1, &y, 1)) << "2N";
  changed = x.tensor;
  changed.shape.num_dims = 99;
  EXPECT_FALSE(bmrt_launch_tensor(bmrt_, "copy", &changed, 1, &y, 1)) << "an impossible rank";
  changed = x.tensor;
  changed.device_mem.u.device.device_addr = 0x1234;
  EXPECT_FALSE(bmrt_launch_tensor(bmrt_, "copy", &changed, 1, &y, 1)) << "an address outside of memory";

  y = x.tensor;
  y.device_mem.size = 16;
  EXPECT_FALSE(bmrt_launch_tensor_ex(bmrt_, "copy", &x.tensor, 1, &y, 1, true, false)) << "output memory too small";
}

// The same commands, compiled for int8 tensors in 4N: [3,4,8,16] fills 512 words.
bmodel::Model int8_model() {
  bmodel::Model model = bmodel::test::copy_model("int8");
  bmodel::Stage& stage = model.nets[0].stages[0];
  for (auto* tensors : {&stage.inputs, &stage.outputs, &stage.sub_nets[0].inputs, &stage.sub_nets[0].outputs}) {
    tensors->at(0).data_type = bmodel::DataType::kInt8;
    tensors->at(0).store_mode = bmodel::StoreMode::k4N;
    tensors->at(0).shapes = {{3, 4, 8, 16}};
  }
  return model;
}

TEST_F(Bmrt, converts_between_1n_and_4n) {
  ASSERT_TRUE(load(int8_model()));
  EXPECT_EQ(bmrt_get_network_info(bmrt_, "int8")->max_input_bytes[0], 2048);  // three batch items count as four
  std::vector<int8_t> x(3 * 512), words(2048);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<int8_t>(i * 7 + i / 512);
  bm_tensor_t in{}, out{};
  ASSERT_TRUE(bmrt_tensor(&in, bmrt_, BM_INT8, shape({3, 4, 8, 16})));
  ASSERT_EQ(bm_memcpy_s2d(handle_, in.device_mem, x.data()), BM_SUCCESS);
  ASSERT_EQ(bm_malloc_device_byte(handle_, &out.device_mem, 2048), BM_SUCCESS);
  out.st_mode = BM_STORE_4N;
  ASSERT_TRUE(bmrt_launch_tensor_ex(bmrt_, "int8", &in, 1, &out, 1, true, true));
  ASSERT_EQ(bm_memcpy_d2s(handle_, words.data(), out.device_mem), BM_SUCCESS);
  for (size_t i = 0; i < x.size(); ++i) ASSERT_EQ(words[i % 512 * 4 + i / 512], x[i]) << i;

  // And back: the 4N words in, 1N out.
  std::vector<int8_t> y(x.size());
  bm_tensor_t plain{};
  ASSERT_TRUE(bmrt_launch_tensor(bmrt_, "int8", &out, 1, &plain, 1));
  ASSERT_EQ(bm_memcpy_d2s_partial(handle_, y.data(), plain.device_mem, y.size()), BM_SUCCESS);
  EXPECT_EQ(y, x);
  for (const bm_tensor_t& tensor : {in, out, plain}) bm_free_device(handle_, tensor.device_mem);
}

TEST_F(Bmrt, skips_a_net_whose_name_is_there) {
  EXPECT_TRUE(load(bmodel::test::copy_model("copy")));
  EXPECT_EQ(bmrt_get_network_number(bmrt_), 1);
  EXPECT_TRUE(load(bmodel::test::copy_model("second")));
  EXPECT_EQ(bmrt_get_network_number(bmrt_), 2);
}

TEST_F(Bmrt, refuses_bad_files) {
  EXPECT_FALSE(bmrt_load_bmodel(bmrt_, "/nonexistent.bmodel"));
  EXPECT_FALSE(bmrt_load_bmodel(bmrt_, nullptr));
  EXPECT_FALSE(bmrt_load_bmodel_data(bmrt_, "garbage", 7));
  EXPECT_FALSE(bmrt_load_bmodel_data(nullptr, "garbage", 7));
  EXPECT_EQ(bmrt_get_network_number(bmrt_), 1);
}

TEST_F(Bmrt, runs_in_several_threads) {
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      std::vector<float> x(512, static_cast<float>(t)), y(512);
      void* inputs[] = {x.data()};
      void* outputs[] = {y.data()};
      const bm_shape_t in = shape({1, 4, 8, 16});
      bm_shape_t out{};
      for (int i = 0; i < 20; ++i)
        good += bmrt_launch_data(bmrt_, "copy", inputs, &in, 1, outputs, &out, 1, true) && y == x;
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 80);
}

TEST(bmrt, needs_a_device) {
  EXPECT_EQ(bmrt_create(nullptr), nullptr);
  EXPECT_EQ(bmrt_get_network_number(nullptr), 0);
  bmrt_destroy(nullptr);
}

TEST(bmrt, shapes) {
  const bm_shape_t a = shape({2, 3}), b = shape({2, 3, 1});
  EXPECT_EQ(bmrt_shape_count(&a), 6);
  EXPECT_FALSE(bmrt_shape_is_same(&a, &b));
  EXPECT_EQ(bmrt_data_type_size(BM_BFLOAT16), 2);
}

TEST_F(Bmrt, cpp_network_of_a_fixed_stage) {
  bmruntime::Context context(0);
  const auto bytes = bmodel::write_memory(bmodel::test::copy_model()).value();
  ASSERT_EQ(context.load_bmodel(bytes.data(), bytes.size()), BM_SUCCESS);
  bmruntime::Network network(context, "copy", 0);
  std::vector<float> x = counting(512), y(512);
  ASSERT_NE(network.Input("x"), nullptr);
  EXPECT_EQ(network.Input("nothing"), nullptr);
  EXPECT_EQ(network.Input("x")->Reshape(shape({1, 4, 8, 16})), BM_ERR_NOFEATURE);
  ASSERT_EQ(network.Input("x")->CopyFrom(x.data()), BM_SUCCESS);
  ASSERT_EQ(network.Forward(), BM_SUCCESS);
  ASSERT_EQ(network.Output("y")->CopyTo(y.data()), BM_SUCCESS);
  EXPECT_EQ(y, x);
}

TEST_F(Bmrt, cpp_network_without_stage_wants_a_shape) {
  bmruntime::Context context(handle_);
  const auto bytes = bmodel::write_memory(bmodel::test::copy_model()).value();
  ASSERT_EQ(context.load_bmodel(bytes.data(), bytes.size()), BM_SUCCESS);
  bmruntime::Network network(context, "copy");
  EXPECT_EQ(network.Forward(), BM_ERR_FAILURE);
  EXPECT_EQ(network.Inputs()[0]->Reshape(shape({0, 4})), BM_ERR_PARAM);
  EXPECT_EQ(network.Inputs()[0]->Reshape(shape({2, 4, 8, 16})), BM_ERR_NOMEM);
  ASSERT_EQ(network.Inputs()[0]->Reshape(shape({1, 4, 8, 16})), BM_SUCCESS);
  EXPECT_EQ(network.Forward(), BM_SUCCESS);
}

TEST_F(Bmrt, cpp_network_that_is_not_there) {
  bmruntime::Context context(handle_);
  bmruntime::Network network(context, "copy");
  EXPECT_EQ(network.Forward(), BM_ERR_FAILURE);
  EXPECT_TRUE(network.Inputs().empty());
}

}  // namespace
}  // namespace bmnet::runtime
