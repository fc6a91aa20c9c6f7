import type { Check } from '../check.ts';
import { buildCheck, nfcPcscCheck, nodeCheck, packagesCheck, pcscFfiCheck } from './package.ts';
import { kernelNfcCheck, libnfcCheck, pcscdCheck, readersCheck } from './pcsc.ts';
import { listSerialPorts, serialCheck } from './serial.ts';
import { vpcdCheck, vpcdDelayCheck, vpcdPortCheck } from './vpcd.ts';

/** In an order in which each can build on those before it. */
export const CHECKS: readonly Check[] = [
  nodeCheck,
  buildCheck,
  packagesCheck,
  nfcPcscCheck,
  pcscFfiCheck,
  pcscdCheck,
  readersCheck,
  vpcdCheck,
  vpcdPortCheck,
  vpcdDelayCheck,
  serialCheck(listSerialPorts),
  kernelNfcCheck,
  libnfcCheck,
];
