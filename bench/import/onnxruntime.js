// node onnxruntime.js MODEL: times the making of a session without optimisation, which is ONNX Runtime's import.
'use strict';
const ort = require('onnxruntime-node');

const spent = () => {
  const usage = process.resourceUsage();
  return (usage.userCPUTime + usage.systemCPUTime) * 1e-6;
};

async function main() {
  const before = spent();
  const start = process.hrtime.bigint();
  try {
    await ort.InferenceSession.create(process.argv[2], {
      executionProviders: ['cpu'], graphOptimizationLevel: 'disabled', intraOpNumThreads: 1, interOpNumThreads: 1,
    });
  } catch (error) {
    console.log(JSON.stringify({refused: String(error).split('\n')[0]}));
    return;
  }
  const seconds = Number(process.hrtime.bigint() - start) * 1e-9;
  console.log(JSON.stringify({seconds, cpu_seconds: spent() - before, peak_bytes: process.resourceUsage().maxRSS * 1024}));
}

main();
