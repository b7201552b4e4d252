// Host layers of BModels: layer `op_type` (bmcpu_common.h) with its parameter struct. Results: 0 good, -1 failed.
#ifndef BMCPU_H_
#define BMCPU_H_

#include <string>
#include <vector>

using std::string;  // programs written for the SDK count on it
using std::vector;

#ifndef DECL_EXPORT
#define DECL_EXPORT __attribute__((visibility("default")))
#endif

#if defined(__cplusplus)
extern "C" {
#endif

DECL_EXPORT void* bmcpu_init();
DECL_EXPORT void bmcpu_uninit(void* bmcpu_handle);

// Buffers are 1N. The layer may make output_shapes smaller.
DECL_EXPORT int bmcpu_process(void* bmcpu_handle, int op_type, void* param, int param_size,
                              const std::vector<float*>& input_tensors,
                              const std::vector<std::vector<int>>& input_shapes,
                              const std::vector<float*>& output_tensors, std::vector<std::vector<int>>& output_shapes);
DECL_EXPORT int bmcpu_reshape(void* bmcpu_handle, int op_type, void* param, int param_size,
                              const std::vector<std::vector<int>>& input_shapes,
                              std::vector<std::vector<int>>& output_shapes);
// Element types as CPU_DATA_TYPE_T.
DECL_EXPORT int bmcpu_dtype(void* bmcpu_handle, int op_type, const void* param, size_t param_size,
                            const std::vector<int>& input_dtypes, std::vector<int>& output_dtypes);

// The same for op_type CPU_USER_DEFINED: forwarded to libusercpu.so.
DECL_EXPORT int bmcpu_user_process(void* bmcpu_handle, void* param, const std::vector<float*>& input_tensors,
                                   const std::vector<std::vector<int>>& input_shapes,
                                   const std::vector<float*>& output_tensors,
                                   std::vector<std::vector<int>>& output_shapes);
DECL_EXPORT int bmcpu_user_reshape(void* bmcpu_handle, void* param, const std::vector<std::vector<int>>& input_shapes,
                                   std::vector<std::vector<int>>& output_shapes);
DECL_EXPORT int bmcpu_user_dtype(void* bmcpu_handle, void* param, const std::vector<int>& input_dtypes,
                                 std::vector<int>& output_dtypes);

#if defined(__cplusplus)
}
#endif
#endif  // BMCPU_H_
