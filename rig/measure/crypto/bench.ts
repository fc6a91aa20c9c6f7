import { nobleCrypto } from '../../../src/hal/noble/index.ts';
import { systemRandom } from '../../../src/hal/system/random.ts';
import { domainParameters } from '../../../src/secure-channel/index.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../console/io.ts';
import { machine } from '../figures.ts';
import type { BenchCryptoOptions } from '../options.ts';
import { type AgainstAes, messageFigures, readRecordAgainstAes } from './message-figures.ts';
import { type ProtocolFigures, protocolFigures } from './protocol-figures.ts';
import { chipAuthentication, pace, terminalAuthentication } from './protocol-runs.ts';
import { cryptoReport } from './report.ts';
import { targetsOf } from './targets.ts';

/** For each run of a protocol, which takes milliseconds, so many messages, which take microseconds. */
const MESSAGES_PER_RUN = 200;

/**
 * `vitap bench crypto`: PACE, terminal and chip authentication on each curve, both sides in one process, against the
 * same curve operations alone; and what secure messaging adds to a command.
 */
export async function benchCrypto({ count, warmUp, curves }: BenchCryptoOptions, io: CommandIo): Promise<ExitCode> {
  const crypto = nobleCrypto();
  const random = systemRandom;
  const protocols: ProtocolFigures[] = [];
  for (const curve of curves) {
    const parts = { crypto, random, curve, parameterId: domainParameters(curve).id };
    for (const protocol of [
      pace(parts, 'GM'),
      pace(parts, 'CAM'),
      terminalAuthentication(parts),
      chipAuthentication(parts),
    ]) {
      io.signal.throwIfAborted();
      protocols.push(...(await protocolFigures(protocol, count, io.signal, warmUp)));
    }
  }
  const calls = count * MESSAGES_PER_RUN;
  const messages = await messageFigures(crypto, calls, io.signal);
  const readRecord = await readRecordAgainstAes(crypto, calls, io.signal);
  // What an interruption leaves is no result.
  io.signal.throwIfAborted();
  const targets = targetsOf(protocols, readRecord as AgainstAes);
  const verdict = targets.every((target) => target.verdict === 'pass') ? 'pass' : 'fail';
  const result = { id: 'bench-crypto', verdict, ...machine(), warmUp, protocols, messages, readRecord, targets };
  if (io.json) writeJson(io, result);
  else io.stdout(cryptoReport(machine(), protocols, messages, readRecord as AgainstAes, targets));
  return verdict === 'pass' ? EXIT.pass : EXIT.fail;
}
