import { nobleCrypto } from '../../../src/hal/noble/index.ts';
import { TEST_TERMINAL_KEYS } from '../../channel/choice.ts';
import type { CommandIo } from '../../console/io.ts';
import { readTerminalKeys, type TerminalKeys } from '../../pki/terminal-keys.ts';
import { testTerminalKeys } from '../../pki/test-hierarchy.ts';
import { CounterFailure } from './failures.ts';
import type { CounterIssuer } from './issuer.ts';
import { issuerOver } from './issuer-link.ts';

/** Lends clients of issuers, and wipes the terminal's key afterwards. */
export async function withIssuers<T>(
  { keys: file, timeoutMs }: { readonly keys: string | null; readonly timeoutMs: number },
  io: CommandIo,
  use: (issuerAt: (url: string) => CounterIssuer) => Promise<T>,
): Promise<T> {
  const keys = terminalKeys(file);
  try {
    return await use((origin) => issuerOver({ origin, timeoutMs, signal: io.signal }, keys, nobleCrypto()));
  } finally {
    keys.key.privateKey.fill(0);
  }
}

/** @throws {CounterFailure} `no-signing-keys`; {CannotRun} */
function terminalKeys(file: string | null): TerminalKeys {
  if (file === null) throw new CounterFailure('no-signing-keys');
  return file === TEST_TERMINAL_KEYS ? testTerminalKeys(nobleCrypto()) : readTerminalKeys(file, nobleCrypto());
}
