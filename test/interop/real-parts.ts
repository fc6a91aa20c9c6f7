import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { describe, it } from 'vitest';
import { OTHER_NODES, otherNodePath } from '../../scripts/other-nodes.mjs';
import { pcscdIsOurs } from './pcscd.ts';
import { POSTGRESQL } from './postgresql.ts';

/** What a test needs that a machine may not have. The last: a pcscd that may be killed. */
export type RealPart =
  | 'pcscd'
  | 'vpcd'
  | 'nfc-pcsc'
  | 'other Nodes'
  | 'opensc-tool'
  | 'scriptor'
  | 'pyscard'
  | 'cbor2'
  | 'zbarimg'
  | 'socat'
  | 'stm32flash'
  | 'libnfc'
  | 'libpcscspy'
  | 'cardpeek'
  | 'tshark'
  | 'chromium'
  | 'bash'
  | 'zsh'
  | 'fish'
  | 'groff'
  | 'tmux'
  | 'gcc'
  | 'libeac'
  | 'openpace'
  | 'openssl'
  | 'ausweisapp2'
  | 'postgresql'
  | 'firmware'
  | 'pcscd of our own';

/** How to tell that a part is missing, and why. */
const PARTS: Readonly<Record<RealPart, () => string | null>> = {
  pcscd: () => missingProgram('pcscd', 'pcscd'),
  vpcd: missingVpcd,
  'nfc-pcsc': missingNfcPcsc,
  'other Nodes': missingNodes,
  'opensc-tool': () => missingProgram('opensc-tool', 'opensc'),
  scriptor: () => missingProgram('scriptor', 'pcsc-tools'),
  pyscard: missingPyscard,
  cbor2: missingCbor2,
  zbarimg: () => missingProgram('zbarimg', 'zbar-tools'),
  socat: () => missingProgram('socat', 'socat'),
  stm32flash: () => missingProgram('stm32flash', 'stm32flash'),
  libnfc: () =>
    missingProgram('nfc-list', 'libnfc-bin') ??
    missingProgram('nfc-poll', 'libnfc-examples') ??
    missingProgram('pn53x-tamashell', 'libnfc-pn53x-examples'),
  tshark: () => missingProgram('tshark', 'tshark'),
  chromium: () => missingProgram('chromium', 'chromium'),
  bash: () => missingProgram('bash', 'bash'),
  zsh: () => missingProgram('zsh', 'zsh'),
  fish: () => missingProgram('fish', 'fish'),
  groff: () => missingProgram('groff', 'groff-base'),
  tmux: () => missingProgram('tmux', 'tmux'),
  gcc: () => missingProgram('gcc', 'gcc'),
  libeac: missingLibeac,
  openpace: () => missingProgram('cvc-create', 'openpace') ?? missingProgram('cvc-print', 'openpace'),
  openssl: () => missingProgram('openssl', 'openssl'),
  ausweisapp2: () => missingProgram('AusweisApp2', 'ausweisapp2'),
  postgresql: () =>
    existsSync(join(POSTGRESQL, 'initdb')) ? null : 'PostgreSQL is not installed (Debian: postgresql-15)',
  firmware: missingFirmware,
  libpcscspy: () => (spyLibraries() === null ? 'libpcscspy is not installed (Debian: libpcsclite-dev)' : null),
  cardpeek: () => missingProgram('cardpeek', 'cardpeek'),
  'pcscd of our own': () =>
    pcscdIsOurs() ? null : 'the PC/SC daemon of this machine is in use: run as scripts/private-pcscd.sh COMMAND',
};

/** What every test against the PC/SC stack needs. */
export const PCSC_STACK: readonly RealPart[] = ['pcscd', 'vpcd', 'nfc-pcsc'];

const PYTHON = '/usr/bin/python3';
const VPCD_CONFIGURATION = '/etc/reader.conf.d/vpcd';

const known = new Map<RealPart, string | null>();

/** The compiler, the emulator, and the engine, which has to be fetched before the tests, as they have no network. */
function missingFirmware(): string | null {
  const built = new URL('../../.vitap/firmware/vitale2/mps2-an386.elf', import.meta.url);
  return (
    missingProgram('arm-none-eabi-gcc', 'gcc-arm-none-eabi libnewlib-arm-none-eabi') ??
    missingProgram('qemu-system-arm', 'qemu-system-arm') ??
    (existsSync(built) ? null : 'the firmware is not built: run `npm run firmware`')
  );
}

/** Why a part is not here, or null when it is. */
export function missingPart(part: RealPart): string | null {
  const before = known.get(part);
  if (before !== undefined) return before;
  const reason = PARTS[part]();
  known.set(part, reason);
  return reason;
}

/** A test that runs where the parts are. Elsewhere it is skipped and says why; with CI=true it fails instead. */
export function itNeeds(parts: readonly RealPart[], title: string, test: () => void | Promise<void>): void {
  const reason = missing(parts);
  if (reason === null) it(title, test);
  else notRun(title, reason);
}

/** A group of tests, likewise: one line stands for all of them where they cannot run. */
export function describeNeeds(parts: readonly RealPart[], title: string, body: () => void): void {
  const reason = missing(parts);
  if (reason === null) describe(title, body);
  else notRun(title, reason);
}

function missing(parts: readonly RealPart[]): string | null {
  const reasons = parts.map(missingPart).filter((reason) => reason !== null);
  return reasons.length === 0 ? null : reasons.join('; ');
}

function notRun(title: string, reason: string): void {
  it(title, (context) => {
    if (process.env.CI === 'true') throw new Error(`not run, which fails on CI: ${reason}`);
    context.skip(reason);
  });
}

function missingProgram(program: string, debianPackage: string): string | null {
  // A user's PATH has no sbin, where daemons live.
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  if (folders.some((folder) => existsSync(join(folder, program)))) return null;
  return `${program} is not installed (Debian: ${debianPackage})`;
}

function missingVpcd(): string | null {
  const absent = 'the vpcd driver of pcscd is not installed (Debian: vsmartcard-vpcd)';
  if (!existsSync(VPCD_CONFIGURATION)) return absent;
  const library = /^LIBPATH\s+(\S+)/m.exec(readFileSync(VPCD_CONFIGURATION, 'utf8'))?.[1];
  return library !== undefined && existsSync(library) ? null : absent;
}

function missingLibeac(): string | null {
  if (!existsSync('/usr/include/eac/eac.h')) return 'libeac is not installed (Debian: libeac-dev)';
  return existsSync('/usr/include/PCSC/winscard.h') ? null : 'winscard.h is not installed (Debian: libpcsclite-dev)';
}

function missingNodes(): string | null {
  const missing = OTHER_NODES.filter((node) => !existsSync(otherNodePath(node))).map(({ version }) => version);
  return missing.length === 0 ? null : `Node ${missing.join(' and ')} not fetched: node scripts/other-nodes.mjs`;
}

function missingNfcPcsc(): string | null {
  try {
    createRequire(import.meta.url)('nfc-pcsc');
    return null;
  } catch (error) {
    return `nfc-pcsc cannot be loaded: ${(error as Error).message.split('\n', 1)[0]}`;
  }
}

/** The library that programs load for PC/SC, and the one that spies on it. */
export function spyLibraries(): { readonly pcsclite: string; readonly spy: string } | null {
  const multiarch = existsSync('/usr/lib') ? readdirSync('/usr/lib').filter((name) => name.includes('-linux-')) : [];
  const folders = [...multiarch.map((name) => join('/usr/lib', name)), '/usr/lib64', '/usr/lib', '/usr/local/lib'];
  const path = (library: string): string | undefined =>
    folders.map((folder) => join(folder, library)).find((file) => existsSync(file));
  const [pcsclite, spy] = [path('libpcsclite.so.1'), path('libpcscspy.so.0')];
  return pcsclite === undefined || spy === undefined ? null : { pcsclite, spy };
}

/** cbor2 and the cryptography that goes with it: a decoder of CWTs that we did not write. */
function missingCbor2(): string | null {
  const { status } = spawnSync(PYTHON, ['-c', 'import cbor2, cryptography'], { stdio: 'ignore' });
  const packages = 'python3-cbor2, python3-cryptography';
  return status === 0 ? null : `cbor2 or cryptography is not installed under ${PYTHON} (Debian: ${packages})`;
}

function missingPyscard(): string | null {
  const { status } = spawnSync(PYTHON, ['-c', 'import smartcard'], { stdio: 'ignore' });
  return status === 0 ? null : `pyscard is not installed under ${PYTHON} (Debian: python3-pyscard)`;
}
