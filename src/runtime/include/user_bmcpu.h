// The interface that libusercpu.so implements. `param` points at a user_cpu_param_t. Results: 0 good, -1 failed.
#ifndef USER_BMCPU_H_
#define USER_BMCPU_H_

#include <cstddef>
#include <vector>

using std::vector;  // programs written for the SDK count on it

#ifndef DECL_EXPORT
#define DECL_EXPORT __attribute__((visibility("default")))
#endif

#if defined(__cplusplus)
extern "C" {
#endif

DECL_EXPORT void* user_cpu_init();
DECL_EXPORT void user_cpu_uninit(void* bmcpu_user_handle);
// Optional, an addition to the SDK's interface: whether the `bytes` behind `param` hold all that the functions below
// read, which are not told how many there are. libbmcpu.so asks before it calls them.
DECL_EXPORT int user_cpu_check(const void* param, size_t bytes);
DECL_EXPORT int user_cpu_process(void* bmcpu_user_handle, void* param, const std::vector<float*>& input_tensors,
                                 const std::vector<std::vector<int>>& input_shapes,
                                 const std::vector<float*>& output_tensors,
                                 std::vector<std::vector<int>>& output_shapes);
DECL_EXPORT int user_cpu_reshape(void* bmcpu_user_handle, void* param,
                                 const std::vector<std::vector<int>>& input_shapes,
                                 std::vector<std::vector<int>>& output_shapes);
DECL_EXPORT int user_cpu_dtype(void* bmcpu_user_handle, void* param, const std::vector<int>& input_dtypes,
                               std::vector<int>& output_dtypes);

#if defined(__cplusplus)
}
#endif
#endif  // USER_BMCPU_H_
