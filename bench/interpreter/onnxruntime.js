// node onnxruntime.js MODEL FOLDER REPEATS THREADS: times ONNX Runtime on the inputs that bench_interpreter left in
// FOLDER, and compares its outputs with those left there. For models with one fp32 input and one fp32 output.
'use strict';
const fs = require('fs');
const path = require('path');
const ort = require('onnxruntime-node');

function readFloats(file) {
  const bytes = fs.readFileSync(file);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

// Largest difference, as a fraction of the largest magnitude.
function difference(actual, expected) {
  let worst = actual.length === expected.length ? 0 : Infinity;
  let largest = 0;
  for (let i = 0; i < expected.length; ++i) {
    worst = Math.max(worst, Math.abs(actual[i] - expected[i]));
    largest = Math.max(largest, Math.abs(expected[i]));
  }
  return worst / largest;
}

async function main() {
  const [model, folder, repeats, threads] = process.argv.slice(2);
  const session = await ort.InferenceSession.create(model, {
    executionProviders: ['cpu'], graphOptimizationLevel: 'all',
    intraOpNumThreads: Number(threads), interOpNumThreads: 1,
  });
  const input = readFloats(path.join(folder, 'input_ref_data.dat'));
  const feeds = {[session.inputNames[0]]: new ort.Tensor('float32', input, session.inputMetadata[0].shape)};
  const outputs = await session.run(feeds);  // warms caches and pools
  const seconds = [];
  for (let i = 0; i < Number(repeats); ++i) {
    const start = process.hrtime.bigint();
    await session.run(feeds);
    seconds.push(Number(process.hrtime.bigint() - start) * 1e-9);
  }
  const expected = readFloats(path.join(folder, 'output_ref_data.dat'));
  console.log(JSON.stringify({seconds, difference: difference(outputs[session.outputNames[0]].data, expected)}));
}

main().catch((error) => {
  console.error(String(error));
  process.exit(1);
});
