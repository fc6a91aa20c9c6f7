import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { vi } from 'vitest';
import { signCardSecurity, testDocumentSigner, testSigningAuthority } from '../../rig/pki/card-security.ts';
import { encodePrivateKey } from '../../rig/pki/private-key.ts';
import { testPrivateKey, testRoot } from '../../rig/pki/test-hierarchy.ts';
import { nobleCrypto } from '../../src/hal/noble/index.ts';
import { VPCD_PORT } from '../../src/hal/vpcd/index.ts';
import {
  chipAuthenticationInfo,
  chipAuthenticationPublicKeyInfo,
  encodeSecurityInfos,
  paceInfo,
  terminalAuthenticationInfo,
} from '../../src/secure-channel/index.ts';
import { hasEnded } from '../child-end.ts';
import { run } from './card.ts';
import type { RealPart } from './real-parts.ts';
import { slotIsEmpty } from './vpcd-card.ts';

/*
 * Two programs of our own over libeac, which others wrote: a terminal over PC/SC and a chip behind vpcd. Their heads in
 * test/interop/libeac say what they do.
 */

const SOURCES = new URL('./libeac/', import.meta.url).pathname;
const crypto = nobleCrypto();

export const LIBEAC: readonly RealPart[] = ['gcc', 'libeac', 'openssl', 'pcscd', 'vpcd', 'pcscd of our own'];

export const CHIP_CAN = '500540';
export const CHIP_PIN = '123456';
/** What the chip has in the file that is behind terminal and chip authentication. */
export const CHIP_SECRET = 'Twenty-four bytes of it.';
const CURVE = 'brainpoolP256r1';

/** Compiles both programs. @returns their paths */
export function compileLibeac(folder: string): { readonly terminal: string; readonly chip: string } {
  const flags = ['-Wall', '-Wextra', '-Werror', '-Wno-deprecated-declarations', '-O1', '-I/usr/include/PCSC'];
  const compile = (name: string, ...libraries: string[]): string => {
    const program = join(folder, name);
    const sources = [`${name}.c`, 'channel.c'].map((file) => join(SOURCES, file));
    const args = [...flags, '-o', program, ...sources, '-leac', '-lcrypto', ...libraries];
    const { status, stderr } = spawnSync('gcc', args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    return program;
  };
  return { terminal: compile('eac-terminal', '-lpcsclite'), chip: compile('eac-chip') };
}

/** The folder that a chip is made of: EF.CardAccess as all clients take it, EF.CardSecurity, the test root. */
export function writeChip(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const privateKey = testPrivateKey(crypto, CURVE, 'libeac chip');
  const pace = paceInfo({ mapping: 'GM', cipher: 'AES-128' }, 13);
  const infos = encodeSecurityInfos([
    pace,
    chipAuthenticationInfo('AES-128', 1),
    chipAuthenticationPublicKeyInfo(CURVE, crypto.publicKey(CURVE, privateKey), 1),
    terminalAuthenticationInfo(),
  ]);
  const files: Record<string, Uint8Array> = {
    'card-access': encodeSecurityInfos([pace]),
    'card-security': signCardSecurity(crypto, infos, testDocumentSigner(crypto)),
    'root.cvc': testRoot(crypto).certificate,
    'chip.pkcs8': encodePrivateKey(crypto, { curve: CURVE, privateKey }),
    secret: Buffer.from(CHIP_SECRET),
  };
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
}

/** Where libcrypto finds the authority of EF.CardSecurity's signer: by the hash of its name. */
export function writeSigners(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const der = Buffer.from(testSigningAuthority(crypto).certificate);
  const { stdout } = spawnSync('openssl', ['x509', '-inform', 'DER', '-noout', '-subject_hash'], { input: der });
  const pem = `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/(.{64})/g, '$1\n')}\n-----END CERTIFICATE-----\n`;
  writeFileSync(join(folder, `${stdout.toString().trim()}.0`), pem);
}

/** The chip in slot 0 of the running pcscd, which has found it. */
export class LibeacChip {
  readonly #child: ChildProcess;
  /** What it said. */
  readonly lines: string[] = [];

  static async insert(program: string, folder: string): Promise<LibeacChip> {
    const child = spawn(program, ['localhost', String(VPCD_PORT), folder, CHIP_CAN, CHIP_PIN]);
    await once(child, 'spawn');
    const chip = new LibeacChip(child);
    await vi.waitFor(() => {
      if (!chip.lines.includes('power on')) throw new Error(`pcscd has not found the chip: ${chip.lines.join(', ')}`);
    }, 10_000);
    return chip;
  }

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout!.on('data', (text: Buffer) => this.lines.push(...text.toString().trim().split('\n')));
    child.stderr!.on('data', (text: Buffer) => this.lines.push(...text.toString().trim().split('\n')));
  }

  async remove(): Promise<void> {
    if (hasEnded(this.#child)) return;
    const left = once(this.#child, 'exit');
    this.#child.kill();
    await left;
    await slotIsEmpty();
  }
}

/** Has the terminal do these lines; gives what it says to each. @throws {Error} it ended early */
export async function libeacTerminal(
  program: string,
  reader: string,
  lines: readonly string[],
): Promise<readonly string[]> {
  const { exit, out, err } = await run(program, [reader], `${lines.join('\n')}\n`);
  if (exit !== 0) throw new Error(`eac-terminal: exit ${exit}\n${out}${err}`);
  return out.trim().split('\n');
}
