import { nobleCrypto } from '../../../../src/hal/noble/index.ts';
import { systemRandom } from '../../../../src/hal/system/random.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../../console/io.ts';
import { COUNTER_TERMINAL, ISSUER_TERMINAL, makeIssuer } from '../issuer-folder.ts';

export interface InitOptions {
  readonly folder: string;
  readonly origin: string;
  readonly store: string | null;
  readonly departments: readonly string[];
}

/** `vitap issuer init`: a registry, keys and terminals in a new folder. */
export async function initIssuer(
  { folder, origin, store, departments }: InitOptions,
  io: CommandIo,
): Promise<ExitCode> {
  const world = { crypto: nobleCrypto(), random: systemRandom };
  const files = await makeIssuer({ folder, origin, store, departments, now: Date.now(), signal: io.signal }, world);
  if (io.signal.aborted) io.stderr('vitap: interrupted when the issuer was finished: it is whole\n');
  if (io.json) {
    writeJson(io, { folder, origin, store, departments, files });
    return EXIT.pass;
  }
  io.stdout(`${folder}: a test issuer at ${origin}\n`);
  io.stdout(`  registry    ${store ?? `${folder}/store (PGlite)`}\n`);
  io.stdout(`  open        ${departments.length === 0 ? 'no department' : departments.map(department).join(', ')}\n`);
  io.stdout(`  terminals   ${ISSUER_TERMINAL}, which personalises cards; ${COUNTER_TERMINAL}, a professional's\n`);
  io.stdout(`${folder}/counter.keys.json and ${folder}/trust.json are for a counter; keys.json is for nobody else\n`);
  return EXIT.pass;
}

/** A department as a person reads it. */
export function department(code: string): string {
  return code === '*' ? 'every department' : code;
}
