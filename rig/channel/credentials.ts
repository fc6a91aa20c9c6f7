import type { Crypto } from '../../src/hal/crypto.ts';
import { encodeMrz, type PasswordName } from '../../src/secure-channel/index.ts';
import { CannotRun } from '../console/failure.ts';
import type { CommandIo } from '../console/io.ts';
import { checkDigits, readSecretLine, type SecretLine } from '../console/pin.ts';
import { readTerminalKeys, type TerminalKeys } from '../pki/terminal-keys.ts';
import { testTerminalKeys } from '../pki/test-hierarchy.ts';
import { type ChannelChoice, isAskedFor, type PaceCode, passwordNameOf, TEST_TERMINAL_KEYS } from './choice.ts';
import type { ChannelPassword } from './pace.ts';

/** What the reader's side opens a channel with. */
export interface ChannelCredentials {
  /** The person asked for a channel: a card without PACE is then a failure. */
  readonly required: boolean;
  readonly password: ChannelPassword;
  readonly terminal: TerminalKeys | null;
  /** Overwrites the code and the private key. */
  wipe(): void;
}

const QUESTIONS: Readonly<Record<PaceCode, string>> = {
  can: 'Card access number (CAN): ',
  pin: 'PIN: ',
  puk: 'PUK: ',
  mrz: 'Document number, birth date, expiry date (YYMMDD): ',
};

/**
 * Code and keys as the command line names them. Nobody is asked on the terminal who did not name a code.
 * @param ownCard whether the card is one of ours in process, which trusts the test terminal
 * @returns null: no code was given, and none was asked for
 * @throws {CannotRun} no code, or what was given is none; {UsageError} nowhere to ask
 */
export async function readCredentials(
  choice: ChannelChoice,
  io: CommandIo,
  crypto: Crypto,
  ownCard: boolean,
): Promise<ChannelCredentials | null> {
  const required = isAskedFor(choice);
  const password = await readPassword(choice, io, crypto);
  if (password === null) return null;
  const terminal = terminalKeys(choice.terminalKeys ?? (ownCard ? TEST_TERMINAL_KEYS : null), password.name, crypto);
  return {
    required,
    password,
    terminal,
    wipe: () => {
      password.bytes.fill(0);
      terminal?.key.privateKey.fill(0);
    },
  };
}

async function readPassword(choice: ChannelChoice, io: CommandIo, crypto: Crypto): Promise<ChannelPassword | null> {
  const code = choice.code ?? 'can';
  const variable = `VITAP_${code.toUpperCase()}`;
  const given = io.env[variable] ?? '';
  const line = await readSecretLine(
    {
      file: choice.codeFile,
      ask: isAskedFor(choice) && given === '',
      option: `--channel ${code}`,
      fileOption: '--channel-file',
      variable,
      question: QUESTIONS[code],
    },
    io,
  );
  if (line === null) return null;
  const name = passwordNameOf(code);
  return { name, bytes: code === 'mrz' ? readMrz(line, crypto) : checkDigits(line) };
}

/** Three words: document number, birth date, expiry date. */
function readMrz({ text, where }: SecretLine, crypto: Pick<Crypto, 'hash'>): Uint8Array {
  const [documentNumber, dateOfBirth, dateOfExpiry, ...more] = text.trim().split(/[\s,;]+/);
  if (documentNumber !== undefined && dateOfBirth !== undefined && dateOfExpiry !== undefined && more.length === 0) {
    try {
      return encodeMrz(crypto, { documentNumber, dateOfBirth, dateOfExpiry });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }
  throw new CannotRun(`${where} is not document number, birth date and expiry date, the dates as YYMMDD`);
}

/** A code that only manages codes goes without: the card gives such a channel nothing to read. */
function terminalKeys(from: string | null, password: PasswordName, crypto: Crypto): TerminalKeys | null {
  if (from === null) return null;
  if (from !== TEST_TERMINAL_KEYS) return readTerminalKeys(from, crypto);
  return password === 'CAN' || password === 'MRZ' ? testTerminalKeys(crypto) : null;
}
