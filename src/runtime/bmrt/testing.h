// For tests only: a device with a runtime, and small BModels as bytes.
#pragma once

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "bmodel/testing.h"
#include "bmodel/writer.h"
#include "runtime/include/bmruntime_interface.h"

namespace bmnet::runtime::test {

// A fixture that opens device 0 and makes a runtime with the net "copy" (x -> y, [1,4,8,16] f32).
class WithRuntime : public testing::Test {
 protected:
  void SetUp() override {
    bmrt_set_current_log_level(BMRT_LOG_FATAL);
    bmlib_log_set_level(BMLIB_LOG_QUIET);
    ASSERT_EQ(bm_dev_request(&handle_, 0), BM_SUCCESS);
    bmrt_ = bmrt_create(handle_);
    ASSERT_NE(bmrt_, nullptr);
    ASSERT_TRUE(load(bmodel::test::copy_model()));
  }
  void TearDown() override {
    bmrt_destroy(bmrt_);
    bm_dev_free(handle_);
  }

  bool load(const bmodel::Model& model) {
    const auto bytes = bmodel::write_memory(model);
    EXPECT_TRUE(bytes) << bytes.error().message;
    return bytes && bmrt_load_bmodel_data(bmrt_, bytes->data(), bytes->size());
  }

  bm_handle_t handle_ = nullptr;
  void* bmrt_ = nullptr;
};

inline std::vector<float> counting(size_t count) {
  std::vector<float> values(count);
  std::iota(values.begin(), values.end(), 0.0f);
  return values;
}

}  // namespace bmnet::runtime::test
