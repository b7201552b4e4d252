#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/include/bmlib_internal.h"
#include "runtime/include/bmlib_runtime.h"

namespace {

using testing::ElementsAre;

class Bmlib : public testing::Test {
 protected:
  void SetUp() override {
    bmlib_log_set_level(BMLIB_LOG_QUIET);
    ASSERT_EQ(bm_dev_request(&handle_, 0), BM_SUCCESS);
  }
  void TearDown() override { bm_dev_free(handle_); }

  bm_device_mem_t allocate(unsigned bytes) {
    bm_device_mem_t memory{};
    EXPECT_EQ(bm_malloc_device_byte(handle_, &memory, bytes), BM_SUCCESS);
    return memory;
  }
  std::vector<uint32_t> words(bm_device_mem_t memory) {
    std::vector<uint32_t> result(memory.size / 4);
    EXPECT_EQ(bm_memcpy_d2s(handle_, result.data(), memory), BM_SUCCESS);
    return result;
  }

  bm_handle_t handle_ = nullptr;
};

TEST_F(Bmlib, is_a_bm1684) {
  unsigned chip = 0;
  EXPECT_EQ(bm_get_chipid(handle_, &chip), BM_SUCCESS);
  EXPECT_EQ(chip, 0x1684);
  int count = 0, frequency = 0;
  EXPECT_EQ(bm_dev_getcount(&count), BM_SUCCESS);
  EXPECT_EQ(count, 1);
  EXPECT_EQ(bm_get_clk_tpu_freq(handle_, &frequency), BM_SUCCESS);
  EXPECT_EQ(frequency, 550);
}

TEST_F(Bmlib, the_first_allocation_lies_behind_the_reserved_memory) {
  EXPECT_EQ(bm_mem_get_device_addr(allocate(1)), 0x105100000);
  EXPECT_EQ(bm_mem_get_device_addr(allocate(1)), 0x105101000);
}

TEST_F(Bmlib, allocates_by_element) {
  bm_device_mem_t memory{};
  EXPECT_EQ(bm_malloc_neuron_device(handle_, &memory, 2, 3, 4, 5), BM_SUCCESS);
  EXPECT_EQ(bm_mem_get_device_size(memory), 480);
  EXPECT_EQ(bm_malloc_device_dword(handle_, &memory, 3), BM_SUCCESS);
  EXPECT_EQ(bm_mem_get_device_size(memory), 12);
  EXPECT_EQ(bm_malloc_neuron_device(handle_, &memory, 2, -3, 4, 5), BM_ERR_PARAM);
  EXPECT_EQ(bm_malloc_device_byte(handle_, &memory, 0), BM_ERR_PARAM);
  unsigned long long huge = 0;
  EXPECT_EQ(bm_malloc_device_mem(handle_, &huge, 0, 1ull << 40), BM_ERR_NOMEM);
}

TEST_F(Bmlib, copies_both_ways_and_inside) {
  const bm_device_mem_t a = allocate(16), b = allocate(16);
  uint32_t values[] = {1, 2, 3, 4};
  EXPECT_EQ(bm_memcpy_s2d(handle_, a, values), BM_SUCCESS);
  EXPECT_EQ(bm_memset_device(handle_, 9, b), BM_SUCCESS);
  EXPECT_EQ(bm_memcpy_d2d(handle_, b, 1, a, 2, 2), BM_SUCCESS);
  EXPECT_THAT(words(b), ElementsAre(9, 3, 4, 9));
  EXPECT_EQ(bm_memcpy_d2d_byte(handle_, b, 0, a, 0, 4), BM_SUCCESS);
  EXPECT_EQ(bm_memcpy_d2d_stride(handle_, b, 2, a, 1, 2, 4), BM_SUCCESS);
  EXPECT_THAT(words(b), ElementsAre(1, 3, 2, 9));
  EXPECT_EQ(bm_memcpy_s2d_partial_offset(handle_, a, values, 4, 12), BM_SUCCESS);
  EXPECT_THAT(words(a), ElementsAre(1, 2, 3, 1));
}

TEST_F(Bmlib, refuses_copies_past_the_end) {
  const bm_device_mem_t memory = allocate(16);
  char bytes[32] = {};
  EXPECT_EQ(bm_memcpy_s2d_partial(handle_, memory, bytes, 17), BM_ERR_PARAM);
  EXPECT_EQ(bm_memcpy_d2s_partial_offset(handle_, bytes, memory, 8, 9), BM_ERR_PARAM);
  EXPECT_EQ(bm_memcpy_d2d(handle_, memory, 0, memory, 0, -1), BM_ERR_PARAM);
  EXPECT_EQ(bm_memcpy_s2d(handle_, BM_MEM_NULL, bytes), BM_ERR_PARAM);
  EXPECT_EQ(bm_memcpy_s2d(handle_, bm_mem_from_device(0x42, 16), bytes), BM_ERR_PARAM);
}

TEST_F(Bmlib, knows_descriptors_with_64_bit_sizes) {
  sg_device_mem_t sg{};
  bm_device_mem_u64_t wide{};
  ASSERT_EQ(sg_malloc_neuron_device(handle_, &sg, 1, 1, 1, 2), BM_SUCCESS);
  ASSERT_EQ(bm_malloc_device_dword_u64(handle_, &wide, 2), BM_SUCCESS);
  EXPECT_EQ(sg_mem_get_device_size(sg), 8);
  uint32_t values[] = {5, 6}, back[2] = {};
  EXPECT_EQ(sg_memcpy_s2d(handle_, sg, values), BM_SUCCESS);
  EXPECT_EQ(bm_memcpy_s2d_partial_offset_u64(handle_, wide, values, 4, 4), BM_SUCCESS);
  EXPECT_EQ(bm_memcpy_d2s_partial_u64(handle_, back, bm_mem_from_device_u64(sg_mem_get_device_addr(sg), 8), 8),
            BM_SUCCESS);
  EXPECT_THAT(back, ElementsAre(5, 6));
  EXPECT_EQ(bm_memcpy_d2s_partial_offset_u64(handle_, back, wide, 4, 4), BM_SUCCESS);
  EXPECT_EQ(back[0], 5);
  EXPECT_EQ(sg_memcpy_s2d_partial_offset(handle_, sg, values, 1ull << 32, 0), BM_ERR_PARAM);
  EXPECT_EQ(sg_memcpy_d2s_partial_offset(handle_, back, sg, 1, ~0ull), BM_ERR_PARAM);
  EXPECT_EQ(sg_malloc_neuron_device(handle_, &sg, 1ull << 32, 1ull << 32, 1, 1), BM_ERR_PARAM);
  EXPECT_EQ(sg_mem_unmap_device_mem(handle_, nullptr, 0), BM_NOT_SUPPORTED);
  bm_free_device_u64(handle_, wide);
  sg_free_device(handle_, sg);
}

TEST_F(Bmlib, survives_wrong_handles_and_null) {
  bm_device_mem_t memory{};
  const auto wrong = reinterpret_cast<bm_handle_t>(&memory);
  EXPECT_EQ(bm_malloc_device_byte(nullptr, &memory, 4), BM_ERR_PARAM);
  EXPECT_EQ(bm_malloc_device_byte(wrong, &memory, 4), BM_ERR_PARAM);
  EXPECT_EQ(bm_malloc_device_byte(handle_, nullptr, 4), BM_ERR_PARAM);
  EXPECT_EQ(bm_memcpy_s2d(handle_, allocate(4), nullptr), BM_ERR_PARAM);
  EXPECT_EQ(bm_thread_sync(nullptr), BM_ERR_PARAM);
  EXPECT_EQ(bm_dev_request(nullptr, 0), BM_ERR_PARAM);
  bm_free_device(wrong, memory);
  bm_dev_free(wrong);
  bm_dev_free(nullptr);
  bm_handle_t none = handle_;
  EXPECT_EQ(bm_dev_request(&none, 5), BM_ERR_DEVNOTREADY);
  EXPECT_EQ(none, nullptr);
}

TEST_F(Bmlib, handles_of_one_device_share_memory) {
  bm_handle_t second = nullptr;
  ASSERT_EQ(bm_dev_request(&second, 0), BM_SUCCESS);
  const bm_device_mem_t memory = allocate(4);
  uint32_t value = 7, back = 0;
  EXPECT_EQ(bm_memcpy_s2d(handle_, memory, &value), BM_SUCCESS);
  EXPECT_EQ(bm_memcpy_d2s(second, &back, memory), BM_SUCCESS);
  EXPECT_EQ(back, 7);
  bm_dev_free(second);
}

TEST_F(Bmlib, says_what_only_silicon_has) {
  bm_device_mem_t memory = allocate(4);
  unsigned long long address = 0;
  EXPECT_EQ(bm_mem_mmap_device_mem(handle_, &memory, &address), BM_NOT_SUPPORTED);
  EXPECT_EQ(okkernel_launch_sync(handle_, "kernel", nullptr, 0), BM_NOT_SUPPORTED);
  EXPECT_EQ(bm_send_api(handle_, 110, nullptr, 0), BM_NOT_SUPPORTED);
}

TEST_F(Bmlib, counts_memory) {
  bm_heap_stat_byte_t before{}, after{};
  EXPECT_EQ(bm_get_gmem_heap_stat_byte_by_id(handle_, &before, 0), BM_SUCCESS);
  const bm_device_mem_t memory = allocate(5000);
  EXPECT_EQ(bm_get_gmem_heap_stat_byte_by_id(handle_, &after, 0), BM_SUCCESS);
  EXPECT_EQ(after.mem_used - before.mem_used, 8192);
  bm_free_device(handle_, memory);
  bm_free_device(handle_, memory);  // twice: logged, no harm
  EXPECT_EQ(bm_get_gmem_heap_stat_byte_by_id(handle_, &after, 0), BM_SUCCESS);
  EXPECT_EQ(after.mem_used, before.mem_used);
}

}  // namespace
