/* Runs the first net of a BModel on raw input files and writes raw output files.
 *
 *   run_bmodel MODEL.bmodel INPUT.dat... -- OUTPUT.dat...
 *
 * One file a tensor, in the order of the net's inputs and outputs, elements row-major. Plain C over bmlib and bmrt: the
 * same source runs against the vendor's SDK. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bmruntime_interface.h"

static int fail(const char* what, const char* name) {
  fprintf(stderr, "run_bmodel: %s %s\n", what, name);
  return 1;
}

/* Exactly `bytes` bytes of a file; NULL when it is shorter. */
static void* read_file(const char* path, size_t bytes) {
  FILE* file = fopen(path, "rb");
  void* data = malloc(bytes ? bytes : 1);
  const size_t got = file && data ? fread(data, 1, bytes, file) : 0;
  if (file) fclose(file);
  if (file && data && got == bytes) return data;
  free(data);
  return NULL;
}

static int run(bm_handle_t device, void* runtime, const char* model, char** inputs, int input_num, char** outputs,
               int output_num) {
  const char** names = NULL;
  const bm_net_info_t* net;
  bm_tensor_t *in, *out;
  int i, status = 0;

  if (!bmrt_load_bmodel(runtime, model)) return fail("cannot load", model);
  bmrt_get_network_names(runtime, &names);
  net = names ? bmrt_get_network_info(runtime, names[0]) : NULL;
  free(names);
  if (!net || net->input_num != input_num || net->output_num != output_num)
    return fail("another number of inputs or outputs than files for", model);

  in = calloc((size_t)input_num + 1, sizeof *in);
  out = calloc((size_t)output_num + 1, sizeof *out);
  for (i = 0; i < input_num && status == 0; ++i) {
    void* data;
    bmrt_tensor(&in[i], runtime, net->input_dtypes[i], net->stages[0].input_shapes[i]);
    data = read_file(inputs[i], bmrt_tensor_bytesize(&in[i]));
    if (!data || bm_memcpy_s2d(device, in[i].device_mem, data) != BM_SUCCESS) status = fail("cannot read", inputs[i]);
    free(data);
  }
  if (status == 0 && !bmrt_launch_tensor(runtime, net->name, in, input_num, out, output_num))
    status = fail("cannot run", net->name);
  if (status == 0) bm_thread_sync(device);
  for (i = 0; i < output_num && status == 0; ++i) {
    const size_t bytes = bmrt_tensor_bytesize(&out[i]);
    void* data = malloc(bytes ? bytes : 1);
    FILE* file = fopen(outputs[i], "wb");
    bm_memcpy_d2s_partial(device, data, out[i].device_mem, (unsigned)bytes);
    if (!file || fwrite(data, 1, bytes, file) != bytes) status = fail("cannot write", outputs[i]);
    if (file) fclose(file);
    free(data);
  }
  for (i = 0; i < input_num; ++i) bm_free_device(device, in[i].device_mem);
  for (i = 0; i < output_num; ++i)
    if (out[i].device_mem.size) bm_free_device(device, out[i].device_mem);
  free(in);
  free(out);
  return status;
}

int main(int count, char** arguments) {
  bm_handle_t device;
  void* runtime;
  int status, split = 2;
  while (split < count && strcmp(arguments[split], "--") != 0) ++split;
  if (split >= count) return fail("usage:", "run_bmodel MODEL.bmodel INPUT.dat... -- OUTPUT.dat...");
  if (bm_dev_request(&device, 0) != BM_SUCCESS) return fail("cannot open", "device 0");
  runtime = bmrt_create(device);
  status = run(device, runtime, arguments[1], arguments + 2, split - 2, arguments + split + 1, count - split - 1);
  bmrt_destroy(runtime);
  bm_dev_free(device);
  return status;
}
