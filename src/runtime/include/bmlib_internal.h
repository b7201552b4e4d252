/* The message interface between runtime and firmware. Nets are launched by bmrt (bmruntime_interface.h); there is no
 * firmware that would take messages of other kinds. */
#ifndef BMLIB_INTERNAL_H_
#define BMLIB_INTERNAL_H_

#include <stdint.h>

#include "bmlib_runtime.h"

#if defined(__cplusplus)
extern "C" {
#endif

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;

/* BM_NOT_SUPPORTED for every id. */
DECL_EXPORT bm_status_t bm_send_api(bm_handle_t handle, int api_id, const u8* api, u32 size);
DECL_EXPORT bm_status_t bm_sync_api(bm_handle_t handle);

#if defined(__cplusplus)
}
#endif
#endif /* BMLIB_INTERNAL_H_ */
